// The lazy list of header fields.
import { describe, expect, test } from "#test";
import { HeaderList } from "../../../../core/wire/header_list.ts";
import { octets } from "./_frames.ts";

function list(text: string): HeaderList {
  const bytes = octets(`skipped\r\n${text}never`);
  return new HeaderList({ bytes, fieldsStart: 9, fieldsEnd: 9 + text.length });
}

describe("HeaderList", () => {
  test("RFC 4975 §9: order and spelling are kept, look-up ignores case [4975-9-09] [4975-9-11]", () => {
    const headers = list("Message-ID: m1\r\nX-Note: a: b\tc\r\nx-note: second\r\n");
    expect([...headers]).toEqual([
      ["Message-ID", "m1"],
      ["X-Note", "a: b\tc"],
      ["x-note", "second"],
    ]);
    expect(headers.size).toBe(3);
    expect(headers.get("message-id")).toBe("m1");
    expect(headers.get("X-NOTE")).toBe("a: b\tc");
    expect(headers.has("X-Note")).toBe(true);
    expect(headers.has("X-Not")).toBe(false);
    expect(headers.get("never")).toBe(undefined);
  });

  test("RFC 4975 §9: one blank is syntax, a second one is value", () => {
    expect([...list("X-Pad:  padded\r\nX-None:\r\nX-Tight:t\r\n")]).toEqual([
      ["X-Pad", " padded"],
      ["X-None", ""],
      ["X-Tight", "t"],
    ]);
  });

  test("lines without a colon are passed over", () => {
    expect([...list("nonsense\r\nX: y\r\n")]).toEqual([["X", "y"]]);
    expect([...list("")]).toEqual([]);
  });
});
