// Limits of a node: defaults, and what is no limit.
import { describe, expect, test } from "#test";
import { connectionOptions, nodeLimits } from "../../../../core/node/options.ts";

describe("limits of a node", () => {
  test("answer well before the peer's 30 s, and close only after them", () => {
    const limits = nodeLimits({});
    expect(limits.answerWithinMs < 30_000).toBe(true);
    expect(limits.gateTimeoutMs > limits.answerWithinMs).toBe(true);
    expect(limits.closeTimeoutMs > 30_000).toBe(true);
  });

  test("take what is given, and refuse what is no limit", () => {
    expect(nodeLimits({ maxSessions: 7, maxHeldBytes: Number.POSITIVE_INFINITY })).toMatchObject({
      maxSessions: 7,
    });
    for (const value of [0, -1, Number.NaN])
      expect(() => nodeLimits({ maxHeldFrames: value })).toThrow("maxHeldFrames");
  });
});

describe("options of a connection", () => {
  test("RFC 8873 §5.4: frames are no longer than the other end takes, nor than was asked for", () => {
    expect(connectionOptions(undefined, { framing: "message", maxFrameBytes: 5000 })).toEqual({
      framing: "message",
      maxFrameBytes: 5000,
    });
    expect(connectionOptions({ maxFrameBytes: 4000 }, { framing: "message", maxFrameBytes: 5000 })).toEqual({
      framing: "message",
      maxFrameBytes: 4000,
    });
    expect(connectionOptions({ maxChunkBytes: 9 }, { framing: "stream" })).toEqual({
      framing: "stream",
      maxChunkBytes: 9,
    });
  });
});
