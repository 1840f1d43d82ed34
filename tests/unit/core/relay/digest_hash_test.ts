// The hash functions of Digest against the test values of their own standards, and their names on the wire.
import { describe, expect, test } from "#test";
import { digestHash, digestLength, parseDigestAlgorithm } from "../../../../core/relay/digest_hash.ts";

describe("digestHash()", () => {
  test('RFC 1321 §A.5, FIPS 180-4: the published value of each function for "abc"', () => {
    expect(digestHash("MD5", "abc")).toBe("900150983cd24fb0d6963f7d28e17f72");
    expect(digestHash("SHA-256", "abc")).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    expect(digestHash("SHA-512-256", "abc")).toBe(
      "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23",
    );
  });

  test("RFC 7616 §3.2: lower-case hex, 32 digits for MD5 and 64 for the others [7616-3.2-01] [4976-T39] [7616-3.7-03]", () => {
    for (const algorithm of ["MD5", "SHA-256", "SHA-512-256"] as const) {
      expect(digestHash(algorithm, "")).toMatch(new RegExp(`^[0-9a-f]{${digestLength(algorithm)}}$`));
    }
  });

  test("RFC 7616 §4: text is hashed as UTF-8, not as Latin-1", () => {
    // `printf é | md5sum` in a UTF-8 terminal.
    expect(digestHash("MD5", "é")).toBe("66ddcd97cfdeabb2f6fb8a999b4bc76f");
  });
});

describe("parseDigestAlgorithm()", () => {
  test("RFC 2617 §3.2.1: no algorithm means MD5, an unknown one is not guessed at [2617-3.2.1-07]", () => {
    expect(parseDigestAlgorithm(undefined)).toBe("MD5");
    expect(parseDigestAlgorithm("sha-256")).toBe("SHA-256");
    expect(parseDigestAlgorithm("SHA-512-256")).toBe("SHA-512-256");
    expect(parseDigestAlgorithm("FOO")).toBe(undefined);
    expect(parseDigestAlgorithm("")).toBe(undefined);
  });

  test("RFC 4976 §9.1: the -sess forms have no place in MSRP [4976-9.1-05]", () => {
    for (const name of ["MD5-sess", "SHA-256-sess", "SHA-512-256-sess"]) {
      expect(parseDigestAlgorithm(name)).toBe(undefined);
    }
  });
});
