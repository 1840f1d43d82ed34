// The results of the inbox: those that carry nothing are shared and cannot be changed.
// The others carry a message or a refusal.
import { expect, test } from "#test";
import {
  ABORTED,
  DUPLICATE,
  NOTHING,
  refused,
  TAKEN,
  withMessage,
} from "../../../../core/session/inbox_result.ts";
import type { Message } from "../../../../core/session/message.ts";

test("results without a message are shared, frozen acceptances", () => {
  expect([NOTHING, TAKEN, DUPLICATE, ABORTED].map(({ outcome, status }) => [outcome, status])).toEqual([
    ["nothing", 200],
    ["taken", 200],
    ["duplicate", 200],
    ["aborted", 200],
  ]);
  expect([NOTHING, TAKEN, DUPLICATE, ABORTED].every(Object.isFrozen)).toBe(true);
});

test("a refusal carries its status, a message its message", () => {
  const message = {} as Message;
  expect(withMessage("begun", message).message).toBe(message);
  expect(refused(413, undefined)).toEqual({
    outcome: "refused",
    status: 413,
    comment: undefined,
    message: undefined,
  });
});
