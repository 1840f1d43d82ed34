// The small syntax of CPIM headers: escapes both ways, names, URIs, points in time.
import { describe, expect, test } from "#test";
import {
  escapeText,
  formatDateTime,
  isAbsoluteUri,
  isClean,
  namePattern,
  parameterPattern,
  parseDateTime,
  tokensPattern,
  trimSpaces,
  unescapeText,
  wellFormed,
} from "../../../plugins/_cpim_text.ts";

describe("escapes", () => {
  test("RFC 3862 §2.3.1: what must be escaped is, and nothing else [CP-SYN-13]", () => {
    expect(escapeText("a\\b\b\t\n\r\u0001\u007f\"'é☕")).toBe("a\\\\b\\b\\t\\n\\r\\u0001\\u007f\"'é☕");
    expect(escapeText('say "hi"', true)).toBe('say \\"hi\\"');
  });

  test("RFC 3862 §2.3: every escape is read back [CP-SYN-14]", () => {
    expect(unescapeText("\\\\ \\\" \\' \\b\\t\\n\\r \\u0041\\u00e9")).toBe("\\ \" ' \b\t\n\r Aé");
  });

  test("RFC 3862 §2.3.1: an unknown escape is the character, a lone backslash at the end nothing [CP-SYN-15]", () => {
    expect(unescapeText("\\q\\u12 \\")).toBe("qu12 ");
  });

  test("RFC 3862 §2.3: escapes are UCS-2 units; half a pair becomes U+FFFD [CP-SYN-16]", () => {
    expect(unescapeText("\\ud83d\\ude00 \\ud83d x \\ude00")).toBe("😀 \ufffd x \ufffd");
    expect(wellFormed("a\ud800b\udc00😀")).toBe("a\ufffdb\ufffd😀");
  });
});

describe("names and URIs", () => {
  test("RFC 3862 §3.1: names are visible ASCII without separators and dot [CP-SYN-18]", () => {
    for (const good of ["From", "X-Trace", "a!#$%&'*+-^_`|~9"]) expect(namePattern.test(good)).toBe(true);
    for (const bad of ["", "a.b", "a b", "a/b", "a(b", "é", "a:b", "a\n"])
      expect(namePattern.test(bad)).toBe(false);
  });

  test("RFC 3862 §3.6: tokens of a display name stand apart by one space each", () => {
    for (const good of ["Ana Prieto-2", "José Ñandú", "O'Neil", "Dr. No"])
      expect(tokensPattern.test(good)).toBe(true);
    for (const bad of ["Ana  P", " Ana", "Ana ", "Ana (x)", 'a"b', ""])
      expect(tokensPattern.test(bad)).toBe(false);
  });

  test("RFC 2396: URIs are absolute and have no fragment [CP-SYN-33]", () => {
    const good = [
      "sip:a@b.example",
      "tel:+1555",
      "urn:ietf:params:imdn",
      "http://[::1]/a?b=c;d",
      "mailto:a%20b@c",
    ];
    for (const uri of good) expect([uri, isAbsoluteUri(uri)]).toEqual([uri, true]);
    for (const bad of ["", "../x", "sip:", "sip:a b", "sip:a>b", "http://a/#f", "1a:b", "sip:é"]) {
      expect([bad, isAbsoluteUri(bad)]).toEqual([bad, false]);
    }
  });

  test("a parameter has a name and a value, quoted or not", () => {
    parameterPattern.lastIndex = 0;
    const match = parameterPattern.exec(';tone="very; \\"dry\\"" x');
    expect([match?.[1], match?.[2]]).toEqual(["tone", 'very; \\"dry\\"']);
    parameterPattern.lastIndex = 0;
    expect(parameterPattern.exec(";lang x")).toBe(null);
  });

  test("isClean and trimSpaces", () => {
    expect([isClean("aé "), isClean("a\tb"), isClean("\u007f")]).toEqual([true, false, false]);
    expect([trimSpaces("  a b  "), trimSpaces("   "), trimSpaces("\ta\u00a0")]).toEqual([
      "a b",
      "",
      "\ta\u00a0",
    ]);
  });
});

describe("points in time", () => {
  test("RFC 3339: offsets, fractions, small letters and leap seconds are read [CP-SYN-34]", () => {
    const rows: [string, string][] = [
      ["2001-02-02T10:48:54-05:00", "2001-02-02T15:48:54.000Z"],
      ["2020-09-27T04:02:25.941Z", "2020-09-27T04:02:25.941Z"],
      ["2016-12-31t23:59:60z", "2017-01-01T00:00:00.000Z"],
      ["2017-01-01T00:59:60+01:00", "2017-01-01T00:00:00.000Z"],
      ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"],
    ];
    for (const [text, moment] of rows) expect(parseDateTime(text)?.toISOString()).toBe(moment);
  });

  test("RFC 3339 §5.7: what no calendar has is no time", () => {
    const bad = [
      ...["2024-05-01T10:00:00", "2023-02-29T10:00:00Z", "2024-13-01T10:00:00Z", "2024-01-01T24:00:00Z"],
      ...[
        "2024-01-01T10:00:60Z",
        "2024-01-01T10:60:00Z",
        "2024-01-01 10:00:00Z",
        "2024-01-01T10:00:00+24:00",
        "",
      ],
    ];
    for (const text of bad) expect([text, parseDateTime(text)]).toEqual([text, undefined]);
  });

  test("a moment is written in UTC [CP-SYN-35]", () => {
    expect(formatDateTime(new Date(Date.UTC(2024, 4, 1, 10)))).toBe("2024-05-01T10:00:00.000Z");
  });
});
