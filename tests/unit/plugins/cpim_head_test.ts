// The head of a CPIM message as a whole: both blocks, the forms that deployed peers write, the limit on headers.
import { describe, expect, test } from "#test";
import { parseCpim } from "../../../plugins/_cpim_parse.ts";
import { thrown } from "../../support/nodes.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (octets: Uint8Array): string => new TextDecoder().decode(octets);
const addresses = "From: <sip:a@b.example>\r\nTo: <sip:c@d.example>\r\n";

describe("readHead()", () => {
  test("unknown headers are kept and asked for by what they mean [CP-SYN-09]", () => {
    const { head } = parseCpim(
      bytes(
        `${addresses}NS: q <urn:q>\r\nq.X: 1\r\nq.X: 2\r\nX: 3\r\n\r\nContent-Type: a/b\r\nX-Y: z\r\n\r\n`,
      ),
      { mode: "msrp" },
    );
    expect(head.values("urn:q", "X")).toEqual(["1", "2"]);
    expect(head.value("urn:ietf:params:cpim-headers:", "X")).toBe("3");
    expect(head.value("urn:other", "X")).toBe(undefined);
    expect([head.mimeHeader("x-y"), head.contentType, head.mediaType?.essence]).toEqual(["z", "a/b", "a/b"]);
    expect(head.headers.length).toBe(6);
  });

  test("MIME headers that follow at once are found in the first block [CP-TOL-01] [CP-TOL-03]", () => {
    const merged = `${addresses}MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nP.S.: call\r\n\r\nme`;
    const { head, body } = parseCpim(bytes(merged));
    expect([head.warnings, text(body), head.extensions]).toEqual([
      ["merged-mime-headers"],
      "P.S.: call\r\n\r\nme",
      [],
    ]);
    expect(head.mimeHeaders).toEqual([
      ["MIME-Version", "1.0"],
      ["Content-Type", "text/plain"],
    ]);
    expect(thrown(() => parseCpim(bytes(merged), { mode: "cpim" }))).toMatchObject({
      code: "missing-content-type",
    });
  });

  test("a real second block always wins [CP-TOL-02]", () => {
    const { head, body } = parseCpim(
      bytes(`${addresses}Content-Type: x/y\r\n\r\nContent-Type: text/html\r\n\r\nz`),
    );
    expect([head.contentType, text(body), head.warnings]).toEqual(["text/html", "z", []]);
  });

  test("text that only looks like headers is content [CP-TOL-12]", () => {
    const { head, body } = parseCpim(bytes(`${addresses}\r\nDear Bo: hi\r\n\r\nAna`));
    expect([text(body), head.contentType, head.warnings]).toEqual([
      "Dear Bo: hi\r\n\r\nAna",
      "text/plain",
      ["missing-content-type"],
    ]);
  });

  test("MIME headers that are never ended have an empty content", () => {
    const cut = `${addresses}\r\nContent-Type: text/plain`;
    const { head, body } = parseCpim(bytes(cut));
    expect([head.contentType, body.length, head.warnings]).toEqual(["text/plain", 0, ["missing-blank-line"]]);
    expect(thrown(() => parseCpim(bytes(cut), { mode: "msrp" }))).toMatchObject({ code: "incomplete" });
  });

  test("lone line feeds in the second block alone [CP-TOL-04]", () => {
    const odd = `${addresses}\r\nMIME-Version: 1.0\nContent-Type: text/plain; charset="utf8"\n\nhi`;
    const { head, body } = parseCpim(bytes(odd));
    expect([head.warnings, text(body), head.mediaType?.parameters.get("charset")]).toEqual([
      ["bare-line-ending"],
      "hi",
      "utf8",
    ]);
    expect(thrown(() => parseCpim(bytes(odd), { mode: "msrp" }))).toMatchObject({ code: "bare-line-ending" });
  });

  test("octets that are not UTF-8 are replaced for reading, and stay as they are [CP-TOL-13] [CP-SYN-05]", () => {
    const odd = bytes(`${addresses}Subject: caf?\r\n\r\nContent-Type: text/plain\r\n\r\nx`).map((octet) =>
      octet === 0x3f ? 0xe9 : octet,
    );
    const { head } = parseCpim(odd);
    expect([head.subject, head.warnings]).toEqual(["caf\ufffd", ["not-utf8"]]);
    expect(thrown(() => parseCpim(odd, { mode: "cpim" }))).toMatchObject({ code: "not-utf8", status: 400 });
  });

  test("as many headers as maxHeaders are read, more are refused [CP-SYN-45]", () => {
    const many = (count: number): Uint8Array =>
      bytes(`${addresses}${"X: 1\r\n".repeat(count - 2)}\r\nContent-Type: a/b\r\n\r\n`);
    expect(parseCpim(many(10), { maxHeaders: 10 }).head.headers.length).toBe(10);
    expect(thrown(() => parseCpim(many(11), { maxHeaders: 10 }))).toMatchObject({
      code: "cpim-head-too-large",
    });
  });

  test("an inner Content-Length cuts nothing [CP-SYN-39]", () => {
    const { body } = parseCpim(bytes(`${addresses}\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nlonger`));
    expect(text(body)).toBe("longer");
  });
});
