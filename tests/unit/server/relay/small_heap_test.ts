// When a relay collects its garbage: from a bound on, not too often, and not because much of it is in use.
import { getHeapSpaceStatistics } from "node:v8";
import { describe, expect, test } from "#test";
import { HeapWatch, keepHeapSmall, keepYoungSmall } from "../../../../server/relay/small_heap.ts";

const mebibyte = 1_048_576;
const use = (
  heap: number,
  external = 0,
  rss = 100,
): { heapTotal: number; external: number; rss: number } => ({
  heapTotal: heap * mebibyte,
  external: external * mebibyte,
  rss: rss * mebibyte,
});

describe("HeapWatch", () => {
  test("a heap of 40 MiB is left alone, more is collected, buffers outside of it included", () => {
    const watch = new HeapWatch();
    expect(watch.due(use(40), 0)).toBe(false);
    expect(watch.due(use(32, 9), 0)).toBe(true);
  });

  test("at most one collection in a second", () => {
    const watch = new HeapWatch();
    watch.collected(use(20), 5000);
    expect([watch.due(use(90), 5999), watch.due(use(90), 6000)]).toEqual([false, true]);
  });

  test("what is in use may grow by half before it is looked at again", () => {
    const watch = new HeapWatch();
    watch.collected(use(80, 20), 0);
    expect([watch.due(use(150), 2000), watch.due(use(120, 31), 2000)]).toEqual([false, true]);
    watch.collected(use(10), 2000);
    expect(watch.due(use(41), 4000)).toBe(true);
  });

  test("a large heap that takes long to collect is collected seldom, a small one is not", () => {
    const watch = new HeapWatch();
    watch.collected(use(54), 0, 250);
    expect([watch.due(use(150), 49_999), watch.due(use(150), 50_000)]).toEqual([false, true]);
    watch.collected(use(30), 0, 250);
    expect(watch.due(use(150), 1000)).toBe(true);
  });

  test("where the process has 118 MiB, 24 of them are enough, and 0.2 s between two collections", () => {
    const watch = new HeapWatch();
    const tight = [use(20, 5, 118), use(20, 4, 119), use(20, 5, 119)];
    expect(tight.map((one) => watch.due(one, 0))).toEqual([false, false, true]);
    for (const [tookMs, from] of [
      [10, 200],
      [40, 400],
    ] as const) {
      watch.collected(use(25), 0, tookMs);
      expect([watch.due(use(30, 0, 119), from - 1), watch.due(use(30, 0, 119), from)]).toEqual([false, true]);
    }
    // What is in use is not collected sooner for that.
    watch.collected(use(54), 0, 250);
    expect([watch.due(use(80, 0, 200), 49_999), watch.due(use(80, 0, 200), 50_000)]).toEqual([false, true]);
  });

  test("it ends when it is told to", () => {
    const end = keepHeapSmall();
    expect(typeof end).toBe("function");
    end();
    end();
  });
});

test("on Node the part of the heap where objects begin does not grow", () => {
  const isNode = !("Bun" in globalThis || "Deno" in globalThis);
  expect(keepYoungSmall()).toBe(isNode);
  if (!isNode) return;
  const young = (): number =>
    getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space")?.space_size ?? 0;
  const before = young();
  let kept: object[] = [];
  for (let count = 0; count < 1_000_000; count++) {
    kept.push({ count, of: [count] });
    if (kept.length > 20_000) kept = kept.slice(10_000);
  }
  expect([before > 0, young()]).toEqual([true, before]);
});
