// Text that was read before: found again exactly, and never taken for anything else.
// Every octet of every length is changed once, into values that doubles could get wrong too.
import { describe, expect, test } from "#test";
import { KnownOctets } from "../../../../core/wire/known_octets.ts";
import { octets } from "./_frames.ts";

describe("KnownOctets", () => {
  test("finds the same octets at any place, and no others", () => {
    for (let length = 8; length <= 41; length++) {
      const text = Array.from({ length }, (_, index) => String.fromCharCode(33 + ((index * 7) % 94))).join(
        "",
      );
      const known = new KnownOctets(new DataView(octets(`...${text}`).buffer), 3, length);
      expect(known.length).toBe(length);
      for (let shift = 0; shift < 9; shift++) {
        const bytes = octets(`${"x".repeat(shift)}${text}y`);
        const view = new DataView(bytes.buffer);
        expect(known.standAt(view, shift)).toBe(true);
        for (let index = shift; index < shift + length; index++) {
          const kept = bytes[index] as number;
          for (const other of [0, 0x80, 0xff, 0xf0, 0x7f, kept ^ 1]) {
            bytes[index] = other;
            expect(known.standAt(view, shift)).toBe(other === kept);
          }
          bytes[index] = kept;
        }
      }
    }
  });

  test("octets that make NaN or a zero are not taken for text", () => {
    const known = new KnownOctets(new DataView(octets("abcdefgh").buffer), 0, 8);
    for (const filler of [0, 0xff, 0x80]) {
      expect(known.standAt(new DataView(new Uint8Array(8).fill(filler).buffer), 0)).toBe(false);
    }
  });
});
