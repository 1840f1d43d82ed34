// Media types by extension and back. Only the table's shape matters: both directions agree.
import { describe, expect, test } from "#test";
import { extensionFor, isText, mediaTypeOf, OCTET_STREAM } from "../../../../server/files/media_type.ts";

describe("media types of files", () => {
  test("go by the extension, whatever its case", () => {
    expect(mediaTypeOf("a.PNG")).toBe("image/png");
    expect(mediaTypeOf("notes.txt")).toBe("text/plain;charset=utf-8");
    expect(mediaTypeOf("archive.unknown")).toBe(OCTET_STREAM);
    expect(mediaTypeOf("README")).toBe(OCTET_STREAM);
  });

  test("give back the extension, whatever the parameters", () => {
    expect(extensionFor("Text/Plain; charset=latin1")).toBe(".txt");
    expect(extensionFor("image/jpeg")).toBe(".jpg");
    expect(extensionFor(OCTET_STREAM)).toBe("");
    expect(extensionFor("x/y")).toBe("");
  });

  test("tell text from the rest", () => {
    expect(["text/html", "application/json;v=1", "application/im-iscomposing+xml"].map(isText)).toEqual([
      true,
      true,
      true,
    ]);
    expect(["image/png", OCTET_STREAM, "message/cpim", "application/jsonx"].map(isText)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
