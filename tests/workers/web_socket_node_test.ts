// The WebSocket suite in workerd: a Durable Object with hibernating WebSockets, and a route of Hono in a Worker.
// Miniflare runs on Node, which the name of this file says. All that is tested is in tests/conformance/.
import { webSocketSuite } from "../conformance/web_socket_suite.ts";
import { startWorker } from "./_worker.ts";

for (const [name, path] of [
  ["durable object in workerd", "/msrp"],
  ["hono in workerd", "/hono"],
] as const) {
  webSocketSuite({
    name,
    framing: "runtime",
    anyKey: true,
    start: async () => {
      const worker = await startWorker(
        { file: "tests/workers/_echo_object.ts" },
        { objects: { ECHO: "Echo" } },
      );
      return { url: worker.socketUrl.replace("/msrp", path), close: () => worker.close() };
    },
  });
}
