// What the headers of RFC 3862 §4 mean, and what MSRP wants of them (RFC 4975 §13).
import { describe, expect, test } from "#test";
import { parseAddress } from "../../../plugins/_cpim_fields.ts";
import { judge } from "../../../plugins/_cpim_headers.ts";
import { parseCpim } from "../../../plugins/_cpim_parse.ts";
import type { CpimMode } from "../../../plugins/_cpim_types.ts";
import { thrown } from "../../support/nodes.ts";

const uri = "sip:a@b.example";
const strict = judge(false, new Set());
const lenient = (raw: string): [unknown, string[]] => {
  const warnings = new Set<string>();
  return [parseAddress(raw, judge(true, warnings)), [...warnings]];
};
const message = (headers: string): Uint8Array =>
  new TextEncoder().encode(`${headers}\r\nContent-Type: text/plain\r\n\r\nx`);
const outcome = (headers: string, mode: CpimMode): unknown => {
  try {
    return parseCpim(message(headers), { mode }).head.warnings;
  } catch (error) {
    return (error as { code: unknown }).code;
  }
};

describe("addresses", () => {
  test("RFC 3862 §4.1: an optional name, then a URI in angle brackets [CP-SYN-31] [CP-SYN-32]", () => {
    const rows: [string, string | undefined][] = [
      [`<${uri}>`, undefined],
      [`Winnie the Pooh <${uri}>`, "Winnie the Pooh"],
      [`"A, \\"B\\"" <${uri}>`, 'A, "B"'],
      [`"A"<${uri}>`, "A"],
      // White space of other scripts belongs to the name, and so does a mark that no reader sees.
      [`\u3000\uFEFF <${uri}>`, "\u3000\uFEFF"],
    ];
    for (const [raw, display] of rows) expect(parseAddress(raw, strict)).toEqual({ display, uri });
  });

  test("what is not written so is refused strictly, and read leniently when its URI is plain [CP-TOL-08]", () => {
    const rows: [string, string | undefined, string][] = [
      [uri, undefined, "bare-uri"],
      [`Ana (work) <${uri}>`, "Ana (work)", "address-syntax"],
      [`Ana<${uri}>`, "Ana", "address-syntax"],
      [`Ana\t<${uri}>`, "Ana", "address-syntax"],
      [`<${uri}>;tag=1`, undefined, "address-syntax"],
      [`"A"   <${uri}>`, "A", "address-syntax"],
    ];
    for (const [raw, display, warning] of rows) {
      expect(thrown(() => parseAddress(raw, strict))).toMatchObject({ code: "bad-address" });
      expect(lenient(raw)).toEqual([{ display, uri }, [warning]]);
    }
    for (const raw of ["<>", "<a b>", '"A <sip:x@y>', "", "nobody", '"A"', `<${uri}`]) {
      expect(thrown(() => lenient(raw))).toMatchObject({ code: "bad-address" });
    }
  });
});

describe("RFC 4975 §13", () => {
  const both = `From: <${uri}>\r\nTo: <${uri}>\r\n`;

  test("From and To are there; From, DateTime, Subject and Require once at most [CP-MSRP-02] [CP-MSRP-06] [4975-13-05]", () => {
    expect(outcome(`To: <${uri}>\r\n`, "msrp")).toBe("missing-from");
    expect(outcome(`From: <${uri}>\r\n`, "msrp")).toBe("missing-to");
    const time = "DateTime: 2024-05-01T10:00:00Z\r\n";
    for (const twice of [
      `From: <${uri}>\r\n`,
      time + time,
      "Subject: a\r\nSubject: b\r\n",
      "Require: A\r\nRequire: B\r\n",
    ]) {
      expect(outcome(both + twice, "cpim")).toEqual([]);
      expect(outcome(both + twice, "msrp")).toBe("duplicate-header");
      expect(outcome(both + twice, "lenient")).toEqual(["duplicate-header"]);
    }
  });

  test("To, cc and NS may repeat, and all are kept [CP-MSRP-04] [CP-MSRP-07] [4975-13-07]", () => {
    const many = `${both}To: <sip:c@d.example>\r\ncc: <sip:e@f.example>\r\ncc: <sip:g@h.example>\r\nNS: a <urn:a>\r\nNS: b <urn:b>\r\n`;
    const { head } = parseCpim(message(many), { mode: "msrp" });
    expect([head.to.length, head.cc.length, head.extensions.length]).toEqual([2, 2, 0]);
  });
});

describe("other core headers", () => {
  test("RFC 3862 §2.2: names match exactly; leniently in any letters [CP-SYN-08] [CP-TOL-06]", () => {
    const odd = `from: <${uri}>\r\nTO: <${uri}>\r\nns: p <urn:p>\r\np.X: 1\r\n`;
    expect(outcome(odd.replace("ns: p <urn:p>\r\np.X: 1\r\n", ""), "msrp")).toBe("missing-from");
    const { head } = parseCpim(message(odd));
    expect([head.from?.uri, head.to[0]?.uri, head.value("urn:p", "X"), head.warnings]).toEqual([
      uri,
      uri,
      "1",
      ["header-case"],
    ]);
  });

  test("RFC 3862 §4.7: Require is a list of names with their namespaces [CP-SYN-28] [CP-TOL-10]", () => {
    const headers = `From: <${uri}>\r\nTo: <${uri}>\r\nNS: s <urn:s>\r\n`;
    const { head } = parseCpim(message(`${headers}Require: s.Seal,Other\r\n`), { mode: "msrp" });
    expect(head.require).toEqual([
      { namespace: "urn:s", name: "Seal" },
      { namespace: "urn:ietf:params:cpim-headers:", name: "Other" },
    ]);
    expect(outcome(`${headers}Require: a b\r\n`, "lenient")).toBe("bad-require");
    const alias = parseCpim(message(`${headers}Required: s.Seal\r\n`)).head;
    expect([alias.require.length, alias.warnings]).toEqual([1, ["required-alias"]]);
  });

  test("a DateTime that cannot be read leaves the time unknown [CP-TOL-11]", () => {
    const { head } = parseCpim(message(`From: <${uri}>\r\nTo: <${uri}>\r\nDateTime: today\r\n`));
    expect([head.dateTime, head.date, head.warnings]).toEqual([undefined, undefined, ["bad-datetime"]]);
  });
});
