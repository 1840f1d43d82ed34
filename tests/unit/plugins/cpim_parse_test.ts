// Whole CPIM messages and those that come in pieces: the content is a view, and nothing of it is looked at.
import { describe, expect, test } from "#test";
import { buildCpim } from "../../../plugins/_cpim_build.ts";
import { CpimReader, cpimContent, cpimText, parseCpim, parseCpimHead } from "../../../plugins/_cpim_parse.ts";
import { thrown } from "../../support/nodes.ts";

const from = "sip:a@b.example";
const fields = { from, to: from, contentType: "text/plain" };
const text = (octets: Uint8Array): string => new TextDecoder().decode(octets);

describe("parseCpim()", () => {
  test("the body is a view of the octets, binary-safe [CP-SYN-40]", () => {
    const content = Uint8Array.of(0, 255, 13, 10, 13, 10, 254);
    const octets = buildCpim({ ...fields, contentType: "application/octet-stream" }, content);
    const { head, body } = parseCpim(octets, { mode: "msrp" });
    expect(body).toEqual(content);
    expect([body.buffer === octets.buffer, head.contentStart]).toEqual([
      true,
      octets.length - content.length,
    ]);
    expect(parseCpim(buildCpim(fields, "")).body.length).toBe(0);
  });

  test("a wrapper within a wrapper is content [CP-SYN-42] [4975-14.5-04]", () => {
    const inner = buildCpim(fields, "deep");
    const { head, body } = parseCpim(buildCpim({ ...fields, contentType: "message/cpim" }, inner));
    expect([head.contentType, body]).toEqual(["message/cpim", inner]);
  });

  test("the charset and the transfer encoding of the content are undone for text [CP-MSRP-13]", () => {
    const mime = (
      contentType: string,
      encoding?: string,
    ): typeof fields & { mimeHeaders: [string, string][] } => ({
      ...fields,
      contentType,
      mimeHeaders: encoding === undefined ? [] : [["Content-Transfer-Encoding", encoding]],
    });
    const read = (octets: Uint8Array): string => {
      const { head, body } = parseCpim(octets);
      return cpimText(head, body);
    };
    expect(read(buildCpim(mime("text/plain;charset=UTF-8", "base64"), "aGV5\r\nIQ=="))).toBe("hey!");
    expect(read(buildCpim(mime("text/plain", "quoted-printable"), "caf=C3=A9=\r\n!"))).toBe("café!");
    expect(read(buildCpim(mime("text/plain; charset=iso-8859-1"), Uint8Array.of(0xe9)))).toBe("é");
    expect(read(buildCpim(mime("text/plain; charset=klingon"), "a"))).toBe("a");
    expect(read(buildCpim(mime("text/plain", "base64"), "no base64!"))).toBe("no base64!");
    const { head, body } = parseCpim(buildCpim(mime("a/b", "binary"), "x"));
    expect(cpimContent(head, body)).toBe(body);
  });
});

describe("CpimReader", () => {
  test("gives the head when it is whole, and what came behind it [CP-SYN-44]", () => {
    const octets = buildCpim(fields, "content");
    const reader = new CpimReader();
    expect([reader.push(octets.subarray(0, 30)), reader.head]).toEqual([undefined, undefined]);
    const head = reader.push(octets.subarray(30));
    expect([head?.from?.uri, text(reader.rest)]).toEqual([from, "content"]);
    expect(text(reader.headOctets)).toBe(text(octets.subarray(0, head?.contentStart)));
    expect(reader.push(octets)).toBe(head);
    expect(reader.end()).toBe(head as never);
  });

  test("a message that ends within its headers is incomplete", () => {
    const reader = new CpimReader({ mode: "msrp" });
    reader.push(new TextEncoder().encode("From: <sip:a@b"));
    expect(thrown(() => reader.end())).toMatchObject({ code: "incomplete", status: 400 });
  });
});

describe("parseCpimHead()", () => {
  test("wants more octets as long as there may be some", () => {
    const octets = buildCpim(fields, "content");
    expect(parseCpimHead(octets.subarray(0, 20))).toBe(undefined);
    expect(parseCpimHead(octets)?.contentType).toBe("text/plain");
    expect(thrown(() => parseCpimHead(octets.subarray(0, 20), {}, true))).toMatchObject({
      code: "incomplete",
    });
  });
});
