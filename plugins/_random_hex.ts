/**
 * Numbers that nobody can guess, as text: for what stands in place of a session where its URI may not. They come from the
 * runtime's source for keys.
 */

/** Random octets as hexadecimal digits. */
export function randomHex(octets: number): string {
  let text = "";
  for (const octet of crypto.getRandomValues(new Uint8Array(octets)))
    text += octet.toString(16).padStart(2, "0");
  return text;
}
