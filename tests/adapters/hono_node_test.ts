// The WebSocket suite on a route of a Hono application on Node: run by that runtime only, which the name of this
// file says. All that is tested is in tests/conformance/.
import { type ServerType, serve, upgradeWebSocket, type WebSocketServerLike } from "@hono/node-server";
import { Hono } from "hono";

import { WebSocketServer } from "ws";
import { msrpUpgrade } from "../../adapters/hono.ts";
import { webSocketSuite } from "../conformance/web_socket_suite.ts";
import { maxMessageBytes, webSocketEcho } from "../support/web_socket_echo.ts";

webSocketSuite({
  name: "hono on node",
  framing: "runtime",
  start: async () => {
    const app = webSocketEcho();
    const http = new Hono();
    http.get("/msrp", msrpUpgrade(app, upgradeWebSocket, { maxMessageBytes }));
    let server: ServerType | undefined;
    const port = await new Promise<number>((resolve) => {
      // The types of ws and of the server differ in what they say of options, not in what they do.
      const websocket = { server: new WebSocketServer({ noServer: true }) as unknown as WebSocketServerLike };
      server = serve({ fetch: http.fetch, hostname: "127.0.0.1", port: 0, websocket }, (info) =>
        resolve(info.port),
      );
    });
    const url = `ws://127.0.0.1:${port}/msrp`;
    const stop = (): void => void server?.close();
    const close = async (): Promise<void> => {
      await app.close({ drainMs: 0 });
      await stop();
    };
    return { url, close };
  },
});
