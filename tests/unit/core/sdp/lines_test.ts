// Lines of a description: their grammar, their order, their endings, and the limit on their length.
import { describe, expect, test } from "#test";
import { joinLines, maxDescriptionLength, readLines } from "../../../../core/sdp/lines.ts";
import { codeOf, expectOddity, sdp, stream } from "./texts.ts";

/** Reads and gives the code of the first fault, oddities included. */
function strictCode(text: string): string | undefined {
  return codeOf(() =>
    readLines(text, (_code, _detail, code) => {
      if (code !== "") throw Object.assign(new Error(), { code });
    }),
  );
}

describe("lines", () => {
  test("RFC 8866 §5: CRLF and a bare LF end a line, and both are kept [8866-5-02]", () => {
    const text = sdp().replaceAll("\r\n", "\n").replace("s=-\n", "s=-\r\n");
    const { session, media } = readLines(text, () => {});
    expect(joinLines(session) + media.map(joinLines).join("")).toBe(text);
    expect(strictCode(text)).toBe(undefined);
    expect(expectOddityFree(`${sdp()}a=x`)).toBe(`${sdp()}a=x`);
  });

  test("RFC 8866 §5: one small letter, an equals sign, no blank around it [8866-5-01]", () => {
    expect(strictCode(sdp([stream({ more: ["a= x"] })]))).toBe("bad-line");
    for (const line of ["a =x", "A=x", "ab=x", "=x", "a", " a=x"]) {
      const text = sdp([stream({ more: [line] })]);
      expect([line, strictCode(text), codeOf(() => readLines(text, () => {}))]).toEqual([
        line,
        "bad-line",
        "bad-line",
      ]);
    }
    expectOddity(sdp([stream({ more: ["a= x:y"] })]), "bad-line", "blank-after-equals");
    expectOddity(sdp([stream({ more: [""] })]), "bad-line", "blank-line");
    expectOddity(sdp([stream({ more: ["a="] })]), "bad-line", "empty-value");
  });

  test("RFC 8866 §5: an unknown letter is refused, or ignored by a tolerant reader [8866-5-03]", () => {
    const read = expectOddity(sdp().replace("t=0 0\r\n", "t=0 0\r\nx=1\r\n"), "bad-line", "unknown-letter");
    expect(read.msrp.length).toBe(1);
  });

  test("RFC 8866 §5: the order of the lines is fixed [8866-5-05]", () => {
    expect(
      codeOf(() =>
        readLines(
          `v=0\r\no=x\r\ns=x\r\ni=x\r\nu=x\r\ne=x\r\np=x\r\nc=x\r\nb=x\r\nt=x\r\nr=x\r\nz=x\r\nk=x\r\na=x\r\n${"m=x\r\ni=x\r\nc=x\r\nb=x\r\nk=x\r\na=x\r\n"}`,
          () => {},
        ),
      ),
    ).toBe(undefined);
    for (const letters of ["vos", "vost", "ovst", "vsot", "voscta", "vosact", "vostc", "voscttr"]) {
      const lines = letters.split("").map((letter) => `${letter}=${letter === "v" ? "0" : "x"}\r\n`);
      const good = ["vost", "voscta", "voscttr"].includes(letters);
      expect([letters, codeOf(() => readLines(lines.join(""), () => {}))]).toEqual([
        letters,
        good ? undefined : "bad-order",
      ]);
    }
    expect(codeOf(() => readLines(sdp([`${stream()}c=IN IP4 192.0.2.1\r\n`]), () => {}))).toBe("bad-order");
    expect(codeOf(() => readLines("", () => {}))).toBe("bad-order");
  });

  test("RFC 3264 §5: one session description only [3264-5-01]", () => {
    expect(codeOf(() => readLines(sdp() + sdp(), () => {}))).toBe("bad-order");
  });

  test("RFC 8866 §5.1: the version is 0 [8866-5.1-01]", () => {
    expect(codeOf(() => readLines(sdp().replace("v=0", "v=1"), () => {}))).toBe("bad-version");
  });

  test("RFC 8866 §5: a NUL or a CR is in no value", () => {
    for (const octet of ["\0", "\r"]) {
      expect(codeOf(() => readLines(sdp([stream({ more: [`a=x:${octet}y`] })]), () => {}))).toBe("bad-line");
    }
  });

  test("a description up to the limit is read, a longer one is refused", () => {
    const room = maxDescriptionLength - sdp([stream({ more: ["a="] })]).length;
    const text = sdp([stream({ more: [`a=${"x".repeat(room)}`] })]);
    expect(text.length).toBe(maxDescriptionLength);
    expect(codeOf(() => readLines(text, () => {}))).toBe(undefined);
    expect(codeOf(() => readLines(`${text}a`, () => {}))).toBe("too-long");
  });
});

/** Reads text without a last line end; that alone is worth a remark, never a refusal. */
function expectOddityFree(text: string): string {
  const codes: string[] = [];
  const { session, media } = readLines(text, (code, _detail, strict) => codes.push(code + strict));
  expect(codes).toEqual(["no-final-line-end"]);
  return joinLines(session) + media.map(joinLines).join("");
}
