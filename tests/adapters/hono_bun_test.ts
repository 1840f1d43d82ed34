// The WebSocket suite on a route of a Hono application on Bun: run by that runtime only, which the name of this
// file says. All that is tested is in tests/conformance/.

import { Hono } from "hono";
import { upgradeWebSocket, websocket } from "hono/bun";
import { msrpUpgrade } from "../../adapters/hono.ts";
import { webSocketSuite } from "../conformance/web_socket_suite.ts";
import { maxMessageBytes, webSocketEcho } from "../support/web_socket_echo.ts";

webSocketSuite({
  name: "hono on bun",
  framing: "runtime",
  start: async () => {
    const app = webSocketEcho();
    const http = new Hono();
    http.get("/msrp", msrpUpgrade(app, upgradeWebSocket, { maxMessageBytes }));
    const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: http.fetch, websocket });
    const url = `ws://127.0.0.1:${server.port}/msrp`;
    const stop = (): Promise<void> => server.stop(true);
    const close = async (): Promise<void> => {
      await app.close({ drainMs: 0 });
      await stop();
    };
    return { url, close };
  },
});
