/**
 * Whether two arrays have the same octets. For texts that are kept in two forms and heads that come again and again; not
 * for secrets, which are compared in constant time.
 */

/** True when both have the same octets in the same order. */
export function sameOctets(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}
