// Content-Transfer-Encodings undone piece by piece.
// Values are the examples of RFC 2045 and RFC 4648.
import { describe, expect, test } from "#test";
import { transferDecoder } from "../../../plugins/_transfer_decoding.ts";

function decode(encoding: string, text: string, size: number): string {
  const decoder = transferDecoder(encoding);
  let decoded = "";
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) {
    decoded += new TextDecoder("latin1").decode(decoder?.(bytes.subarray(at, at + size)));
  }
  return decoded;
}

describe("transfer encodings", () => {
  test("RFC 4648 §10: base64, in pieces of any size, with lines and nonsense between", () => {
    const cases: [string, string][] = [
      ["", ""],
      ["Zg==", "f"],
      ["Zm8=", "fo"],
      ["Zm9v", "foo"],
      ["Zm9vYmFy", "foobar"],
      ["Zm9v\r\nYm!Fy", "foobar"],
      ["Zg==Zg==", "ff"],
    ];
    for (const [encoded, text] of cases)
      for (const size of [1, 3, 100]) expect(decode("base64", encoded, size)).toBe(text);
  });

  test("RFC 2045 §6.7: quoted-printable with soft line breaks", () => {
    const encoded = "a=3Db=\r\nc=0D=0A=\nd=XYe=C3=A4";
    for (const size of [1, 2, 100])
      expect(decode("quoted-printable", encoded, size)).toBe("a=bc\r\ndYe\u00c3\u00a4");
  });

  test("other encodings change nothing", () => {
    expect(["", "7bit", "8bit", "binary", "x-unknown"].map(transferDecoder)).toEqual(
      Array(5).fill(undefined),
    );
  });
});
