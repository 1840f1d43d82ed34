// A text in pieces: what is found at their borders, and which octets are blackened.
// The pieces are cut at every place.
import { describe, expect, test } from "#test";
import { TextRules } from "../../../plugins/_text_rules.ts";
import { TextScan } from "../../../plugins/_text_scan.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("a text in pieces", () => {
  test("a word that is split is found, one that goes on is not", () => {
    const rules = new TextRules([{ name: "x", words: ["secret"] }]);
    const fates = (text: string, cut: number): string[] => {
      const scan = new TextScan(rules, "utf-8", 64);
      const bytes = utf8(text);
      const first = scan.feed(bytes.slice(0, cut), true, false);
      return [...first, ...scan.feed(bytes.slice(cut), true, true)].map(({ action }) => action);
    };
    for (let cut = 0; cut < 12; cut++) {
      expect([cut, fates("ä secret b", cut)]).toEqual([cut, ["refuse"]]);
      expect([cut, fates("ä secrets", cut)]).toEqual([cut, []]);
    }
  });

  test("what is redacted becomes as many stars as it has octets, from where it is still here", () => {
    const rules = new TextRules([{ words: ["über"], action: "redact" }]);
    const text = "ä über €";
    for (let cut = 0; cut <= utf8(text).length; cut++) {
      const bytes = utf8(text);
      const [head, tail] = [bytes.slice(0, cut), bytes.slice(cut)];
      const scan = new TextScan(rules, "utf-8", 64);
      const findings = [...scan.feed(head, true, false), ...scan.feed(tail, true, true)];
      const whole = new Uint8Array([...head, ...tail]);
      const missed = findings.reduce((sum, one) => sum + one.missed, 0);
      const start = utf8("ä ").length;
      // Those that had passed are told, so that they can be blackened elsewhere.
      whole.fill(0x2a, start, start + missed);
      expect([cut, new TextDecoder().decode(whole)]).toEqual([cut, "ä ***** €"]);
    }
  });

  test("in a charset of one octet for each character", () => {
    const bytes = new Uint8Array([0x61, 0x20, 0xfc, 0x62, 0x20]);
    const scan = new TextScan(new TextRules([{ words: ["üb"], action: "redact" }]), "ISO-8859-1", 8);
    expect(scan.feed(bytes, true, true).map(({ action }) => action)).toEqual(["redact"]);
    expect([...bytes]).toEqual([0x61, 0x20, 0x2a, 0x2a, 0x20]);
  });

  test("is refused where octets and characters cannot be told apart, or octets not changed", () => {
    const rules = new TextRules([{ words: ["ab"], action: "redact" }]);
    const actions = (charset: string, bytes: Uint8Array, mutable = true): string[] =>
      new TextScan(rules, charset, 8).feed(bytes, mutable, true).map(({ action }) => action);
    expect(actions("utf-8", new Uint8Array([0xff, 0x20, 0x61, 0x62]))).toEqual(["refuse"]);
    expect(actions("utf-16le", new Uint8Array([0x61, 0, 0x62, 0]))).toEqual(["refuse"]);
    expect(actions("utf-8", utf8("ab"), false)).toEqual(["refuse"]);
    expect(actions("utf-8", utf8("ab"))).toEqual(["redact"]);
    expect(() => new TextScan(rules, "x-unknown", 8)).toThrow(RangeError);
  });

  test("keeps no more than the overlap", () => {
    const rules = new TextRules([{ pattern: "a{20}" }]);
    const scan = new TextScan(rules, "utf-8", 10);
    expect(scan.feed(utf8(`${"a".repeat(15)}`), true, false)).toEqual([]);
    expect(scan.feed(utf8("aaaaab"), true, true)).toEqual([]);
    const wide = new TextScan(rules, "utf-8", 20);
    expect(wide.feed(utf8("a".repeat(15)), true, false)).toEqual([]);
    expect(wide.feed(utf8("aaaaab"), true, true).length).toBe(1);
  });
});
