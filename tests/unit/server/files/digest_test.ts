// The running digest against the SHA-256 test vectors of FIPS 180-2.
// Cutting the input must make no difference.
import { describe, expect, test } from "#test";
import { RunningDigest } from "../../../../server/files/digest.ts";

describe("RunningDigest", () => {
  test("FIPS 180-2: 'abc', in one piece or three", () => {
    const expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const whole = new RunningDigest();
    whole.update(new TextEncoder().encode("abc"));
    expect([whole.bytes, whole.finish()]).toEqual([3, expected]);

    const pieces = new RunningDigest();
    for (const letter of "abc") pieces.update(new TextEncoder().encode(letter));
    expect([pieces.bytes, pieces.finish()]).toEqual([3, expected]);
  });

  test("FIPS 180-2: nothing at all", () => {
    expect(new RunningDigest().finish()).toBe(
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
  });
});
