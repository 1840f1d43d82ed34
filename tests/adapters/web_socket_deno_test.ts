// The WebSocket suite on own listeners of Deno, and the endpoint suite over them: run by that runtime only, which
// the name of this file says. All that is tested is in tests/conformance/.
import * as framework from "#test";
import { listen } from "../../adapters/deno.ts";
import type { Accept } from "../../core/node/transport.ts";
import { endpointSuite } from "../../testing/endpoint_suite.ts";
import { webSocketSuite } from "../conformance/web_socket_suite.ts";
import { maxMessageBytes, webSocketEcho } from "../support/web_socket_echo.ts";
import { streamOverWebSocket } from "../support/web_socket_pipe.ts";

webSocketSuite({
  name: "deno",
  framing: "own",
  start: async () => {
    const app = webSocketEcho();
    const listener = await listen(app, "ws://127.0.0.1:0/msrp", { webSocket: { maxMessageBytes } });
    const close = async (): Promise<void> => {
      await listener.close({ connections: "abort" });
      await app.close({ drainMs: 0 });
    };
    return { url: listener.url ?? "", close };
  },
});

endpointSuite(
  {
    name: "deno, over WebSockets",
    connect: streamOverWebSocket,
    listen: async (accept: Accept) => {
      const listener = await listen({ accept }, "ws://127.0.0.1:0");
      return { host: "127.0.0.1", port: listener.uri.port ?? 0, close: () => listener.close() };
    },
  },
  framework,
);
