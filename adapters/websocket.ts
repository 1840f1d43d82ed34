/**
 * MSRP over WebSockets from the client's side (RFC 7977), for browsers, Deno, Bun, Node and Workers. `MsrpClient` is small
 * and whole, for web pages; the connector is for nodes of the full toolkit with their plugins.
 *
 * ```ts
 * const client = new MsrpClient({ url: "wss://relay.example.com/msrp", credentials: { username, password } });
 * const session = await client.session();
 * signal.send(writeDescription(session));           // SDP, or just session.path, by whatever the rendezvous is
 * session.onMessage(async (message) => show(await message.text()));
 * session.bind(readDescription(await signal.answer()));
 * session.send(input.files[0], { onProgress });
 * ```
 */

import type { ClientOptions } from "../core/mod.ts";
import { type Connector, MsrpUri, RelayedClient } from "../core/mod.ts";
import { systemClock } from "./_clock.ts";
import { openWebSocket, type WebSocketDialOptions } from "./_web_socket_dial.ts";

export type {
  BindOptions,
  ClientOptions,
  ClientSendOptions,
  ClientSent,
  ClientSession,
  ClientSessionOptions,
  ClientSessionState,
  ClientState,
  Incoming,
  PeerDescription,
  ReconnectOptions,
} from "../core/mod.ts";
export {
  ConnectionError,
  DeliveryError,
  LocalProtocolError,
  MsrpError,
  RemoteProtocolError,
  readDescription,
  writeDescription,
} from "../core/mod.ts";
export type { WebSocketConstructor, WebSocketDialOptions } from "./_web_socket_dial.ts";
export type { WebSocketLike, WebSocketLimits } from "./_web_socket_transport.ts";

/** Options of `MsrpClient`. */
export interface MsrpClientOptions extends ClientOptions, WebSocketDialOptions {
  /** Where the relay takes WebSockets: `"wss://relay.example.com/msrp"`. `ws:` needs `allowPlain`. */
  readonly url: string;
}

/** A user at a relay; see `RelayedClient` for what it does. */
export class MsrpClient extends RelayedClient {
  /**
   * @throws {TypeError} no such `url`, or one that is not secure without `allowPlain` (RFC 7977 §5.1)
   * @throws {RemoteProtocolError} a `relay` that cannot be read
   */
  constructor(options: MsrpClientOptions) {
    const { url, relay, clock = systemClock, allowPlain } = options;
    const { protocol, hostname, port } = new URL(url);
    const secure = protocol === "wss:";
    if (!secure && (protocol !== "ws:" || allowPlain !== true)) {
      throw new TypeError("Cannot use this url: clients log in over wss: (or ws: with allowPlain)");
    }
    const own = MsrpUri.from({
      scheme: secure ? "msrps" : "msrp",
      host: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port) || (secure ? 443 : 80),
      transport: "ws",
    });
    super({
      ...options,
      clock,
      relay: relay === undefined ? own : typeof relay === "string" ? MsrpUri.parse(relay) : relay,
      dial: (accept) => openWebSocket(url, accept, { ...options, clock }),
    });
    // A page is told that the network is back long before the next try is due.
    const page = globalThis as Partial<Pick<EventTarget, "addEventListener" | "removeEventListener">>;
    const retry = (): void => this.retry();
    page.addEventListener?.("online", retry);
    this.onState((state) => {
      if (state === "closed") page.removeEventListener?.("online", retry);
    });
  }
}

/** Options of `webSocketConnector`. */
export interface WebSocketConnectorOptions extends WebSocketDialOptions {
  /** Where servers take WebSockets. @default "/" */
  readonly path?: string;
}

/**
 * A connector for a node of the full toolkit: `app.connect(options, webSocketConnector())`, also for `RelayClient`, opens
 * a WebSocket to the host and port of the URI, `wss` for `msrps`. Whoever runs it decides which certificates are trusted.
 */
export function webSocketConnector(options: WebSocketConnectorOptions = {}): Connector {
  return ({ host, port, secure }, accept, dialling) => {
    const authority = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    const url = `${secure ? "wss" : "ws"}://${authority}${options.path ?? "/"}`;
    return openWebSocket(url, accept, options, dialling);
  };
}
