// Which ways of a connection are dead: found a few at a time, in turn, and every one of them in the end.
// A way is a time until which it holds.
import { describe, expect, test } from "#test";
import { deadFlows } from "../../../../core/relay/dead_flows.ts";

const way = (until: number) => ({ valid: (now: number) => now < until });

describe("dead ways", () => {
  test("are found, and the others stay", () => {
    const flows = new Map([
      ["old", way(10)],
      ["live", way(30)],
      ["older", way(5)],
    ]);
    expect(deadFlows(flows, 20).map(([key]) => key)).toEqual(["old", "older"]);
    expect([...flows.keys()].sort()).toEqual(["live", "old", "older"]);
    expect(deadFlows(new Map(), 20)).toEqual([]);
  });

  test("are looked for among a few at a time, and none is missed", () => {
    const flows = new Map(
      Array.from({ length: 100 }, (_, index) => [`w${index}`, way(index === 77 ? 10 : 30)]),
    );
    let looks = 0;
    let found: [string, unknown][] = [];
    while (found.length === 0 && looks < 100) {
      found = deadFlows(flows, 20);
      looks++;
    }
    expect([found[0]?.[0], looks, flows.size]).toEqual(["w77", 10, 100]);
  });
});
