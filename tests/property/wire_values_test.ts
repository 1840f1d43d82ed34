// Properties of the small values on the wire: ranges, URIs, ids, and the search for end-lines against a naive one.
import fc from "fast-check";
import { describe, expect, test } from "#test";
import { MsrpError } from "../../core/errors.ts";
import { findEndLine } from "../../core/wire/end_line.ts";
import {
  containsEndLine,
  EndLineScanner,
  formatByteRange,
  MsrpUri,
  parseByteRange,
  subRange,
} from "../../core/wire/mod.ts";
import { runs } from "../harness/runs.ts";

const latin1 = (bytes: Uint8Array): string =>
  Array.from(bytes, (octet) => String.fromCharCode(octet)).join("");

/** Octets out of which end-lines, and what nearly is one, come together often. */
const nearly = (id: string): fc.Arbitrary<Uint8Array> =>
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          "\r\n-------",
          id,
          "$",
          "+",
          "#",
          "\r\n",
          "-",
          "\r",
          "\n",
          "x",
          id.slice(1),
          `\r\n-------${id}$\r\n`,
        ),
        fc.integer({ min: 60, max: 700 }).map((length) => "-".repeat(length)),
      ),
      { maxLength: 30 },
    )
    .map((parts) => Uint8Array.from(parts.join(""), (character) => character.charCodeAt(0)));

const anyId = fc.constantFrom(
  "abcd",
  "a---",
  "a-------",
  "Lk7aPq20vMs5",
  `a${"-".repeat(31)}`,
  "a$b+".replace("$", "."),
  "0+++",
);

describe("RFC 4975 §7.3.1: finding the end-line", () => {
  test("the fast search finds what a naive one finds, in floods of hyphens too [4975-7.3.1-08]", () => {
    fc.assert(
      fc.property(
        anyId.chain((id) => fc.tuple(fc.constant(id), nearly(id))),
        fc.nat({ max: 40 }),
        ([id, bytes], skip) => {
          const from = Math.min(skip, bytes.length);
          const text = latin1(bytes);
          const places = ["$", "+", "#"]
            .map((flag) => text.indexOf(`\r\n-------${id}${flag}\r\n`, from))
            .filter((at) => at >= 0);
          const idBytes = new TextEncoder().encode(`??${id}`);
          expect(findEndLine(bytes, from, bytes.length, idBytes, 2, id.length)).toBe(
            places.length > 0 ? Math.min(...places) : -1,
          );
        },
      ),
      { numRuns: runs },
    );
  });

  test("the sender's check finds hyphens, id and flag anywhere, also across pieces [4975-7.1-17] [4975-7.1-18]", () => {
    fc.assert(
      fc.property(
        anyId.chain((id) => fc.tuple(fc.constant(id), nearly(id))),
        fc.array(fc.nat(), { maxLength: 8 }),
        ([id, bytes], cuts) => {
          const text = latin1(bytes);
          const places = ["$", "+", "#"]
            .map((flag) => text.indexOf(`-------${id}${flag}`))
            .filter((at) => at >= 0);
          expect(containsEndLine(bytes, id)).toBe(places.length > 0);
          const scanner = new EndLineScanner(id);
          const borders = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
          let allowed = 0;
          for (const [index, start] of [0, ...borders].entries()) {
            const piece = bytes.subarray(start, borders[index] ?? bytes.length);
            const count = scanner.allowed(piece);
            allowed += count;
            if (count < piece.length) break;
          }
          // All but the flag of the first clash may go out.
          expect(allowed).toBe(places.length > 0 ? Math.min(...places) + 7 + id.length : bytes.length);
        },
      ),
      { numRuns: runs },
    );
  });
});

describe("RFC 4975 §7.1.1: ranges", () => {
  const natural = fc.oneof(fc.nat(), fc.maxSafeNat());
  test("what is written is read back exactly [4975-9-13] [4975-9-14]", () => {
    const optional = fc.option(fc.oneof(natural, fc.bigInt({ min: 2n ** 53n, max: 2n ** 80n })), {
      nil: undefined,
    });
    fc.assert(
      fc.property(natural, optional, optional, (start, end, total) => {
        const text = `${start}-${end ?? "*"}/${total ?? "*"}`;
        expect(formatByteRange(parseByteRange(text))).toBe(text);
      }),
      { numRuns: runs },
    );
  });

  test("ranges of consecutive slices join without gap or overlap", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 40 }),
        fc.array(fc.nat({ max: 9000 }), { minLength: 1 }),
        (start, lengths) => {
          let next = start;
          let offset = 0;
          for (const length of lengths) {
            const range = subRange({ start, total: 2 ** 45 }, offset, length);
            expect(range).toEqual({ start: next, end: next + length - 1, total: 2 ** 45 });
            next = (range.end as number) + 1;
            offset += length;
          }
        },
      ),
      { numRuns: runs },
    );
  });

  test("any text is read or refused with a stable code", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."0159-/* +x") }), (text) => {
        try {
          expect(formatByteRange(parseByteRange(text))).toMatch(/^[0-9]+-([0-9]+|\*)\/([0-9]+|\*)$/);
        } catch (error) {
          expect(["bad-byte-range", "range-too-large"]).toContain((error as MsrpError).code);
        }
      }),
      { numRuns: runs },
    );
  });
});

describe("RFC 4975 §6: URIs", () => {
  const anyUri = fc
    .tuple(
      fc.constantFrom("msrp://", "MSRPS://", "msrps://", "Msrp://"),
      fc.constantFrom("", "d;x@", "al@"),
      fc.constantFrom(
        "h.example",
        "H.Example",
        "%68.example",
        "192.0.2.1",
        "[2001:db8::1]",
        "[2001:DB8:0:0:0:0:0:1]",
      ),
      fc.constantFrom(":1", ":2855", ":02855"),
      fc.constantFrom("", "/a", "/A", "/a/"),
      fc.constantFrom(";tcp", ";TCP", ";ws", ";tcp;x=1"),
    )
    .map((parts) => parts.join(""));

  test("equality is an equivalence and agrees with the key [4975-6.1-10]", () => {
    fc.assert(
      fc.property(anyUri, anyUri, anyUri, (...texts) => {
        const [a, b, c] = texts.map((text) => MsrpUri.parse(text)) as [MsrpUri, MsrpUri, MsrpUri];
        expect(a.equals(MsrpUri.parse(a.text))).toBe(true);
        expect(a.equals(b)).toBe(b.equals(a));
        expect(a.equals(b)).toBe(a.key === b.key);
        if (a.equals(b) && b.equals(c)) expect(a.equals(c)).toBe(true);
        if (a.equals(b)) expect(a.authorityKey).toBe(b.authorityKey);
      }),
      { numRuns: runs },
    );
  });

  test("any text is read as it is or refused without repeating it [4975-3-02]", () => {
    const characters = fc.constantFrom(..."msrp:/@[]%41;tcp.= \u00e4-?2");
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: characters }),
          anyUri.chain((uri) =>
            fc.nat({ max: uri.length }).map((at) => `${uri.slice(0, at)}%${uri.slice(at)}`),
          ),
        ),
        (text) => {
          try {
            expect(MsrpUri.parse(text).toString()).toBe(text);
          } catch (error) {
            expect(error).toBeInstanceOf(MsrpError);
            if (text.length > 3) expect((error as MsrpError).message.includes(text)).toBe(false);
          }
        },
      ),
      { numRuns: runs },
    );
  });
});
