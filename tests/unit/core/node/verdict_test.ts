// Verdicts: which are acceptances, and that the plain one is shared and cannot be changed.
import { describe, expect, test } from "#test";
import { ACCEPTED, Verdict } from "../../../../core/node/verdict.ts";

describe("a verdict", () => {
  test("accepts below 300", () => {
    expect([200, 299, 300, 403, 999].map((status) => new Verdict(status).accepted)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  test("the plain acceptance is one frozen object", () => {
    expect(ACCEPTED.status).toBe(200);
    expect(ACCEPTED.comment).toBe(undefined);
    expect(Object.isFrozen(ACCEPTED)).toBe(true);
  });
});
