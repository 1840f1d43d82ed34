/**
 * Reads IP literals of URIs, so that addresses are compared as addresses and not as text (RFC 4975 §6.1 rule 2).
 * Names are never looked up here.
 */

/** True for four decimal numbers of 0 to 255 without leading zeros, as RFC 3986 §3.2.2 wants them. */
export function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return (
    parts.length === 4 && parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255)
  );
}

/**
 * The eight 16-bit groups of an IPv6 address in lower-case hex, joined by colons: the same text for every spelling
 * of one address. `undefined` when the text is no address; zone ids are none (RFC 3986 §3.2.2 has no place for them).
 */
export function canonicalIpv6(text: string): string | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? groups(halves[1]!, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail]
    .map((group) => group.toString(16))
    .join(":");
}

/** The groups of one side of "::"; a dotted IPv4 tail counts as two and stands only at the end of the address. */
function groups(text: string, endsAddress: boolean): number[] | undefined {
  if (text === "") return [];
  const result: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (/^[0-9A-Fa-f]{1,4}$/.test(part)) {
      result.push(Number.parseInt(part, 16));
    } else if (endsAddress && index === parts.length - 1 && isIpv4(part)) {
      const [a, b, c, d] = part.split(".").map(Number) as [number, number, number, number];
      result.push(a * 256 + b, c * 256 + d);
    } else {
      return undefined;
    }
  }
  return result;
}
