// The limits of an inbox: every one has a number, and the numbers fit one another.
// Each limit's effect is tested where it acts.
import { expect, test } from "#test";
import { defaultInboxLimits } from "../../../../core/session/inbox_options.ts";

test("every limit is a positive number", () => {
  expect(Object.entries(defaultInboxLimits).filter(([, value]) => !(value > 0))).toEqual([]);
  expect(Object.isFrozen(defaultInboxLimits)).toBe(true);
});

test("the limits fit one another", () => {
  const { maxIncompleteBytes, maxMessageBytes, windowBytes, totalTimeoutMs, idleTimeoutMs } =
    defaultInboxLimits;
  expect(maxIncompleteBytes).toBeGreaterThanOrEqual(2 * maxMessageBytes);
  expect(windowBytes).toBeLessThan(maxIncompleteBytes);
  expect(totalTimeoutMs).toBeGreaterThan(idleTimeoutMs);
});
