// A table of buckets that strangers' keys cannot fill: idle entries go first.
// Sizes are small here, and the rule is the same for large ones.
import { describe, expect, test } from "#test";
import { Buckets, BucketTable } from "../../../plugins/_bucket_table.ts";

const rates = { messages: { perSecond: 1 } };

describe("buckets by key", () => {
  test("are the same for the same key, and so many and no more", () => {
    const table = new BucketTable(rates, 3);
    const first = table.of("a", 0);
    expect(table.of("a", 0)).toBe(first);
    for (let count = 0; count < 1000; count++) table.of(`key${count}`, 0);
    expect(table.size).toBe(3);
  });

  test("those that are in use stay as long as there are idle ones", () => {
    const table = new BucketTable(rates, 3);
    const busy = table.of("busy", 0);
    busy.messages?.take(1000);
    for (let count = 0; count < 100; count++) table.of(`key${count}`, count);
    expect(table.of("busy", 100)).toBe(busy);
    for (const key of ["x", "y"]) table.of(key, 100).messages?.take(1000);
    table.of("z", 100);
    expect(table.size).toBe(3);
  });

  test("are idle when all of them are full", () => {
    const both = new Buckets({ messages: { perSecond: 1 }, bytes: { perSecond: 10 } }, 0);
    both.bytes?.take(10);
    expect([both.idle(0), both.idle(1000), new Buckets({}, 0).idle(0)]).toEqual([false, true, true]);
  });
});
