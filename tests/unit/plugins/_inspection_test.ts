// One message under inspection, in pieces: the types, sizes and looks of what is inside.
// contentFilter() has the tests of whole nodes.
import { describe, expect, test } from "#test";
import { Inspection, type InspectionRules } from "../../../plugins/_inspection.ts";
import { TextRules } from "../../../plugins/_text_rules.ts";
import { TypeRules } from "../../../plugins/_type_rules.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const rules = (more: Partial<InspectionRules> = {}): InspectionRules => ({
  types: new TypeRules(undefined, ["text/html"], { "text/plain": 5 }),
  sniff: false,
  text: undefined,
  textTypes: ["text/*"],
  overlap: 64,
  ...more,
});

describe("an inspection", () => {
  test("finds types and sizes inside a container", () => {
    const html = new Inspection(rules(), "message/cpim");
    expect(html.feed(utf8("A: b\r\n\r\nContent-Type: text/"), false)).toEqual([]);
    expect(html.feed(utf8("html\r\n\r\n"), false)).toEqual([
      { rule: "type", status: 415, detail: "text/html" },
    ]);
    const long = new Inspection(rules(), "message/cpim");
    expect(long.feed(utf8("A: b\r\n\r\nB: c\r\n\r\n12345"), false)).toEqual([]);
    expect(long.feed(utf8("6"), true)).toEqual([{ rule: "size", status: 413, detail: "text/plain" }]);
    expect(long.position).toBe(8 + 8 + 5 + 1);
  });

  test("looks at the first octets of each part once there are enough, or no more", async () => {
    const first = new Inspection(rules({ sniff: true }), "image/png");
    first.feed(utf8("no"), false);
    expect(first.looks).toBe(undefined);
    first.feed(utf8(" picture"), true);
    expect(await first.looks).toEqual({
      rule: "declared",
      status: 415,
      detail: "declared image/png, does not look like it",
    });
    const long = new Inspection(rules({ sniff: true }), "image/png");
    long.feed(new Uint8Array(100), false);
    expect((await long.looks)?.rule).toBe("declared");
    expect(long.looks).toBe(undefined);
  });

  test("tells where a redacted match began before it was found", () => {
    const text = new TextRules([{ words: ["secret"], action: "redact" }]);
    const one = new Inspection(rules({ text, types: new TypeRules(undefined, [], {}) }), "text/plain");
    one.feed(utf8("a sec"), false);
    const rest = utf8("ret b");
    expect(one.feed(rest, true)).toEqual([{ rule: "text", status: 200, detail: "rule 1" }]);
    expect([new TextDecoder().decode(rest), one.missed]).toEqual(["*** b", [{ start: 2, length: 3 }]]);
  });

  test("an unknown charset cannot be read", () => {
    const text = new TextRules([{ words: ["x"] }]);
    expect(new Inspection(rules({ text }), "text/plain;charset=none").feed(utf8("a"), true)[0]?.rule).toBe(
      "unreadable",
    );
  });
});
