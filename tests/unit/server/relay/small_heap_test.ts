// When a relay collects its garbage: from a bound on, not too often, and not because much of it is in use.
import { getHeapSpaceStatistics } from "node:v8";
import { describe, expect, test } from "#test";
import { HeapWatch, keepHeapSmall, keepYoungSmall } from "../../../../server/relay/small_heap.ts";

const mebibyte = 1_048_576;
const use = (heap: number, external = 0): { heapTotal: number; external: number } => ({
  heapTotal: heap * mebibyte,
  external: external * mebibyte,
});

describe("HeapWatch", () => {
  test("a heap of 32 MiB is left alone, more is collected, buffers outside of it included", () => {
    const watch = new HeapWatch();
    expect(watch.due(use(32), 0)).toBe(false);
    expect(watch.due(use(24, 9), 0)).toBe(true);
  });

  test("at most one collection in half a second", () => {
    const watch = new HeapWatch();
    watch.collected(use(20), 5000);
    expect([watch.due(use(90), 5499), watch.due(use(90), 5500)]).toEqual([false, true]);
  });

  test("what is in use may grow by a quarter before it is looked at again", () => {
    const watch = new HeapWatch();
    watch.collected(use(80, 20), 0);
    expect([watch.due(use(125), 2000), watch.due(use(100, 26), 2000)]).toEqual([false, true]);
    watch.collected(use(10), 2000);
    expect(watch.due(use(33), 4000)).toBe(true);
  });

  test("a large heap that takes long to collect is collected seldom, a small one is not", () => {
    const watch = new HeapWatch();
    watch.collected(use(54), 0, 250);
    expect([watch.due(use(150), 49_999), watch.due(use(150), 50_000)]).toEqual([false, true]);
    watch.collected(use(30), 0, 250);
    expect(watch.due(use(150), 1000)).toBe(true);
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
