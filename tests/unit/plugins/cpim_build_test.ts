// What is written: exact octets, one strict form, nothing that a value could break out of.
import { describe, expect, test } from "#test";
import { buildCpim, buildCpimHead, extensionLines, listOf } from "../../../plugins/_cpim_build.ts";
import type { CpimFields } from "../../../plugins/_cpim_types.ts";
import { thrown } from "../../support/nodes.ts";

const fields: CpimFields = { from: "sip:a@b.example", to: "sip:c@d.example", contentType: "text/plain" };
const text = (octets: Uint8Array): string => new TextDecoder().decode(octets);

describe("buildCpim()", () => {
  test("RFC 3862 §4: all fields, in their order [CP-SYN-36] [CP-MSRP-03] [4975-13-06]", () => {
    const octets = buildCpim(
      {
        from: { display: "Ana Prieto", uri: "sip:a@b.example" },
        to: [{ display: "B, C", uri: "sip:c@d.example" }, "tel:+1"],
        cc: ["im:e@f.example"],
        dateTime: new Date(Date.UTC(2024, 4, 1, 10)),
        subject: { text: " back\\slash\n", lang: "pt-BR" },
        require: [{ namespace: "urn:s", name: "Seal" }],
        headers: [
          { namespace: "urn:ietf:params:imdn", name: "Message-ID", value: "id1" },
          { namespace: "urn:s", name: "Seal", value: "wax" },
          { namespace: "urn:t", name: "X", value: 'a"b', prefix: "imdn" },
          { namespace: "urn:ietf:params:cpim-headers:", name: "X-Own", value: "" },
        ],
        contentType: "text/plain; charset=utf-8",
        mimeHeaders: [["Content-ID", "<1@b.example>"]],
      },
      "hé",
    );
    expect(text(octets).split("\r\n")).toEqual([
      "From: Ana Prieto <sip:a@b.example>",
      'To: "B, C" <sip:c@d.example>',
      "To: <tel:+1>",
      "cc: <im:e@f.example>",
      "DateTime: 2024-05-01T10:00:00.000Z",
      "Subject:;lang=pt-BR back\\\\slash\\n",
      "NS: ns1 <urn:s>",
      "Require: ns1.Seal",
      "NS: imdn <urn:ietf:params:imdn>",
      "imdn.Message-ID: id1",
      "ns1.Seal: wax",
      "NS: ns2 <urn:t>",
      'ns2.X: a"b',
      "X-Own: ",
      "",
      "Content-Type: text/plain; charset=utf-8",
      "Content-ID: <1@b.example>",
      "",
      "hé",
    ]);
  });

  test("what RFC 3862 and RFC 4975 §13 do not allow is refused, and nothing is written", () => {
    const rows: [Partial<CpimFields>, string][] = [
      [{ to: [] }, "missing-to"],
      [{ from: "nobody" }, "bad-address"],
      [{ to: "sip:a\r\nX: y" }, "bad-address"],
      [{ dateTime: "yesterday" }, "bad-datetime"],
      [{ subject: ["a", "b"] }, "duplicate-header"],
      [{ subject: { text: "a", lang: "en us" } }, "bad-param"],
      [{ headers: [{ namespace: "urn:x", name: "a b", value: "" }] }, "bad-header-name"],
      [{ headers: [{ namespace: "../x", name: "a", value: "" }] }, "bad-ns"],
      [{ headers: [{ namespace: "urn:x", name: "a", value: "", prefix: "p q" }] }, "bad-ns"],
      [{ require: [{ namespace: "urn:x", name: "" }] }, "bad-header-name"],
      [{ contentType: "nothing" }, "bad-content-type"],
      [{ contentType: "a/b\r\nX: y" }, "bad-content-type"],
      [{ mimeHeaders: [["X", "a\r\nb"]] }, "bad-mime-header"],
      [{ mimeHeaders: [["content-type", "a/b"]] }, "bad-mime-header"],
      [{ mimeHeaders: [["a b", "c"]] }, "bad-mime-header"],
    ];
    for (const [change, code] of rows) {
      expect(thrown(() => buildCpim({ ...fields, ...change }, "x"))).toMatchObject({
        name: "LocalProtocolError",
        code,
      });
    }
  });

  test("RFC 3862 §2.3: no value makes a line of its own [CP-SYN-17]", () => {
    const evil = "x\r\nTo: <sip:eve@e.example>\r\n\r\nContent-Type: text/html";
    const head = text(
      buildCpimHead({
        ...fields,
        from: { display: evil, uri: "sip:a@b.example" },
        subject: evil,
        headers: [{ namespace: "urn:x", name: "a", value: evil }],
      }),
    );
    expect(head.split("\r\n").filter((line) => /^(To|Content-Type):/.test(line))).toEqual([
      "To: <sip:c@d.example>",
      "Content-Type: text/plain",
    ]);
  });

  test("extensionLines() and listOf()", () => {
    expect(extensionLines({})).toEqual([]);
    expect([listOf("a"), listOf(["a", "b"])]).toEqual([["a"], ["a", "b"]]);
  });
});
