// Types inside containers, as accept-wrapped-types speaks of them: CPIM, multipart, nesting, and hostile bodies.
import { describe, expect, test } from "#test";
import { innerTypes, isContainer } from "../../../../core/session/inner_types.ts";
import { text } from "../../../support/connections.ts";

const cpim = (type: string, body: string): string =>
  `From: <sip:a@example.com>\r\nTo: <sip:b@example.com>\r\n\r\nContent-Type: ${type}\r\nContent-ID: <1>\r\n\r\n${body}`;
const mixed = (boundary: string, ...parts: string[]): string =>
  `preamble\r\n${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join("")}--${boundary}--\r\nepilogue`;
const of = (type: string, body: string, whole?: boolean): string[] | undefined =>
  innerTypes(type, text(body), whole);

describe("RFC 4975 §8.6: what stands inside a container [4975-8.6-06]", () => {
  test("nothing is looked for in what is no container", () => {
    expect(of("text/plain", cpim("a/b", "x"))).toEqual([]);
    expect(of("application/pkcs7-mime;smime-type=signed-data", mixed("b", "\r\nx"))).toEqual([]);
    expect([isContainer("message/cpim"), isContainer("multipart/mixed"), isContainer("text/plain")]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test("message/cpim: the type of the MIME part, text/plain without one", () => {
    expect(of("Message/CPIM", cpim("image/png;name=x", "x"))).toEqual(["image/png;name=x"]);
    expect(of("message/cpim", "From: a\nTo: b\n\ncontent-type:text/html\n\n<p>")).toEqual(["text/html"]);
    expect(of("message/cpim", "From: a\r\n\r\n\r\nbare")).toEqual(["text/plain"]);
  });

  test("multipart: every part, with the usual type of its kind where a part has none", () => {
    const body = mixed(
      "=_a",
      "Content-Type: text/plain\r\n\r\none",
      "\r\ntwo",
      "content-type: IMAGE/gif\r\n\r\nGIF",
    );
    expect(of('multipart/mixed;boundary="=_a"', body)).toEqual(["text/plain", "text/plain", "IMAGE/gif"]);
    expect(of("multipart/digest;boundary=b", mixed("b", "\r\nx"))).toEqual(["message/rfc822"]);
    expect(of("multipart/mixed", body)).toEqual([]);
  });

  test("a boundary that begins like another one is another one, and the last part may lack its end", () => {
    const inner = mixed("ab", "Content-Type: image/png\r\n\r\nx");
    const body = `--a\r\nContent-Type: multipart/related;boundary=ab\r\n\r\n${inner}\r\n--a\r\nContent-Type: text/html\r\n\r\n`;
    expect(of("multipart/mixed;boundary=a", body)).toEqual([
      "multipart/related;boundary=ab",
      "image/png",
      "text/html",
    ]);
  });

  test("CPIM in multipart in CPIM is looked through", () => {
    const deep = cpim(
      "multipart/mixed;boundary=b",
      mixed("b", `Content-Type: message/cpim\r\n\r\n${cpim("a/b", "x")}`),
    );
    expect(of("message/cpim", deep)).toEqual(["multipart/mixed;boundary=b", "message/cpim", "a/b"]);
  });

  test("RFC 4975 §14.3: the signature of signed content need not be listed [4975-14.3-01]", () => {
    const body = mixed(
      "s",
      "Content-Type: text/plain\r\n\r\nhi",
      "Content-Type: application/pkcs7-signature\r\n\r\n0",
    );
    expect(of("multipart/signed;boundary=s", body)).toEqual(["text/plain"]);
  });

  test("of the beginning of a body only what is there counts", () => {
    const whole = cpim("image/png", "x");
    expect(of("message/cpim", whole.slice(0, 30), false)).toEqual([]);
    expect(of("message/cpim", whole, false)).toEqual(["image/png"]);
  });

  test("too many parts, or too deep, cannot be looked through; hyphens without end take one pass", () => {
    expect(of("multipart/mixed;boundary=b", mixed("b", ...Array(256).fill("\r\nx")))?.length).toBe(256);
    expect(of("multipart/mixed;boundary=b", mixed("b", ...Array(257).fill("\r\nx")))).toBe(undefined);
    let nested = "end";
    for (let depth = 0; depth < 8; depth++) nested = cpim("message/cpim", nested);
    expect(of("message/cpim", nested)).toBe(undefined);
    const hyphens = "-".repeat(200_000);
    expect(of(`multipart/mixed;boundary=${"-".repeat(70)}x`, hyphens)).toEqual([]);
  });
});
