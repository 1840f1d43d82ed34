// What rules find in a text, and where.
// Positions are characters, as in the text that was given.
import { describe, expect, test } from "#test";
import { TextRules } from "../../../plugins/_text_rules.ts";

const found = (rules: TextRules, text: string): string[] =>
  rules.find(text).map(({ start, end, rule, action }) => `${rule} ${action} ${text.slice(start, end)}`);

describe("a pattern without length", () => {
  test("refuses what it fits, wherever it fits, and blackens nothing", () => {
    const both = /(?=.*alpha)(?=.*omega)/s;
    expect(new TextRules([{ pattern: both }]).find("omega, then alpha").length).toBe(1);
    expect(new TextRules([{ pattern: both }]).find("alpha alone")).toEqual([]);
    expect(new TextRules([{ pattern: both, action: "redact" }]).find("alpha omega")).toEqual([]);
  });
});

describe("text rules", () => {
  test("words are whole words, whatever their case and form", () => {
    const rules = new TextRules([{ words: ["Evil", "très bon", "c++", "mother-in-law"] }]);
    expect(found(rules, "EVIL, evil-doer medieval evils")).toEqual([
      "rule 1 refuse EVIL",
      "rule 1 refuse evil",
    ]);
    expect(found(rules, "e\u200Bv\u00ADil")).toEqual(["rule 1 refuse e\u200Bv\u00ADil"]);
    expect(found(rules, "ＥＶＩＬ")).toEqual(["rule 1 refuse ＥＶＩＬ"]);
    expect(found(rules, "un TRÈS \n bon jour; très. Bonbon")).toEqual(["rule 1 refuse TRÈS \n bon"]);
    expect(found(rules, "C++ c")).toEqual(["rule 1 refuse C++"]);
    expect(found(rules, "a Mother-in-Law")).toEqual(["rule 1 refuse Mother-in-Law"]);
    expect(found(rules, "nothing")).toEqual([]);
  });

  test("where a script puts no blanks between words, they are found inside", () => {
    const rules = new TextRules([{ words: ["禁止", "ความลับ", "evil"] }]);
    expect(found(rules, "ここは禁止です")).toEqual(["rule 1 refuse 禁止"]);
    expect(found(rules, "นี่คือความลับนะ")).toEqual(["rule 1 refuse ความลับ"]);
    expect(found(rules, "medieval")).toEqual([]);
  });

  test("patterns keep their flags; a string has those of Unicode without case", () => {
    const rules = new TextRules([
      { name: "card", pattern: /\b\d{4}\b/y, action: "redact" },
      { name: "word", pattern: "straße" },
      { name: "nothing", pattern: /x*/ },
    ]);
    expect(found(rules, "1234 5678 STRAßE")).toEqual([
      "word refuse STRAßE",
      "card redact 1234",
      "card redact 5678",
    ]);
  });

  test("no rules, no matches", () => {
    expect([new TextRules([]).empty, new TextRules([{ words: [""] }]).empty]).toEqual([true, true]);
    expect(new TextRules([{ words: ["a"] }]).empty).toBe(false);
    expect(() => new TextRules([{ pattern: "[" }])).toThrow("text.rules: the pattern of rule 1");
  });
});
