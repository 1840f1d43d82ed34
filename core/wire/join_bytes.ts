/**
 * Octets that came in pieces as one array. The one place where they are copied together, because it is easy to copy them
 * for nothing: who has a single piece needs no copy.
 */

/** A copy of all parts, in a row. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let position = 0;
  for (const part of parts) {
    joined.set(part, position);
    position += part.length;
  }
  return joined;
}
