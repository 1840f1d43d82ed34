/**
 * The addresses that a relay listens on itself, as its dial policy wants them. Nobody may make it connect to itself under
 * a name or address that it does not know for its own.
 */
import { networkInterfaces } from "node:os";
import type { MsrpUri } from "../../core/mod.ts";

/** Addresses with ports, such as `192.0.2.1:2855` and `[2001:db8::1]:2855`. @param uris those of the listeners */
export function ownAddresses(
  uris: readonly MsrpUri[],
  interfaces: ReturnType<typeof networkInterfaces> = networkInterfaces(),
): string[] {
  const all = Object.values(interfaces).flatMap((list) => (list ?? []).map(({ address }) => address));
  return uris.flatMap(({ host, port }) => {
    const any = host === "0.0.0.0" || host === "::";
    return (any ? all : [host]).map((address) =>
      address.includes(":") ? `[${address.split("%")[0]}]:${port}` : `${address}:${port}`,
    );
  });
}
