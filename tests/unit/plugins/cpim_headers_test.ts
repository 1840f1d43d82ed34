// Lines, names, namespaces and parameters of the message headers, read leniently and strictly.
import { describe, expect, test } from "#test";
import { CpimHeaderReader, cpimLines, judge } from "../../../plugins/_cpim_headers.ts";
import type { CpimHeader } from "../../../plugins/_cpim_types.ts";
import { thrown } from "../../support/nodes.ts";

function read(block: string, lenient = true): { headers: CpimHeader[]; warnings: string[] } {
  const warnings = new Set<string>();
  const by = judge(lenient, warnings);
  const lines = cpimLines(block, by);
  const reader = new CpimHeaderReader(lines, by);
  return { headers: lines.map((line) => reader.read(line)), warnings: [...warnings] };
}

const code = (block: string): unknown => (thrown(() => read(block, false)) as { code: unknown }).code;
const triple = ({ namespace, name, value }: CpimHeader): string[] => [namespace, name, value];

describe("CpimHeaderReader", () => {
  test("RFC 3862 §3.4: the namespace of a prefix is the one declared last before it [CP-SYN-22] [CP-SYN-23] [CP-SYN-27]", () => {
    const { headers, warnings } = read("NS: p <urn:one>\r\np.K: 1\r\nNS: p<urn:two>\r\np.K: 2\r\n");
    expect(headers.filter(({ prefix }) => prefix === "p").map(triple)).toEqual([
      ["urn:one", "K", "1"],
      ["urn:two", "K", "2"],
    ]);
    expect(warnings).toEqual([]);
  });

  test("RFC 3862 §3.4: the default namespace can be changed, and changed back [CP-SYN-24] [CP-SYN-25]", () => {
    const { headers } = read("NS: <urn:alt>\r\nTo: x\r\nNS: <urn:ietf:params:cpim-headers:>\r\nTo: y\r\n");
    expect(headers.filter(({ name }) => name === "To").map(triple)).toEqual([
      ["urn:alt", "To", "x"],
      ["urn:ietf:params:cpim-headers:", "To", "y"],
    ]);
  });

  test("RFC 3862 §3.4: a prefix without declaration is refused; leniently one is looked for behind it [CP-SYN-21] [CP-TOL-09]", () => {
    expect(code("imdn.Message-ID: a\r\n")).toBe("undeclared-prefix");
    const { headers, warnings } = read("imdn.A: 1\r\nz.B: 2\r\ny.C: 3\r\nNS: z <urn:later>\r\n");
    expect(headers.slice(0, 3).map(({ namespace }) => namespace)).toEqual([
      "urn:ietf:params:imdn",
      "urn:later",
      "",
    ]);
    expect(warnings).toEqual(["undeclared-prefix"]);
  });

  test("RFC 3862 §3.3: parameters stand between colon and space [CP-SYN-19] [CP-SYN-20]", () => {
    const [header] = read('Subject:;lang=pt-BR;tone="a\\"b" hi\r\n', false).headers;
    expect([...(header?.parameters ?? [])]).toEqual([
      ["lang", "pt-BR"],
      ["tone", 'a"b'],
    ]);
    expect(header?.value).toBe("hi");
    expect(code("Subject:;lang hi\r\n")).toBe("bad-param");
  });

  test("RFC 3862 §2.2: each rule of a line has its refusal, and leniently its warning", () => {
    const rows: [string, string, string?][] = [
      ["A: 1\n", "bare-line-ending"],
      ["A:1\r\n", "missing-space"],
      ["A:  1\r\n", "extra-space"],
      ["A: 1 \r\n", "trailing-whitespace"],
      ["A: 1\r\n 2\r\n", "folded-header", "1 2"],
      ["A: 1\t2\r\n", "control-char", "1\t2"],
      ["a.b.c: 1\r\n", "bad-header-name"],
      ["A : 1\r\n", "bad-header-name"],
    ];
    for (const [block, expected, value = "1"] of rows) {
      expect([block, code(block)]).toEqual([block, expected]);
      const { headers, warnings } = read(block);
      expect([block, warnings, headers[0]?.value]).toEqual([block, [expected], value]);
    }
    expect(code("A: 1\rB: 2\r\n")).toBe("bare-line-ending");
    for (const block of ["Hello\r\n", "NS: p <../x>\r\n", "NS: p <http://a/#f>\r\n", "NS: p\r\n"]) {
      expect(thrown(() => read(block))).toMatchObject({
        code: block.startsWith("NS") ? "bad-ns" : "no-colon",
      });
    }
  });

  test("RFC 5438 §7.1.1.3: a value may be empty; its space is then the only one", () => {
    expect(read("A: \r\n", false).headers[0]?.value).toBe("");
  });

  test("resolve() reads names for Require", () => {
    const by = judge(true, new Set());
    const reader = new CpimHeaderReader([], by);
    expect(reader.resolve("a b")).toBe(undefined);
    expect(reader.resolve("Seal")).toEqual({
      name: "Seal",
      prefix: undefined,
      namespace: "urn:ietf:params:cpim-headers:",
    });
  });
});
