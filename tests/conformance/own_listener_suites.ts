// The suites that every runtime's own listeners go through: endpoints over sockets, and over WebSockets.
// A file for each runtime calls them with its adapter.
import * as framework from "#test";
import type { Acceptor, Listener, ListenOptions } from "../../adapters/_listen.ts";
import type { Accept, TlsOptions } from "../../core/node/transport.ts";
import { makeCertificates } from "../../testing/certificates.ts";
import { endpointSuite } from "../../testing/endpoint_suite.ts";
import type { TransportSubject } from "../../testing/transport_suite.ts";
import { maxMessageBytes, webSocketEcho } from "../support/web_socket_echo.ts";
import { streamOverWebSocket } from "../support/web_socket_pipe.ts";
import { type Server, webSocketSuite } from "./web_socket_suite.ts";

type Listen = (app: Acceptor, uri: string, options?: ListenOptions) => Promise<Listener>;

/** The endpoint suite over the sockets of an adapter. */
export function socketEndpointSuite(
  name: string,
  { transportConnect, transportListen }: Pick<TransportSubject, "transportConnect" | "transportListen">,
): void {
  const listen = async (accept: Accept) => {
    const listener = await transportListen(accept, { host: "127.0.0.1", port: 0 });
    return { host: "127.0.0.1", port: listener.port, close: () => listener.close() };
  };
  endpointSuite({ name, connect: transportConnect, listen }, framework);
}

/** The WebSocket suite on the listeners of an adapter, with and without TLS, and the endpoint suite over them. */
export function ownWebSocketSuites(name: string, { listen }: { readonly listen: Listen }): void {
  const start = async (uri: string, tls?: TlsOptions, ca?: string): Promise<Server> => {
    const app = webSocketEcho();
    const options = { webSocket: { maxMessageBytes }, ...(tls === undefined ? {} : { tls }) };
    const listener = await listen(app, uri, options);
    const close = async (): Promise<void> => {
      await listener.close({ connections: "abort" });
      await app.close({ drainMs: 0 });
    };
    return { url: listener.url ?? "", close, ...(ca === undefined ? {} : { ca }) };
  };

  webSocketSuite({ name, framing: "own", start: () => start("ws://127.0.0.1:0/msrp") });

  webSocketSuite({
    name: `${name}, with TLS`,
    framing: "own",
    start: async () => {
      const { ca, server } = await makeCertificates();
      return await start("wss://127.0.0.1:0/msrp", { cert: server.cert, key: server.key }, ca);
    },
  });

  endpointSuite(
    {
      name: `${name}, over WebSockets`,
      connect: streamOverWebSocket,
      listen: async (accept: Accept) => {
        const listener = await listen({ accept }, "ws://127.0.0.1:0");
        return { host: "127.0.0.1", port: listener.uri.port ?? 0, close: () => listener.close() };
      },
    },
    framework,
  );
}
