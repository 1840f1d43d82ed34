// Options of a connection: defaults, and numbers that make no sense.
// The numbers are public promises, so each is written out here.
import { describe, expect, test } from "#test";
import { connectionLimits } from "../../../../core/connection/options.ts";

describe("connectionLimits", () => {
  test("fills in the documented defaults", () => {
    expect(connectionLimits({})).toEqual({
      transactionTimeoutMs: 30_000,
      maxOpenTransactions: 1024,
      maxRememberedTransactions: 4096,
      maxQueuedRequestBytes: 2_097_152,
      congestionBytes: 1_048_576,
      interruptBytes: 2048,
      turnBytes: 65_536,
      sharedWindowBytes: 262_144,
      maxChunkBytes: Number.POSITIVE_INFINITY,
      maxWriteBytes: 65_536,
      maxFrameBytes: 65_536,
      openChunkIdleMs: 5000,
    });
  });

  test("takes what is given and refuses what is below one", () => {
    expect(connectionLimits({ maxChunkBytes: 2048, maxOpenTransactions: undefined }).maxChunkBytes).toBe(
      2048,
    );
    expect(() => connectionLimits({ maxWriteBytes: 0 })).toThrow(RangeError);
    expect(() => connectionLimits({ interruptBytes: Number.NaN })).toThrow("interruptBytes");
  });
});
