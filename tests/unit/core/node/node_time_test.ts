// The time of a node: before and after its first clock, and promises that get so long.
import { describe, expect, test } from "#test";
import { FakeClock } from "../../../../adapters/memory.ts";
import { NodeTime } from "../../../../core/node/node_time.ts";

describe("the time of a node", () => {
  test("a timer that is set before there is a clock begins with it, unless it was cancelled", async () => {
    const log: string[] = [];
    const time = new NodeTime(undefined, () => undefined);
    time.setTimer(() => log.push("kept"), 100);
    time.setTimer(() => log.push("cancelled before"), 100)();
    const cancel = time.setTimer(() => log.push("cancelled later"), 100);
    expect(time.now()).toBe(0);
    const clock = new FakeClock();
    time.on(clock);
    cancel();
    await clock.advance(100);
    expect(log).toEqual(["kept"]);
  });

  test("what a callback throws is told, and the next one gets its turn", async () => {
    const told: unknown[] = [];
    const clock = new FakeClock();
    const time = new NodeTime(clock, (error) => told.push(error));
    let next = false;
    time.setTimer(() => {
      throw new Error("boom");
    }, 10);
    time.setTimer(() => {
      next = true;
    }, 10);
    await clock.advance(10);
    expect([told.length, next]).toEqual([1, true]);
  });

  test("a promise in time, and one that is late", async () => {
    const clock = new FakeClock();
    const time = new NodeTime(clock, () => undefined);
    expect(await time.limited(Promise.resolve("in time"), 10, () => "late")).toBe("in time");
    expect(clock.pending).toBe(0);
    const late = time.limited(new Promise<string>(() => undefined), 10, () => "late");
    await clock.advance(10);
    expect(await late).toBe("late");
  });
});
