/**
 * The listeners of the relay's command: TLS ones ask for a certificate that the peer may leave out (RFC 4976 §6.1).
 * Every real port is told to the relay, which puts it into the URIs that it gives out.
 */
import * as Effect from "effect/Effect";
import type { Scope } from "effect/Scope";
import type { Clock, Msrp, MsrpUri, RelayPlugin, TlsOptions } from "../../core/mod.ts";
import type { ListenAddress } from "../cli/addresses.ts";
import { attempt } from "../lifetime.ts";
import type { Adapter, ListenOptions } from "../runtime.ts";
import { withClock } from "./scaled_clock.ts";

/** Opens all listeners, and closes them with the scope; connections are the node's to drain. */
export function openRelayListeners(
  adapter: Adapter,
  app: Msrp,
  plugin: RelayPlugin,
  addresses: readonly ListenAddress[],
  identity: TlsOptions,
  clock: Clock,
  opened: (uri: MsrpUri) => void,
): Effect.Effect<void, Error, Scope> {
  const acceptor = { accept: withClock(app.accept, clock) };
  const options = (secure: boolean): ListenOptions =>
    secure ? { tls: { ...identity, requestCert: true, rejectUnauthorized: false } } : {};
  return Effect.forEach(
    addresses,
    ({ uri, secure }) =>
      Effect.map(
        Effect.acquireRelease(
          attempt(() => adapter.listen(acceptor, uri, options(secure))),
          (listener) => Effect.promise(() => listener.close({ connections: "keep" }).catch(() => undefined)),
        ),
        (listener) => {
          plugin.announce(listener.uri);
          opened(listener.uri);
        },
      ),
    { discard: true },
  );
}
