/**
 * The listeners of the relay's command: TLS ones ask for a certificate that the peer may leave out (RFC 4976 §6.1).
 * Every real port is told to the relay, which puts it into the URIs that it gives out.
 */
import * as Effect from "effect/Effect";
import type { Scope } from "effect/Scope";
import type { Clock, Msrp, MsrpUri, RelayPlugin, TlsOptions } from "../../core/mod.ts";
import type { ListenAddress } from "../cli/addresses.ts";
import { attempt } from "../lifetime.ts";
import type { Adapter, Listener, ListenOptions } from "../runtime.ts";
import { withClock } from "./scaled_clock.ts";

const maxTries = 50;
const betweenTriesMs = 20;

/** Open listeners. */
export interface RelayListeners {
  /**
   * Opens the TLS listeners anew with another certificate, on the same ports; connections stay. For a moment nobody can
   * connect.
   */
  renew(identity: TlsOptions): Promise<void>;
}

interface Open {
  readonly uri: string;
  readonly secure: boolean;
  listener: Listener;
}

/** Opens all listeners, and closes them with the scope; connections are the node's to drain. */
export function openRelayListeners(
  adapter: Adapter,
  app: Msrp,
  plugin: RelayPlugin,
  addresses: readonly ListenAddress[],
  identity: TlsOptions,
  clock: Clock,
  opened: (uri: MsrpUri) => void,
): Effect.Effect<RelayListeners, Error, Scope> {
  const acceptor = { accept: withClock(app.accept, clock) };
  const listen = (uri: string, secure: boolean, tls: TlsOptions): Promise<Listener> =>
    adapter.listen(acceptor, uri, listenOptions(secure, tls));
  const one = ({ uri, secure }: ListenAddress): Effect.Effect<Open, Error, Scope> =>
    Effect.acquireRelease(
      attempt(async () => ({ uri, secure, listener: await listen(uri, secure, identity) })),
      ({ listener }) => Effect.promise(() => stop(listener)),
    );
  return Effect.map(Effect.forEach(addresses, one), (all) => {
    for (const { listener } of all) {
      plugin.announce(listener.uri);
      opened(listener.uri);
    }
    return {
      renew: async (tls) => {
        for (const entry of all) {
          if (!entry.secure) continue;
          // Port 0 was any free port; from now on it is this one.
          const { host, scheme } = entry.listener.uri;
          const port = entry.listener.uri.port ?? 2855;
          await stop(entry.listener);
          const literal = host.includes(":") ? `[${host}]` : host;
          entry.listener = await again(() => listen(`${scheme}://${literal}:${port};tcp`, true, tls));
        }
      },
    };
  });
}

function listenOptions(secure: boolean, tls: TlsOptions): ListenOptions {
  return secure ? { tls: { ...tls, requestCert: true, rejectUnauthorized: false } } : {};
}

/** Deno lets go of a port a moment after its listener was closed. */
async function again(open: () => Promise<Listener>): Promise<Listener> {
  for (let tries = 1; ; tries++) {
    try {
      return await open();
    } catch (error) {
      if (tries === maxTries) throw error;
      await new Promise<void>((resolve) => {
        setTimeout(resolve, betweenTriesMs);
      });
    }
  }
}

function stop(listener: Listener): Promise<void> {
  return listener.close({ connections: "keep" }).catch(() => undefined);
}
