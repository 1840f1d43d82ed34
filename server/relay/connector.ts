/**
 * How the relay's command opens connections: over the runtime's sockets, to addresses that the policy permits after the
 * look-up. Names of the configuration go before those of DNS.
 */
import type { Clock, Connector, DialPolicy } from "../../core/mod.ts";
import type { Adapter } from "../runtime.ts";
import { connectorWithClock } from "./scaled_clock.ts";

/**
 * Makes the connector. The relays of another domain are found by SRV, and tried in its order (RFC 4976 §8).
 *
 * @param policy asked about each address @param hosts addresses by name, as in /etc/hosts; these are permitted
 */
export function relayConnector(
  adapter: Pick<Adapter, "createConnector" | "resolveHost" | "resolveServices">,
  policy: Pick<DialPolicy, "mayConnect">,
  hosts: Readonly<Record<string, readonly string[]>>,
  clock: Clock,
): Connector {
  const known = new Map(Object.entries(hosts).map(([name, addresses]) => [name.toLowerCase(), addresses]));
  return (target, accept, options) => {
    const fixed = known.get(target.host.toLowerCase());
    const connector = adapter.createConnector({
      resolver: {
        addresses: async (host) => fixed ?? (await adapter.resolveHost(host)),
        services: async (name) => (fixed === undefined ? await adapter.resolveServices(name) : []),
      },
      permit: (address, port) =>
        fixed?.includes(address) === true || policy.mayConnect(address, port, target.host),
    });
    return connectorWithClock(connector, clock)(target, accept, options);
  };
}
