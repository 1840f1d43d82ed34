// The page of limits must say what the sources say.
// It is made from them, so the remedy is to make it again.
import { expect, test } from "#test";
import { limitsPage } from "../../scripts/limits.ts";
import { read } from "../../scripts/tree.ts";

test("docs/2.reference/limits.md is what `tsx scripts/limits.ts` writes", () => {
  expect(read("docs/2.reference/limits.md")).toBe(limitsPage());
});
