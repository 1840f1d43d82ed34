// MIME headers of the content: folding, letters, charsets and transfer encodings, each in one pass.
import { describe, expect, test } from "#test";
import {
  decodeTransfer,
  mimeField,
  mimeWord,
  parseMimeFields,
  textDecoder,
} from "../../../plugins/_mime_head.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("MIME headers", () => {
  test("RFC 2045: folding and letters do not matter [CP-SYN-38]", () => {
    const fields = parseMimeFields(
      'content-DISPOSITION: attachment;\r\n\tfilename="a b"\r\nX : 1\r\nno colon\r\n\r\n',
    );
    expect(fields).toEqual([
      ["content-DISPOSITION", 'attachment; filename="a b"'],
      ["X", "1"],
    ]);
    expect([mimeField(fields, "Content-Disposition"), mimeField(fields, "y")]).toEqual([
      'attachment; filename="a b"',
      undefined,
    ]);
    expect([mimeWord(" Notification ;x=1"), mimeWord(undefined)]).toEqual(["notification", undefined]);
    expect(parseMimeFields(" starts: folded\n")).toEqual([["starts", "folded"]]);
  });

  test("a charset that nobody knows is read as UTF-8", () => {
    const encodings = ["text/plain;charset=utf8", "text/plain;charset=x-none", undefined, "text/plain"];
    expect(encodings.map((type) => textDecoder(type).encoding)).toEqual(["utf-8", "utf-8", "utf-8", "utf-8"]);
    expect(textDecoder("text/plain; charset=UTF-16LE").encoding).toBe("utf-16le");
  });

  test("base64 and quoted-printable are undone, others change nothing", () => {
    const decode = (encoding: string | undefined, text: string): string | undefined => {
      const octets = decodeTransfer(encoding, bytes(text));
      return octets && new TextDecoder().decode(octets);
    };
    expect([decode("BASE64", "aGV5\r\nIQ=="), decode("base64", "*")]).toEqual(["hey!", undefined]);
    expect(decode("quoted-printable", "a=3Db=\r\nc=\nd=zz=4")).toBe("a=bcd=zz=4");
    expect([decode("8bit", "é"), decode(undefined, "x")]).toEqual(["é", "x"]);
    expect(decodeTransfer("quoted-printable", Uint8Array.of(0xff, 0x3d, 0x46, 0x46))).toEqual(
      Uint8Array.of(0xff, 0xff),
    );
  });
});
