/**
 * Addresses as SDP and MSRP URIs write them, brought into one canonical form so that they can be compared (RFC 6714 §4.4).
 * Only text is looked at: what a name resolves to is handed in by the caller.
 */
import { canonicalIpv6, isIpv4 } from "../wire/ip.ts";

/** Addresses that a name (in canonical form) resolved to, of A and AAAA records; `undefined` when that is not known. */
export type Resolved = (name: string) => readonly string[] | undefined;

/** Whether `host` is an IPv4 or IPv6 address, without brackets. */
export function isAddress(host: string): boolean {
  return isIpv4(host) || isIpv6(host);
}

/** Whether `host` is an IPv6 address, without brackets and without a zone. */
export function isIpv6(host: string): boolean {
  return canonicalIpv6(host) !== undefined;
}

/** Whether `host` is a domain name in ACE form (RFC 8866 §5): letters, digits, hyphens and dots, not only numbers. */
export function isDomainName(host: string): boolean {
  if (host.length > 253 || /^[\d.]*$/.test(host)) return false;
  return /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\.?$/.test(host);
}

/**
 * The canonical text of an address or name: IPv6 in the form of RFC 5952 without brackets, names in lower case,
 * without the dot of the root and with needless escapes taken out (RFC 4975 §6.1).
 */
export function canonicalHost(host: string): string {
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  const groups = canonicalIpv6(bare);
  if (groups !== undefined) return shorten(groups.split(":"));
  const decoded = bare.replace(/%([0-9A-Fa-f]{2})/g, (encoded, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : encoded;
  });
  return decoded.toLowerCase().replace(/\.$/, "");
}

/** Whether two hosts name one address; names are resolved, and any common address will do (RFC 6714 §4.4). */
export function sameHost(a: string, b: string, resolved?: Resolved): boolean {
  const left = addressesOf(a, resolved);
  return addressesOf(b, resolved).some((address) => left.includes(address));
}

function addressesOf(host: string, resolved: Resolved | undefined): string[] {
  const canonical = canonicalHost(host);
  if (isAddress(canonical)) return [canonical];
  return [canonical, ...(resolved?.(canonical) ?? []).map(canonicalHost)];
}

// RFC 5952 §4.2: the longest run of at least two zero groups is shortened, the first of equally long ones.
// §5: an address of a known prefix with an embedded IPv4 address is written in mixed form.
function shorten(groups: readonly string[]): string {
  if (groups.slice(0, 6).join(":") === "0:0:0:0:0:ffff") {
    const [high = 0, low = 0] = groups.slice(6).map((group) => Number.parseInt(group, 16));
    return `::ffff:${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  }
  let best = { start: -1, length: 1 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === "0") length++;
    if (length > best.length) best = { start, length };
  }
  if (best.start < 0) return groups.join(":");
  return `${groups.slice(0, best.start).join(":")}::${groups.slice(best.start + best.length).join(":")}`;
}
