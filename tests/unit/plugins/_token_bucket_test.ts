// A bucket of tokens over time; the clock is the caller's.
// Waits are exact, so that whoever waits for one gets what it waited for.
import { describe, expect, test } from "#test";
import { TokenBucket } from "../../../plugins/_token_bucket.ts";

describe("a token bucket", () => {
  test("is full at first, then fills evenly", () => {
    const bucket = new TokenBucket({ perSecond: 2, burst: 3 }, 0);
    for (let count = 0; count < 3; count++) {
      expect(bucket.wait(1, 0)).toBe(0);
      bucket.take(1);
    }
    expect([bucket.wait(1, 0), bucket.wait(1, 200), bucket.wait(1, 500)]).toEqual([500, 300, 0]);
    expect([bucket.idle(1499), bucket.idle(1500)]).toEqual([false, true]);
    expect(bucket.wait(3, 10_000)).toBe(0);
  });

  test("what is owed delays the next one too", () => {
    const bucket = new TokenBucket({ perSecond: 10 }, 0);
    bucket.take(10);
    bucket.take(5);
    expect(bucket.wait(1, 0)).toBe(600);
  });

  test("what is larger than the bucket passes when it is full, and is paid off afterwards", () => {
    const bucket = new TokenBucket({ perSecond: 100, burst: 50 }, 0);
    expect(bucket.wait(500, 0)).toBe(0);
    bucket.take(500);
    expect([bucket.wait(500, 0), bucket.wait(1, 4500)]).toEqual([5000, 10]);
  });

  test("less than one in a second", () => {
    const bucket = new TokenBucket({ perSecond: 0.1 }, 0);
    expect(bucket.wait(1, 0)).toBe(0);
    bucket.take(1);
    expect(bucket.wait(1, 0)).toBe(10_000);
  });
});
