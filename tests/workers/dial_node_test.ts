// A relay in a Durable Object that opens TCP connections to next hops: a client behind a WebSocket talks to an endpoint over
// TCP, both ways.
import { afterAll, describe, expect, test } from "#test";
import { listen } from "../../adapters/node.ts";
import { MsrpClient } from "../../adapters/websocket.ts";
import { Msrp } from "../../core/node/node.ts";
import { type RunningWorker, startWorker } from "./_worker.ts";

describe("a relay in workerd", () => {
  let worker: RunningWorker | undefined;
  const echo = new Msrp({ acceptUnknown: () => true });
  afterAll(async () => {
    await worker?.close();
    await echo.close({ drainMs: 0 });
  });

  test("RFC 4976 §6.4.2: connects to a next hop over TCP, and the way back leads to the WebSocket", async () => {
    worker = await startWorker(
      { file: "tests/workers/_relay_object.ts" },
      { objects: { ECHO: "Echo", RELAY: "Relay", IDLE: "Idle", EXPECT: "Expect" } },
    );
    echo.onMessage((message, session) => void session.send(message.body, { contentType: "text/plain" }));
    const listener = await listen(echo, "msrp://127.0.0.1:0;tcp");
    const client = new MsrpClient({
      url: worker.socketUrl.replace("/msrp", "/relay/msrp"),
      relay: "msrp://localhost:2855;ws",
      credentials: { username: "alice", password: "one" },
      allowPlain: true,
    });
    const session = await client.connect(`msrp://127.0.0.1:${listener.uri.port}/any;tcp`);
    const big = "0123456789abcdef".repeat(32_768);
    const back = new Promise<string>((resolve) => {
      session.onMessage(async (message) => resolve(await message.text()));
    });
    await session.send(big).delivered;
    expect((await back) === big).toBe(true);
    client.close();
    await listener.close({ connections: "abort" });
  });
});
