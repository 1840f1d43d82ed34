// Proves that the #test harness behaves alike on Bun, Deno and Node.
// Hooks, groups, asynchronous bodies and the matchers our suite leans on each appear once.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "#test";

const order: string[] = [];

describe("the #test harness", () => {
  beforeAll(() => {
    order.push("beforeAll");
  });
  beforeEach(() => {
    order.push("beforeEach");
  });
  afterEach(() => {
    order.push("afterEach");
  });
  afterAll(() => {
    order.length = 0;
  });

  test("runs beforeAll once and beforeEach before each test", () => {
    expect(order).toEqual(["beforeAll", "beforeEach"]);
  });

  test("awaits asynchronous bodies and runs afterEach between tests", async () => {
    await Promise.resolve();
    expect(order).toEqual(["beforeAll", "beforeEach", "afterEach", "beforeEach"]);
  });

  test("compares bytes, rejects and throws alike", async () => {
    expect(new Uint8Array([1, 2])).toEqual(new Uint8Array([1, 2]));
    expect(new Uint8Array([1, 2])).not.toEqual(new Uint8Array([1, 3]));
    await expect(Promise.reject(new RangeError("too long"))).rejects.toThrow("too long");
    expect(() => {
      throw new TypeError("wrong");
    }).toThrow(TypeError);
  });

  test("takes a time limit as the third argument", async () => {
    await Promise.resolve();
    expect(order.length).toBeGreaterThan(0);
  }, 5_000);
});
