// The echo of the WebSocket suite on a route of a Hono application, the same on every runtime.
// The runtime's own part is the server, and Hono's upgrade for it.
import { Hono } from "hono";
import type { UpgradeWebSocket } from "hono/ws";
import { msrpUpgrade } from "../../adapters/hono.ts";
import type { WebSocketSubject } from "../conformance/web_socket_suite.ts";
import { maxMessageBytes, webSocketEcho } from "./web_socket_echo.ts";

/** A runtime's HTTP server. */
interface HttpServer {
  readonly port: number | undefined;
  stop(): unknown;
}

/** The subject of the WebSocket suite. @param serve serves the application on a free port of 127.0.0.1 */
export function honoSubject<Raw>(
  runtime: string,
  upgradeWebSocket: UpgradeWebSocket<Raw>,
  serve: (http: Hono) => HttpServer | Promise<HttpServer>,
): WebSocketSubject {
  return {
    name: `hono on ${runtime}`,
    framing: "runtime",
    start: async () => {
      const app = webSocketEcho();
      const http = new Hono();
      http.get("/msrp", msrpUpgrade(app, upgradeWebSocket, { maxMessageBytes }));
      const server = await serve(http);
      const close = async (): Promise<void> => {
        await app.close({ drainMs: 0 });
        await server.stop();
      };
      return { url: `ws://127.0.0.1:${server.port}/msrp`, close };
    },
  };
}
