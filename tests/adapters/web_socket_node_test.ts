// The WebSocket suite on own listeners of Node, and the endpoint suite over them: run by that runtime only, which
// the name of this file says. All that is tested is in tests/conformance/.
import { listen } from "../../adapters/node.ts";
import { webSocketSuite } from "../conformance/web_socket_suite.ts";
import { maxMessageBytes, webSocketEcho } from "../support/web_socket_echo.ts";

webSocketSuite({
  name: "node",
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
