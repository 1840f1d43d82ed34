// Octets to text and the character classes of the grammar.
import { describe, expect, test } from "#test";
import {
  bytesAt,
  decodeText,
  encodeText,
  equalsIgnoringCase,
  findCrLf,
  isHeaderText,
  isUtf8Text,
} from "../../../../core/wire/text.ts";
import { octets } from "./_frames.ts";

describe("text", () => {
  test("short and long texts come out alike, a BOM included", () => {
    for (const text of [
      "",
      "a",
      "abcdefg",
      "abcdefgh",
      "abcdefghi",
      "x".repeat(25),
      "caf\u00e9",
      `\uFEFF${"b".repeat(40)}`,
    ]) {
      const bytes = encodeText(`??${text}!`);
      expect(decodeText(bytes, 2, bytes.length - 1)).toBe(text);
    }
  });

  test("RFC 4975 §9: utf8text is HTAB, printable ASCII and whole UTF-8 sequences [4975-9-05]", () => {
    const valid = (text: string): boolean => isUtf8Text(octets(text), 0, text.length);
    for (const text of [
      "",
      "a\tb ~",
      "\xC3\xA9",
      "\xE2\x98\xA0",
      "\xF0\x9F\x98\x80",
      "\xF8\x80\x80\x80\x80",
      "\xFC\x80\x80\x80\x80\x80",
    ]) {
      expect([text, valid(text)]).toEqual([text, true]);
    }
    for (const text of [
      "\0",
      "a\nb",
      "\x07",
      "\x7F",
      "\x80",
      "\xC3",
      "\xC3A",
      "\xE2\x82",
      "\xFE\x80",
      "\xFF",
    ]) {
      expect([text, valid(text)]).toEqual([text, false]);
    }
  });

  test("what may be written as a header value", () => {
    for (const text of ["", "a\tb", "\u00e9 \u{1F600}"])
      expect([text, isHeaderText(text)]).toEqual([text, true]);
    for (const text of ["a\r\nb", "\n", "\0", "\x7F", "\uD800"])
      expect([text, isHeaderText(text)]).toEqual([text, false]);
  });

  test("names compare without case, octets with it", () => {
    const bytes = octets("..To-PATH..");
    expect(equalsIgnoringCase(bytes, 2, 9, "to-path")).toBe(true);
    expect(equalsIgnoringCase(bytes, 2, 8, "to-path")).toBe(false);
    expect(equalsIgnoringCase(octets("@"), 0, 1, "`")).toBe(false);
    expect(bytesAt(bytes, 2, octets("To-PATH"))).toBe(true);
    expect(bytesAt(bytes, 2, octets("To-Path"))).toBe(false);
  });

  test("RFC 4975 §9: only CR and LF together end a line, and both must be there", () => {
    const bytes = octets("a\rb\nc\r\nd");
    expect(findCrLf(bytes, 0, bytes.length)).toBe(5);
    expect(findCrLf(bytes, 0, 6)).toBe(-1);
    expect(findCrLf(bytes, 6, bytes.length)).toBe(-1);
    expect(findCrLf(octets("\r\n"), 0, 2)).toBe(0);
  });
});
