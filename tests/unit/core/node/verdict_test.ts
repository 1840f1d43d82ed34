// Verdicts: which are acceptances, and that the plain one is shared and cannot be changed.
import { describe, expect, test } from "#test";
import { ACCEPTED, refusedBy, Verdict } from "../../../../core/node/verdict.ts";

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

  test("a refusal notes the innermost plugin, also when it is frozen; an acceptance notes none", () => {
    const refusal = new Verdict(403, "no");
    expect([refusedBy(refusal, "inner"), refusedBy(refusal, "outer").plugin]).toEqual([refusal, "inner"]);
    const frozen = Object.freeze(new Verdict(415, "types", [["A", "b"]]));
    expect(refusedBy(frozen, "strict")).toMatchObject({ ...frozen, plugin: "strict" });
    expect(refusedBy(ACCEPTED, "any").plugin).toBe(undefined);
  });

  test("the plain acceptance is one frozen object", () => {
    expect(ACCEPTED.status).toBe(200);
    expect(ACCEPTED.comment).toBe(undefined);
    expect(Object.isFrozen(ACCEPTED)).toBe(true);
  });
});
