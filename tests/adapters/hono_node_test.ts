// The WebSocket suite on a route of a Hono application on Node: run by that runtime only, which the name of this
// file says. All that is tested is in tests/conformance/.
import { serve, upgradeWebSocket, type WebSocketServerLike } from "@hono/node-server";
import { WebSocketServer } from "ws";
import { webSocketSuite } from "../conformance/web_socket_suite.ts";
import { honoSubject } from "../support/hono_echo.ts";

webSocketSuite(
  honoSubject(
    "node",
    upgradeWebSocket,
    ({ fetch }) =>
      new Promise((resolve) => {
        // The types of ws and of the server differ in what they say of options, not in what they do.
        const websocket = {
          server: new WebSocketServer({ noServer: true }) as unknown as WebSocketServerLike,
        };
        const server = serve({ fetch, hostname: "127.0.0.1", port: 0, websocket }, ({ port }) => {
          resolve({ port, stop: () => void server.close() });
        });
      }),
  ),
);
