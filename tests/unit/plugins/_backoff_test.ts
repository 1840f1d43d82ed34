// Delays between tries: they double, by chance they are shorter, and they have a bound.
// A success begins anew.
import { describe, expect, test } from "#test";
import { Backoff } from "../../../plugins/_backoff.ts";

describe("Backoff", () => {
  test("doubles up to the bound, at least half of it certain", () => {
    const backoff = new Backoff(100, 1_000);
    for (const whole of [100, 200, 400, 800, 1_000, 1_000]) {
      const delay = backoff.failed();
      expect(delay >= whole / 2 && delay <= whole).toBe(true);
    }
    expect(backoff.failures).toBe(6);
    backoff.succeeded();
    expect(backoff.failed() <= 100).toBe(true);
  });

  test("does not do the same for everybody", () => {
    const delays = new Set(Array.from({ length: 20 }, () => new Backoff(1e6, 1e6).failed()));
    expect(delays.size > 10).toBe(true);
  });
});
