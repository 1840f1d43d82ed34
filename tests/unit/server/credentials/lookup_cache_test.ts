// The cache: good for a while, bounded, never of failures, and one question for many askers.
import { describe, expect, test } from "#test";
import { LookupCache } from "../../../../server/credentials/lookup_cache.ts";

describe("LookupCache", () => {
  function counted(options: { ttlMs?: number; maxEntries?: number } = {}) {
    const state = { now: 0, asked: [] as string[] };
    const cache = new LookupCache<string>({ ...options, now: () => state.now });
    const get = (key: string, value: string | undefined = key) =>
      cache.get(key, async () => {
        state.asked.push(key);
        return value;
      });
    return { state, cache, get };
  }

  test("answers from the table without a promise, for ttlMs and not longer", async () => {
    const { state, get } = counted({ ttlMs: 100 });
    expect(await get("a")).toBe("a");
    state.now = 99;
    expect(get("a")).toBe("a");
    state.now = 100;
    expect(await get("a")).toBe("a");
    expect(state.asked).toEqual(["a", "a"]);
  });

  test("knows who is unknown as well", async () => {
    const { state, cache } = counted();
    const nobody = () => cache.get("x", async () => void state.asked.push("x"));
    await nobody();
    expect([nobody(), state.asked.length]).toEqual([undefined, 1]);
  });

  test("asks once for all who want the same at the same time", async () => {
    const { state, get } = counted();
    expect(await Promise.all([get("a"), get("a"), get("b")])).toEqual(["a", "a", "b"]);
    expect(state.asked).toEqual(["a", "b"]);
  });

  test("does not keep failures", async () => {
    const { cache, get } = counted();
    const broken = async (): Promise<string> => {
      throw new Error("down");
    };
    await expect(Promise.resolve(cache.get("a", broken))).rejects.toThrow("down");
    expect(cache.size).toBe(0);
    expect(await get("a")).toBe("a");
  });

  test("limit: maxEntries answers are kept, the oldest goes first; ttlMs 0 keeps none", async () => {
    const { state, cache, get } = counted({ maxEntries: 2 });
    for (const key of ["a", "b", "c"]) await get(key);
    expect(cache.size).toBe(2);
    state.asked = [];
    expect([get("b"), get("c")]).toEqual(["b", "c"]);
    await get("a");
    expect(state.asked).toEqual(["a"]);
    const none = counted({ ttlMs: 0 });
    await none.get("a");
    expect(none.cache.size).toBe(0);
  });

  test("clear() also drops the answer of a question that is under way", async () => {
    const { cache } = counted();
    let answer = (_: string): void => undefined;
    const asked = cache.get("a", () => new Promise((resolve) => (answer = resolve)));
    cache.clear();
    answer("old");
    expect(await asked).toBe("old");
    expect(cache.size).toBe(0);
  });
});
