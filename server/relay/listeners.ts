/**
 * The listeners of the relay's command: TLS ones ask for a certificate that the peer may leave out (RFC 4976 §6.1).
 * Every real port is told to the relay, which puts it into the URIs that it gives out.
 */
import * as Effect from "effect/Effect";
import type { Scope } from "effect/Scope";
import type { Clock, Msrp, MsrpUri, RelayPlugin, TlsOptions } from "../../core/mod.ts";
import type { ListenAddress } from "../cli/addresses.ts";
import { attempt } from "../lifetime.ts";
import type { Adapter, Listener, ListenOptions, WebSocketOptions } from "../runtime.ts";
import { acceptorWithClock } from "./scaled_clock.ts";

const maxTries = 50;
const betweenTriesMs = 20;

/** Open listeners. */
export interface RelayListeners {
  /** Where they listen. */
  readonly uris: readonly MsrpUri[];
  /**
   * Opens the TLS listeners anew with another certificate, on the same ports; connections stay. For a moment nobody can
   * connect.
   */
  renew(identity: TlsOptions): Promise<void>;
}

interface Open {
  readonly address: ListenAddress;
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
  opened: (uri: MsrpUri, url: string | undefined) => void,
  webSocket: WebSocketOptions = {},
  maxHandshakes = 1024,
): Effect.Effect<RelayListeners, Error, Scope> {
  const acceptor = acceptorWithClock(app, clock);
  const share = Math.max(1, Math.floor(maxHandshakes / addresses.length));
  const listen = (uri: string, address: ListenAddress, tls: TlsOptions): Promise<Listener> =>
    adapter.listen(acceptor, uri, { ...listenOptions(address, tls, webSocket), maxHandshakes: share });
  const one = (address: ListenAddress): Effect.Effect<Open, Error, Scope> =>
    Effect.acquireRelease(
      attempt(async () => ({ address, listener: await listen(address.uri, address, identity) })),
      ({ listener }) => Effect.promise(() => stop(listener)),
    );
  return Effect.map(Effect.forEach(addresses, one), (all) => {
    for (const { listener } of all) {
      plugin.announce(listener.uri);
      opened(listener.uri, listener.url);
    }
    return {
      uris: all.map(({ listener }) => listener.uri),
      renew: async (tls) => {
        for (const entry of all) {
          if (!entry.address.secure) continue;
          // Port 0 was any free port; from now on it is this one.
          const { uri, url } = entry.listener;
          await stop(entry.listener);
          entry.listener = await again(() => listen(url ?? uri.text, entry.address, tls));
        }
      },
    };
  });
}

function listenOptions(
  { secure, webSocket: isWebSocket }: ListenAddress,
  tls: TlsOptions,
  webSocket: WebSocketOptions,
): ListenOptions {
  // A browser that is asked for a certificate asks its user.
  if (isWebSocket === true) return { webSocket, ...(secure ? { tls } : {}) };
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
