// The WebSocket suite on own listeners of Bun, and the endpoint suite over them: run by that runtime only, which
// the name of this file says. All that is tested is in tests/conformance/.
import * as framework from "#test";
import { listen } from "../../adapters/bun.ts";
import type { Accept, TlsOptions } from "../../core/node/transport.ts";
import { makeCertificates } from "../../testing/certificates.ts";
import { endpointSuite } from "../../testing/endpoint_suite.ts";
import { type Server, webSocketSuite } from "../conformance/web_socket_suite.ts";
import { maxMessageBytes, webSocketEcho } from "../support/web_socket_echo.ts";
import { streamOverWebSocket } from "../support/web_socket_pipe.ts";

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

webSocketSuite({ name: "bun", framing: "own", start: () => start("ws://127.0.0.1:0/msrp") });

webSocketSuite({
  name: "bun, with TLS",
  framing: "own",
  start: async () => {
    const { ca, server } = await makeCertificates();
    return await start("wss://127.0.0.1:0/msrp", { cert: server.cert, key: server.key }, ca);
  },
});

endpointSuite(
  {
    name: "bun, over WebSockets",
    connect: streamOverWebSocket,
    listen: async (accept: Accept) => {
      const listener = await listen({ accept }, "ws://127.0.0.1:0");
      return { host: "127.0.0.1", port: listener.uri.port ?? 0, close: () => listener.close() };
    },
  },
  framework,
);
