// When a connection counts as stalled: begun, not gone on with, and not for this side's own reasons.
import { describe, expect, test } from "#test";
import { Progress, type ProgressLink } from "../../../../core/relay/progress.ts";

const link = (receiving: boolean, lastReceivedAt = 0, paused = false): ProgressLink => ({
  state: { connection: { receiving }, paused },
  lastReceivedAt,
});

describe("the watch over a connection", () => {
  test("finds what was begun and not gone on with, from its last octets on [SEC-12]", () => {
    const progress = new Progress();
    expect(progress.stalled(link(true, 1000), 5, 4000, 30_000)).toBe(false);
    expect(progress.stalled(link(true, 1000), 5, 30_999, 30_000)).toBe(false);
    expect(progress.stalled(link(true, 1000), 5, 31_000, 30_000)).toBe(true);
  });

  test("octets that complete nothing are no progress, a frame or slice is [SEC-12]", () => {
    const progress = new Progress();
    progress.stalled(link(true, 0), 5, 0, 30_000);
    expect(progress.stalled(link(true, 29_000), 5, 30_000, 30_000)).toBe(true);
    expect(progress.stalled(link(true, 30_000), 6, 31_000, 30_000)).toBe(false);
    expect(progress.stalled(link(true, 30_000), 6, 59_999, 30_000)).toBe(false);
  });

  test("nothing half received, or not read by this side: never", () => {
    const progress = new Progress();
    for (let now = 0; now < 200_000; now += 5000)
      expect(progress.stalled(link(false, 0), 5, now, 30_000)).toBe(false);
    for (let now = 200_000; now < 400_000; now += 5000)
      expect(progress.stalled(link(true, 200_000, true), 5, now, 30_000)).toBe(false);
    // It reads again: the peer has its time from now on.
    expect(progress.stalled(link(true, 200_000), 5, 400_000, 30_000)).toBe(false);
    expect(progress.stalled(link(true, 200_000), 5, 420_000, 30_000)).toBe(false);
    expect(progress.stalled(link(true, 200_000), 5, 425_000, 30_000)).toBe(true);
  });
});
