// The WebSocket suite on a route of a Hono application on Deno: run by that runtime only, which the name of this
// file says. All that is tested is in tests/conformance/.
import { upgradeWebSocket } from "hono/deno";
import { webSocketSuite } from "../conformance/web_socket_suite.ts";
import { honoSubject } from "../support/hono_echo.ts";

webSocketSuite(
  honoSubject("deno", upgradeWebSocket, ({ fetch }) => {
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, fetch);
    return { port: server.addr.port, stop: () => server.shutdown() };
  }),
);
