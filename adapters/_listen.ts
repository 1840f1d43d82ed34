// From a URI to a listening socket, the same on every runtime; the runtime's own part is `transportListen`. A WebSocket
// listener is the same one with the handshake and framing of RFC 6455 on top.
// An adapter exports what these two makers return as its `listen` and `connect`.
import { LocalProtocolError, MsrpUri, type UpgradeRequest, type UpgradeResult } from "../core/mod.ts";
import type { Accept, Connector, TlsOptions } from "../core/node/transport.ts";
import type { CloseOptions, ListenLimits, TransportListener, TransportListenOptions } from "./_limits.ts";
import { type WebSocketOptions, webSocketOptions } from "./_ws_limits.ts";
import { WebSocketServer } from "./_ws_server.ts";

/** Anything that takes transports: an `Msrp` node, and whatever is built on one. */
export interface Acceptor {
  /** Called for each transport. */
  readonly accept: Accept;
  /** Called for each WebSocket handshake before it is answered; without it all are let in. */
  readonly upgrade?: (request: UpgradeRequest) => UpgradeResult | Promise<UpgradeResult>;
}

/** Options of `listen`. */
export interface ListenOptions extends ListenLimits {
  /** Certificate, key and checks; needed for `msrps:` and `wss:`, refused for `msrp:` and `ws:`. */
  tls?: TlsOptions;
  /** Limits and choices of a WebSocket listener; refused for TCP. */
  webSocket?: WebSocketOptions;
}

/** An open listener. */
export interface Listener {
  /** The MSRP URI listened on, with the real port; it has no session-id. Its transport is `tcp` or `ws`. */
  readonly uri: MsrpUri;
  /** The URL for WebSocket clients, when this is a WebSocket listener. */
  readonly url?: string | undefined;
  /** Connections open now, TLS and HTTP handshakes included. */
  readonly connections: number;
  /** Stops listening, then closes the open connections (or what the option says); resolves when that is done. */
  close(options?: CloseOptions): Promise<void>;
}

// RFC 4975 §15.4: the port registered for MSRP, for listeners that name none.
const registeredPort = 2855;

type TransportListen = (accept: Accept, options: TransportListenOptions) => Promise<TransportListener>;

/** What is to be listened on. */
interface Place {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  readonly webSocket: boolean;
  /** The only path of a WebSocket listener; undefined = every path. */
  readonly path: string | undefined;
  /** Transport parameter of the URI, as it was written. */
  readonly transport: string;
}

/** Makes a runtime's `listen`. */
export function makeListen(
  transportListen: TransportListen,
): (app: Acceptor, uri: string | MsrpUri, options?: ListenOptions) => Promise<Listener> {
  return async (app, uri, options = {}) => {
    const place = placeOf(uri);
    checkOptions(place, options);
    const { tls, webSocket, ...limits } = options;
    const { host, port, secure } = place;
    const wanted = { ...limits, host, port, ...(secure && tls ? { tls } : {}) };
    if (place.webSocket) {
      const onError = options.onError ?? (() => undefined);
      const server = new WebSocketServer(app, webSocketOptions(webSocket ?? {}), place.path, onError);
      const listener = await transportListen(server.accept, wanted);
      return listenerOf(place, listener, async ({ connections: how = "close" } = {}) => {
        const stopped = listener.close({ connections: "keep" });
        await server.close(how);
        await stopped;
      });
    }
    const listener = await transportListen((transport) => app.accept(transport), wanted);
    return listenerOf(place, listener, (closeOptions) => listener.close(closeOptions));
  };
}

function listenerOf(place: Place, listener: TransportListener, close: Listener["close"]): Listener {
  const { host, transport, secure, path = "/" } = place;
  const { port } = listener;
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return {
    uri: MsrpUri.from({ scheme: secure ? "msrps" : "msrp", host, port, transport }),
    url: place.webSocket ? `${secure ? "wss" : "ws"}://${authority}${path}` : undefined,
    get connections() {
      return listener.connections;
    },
    close,
  };
}

function placeOf(uri: string | MsrpUri): Place {
  if (typeof uri === "string" && /^wss?:/i.test(uri)) return webSocketPlace(uri);
  const parsed = typeof uri === "string" ? MsrpUri.parse(uri) : uri;
  const { host, port = registeredPort, scheme, transport } = parsed;
  const name = transport.toLowerCase();
  if (name !== "tcp" && name !== "ws") {
    throw new LocalProtocolError(
      "transport-unsupported",
      `Cannot listen on transport ${transport} here: only tcp and ws`,
    );
  }
  return { secure: scheme === "msrps", host, port, webSocket: name === "ws", path: undefined, transport };
}

function webSocketPlace(text: string): Place {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new LocalProtocolError("bad-url", `Cannot listen on ${text}: it is no WebSocket URL`, { cause });
  }
  const secure = url.protocol === "wss:";
  const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
  const path = url.pathname === "/" ? undefined : url.pathname;
  return { secure, host: url.hostname.replace(/^\[|\]$/g, ""), port, webSocket: true, path, transport: "ws" };
}

function checkOptions({ secure, webSocket }: Place, options: ListenOptions): void {
  const { tls } = options;
  if (secure && !(tls?.cert && tls.key)) {
    throw new LocalProtocolError(
      "tls-certificate-missing",
      "A listener with TLS (msrps:, wss:) needs tls.cert and tls.key (PEM)",
    );
  }
  if (!secure && tls) {
    throw new LocalProtocolError(
      "tls-not-used",
      "TLS options were given for a URI without TLS; msrps: and wss: are the ones with it",
    );
  }
  if (options.webSocket !== undefined && !webSocket)
    throw new LocalProtocolError("option-unsupported", "webSocket options were given for a listener on TCP");
}

/** Something that opens sessions over a connector: an `Msrp` node. */
export interface Opener<Options, Session> {
  /** Connects and opens a session. */
  connect(options: Options, connector: Connector): Promise<Session>;
}

/** Makes a runtime's `connect`: the node's own, over the runtime's connector. */
export function makeConnect(
  connector: Connector,
): <Options, Session>(app: Opener<Options, Session>, options: Options) => Promise<Session> {
  return (app, options) => app.connect(options, connector);
}
