// Queues with something to deliver: only they are flushed and counted.
// One that cannot deliver everything in time is enough for false.
import { describe, expect, test } from "#test";
import { Undelivered } from "../../../plugins/_undelivered.ts";

describe("Undelivered", () => {
  test("flushes and counts those that have something to deliver", async () => {
    const undelivered = new Undelivered<{ size: number; flush(withinMs: number): Promise<boolean> }>();
    const flushed: number[] = [];
    const queue = (size: number, result: boolean) => ({
      size,
      flush: async (withinMs: number) => {
        flushed.push(size, withinMs);
        return result;
      },
    });
    const [one, other, slow] = [queue(1, true), queue(2, true), queue(4, false)];
    expect([await undelivered.flush(), undelivered.sum(({ size }) => size)]).toEqual([true, 0]);
    for (const each of [one, other, other, slow]) undelivered.note(each, true);
    undelivered.note(one, false);
    expect(undelivered.sum(({ size }) => size)).toBe(6);
    expect(await undelivered.flush(7)).toBe(false);
    expect(flushed).toEqual([2, 7, 4, 7]);
    undelivered.note(slow, false);
    expect(await undelivered.flush()).toBe(true);
    expect(flushed.slice(4)).toEqual([2, 5_000]);
  });
});
