// Answers as promises, and what a refused binding means.
import { describe, expect, test } from "#test";
import type { TransactionOwner } from "../../../../core/connection/transaction.ts";
import type { DeliveryError } from "../../../../core/errors.ts";
import type { SessionLink } from "../../../../core/session/session_link.ts";
import { answered, bindingError, sessionClosed } from "../../../../core/session/session_request.ts";
import { rejection } from "../../../support/nodes.ts";

const request = { method: "NICKNAME", toPath: [], fromPath: [] };

function asked(): { owner: TransactionOwner; result: ReturnType<typeof answered> } {
  let owner: TransactionOwner | undefined;
  const link = {
    request: (_request: unknown, given: TransactionOwner) => {
      owner = given;
    },
  } as unknown as SessionLink;
  const result = answered(link, request, "m.1234");
  return { owner: owner as TransactionOwner, result };
}

describe("a request", () => {
  test("resolves with any status, and a copy of the fields", async () => {
    const { owner, result } = asked();
    owner.responded({} as never, 424, "Malformed", [["X-Why", "1"]] as never);
    expect(await result).toEqual({ status: 424, comment: "Malformed", headers: [["X-Why", "1"]] });
  });

  test("rejects as 408 without an answer, and with the error of its connection", async () => {
    const overdue = asked();
    overdue.owner.timedOut({} as never);
    const error = await rejection<DeliveryError>(overdue.result);
    expect([error.code, error.status, error.messageId]).toEqual(["timeout", 408, "m.1234"]);
    const lost = asked();
    lost.owner.lost?.({} as never, new Error("gone"));
    expect((await rejection(lost.result)).message).toBe("gone");
  });
});

test("RFC 4975 §10: the status of a refused binding has a code of its own [4975-10-481, 4975-10-506]", () => {
  expect([481, 506, 408, 403].map((status) => bindingError(status, undefined).code)).toEqual([
    "no-such-session",
    "session-bound-elsewhere",
    "peer-vanished",
    "session-refused",
  ]);
  expect(bindingError(481, "Gone").message.endsWith("481 Gone")).toBe(true);
  expect(bindingError(408, undefined).message).toBe("The peer has not answered in time");
  expect(sessionClosed().code).toBe("session-closed");
});
