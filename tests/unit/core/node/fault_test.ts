// What thrown things mean on the wire.
import { describe, expect, test } from "#test";
import { DeliveryError, LocalProtocolError, RemoteProtocolError } from "../../../../core/errors.ts";
import { errorVerdict, isExpected } from "../../../../core/node/fault.ts";

describe("an error becomes a verdict", () => {
  for (const [name, error, status, expected] of [
    ["with an MSRP status: that status", new RemoteProtocolError("x", "x", { status: 415 }), 415, true],
    ["of a delivery", new DeliveryError("refused", "x", { status: 413, messageId: "m.1234" }), 413, true],
    ["a failed validation: 400", Object.assign(new Error("x"), { issues: [] }), 400, true],
    [
      "an HTTP status that MSRP does not have: 403",
      Object.assign(new Error("x"), { status: 500 }),
      403,
      false,
    ],
    ["a local mistake: 403", new LocalProtocolError("x", "x"), 403, false],
    ["anything else: 403", new Error("x"), 403, false],
    ["a string", "x", 403, false],
    ["nothing", undefined, 403, false],
    ["null", null, 403, false],
  ] as const) {
    test(name, () => {
      const verdict = errorVerdict(error);
      expect(verdict.status).toBe(status);
      expect(isExpected(error)).toBe(expected);
      expect(verdict.cause).toBe(error);
      expect(verdict.comment).toBe(undefined);
    });
  }
});
