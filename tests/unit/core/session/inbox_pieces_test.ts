// The octets of an incomplete message: order, overlap, tiny pieces, and memory that follows octets.
// The model is a plain array that is large enough.
import { describe, expect, test } from "#test";
import { PieceList } from "../../../../core/session/inbox_pieces.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const read = (bytes: Uint8Array | undefined): string | undefined =>
  bytes ? new TextDecoder().decode(bytes) : undefined;

describe("PieceList", () => {
  test("RFC 4975 §7.3.1: of two overlapping chunks the one received last wins [4975-7.3.1-06]", () => {
    const first = new PieceList();
    first.write(1, text("AAAAAAAAAA"));
    first.write(6, text("BBBBBBBBBB"));
    expect(read(first.join(15))).toBe("AAAAABBBBBBBBBB");
    const second = new PieceList();
    second.write(6, text("BBBBBBBBBB"));
    second.write(1, text("AAAAAAAAAA"));
    expect(read(second.join(15))).toBe("AAAAAAAAAABBBBB");
    expect(second.octets).toBe(15);
  });

  test("a chunk across several pieces and the gaps between them", () => {
    const pieces = new PieceList();
    pieces.write(3, text("cc"));
    pieces.write(8, text("hh"));
    pieces.write(2, text("12345678"));
    pieces.write(1, text("a"));
    expect(read(pieces.join(9))).toBe("a12345678");
    expect(pieces.octets).toBe(9);
  });

  test("what is written is copied", () => {
    const pieces = new PieceList();
    const bytes = text("hello");
    pieces.write(1, bytes);
    bytes.fill(0);
    expect(read(pieces.join(5))).toBe("hello");
  });

  test("RFC 4975 §14.5: an octet at 2^40 costs an octet [4975-14.5-01]", () => {
    const pieces = new PieceList();
    pieces.write(2 ** 40, text("x"));
    expect(pieces.octets).toBe(1);
    expect(pieces.count).toBe(1);
  });

  test("one-octet chunks make few pieces, in order, backwards and from both ends", () => {
    const size = 20_000;
    const octet = new Uint8Array(1);
    const orders: Record<string, (index: number) => number> = {
      forwards: (index) => index,
      backwards: (index) => size - 1 - index,
      evenThenOdd: (index) => (index < size / 2 ? index * 2 : (index - size / 2) * 2 + 1),
    };
    for (const [name, order] of Object.entries(orders)) {
      const pieces = new PieceList();
      for (let index = 0; index < size; index++) {
        const position = order(index);
        octet[0] = position % 251;
        pieces.write(position + 1, octet);
      }
      const whole = pieces.join(size);
      expect([name, whole.length, whole.every((value, position) => value === position % 251)]).toEqual([
        name,
        size,
        true,
      ]);
      expect(pieces.count).toBeLessThan(20);
    }
  });

  test("shift gives the octets in order and holds back what lies behind a gap", () => {
    const pieces = new PieceList();
    pieces.write(1, text("abc"));
    pieces.write(6, text("fg"));
    expect(read(pieces.shift(1))).toBe("abc");
    expect(pieces.shift(4)).toBe(undefined);
    pieces.write(4, text("de"));
    expect(read(pieces.shift(4))).toBe("defg");
    expect(pieces.octets).toBe(0);
  });

  test("truncate and clear give the octets back", () => {
    const pieces = new PieceList();
    pieces.write(1, text("abcdef"));
    pieces.write(10, text("jkl"));
    pieces.truncate(4);
    expect(pieces.octets).toBe(4);
    pieces.clear();
    expect(pieces.octets).toBe(0);
    expect(pieces.count).toBe(0);
  });

  test("large chunks are joined to the octet", () => {
    const size = 300_001;
    const whole = new Uint8Array(size).map((_, index) => (index * 7) % 256);
    const pieces = new PieceList();
    for (const start of [131_072, 0, 65_536, 262_144, 196_608]) {
      pieces.write(start + 1, whole.subarray(start, Math.min(size, start + 65_536)));
    }
    expect(pieces.join(size)).toEqual(whole);
  });
});
