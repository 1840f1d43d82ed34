// Defaults of a relay's limits, and the combinations that are refused.
// What each of them does is tested where it does it.
import { describe, expect, test } from "#test";
import { relayLimits } from "../../../../core/relay/limits.ts";

describe("relayLimits", () => {
  test("fills in defaults and keeps what is given", () => {
    const limits = relayLimits({ maxExpires: 7200, maxFlowBytes: 1 });
    expect([limits.minExpires, limits.defaultExpires, limits.maxExpires, limits.maxFlowBytes]).toEqual([
      60, 600, 7200, 1,
    ]);
    expect(Object.values(limits).every((value) => value > 0)).toBe(true);
  });

  test("refuses what is not above 0, and lifetimes out of order", () => {
    expect(() => relayLimits({ maxDials: 0 })).toThrow("maxDials");
    expect(() => relayLimits({ idleMs: Number.NaN })).toThrow("idleMs");
    expect(() => relayLimits({ minExpires: 700 })).toThrow("minExpires <= defaultExpires");
    expect(() => relayLimits({ maxExpires: 500 })).toThrow("minExpires <= defaultExpires");
  });

  test("RFC 4976 §7: lifetimes are whole seconds [4976-7-05]", () => {
    for (const name of ["minExpires", "maxExpires", "defaultExpires"] as const)
      expect(() => relayLimits({ [name]: name === "maxExpires" ? 3600.5 : 60.5 })).toThrow("whole seconds");
    expect(relayLimits({ maxBytesPerSecond: 0.5 }).maxBytesPerSecond).toBe(0.5);
  });
});
