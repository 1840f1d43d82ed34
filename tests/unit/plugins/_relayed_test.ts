// Which sessions are relayed: a plugin sees chunks of them and no messages.
// A relay and an endpoint are asked.
import { expect, test } from "#test";
import { definePlugin } from "../../../core/mod.ts";
import { isRelayed } from "../../../plugins/_relayed.ts";
import { RelayBench } from "../../support/relay_bench.ts";
import { nodePair } from "./_pair.ts";

test("a session that a relay passes on is told from one of the node itself", async () => {
  const seen: boolean[] = [];
  const plugin = definePlugin({
    name: "look",
    chunk: (c, next) => {
      seen.push(isRelayed(c.session));
      return next();
    },
  });
  const bench = new RelayBench({}, plugin);
  const alice = await bench.peer();
  const way = `${await bench.login(alice, "alice")} ${alice.uri}`;
  const peer = await bench.peer();
  peer.send(way);
  expect(await peer.heard()).toEqual(["200"]);
  const pair = nodePair([plugin]);
  await pair.connect();
  expect(seen).toEqual([true, false]);
  await pair.close();
  await bench.close();
});
