// Every tap is told of what its name says, in the order of a session's life.
import { expect, test } from "#test";
import { definePlugin } from "../../../../core/node/plugin.ts";
import { tapNames } from "../../../../core/node/tap.ts";
import { NodePair, settle } from "../../../support/nodes.ts";

test("all taps hear of a session from its binding to its end", async () => {
  const pair = new NodePair();
  const log: string[] = [];
  for (const [side, node] of [
    ["client", pair.client],
    ["server", pair.server],
  ] as const) {
    for (const name of tapNames) node.tap(name, () => log.push(`${side} ${name}`));
  }
  pair.server.onMessage((message) => {
    if (message.messageId === "m.bad1") throw new Error("boom");
  });
  const session = await pair.connect();
  await session.send("hello", { messageId: "m.good", successReport: true }).delivered;
  await session.send("hello", { messageId: "m.bad1" }).accepted.catch(() => undefined);
  await session.close();
  await pair.close();
  await settle();
  for (const expected of [
    "client connected",
    "client bound",
    "client sent",
    "client wire",
    "client response",
    "client report",
    "client closed",
    "server connected",
    "server wire",
    "server bound",
    "server settled",
    "server delivered",
    "server error",
    "server closed",
  ]) {
    expect(`${expected}: ${log.includes(expected)}`).toBe(`${expected}: true`);
  }
  expect(log.indexOf("server bound") < log.indexOf("server settled")).toBe(true);
  expect(log.indexOf("server delivered") < log.indexOf("client report")).toBe(true);
  expect(log.filter((entry) => entry === "client closed").length).toBe(2);
});

test("wire: what one side transmits is what the other receives, octet by octet, in time", async () => {
  const pair = new NodePair();
  const texts: Record<string, string> = {};
  const times: number[] = [];
  for (const [side, node] of [
    ["client", pair.client],
    ["server", pair.server],
  ] as const) {
    node.tap("wire", ({ direction, bytes, at, connection }) => {
      const key = `${side} ${connection.direction} ${direction}`;
      texts[key] = (texts[key] ?? "") + new TextDecoder().decode(bytes);
      times.push(at);
    });
  }
  pair.server.onMessage(() => undefined);
  const session = await pair.connect();
  await session.send("hello, wire").accepted;
  await pair.close();
  expect(texts["client outbound transmitted"]).toContain("hello, wire");
  expect(texts["client outbound transmitted"]).toBe(texts["server inbound received"] as string);
  expect(texts["server inbound transmitted"]).toBe(texts["client outbound received"] as string);
  expect(times.every((at, index) => at >= (times[index - 1] ?? 0))).toBe(true);
});

test("sent: tells how each message of ours ends, and its type also where the caller gave none", async () => {
  const pair = new NodePair();
  const ends: string[] = [];
  pair.client.tap("sent", ({ sent, contentType }) => {
    sent.accepted.then(
      () => ends.push(`${sent.messageId} ${contentType} accepted`),
      (error: { status: number }) => ends.push(`${sent.messageId} ${contentType} ${error.status}`),
    );
  });
  pair.server.onMessage((message) => {
    if (message.messageId === "m.bad1") throw new Error("boom");
  });
  const session = await pair.connect();
  await session.send("a", { messageId: "m.good", contentType: "text/plain" }).accepted;
  await session.send("b", { messageId: "m.bad1" }).accepted.catch(() => undefined);
  await settle();
  await pair.close();
  expect(ends).toEqual(["m.good text/plain accepted", "m.bad1 text/plain;charset=utf-8 403"]);
});

test("settled: names the plugin that refused, and how long the verdict took", async () => {
  const refusals: unknown[] = [];
  const gate = definePlugin({
    name: "gate",
    chunk: async (c, next) => (c.contentType === "image/png" ? c.reject(415) : next()),
  });
  const around = definePlugin({ name: "around", chunk: (_c, next) => next() });
  const pair = new NodePair({ serverPlugins: [around, gate] });
  pair.server.tap("settled", ({ verdict: { status, plugin }, waitedMs }) => {
    refusals.push([status, plugin, waitedMs >= 0]);
  });
  pair.server.onMessage((message) => {
    if (message.contentType === "text/html") throw new Error("no");
  });
  const session = await pair.connect();
  for (const contentType of ["image/png", "text/plain", "text/html"])
    await session.send("x", { contentType }).accepted.catch(() => undefined);
  await pair.close();
  expect(refusals.slice(1)).toEqual([
    [415, "gate", true],
    [200, undefined, true],
    [403, "(application)", true],
  ]);
});
