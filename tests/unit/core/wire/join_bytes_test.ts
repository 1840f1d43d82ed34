// Pieces in a row: their order, their octets, and that the result is nobody else's.
import { describe, expect, test } from "#test";
import { joinBytes } from "../../../../core/wire/join_bytes.ts";

describe("joinBytes", () => {
  test("puts the parts in a row, empty ones and views among them", () => {
    const view = Uint8Array.of(9, 3, 4, 9).subarray(1, 3);
    expect(joinBytes([Uint8Array.of(1, 2), new Uint8Array(0), view])).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect(joinBytes([]).length).toBe(0);
  });

  test("copies, a single part too", () => {
    const part = Uint8Array.of(1);
    const joined = joinBytes([part]);
    part[0] = 2;
    expect(joined[0]).toBe(1);
  });
});
