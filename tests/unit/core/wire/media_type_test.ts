// Reading media types: parameters, quotes and case.
// The cases are those that a split at ";" or "/" gets wrong.
import { describe, expect, test } from "#test";
import { isMediaType, parseMediaType, withoutBlanks } from "../../../../core/wire/media_type.ts";

describe("withoutBlanks", () => {
  test("RFC 4975 §9: the grammar has no blanks around semicolons; quoted values keep theirs", () => {
    for (const [given, expected] of [
      ["text/plain; charset=utf-8", "text/plain;charset=utf-8"],
      ['a/b ;\t x="c; d \\" ; e" ; y ', 'a/b;x="c; d \\" ; e";y'],
      ["text/plain;charset=utf-8", "text/plain;charset=utf-8"],
    ] as const) {
      expect(withoutBlanks(given)).toBe(expected);
      expect(isMediaType(expected)).toBe(true);
    }
  });

  test("what is no media type stays as it is, for the one who refuses it", () => {
    for (const text of ["", "text", "te xt/plain", "text/plain; char set=x"]) {
      expect(withoutBlanks(text)).toBe(text);
    }
  });
});

describe("parseMediaType", () => {
  test("RFC 4975 §9: type, subtype and parameters", () => {
    const type = parseMediaType("Text/Plain;charset=UTF-8;format=flowed");
    expect(type?.essence).toBe("text/plain");
    expect(type?.type).toBe("text");
    expect(type?.subtype).toBe("plain");
    expect([...(type?.parameters ?? [])]).toEqual([
      ["charset", "UTF-8"],
      ["format", "flowed"],
    ]);
  });

  test("RFC 4975 §9: separators inside a quoted value do not separate", () => {
    const type = parseMediaType('application/x-y;k="a;b=c \\"d\\"";CHARSET="utf-8"');
    expect(type?.parameters.get("k")).toBe('a;b=c "d"');
    expect(type?.parameters.get("charset")).toBe("utf-8");
  });

  test("RFC 8591: blanks after a semicolon are taken", () => {
    const type = parseMediaType("application/pkcs7-mime; smime-type=signed-data");
    expect(type?.parameters.get("smime-type")).toBe("signed-data");
  });

  test("a parameter without a value is there, empty; the first of two equal names counts", () => {
    const type = parseMediaType("a/b;flag;x=1;x=2");
    expect(type?.parameters.get("flag")).toBe("");
    expect(type?.parameters.get("x")).toBe("1");
  });

  test("what is no media type gives undefined", () => {
    for (const text of ["", "text", "text/", "/plain", "text/pl ain", "te(xt/plain"]) {
      expect(parseMediaType(text)).toBe(undefined);
    }
  });

  test("a long hostile value takes linear time", () => {
    const type = parseMediaType(`a/b;x="${"\\".repeat(20_000)}`);
    expect(type?.parameters.size).toBe(0);
  });
});
