// The WebSocket suite in workerd: a Durable Object with hibernating WebSockets, the same one after it was out of memory with a
// socket open, and a route of Hono in a Worker. Miniflare runs on Node, which the name of this file says.

import { type Server, webSocketSuite } from "../conformance/web_socket_suite.ts";
import { untilTrue } from "../harness/poll.ts";
import { WebSocketPeer } from "../support/web_socket_peer.ts";
import { evictionMs, type RunningWorker, startWorker } from "./_worker.ts";

const start = (): Promise<RunningWorker> =>
  startWorker({ file: "tests/workers/_echo_object.ts" }, { objects: { ECHO: "Echo" } });

function suite(name: string, server: () => Promise<Server>): void {
  webSocketSuite({ name, framing: "runtime", anyKey: true, start: server });
}

suite("durable object in workerd", async () => {
  const worker = await start();
  return { url: worker.socketUrl, close: () => worker.close() };
});

suite("hono in workerd", async () => {
  const worker = await start();
  return { url: worker.socketUrl.replace("/msrp", "/hono"), close: () => worker.close() };
});

suite("durable object in workerd, out of memory in between", async () => {
  const worker = await start();
  const peer = await WebSocketPeer.open(worker.socketUrl);
  // A connection that has asked for something is kept.
  peer.send(
    "MSRP keep00000001 SEND\r\nTo-Path: msrp://echo.example:2855/keep000000000001;ws\r\nFrom-Path: msrp://client.invalid:2855/keep000000000002;ws\r\nMessage-ID: keep1\r\n-------keep00000001$\r\n",
  );
  await peer.message();
  await untilTrue(() => false, evictionMs);
  const made = await (await fetch(`${worker.url}/made`)).text();
  if (made !== "2") throw new Error(`The object was made ${made} times`);
  const close = async (): Promise<void> => {
    peer.destroy();
    await worker.close();
  };
  return { url: worker.socketUrl, close };
});
