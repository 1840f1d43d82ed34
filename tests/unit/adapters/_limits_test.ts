// Every limit has its default, takes what it is given, and refuses what is no limit.
import { describe, expect, test } from "#test";
import { resolveLimits, resolveListenLimits } from "../../../adapters/_limits.ts";

describe("limits", () => {
  test("defaults", () => {
    expect(resolveLimits({})).toEqual({ maxPendingBytes: 16_777_216, lingerMs: 10_000, halfOpenMs: 0 });
    const { maxConnections, handshakeTimeoutMs, maxHandshakes, backlog, onError } = resolveListenLimits({});
    expect([maxConnections, handshakeTimeoutMs, maxHandshakes, backlog]).toEqual([16_384, 10_000, 1024, 511]);
    expect(onError(new Error("nobody listens"))).toBe(undefined);
  });

  test("what is given counts, on both sides of what is allowed", () => {
    expect(resolveLimits({ maxPendingBytes: 1, lingerMs: 1, halfOpenMs: 0 }).maxPendingBytes).toBe(1);
    expect(resolveLimits({ halfOpenMs: 1 }).halfOpenMs).toBe(1);
    expect(resolveListenLimits({ maxConnections: Number.POSITIVE_INFINITY }).maxConnections).toBe(Infinity);
    for (const value of [0, -1, Number.NaN]) {
      expect(() => resolveLimits({ maxPendingBytes: value })).toThrow(RangeError);
      expect(() => resolveLimits({ lingerMs: value })).toThrow(RangeError);
      expect(() => resolveListenLimits({ maxConnections: value })).toThrow(RangeError);
      expect(() => resolveListenLimits({ handshakeTimeoutMs: value })).toThrow(RangeError);
      expect(() => resolveListenLimits({ backlog: value })).toThrow(RangeError);
      expect(() => resolveListenLimits({ maxHandshakes: value })).toThrow(RangeError);
    }
    expect(() => resolveLimits({ halfOpenMs: -1 })).toThrow("halfOpenMs");
  });
});
