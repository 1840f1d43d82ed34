// From an MSRP URI to a listening socket, the same on every runtime; the runtime's own part is `transportListen`.
// An adapter exports what these two makers return as its `listen` and `connect`.
import { LocalProtocolError, MsrpUri } from "../core/mod.ts";
import type { Accept, Connector, TlsOptions } from "../core/node/transport.ts";

import type { CloseOptions, ListenLimits, TransportListener, TransportListenOptions } from "./_limits.ts";

/** Anything that takes transports: an `Msrp` node, and whatever is built on one. */
export interface Acceptor {
  /** Called for each transport. */
  readonly accept: Accept;
}

/** Options of `listen`. */
export interface ListenOptions extends ListenLimits {
  /** Certificate, key and checks; needed for `msrps:`, refused for `msrp:`. */
  tls?: TlsOptions;
}

/** An open listener. */
export interface Listener {
  /** The URI listened on, with the real port; it has no session-id. */
  readonly uri: MsrpUri;
  /** Connections open now, TLS handshakes included. */
  readonly connections: number;
  /** Stops listening, then closes the open connections (or what the option says); resolves when that is done. */
  close(options?: CloseOptions): Promise<void>;
}

// RFC 4975 §15.4: the port registered for MSRP, for listeners that name none.
const registeredPort = 2855;

/** Makes a runtime's `listen`. */
export function makeListen(
  transportListen: (accept: Accept, options: TransportListenOptions) => Promise<TransportListener>,
): (app: Acceptor, uri: string | MsrpUri, options?: ListenOptions) => Promise<Listener> {
  return async (app, uri, options = {}) => {
    const wanted = typeof uri === "string" ? MsrpUri.parse(uri) : uri;
    const { tls, ...limits } = options;
    checkListenTls(wanted, tls);
    const listener = await transportListen((transport) => app.accept(transport), {
      ...limits,
      host: wanted.host,
      port: wanted.port ?? registeredPort,
      ...(wanted.scheme === "msrps" && tls ? { tls } : {}),
    });
    return {
      uri: MsrpUri.from({
        scheme: wanted.scheme,
        host: wanted.host,
        port: listener.port,
        transport: wanted.transport,
      }),
      get connections() {
        return listener.connections;
      },
      close: (closeOptions) => listener.close(closeOptions),
    };
  };
}

function checkListenTls(uri: MsrpUri, tls: TlsOptions | undefined): void {
  if (uri.transport.toLowerCase() !== "tcp") {
    throw new LocalProtocolError(
      "transport-unsupported",
      `Cannot listen on transport ${uri.transport} here: only tcp`,
    );
  }
  if (uri.scheme === "msrps" && !(tls?.cert && tls.key)) {
    throw new LocalProtocolError(
      "tls-certificate-missing",
      "An msrps: listener needs tls.cert and tls.key (PEM)",
    );
  }
  if (uri.scheme === "msrp" && tls) {
    throw new LocalProtocolError(
      "tls-not-used",
      "TLS options were given for an msrp: URI; msrps: is the one with TLS",
    );
  }
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
