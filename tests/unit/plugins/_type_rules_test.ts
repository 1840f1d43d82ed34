// The type rules of a filter: wildcards, case, parameters, and which size counts.
// Containers pass, for they are judged by what is inside.
import { describe, expect, test } from "#test";
import { covers, TypeRules } from "../../../plugins/_type_rules.ts";

describe("type rules", () => {
  test("RFC 4975 §8.6: types compare without case and parameters, with wildcards", () => {
    const rules = new TypeRules(["text/*", "Image/PNG"], ["text/html"], {});
    const passes = (type: string): boolean => rules.of(type).allowed;
    expect(
      ["text/plain", "TEXT/plain;charset=x", "image/png", "text/HTML", "image/gif", "nonsense", ""].map(
        passes,
      ),
    ).toEqual([true, true, true, false, false, false, false]);
    expect(["*", "*/*", "a/*", "a/b", "a/bc", "b/*"].map((entry) => covers(entry, "a/b"))).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(new TypeRules(undefined, [], {}).of("nonsense").allowed).toBe(true);
  });

  test("containers pass unless they are denied; without a boundary they are none", () => {
    const rules = new TypeRules(["text/plain"], ["multipart/related"], {});
    const of = (type: string): boolean[] => [rules.of(type).allowed, rules.of(type).container];
    expect(of("message/cpim")).toEqual([true, true]);
    expect(of('multipart/mixed; boundary="a b"')).toEqual([true, true]);
    expect(of("multipart/mixed")).toEqual([false, false]);
    expect(of("multipart/related;boundary=x")).toEqual([false, true]);
  });

  test("the closest entry is the limit", () => {
    const rules = new TypeRules(undefined, [], { "*": 3, "text/*": 2, "text/plain": 1 });
    expect(["text/plain", "text/html", "a/b"].map((type) => rules.of(type).maxBytes)).toEqual([1, 2, 3]);
    expect([rules.limiting, rules.restrictive]).toEqual([true, false]);
    expect(new TypeRules(undefined, [], {}).of("a/b").maxBytes).toBe(Number.POSITIVE_INFINITY);
  });

  test("any number of invented types costs no memory", () => {
    const rules = new TypeRules(["a/0"], [], {});
    for (let index = 0; index < 10_000; index++) expect(rules.of(`a/${index}`).allowed).toBe(index === 0);
  });
});
