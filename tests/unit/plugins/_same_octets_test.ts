// Two arrays are the same when length, order and every octet are; views of larger buffers count by what they show.
// Each way to differ is tried.
import { describe, expect, test } from "#test";
import { sameOctets } from "../../../plugins/_same_octets.ts";

describe("sameOctets()", () => {
  test("tells arrays apart by length, order and each octet", () => {
    const octets = Uint8Array.of(1, 2, 3);
    expect(sameOctets(octets, Uint8Array.of(0, 1, 2, 3, 4).subarray(1, 4))).toBe(true);
    expect(sameOctets(new Uint8Array(0), new Uint8Array(0))).toBe(true);
    for (const other of [
      [1, 2],
      [1, 2, 3, 4],
      [1, 2, 4],
      [0, 2, 3],
      [3, 2, 1],
    ]) {
      expect(sameOctets(octets, Uint8Array.from(other))).toBe(false);
    }
  });
});
