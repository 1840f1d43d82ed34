// Typed keys: identity, not name, tells them apart.
import { expect, test } from "#test";
import { defineKey } from "../../../../core/session/key.ts";

test("two keys of one name are two keys, and neither can be changed", () => {
  const [one, two] = [defineKey<number>("same"), defineKey<number>("same")];
  const values = new Map<object, number>([[one, 1]]);
  expect([values.get(one), values.get(two)]).toEqual([1, undefined]);
  expect([one.name, Object.isFrozen(one)]).toEqual(["same", true]);
});
