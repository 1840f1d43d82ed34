// What the response tap is told: the status, 408 when none came, and how long the answer took.
// The time is that since the last octet of the request was handed over.
import { expect, test } from "#test";
import type { Transaction } from "../../../../core/connection/transaction.ts";
import { responseEvent } from "../../../../core/node/response_event.ts";
import type { ResponseFrame } from "../../../../core/wire/frame.ts";

const transaction = (deadline: number): Transaction => ({
  id: "t1",
  method: "SEND",
  range: undefined,
  flag: "$",
  deadline,
  owner: undefined,
});
const frame = { status: 200 } as ResponseFrame;

test("RFC 4975 §7.1.1: elapsed time counts from the write, whatever the timeout of the connection", () => {
  const response = { type: "response", frame, transaction: transaction(31_000) } as const;
  expect(responseEvent(response, undefined, 1_250)).toEqual({
    session: undefined,
    method: "SEND",
    status: 200,
    timedOut: false,
    elapsedMs: 250,
  });
  expect(responseEvent(response, 30_500, 1_250).elapsedMs).toBe(750);
});

test("an overdue request is a 408; a response before the end of its request took no time", () => {
  const late = responseEvent({ type: "timeout", transaction: transaction(31_000) }, undefined, 31_000);
  expect([late.status, late.timedOut, late.elapsedMs]).toEqual([408, true, 30_000]);
  const early = { type: "response", frame, transaction: transaction(Number.POSITIVE_INFINITY) } as const;
  expect(responseEvent(early, undefined, 5).elapsedMs).toBe(0);
});
