// Byte-Range values: exact numbers, nothing but digits, and the three ways in which grammatical ones make no sense.
import { describe, expect, test } from "#test";
import type { RemoteProtocolError } from "../../../../core/errors.ts";
import {
  byteRangeFault,
  formatByteRange,
  parseByteRange,
  subRange,
} from "../../../../core/wire/byte_range.ts";

function codeOf(text: string): string | undefined {
  try {
    parseByteRange(text);
  } catch (error) {
    return (error as RemoteProtocolError).code;
  }
  return undefined;
}

describe("Byte-Range", () => {
  test("RFC 4975 §9: digits or `*`, and no blanks [4975-9-13]", () => {
    expect(parseByteRange("1-17/17")).toEqual({ start: 1, end: 17, total: 17 });
    expect(parseByteRange("1-*/*")).toEqual({ start: 1 });
    expect(parseByteRange("007-9/*")).toEqual({ start: 7, end: 9 });
    for (const text of [
      "",
      "1-5",
      "1-5/",
      "*-5/5",
      "-1-5/5",
      "1 - 5/5",
      "1-5/5 ",
      "bytes 1-5/5",
      "1-5/0x5",
      "+1-5/5",
      "1-5/5\n",
      "1.0-5/5",
      "\u06611-5/5",
    ]) {
      expect([text, codeOf(text)]).toEqual([text, "bad-byte-range"]);
    }
  });

  test("RFC 4975 §14.5: numbers above 2^53-1 are kept exactly, a start above it is refused [4975-9-14]", () => {
    const range = parseByteRange("1-9007199254740993/18446744073709551616");
    expect(range).toEqual({ start: 1, hugeEnd: 9007199254740993n, hugeTotal: 18446744073709551616n });
    expect(formatByteRange(range)).toBe("1-9007199254740993/18446744073709551616");
    expect(parseByteRange("9007199254740991-*/9007199254740991").total).toBe(9007199254740991);
    expect(codeOf("9007199254740992-*/*")).toBe("range-too-large");
  });

  test("RFC 4975 §7.1.1: counting from 1; an empty range ends one before its start [4975-7.1.1-19]", () => {
    expect(byteRangeFault({ start: 1, end: 0, total: 0 })).toBe(undefined);
    expect(byteRangeFault({ start: 13, end: 12, total: 12 })).toBe(undefined);
    expect(byteRangeFault({ start: 0, end: 1 })).toBe("range-start-zero");
    expect(byteRangeFault({ start: 9, end: 3, total: 20 })).toBe("range-inverted");
    expect(byteRangeFault({ start: 1, end: 9, total: 4 })).toBe("range-beyond-total");
    expect(byteRangeFault({ start: 9, total: 4 })).toBe("range-beyond-total");
    expect(byteRangeFault({ start: 1, hugeEnd: 2n ** 60n, total: 4 })).toBe("range-beyond-total");
    expect(byteRangeFault({ start: 1, end: 4, hugeTotal: 2n ** 60n })).toBe(undefined);
  });

  test("a slice has the exact range of its octets, and the total of the whole", () => {
    expect(subRange({ start: 101, total: 900 }, 50, 10)).toEqual({ start: 151, end: 160, total: 900 });
    expect(subRange(undefined, 0, 10)).toEqual({ start: 1, end: 10 });
    expect(subRange({ start: 1, hugeTotal: 2n ** 60n }, 5, 1)).toEqual({
      start: 6,
      end: 6,
      hugeTotal: 2n ** 60n,
    });
  });
});
