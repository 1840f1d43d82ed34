// Timers that can be put aside: nothing is left with the runtime while they rest, and nothing is lost.
import { describe, expect, test } from "#test";
import { WorkersClock } from "../../../adapters/_workers_clock.ts";
import { untilTrue } from "../../harness/poll.ts";

describe("the clock of a Durable Object", () => {
  test("is that of the world, because it goes on without the object", () => {
    const clock = new WorkersClock(() => undefined);
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1000);
    const first = clock.now();
    expect(clock.now()).toBeGreaterThanOrEqual(first);
  });

  test("calls timers, but for those that were cancelled", async () => {
    const clock = new WorkersClock(() => undefined);
    const called: string[] = [];
    clock.setTimer(() => called.push("late"), 20);
    clock.setTimer(() => called.push("never"), 5)();
    clock.setTimer(() => called.push("early"), -1);
    expect(clock.next).toBeLessThanOrEqual(clock.now());
    await untilTrue(() => called.length === 2);
    expect([called, clock.next]).toEqual([["early", "late"], Number.POSITIVE_INFINITY]);
  });

  test("at rest calls nothing; awake again calls what is overdue", async () => {
    let used = 0;
    const clock = new WorkersClock(() => {
      used++;
      clock.wake();
    });
    const called: number[] = [];
    clock.setTimer(() => called.push(1), 5);
    clock.rest();
    await untilTrue(() => clock.now() > clock.next + 20);
    expect([called, used]).toEqual([[], 0]);
    clock.setTimer(() => called.push(2), 0);
    expect(used).toBe(1);
    await untilTrue(() => called.length === 2);
    expect(called.sort()).toEqual([1, 2]);
  });
});
