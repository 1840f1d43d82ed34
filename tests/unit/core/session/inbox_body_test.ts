// The body in memory: it accounts for what it holds, and gives it back whether it ends well or not.
// Streams and sinks have tests of their own.
import { expect, test } from "#test";
import { MemoryBody } from "../../../../core/session/inbox_body.ts";
import { InboxBudget } from "../../../../core/session/inbox_budget.ts";

test("holds what was written once, and nothing after the end", () => {
  const budget = new InboxBudget();
  const body = new MemoryBody(budget);
  body.write(4, Uint8Array.of(4, 5));
  body.write(1, Uint8Array.of(1, 2, 3, 9));
  expect(budget.used).toBe(5);
  expect(body.takeActivity()).toBe(false);
  expect(body.finish(5)).toEqual(Uint8Array.of(1, 2, 3, 9, 5));
  expect(budget.used).toBe(0);
});

test("holds nothing after it was aborted", () => {
  const budget = new InboxBudget();
  const body = new MemoryBody(budget);
  body.write(1, Uint8Array.of(1, 2, 3));
  body.abort();
  expect(budget.used).toBe(0);
});
