/**
 * Numbers that nobody can guess, as text: for what stands in place of a session where its URI may not. They come from the
 * runtime's source for keys.
 */

const digits: readonly string[] = Array.from({ length: 256 }, (_, octet) =>
  octet.toString(16).padStart(2, "0"),
);
// Asking for many at once is cheaper than asking often.
const pool: Uint8Array<ArrayBuffer> = new Uint8Array(1_024);
let used: number = pool.length;

/** Random octets, at most 1024, as hexadecimal digits. */
export function randomHex(octets: number): string {
  if (used + octets > pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  let text = "";
  for (const end = used + octets; used < end; used++) text += digits[pool[used] as number];
  return text;
}
