/**
 * Which addresses count as one when somebody is counted by address. Whoever has IPv6 has a whole /64 to write from, so
 * a limit for each of its addresses would be none.
 */
import { canonicalIpv6 } from "../wire/ip.ts";

/** The address itself for IPv4, also in its IPv6 form; the first four groups, such as `2001:db8:0:1::/64`, for IPv6. */
export function addressGroup(address: string): string {
  const canonical = address.includes(":") ? canonicalIpv6(address.split("%")[0] ?? "") : undefined;
  if (canonical === undefined) return address;
  const groups = canonical.split(":").map((group) => Number.parseInt(group, 16));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 255])
      .join(".");
  }
  // The loopback address and the like are machines of their own.
  if (groups.slice(0, 4).every((group) => group === 0)) return canonical;
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":")}::/64`;
}
