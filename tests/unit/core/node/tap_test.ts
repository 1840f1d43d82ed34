// Every tap is told of what its name says, in the order of a session's life.
import { expect, test } from "#test";
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
    "client bound",
    "client response",
    "client report",
    "client closed",
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
