// The table of a connection's ways: dead ones are found a few at a time, in turn, and every one of them in the end.
// A way is a time until which it holds.
import { describe, expect, test } from "#test";
import { Flows } from "../../../../core/relay/flows.ts";

class Way {
  readonly #until: number;
  readonly waiting: boolean;
  forgotten = 0;

  constructor(until: number, waiting = false) {
    this.#until = until;
    this.waiting = waiting;
  }

  valid(now: number): boolean {
    return now < this.#until;
  }

  forget(): void {
    this.forgotten++;
  }
}

function table(maxFlowsPerConnection: number, maxFlows = 1000) {
  const host = { limits: { maxFlowsPerConnection, maxFlows }, flowCount: 0 };
  const gone: Way[] = [];
  return { host, gone, flows: new Flows<Way>(host, (way) => gone.push(way)) };
}

describe("the ways of a connection", () => {
  test("are found as long as they hold; dead ones are forgotten when somebody asks or comes", () => {
    const { host, gone, flows } = table(10);
    const [old, live, older] = [new Way(10), new Way(30), new Way(5)];
    flows.add("old", old, 0);
    flows.add("live", live, 0);
    flows.add("older", older, 0);
    expect([flows.find("live", 20), flows.find("nobody", 20), flows.find("old", 20)]).toEqual([
      live,
      undefined,
      undefined,
    ]);
    expect([gone, host.flowCount]).toEqual([[old], 2]);
    flows.add("new", new Way(30), 20);
    expect([gone, host.flowCount]).toEqual([[old, older], 2]);
    expect([old.forgotten, older.forgotten, live.forgotten]).toEqual([1, 1, 0]);
  });

  test("are looked at a few at a time, and no dead one is missed", () => {
    const { host, gone, flows } = table(1000);
    for (let index = 0; index < 100; index++) flows.add(`w${index}`, new Way(index === 77 ? 10 : 30), 0);
    let added = 0;
    for (; gone.length === 0 && added < 100; added++) flows.add(`n${added}`, new Way(30), 20);
    // The eight that each call puts at the end come round after thirteen calls at the latest.
    expect(added).toBeLessThanOrEqual(14);
    expect([gone.length, host.flowCount]).toEqual([1, 100 + added - 1]);
  });

  test("the limits of a connection and of the relay: one that is idle makes room, one that waits does not", () => {
    for (const [own, all] of [
      [2, 1000],
      [1000, 2],
    ] as const) {
      const { host, gone, flows } = table(own, all);
      const [busy, idle, next] = [new Way(30, true), new Way(30), new Way(30)];
      flows.add("busy", busy, 0);
      flows.add("idle", idle, 0);
      expect(gone).toEqual([]);
      flows.add("next", next, 0);
      expect([gone, host.flowCount]).toEqual([[idle], 2]);
      expect([flows.find("busy", 0), flows.find("next", 0)]).toEqual([busy, next]);
    }
  });

  test("the end of the connection forgets all of them", () => {
    const { host, gone, flows } = table(10);
    const ways = [new Way(30), new Way(30)];
    for (const [index, way] of ways.entries()) flows.add(`${index}`, way, 0);
    expect([...flows.all()]).toEqual(ways);
    flows.clear();
    expect([gone, host.flowCount, [...flows.all()]]).toEqual([ways, 0, []]);
  });
});
