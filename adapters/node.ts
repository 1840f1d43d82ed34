// MSRP over TCP and TLS on Node (20 and later), with node:net and node:tls.
// The same names are exported by bun.ts and deno.ts.
import {
  connectThroughRelay as coreConnectThroughRelay,
  type Msrp,
  type RelayClient,
  type RelayClientOptions,
} from "../core/mod.ts";
import type { Accept, Connector } from "../core/node/transport.ts";
import { systemClock } from "./_clock.ts";
import { type DialSettings, makeConnector } from "./_dial.ts";
import type { TransportListener, TransportListenOptions } from "./_limits.ts";
import {
  type Acceptor,
  type Listener,
  type ListenOptions,
  makeConnect,
  makeListen,
  type Opener,
} from "./_listen.ts";
import { nodeAttempt, nodeListen } from "./_node_net.ts";

export { certificateFingerprints, digest } from "./_certificate.ts";
export type { DialSettings } from "./_dial.ts";
export { digestHashes } from "./_digest_hashes.ts";
export type {
  CloseOptions,
  ListenLimits,
  SocketLimits,
  TransportListener,
  TransportListenOptions,
} from "./_limits.ts";
export type { Acceptor, Listener, ListenOptions, Opener } from "./_listen.ts";
export type { Resolver, ServiceRecord } from "./_resolve.ts";
export { resolveHost, resolveServices } from "./_resolve.ts";
export type { HandshakeRules, WebSocketLimits, WebSocketOptions } from "./_ws_limits.ts";
export { systemClock };

/** Makes a connector with its own resolver, limits or time limit. */
export function createConnector(settings: DialSettings = {}): Connector {
  return makeConnector(nodeAttempt, settings);
}

/** Opens TCP and TLS connections with the defaults; see {@link createConnector}. */
export const transportConnect: Connector = createConnector();

/**
 * Listens for TCP or TLS connections and gives each to `accept`.
 * @throws ConnectionError `"listen-failed"` when the port cannot be had
 */
export function transportListen(accept: Accept, options: TransportListenOptions): Promise<TransportListener> {
  return nodeListen(accept, options);
}

/**
 * Listens on an MSRP URI: `"msrp://0.0.0.0:2855;tcp"`, or `"msrps://…"` with `tls.cert` and `tls.key`. Port 0 lets the
 * system choose, no port is 2855. For WebSockets (RFC 7977) it is `"ws://host:port"` and `"wss://host:port"`, with a path
 * when only that path is to be served, or the URI with `;ws`.
 * @throws LocalProtocolError, RemoteProtocolError for a URI or TLS options that cannot be; ConnectionError `"listen-failed"`
 */
export const listen: (app: Acceptor, uri: string, options?: ListenOptions) => Promise<Listener> =
  makeListen(transportListen);

/** Connects `app` to a peer and opens a session: `app.connect` over this runtime's sockets. */
export const connect: <Options, Session>(
  app: Opener<Options, Session>,
  options: Options,
) => Promise<Session> = makeConnect(transportConnect);

/** Logs in at the own relays (RFC 4976 §5) over this runtime's sockets; sessions then go through them. */
export function connectThroughRelay(
  app: Msrp,
  options: RelayClientOptions & { readonly signal?: AbortSignal },
): Promise<RelayClient> {
  return coreConnectThroughRelay(app, options, transportConnect);
}
