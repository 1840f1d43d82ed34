// Buckets that fill evenly, and counts by the minute.
// Time is given, and never taken.
import { describe, expect, test } from "#test";
import { MinuteCounter, Rate } from "../../../../core/relay/rate.ts";

describe("a rate", () => {
  test("gives a second's worth at once, then as it fills", () => {
    const rate = new Rate(4, 0);
    expect([1, 1, 1, 1, 1].map((amount) => rate.take(amount, 0))).toEqual([true, true, true, true, false]);
    expect([rate.take(1, 249), rate.take(1, 250), rate.take(1, 250)]).toEqual([false, true, false]);
    expect([rate.take(4, 60_000), rate.take(1, 60_000)]).toEqual([true, false]);
  });

  test("lets something larger than itself pass when it is full, and makes it pay afterwards", () => {
    const rate = new Rate(100, 0);
    expect([rate.take(250, 0), rate.take(1, 1000), rate.take(1, 1600)]).toEqual([true, false, true]);
  });

  test("without a limit everything passes", () => {
    const rate = new Rate(Number.POSITIVE_INFINITY, 0);
    expect(rate.take(1e15, 0)).toBe(true);
  });
});

describe("a counter by the minute", () => {
  test("counts each key, and begins anew with the minute", () => {
    const counter = new MinuteCounter();
    expect([counter.add("a", 0), counter.add("a", 59_999), counter.add("b", 59_999)]).toEqual([1, 2, 1]);
    expect([counter.count("a", 59_999), counter.count("a", 60_000), counter.add("a", 60_000)]).toEqual([
      2, 0, 1,
    ]);
  });

  test("a flood of keys shares one count, so that its memory is bounded", () => {
    const counter = new MinuteCounter(2);
    for (let key = 0; key < 1000; key++) counter.add(`key ${key}`, 0);
    expect([counter.count("key 0", 0), counter.count("key 999", 0), counter.count("", 0)]).toEqual([
      1, 0, 998,
    ]);
  });
});
