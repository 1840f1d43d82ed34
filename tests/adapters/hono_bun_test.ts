// The WebSocket suite on a route of a Hono application on Bun: run by that runtime only, which the name of this
// file says. All that is tested is in tests/conformance/.
import { upgradeWebSocket, websocket } from "hono/bun";
import { webSocketSuite } from "../conformance/web_socket_suite.ts";
import { honoSubject } from "../support/hono_echo.ts";

webSocketSuite(
  honoSubject("bun", upgradeWebSocket, ({ fetch }) => {
    const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch, websocket });
    return { port: server.port, stop: () => server.stop(true) };
  }),
);
