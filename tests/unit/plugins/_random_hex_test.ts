// Random numbers as text.
// They have the length that was asked for, and do not repeat.
import { describe, expect, test } from "#test";
import { randomHex } from "../../../plugins/_random_hex.ts";

describe("randomHex()", () => {
  test("has two digits for each octet and does not repeat", () => {
    const all = Array.from({ length: 1_000 }, () => randomHex(8));
    expect(all.every((text) => /^[0-9a-f]{16}$/.test(text))).toBe(true);
    expect(new Set(all).size).toBe(1_000);
  });
});
