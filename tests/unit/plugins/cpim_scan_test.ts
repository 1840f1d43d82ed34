// Where the two blocks of a CPIM message end: at once, in pieces, and at the limit.
import { describe, expect, test } from "#test";
import { RemoteProtocolError } from "../../../core/errors.ts";
import { type CpimLayout, CpimScanner } from "../../../plugins/_cpim_scan.ts";
import { thrown } from "../../support/nodes.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const layoutOf = (text: string, skipEmpty = true): CpimLayout | undefined => {
  const scanner = new CpimScanner(skipEmpty, 1000);
  return scanner.scan(bytes(text)) ?? scanner.end(bytes(text));
};
const closed = true;

describe("CpimScanner", () => {
  test("RFC 3862 §2: message headers, empty line, MIME headers, empty line, content [CP-SYN-01]", () => {
    expect(layoutOf("A: 1\r\n\r\nB: 2\r\n\r\nrest\r\n\r\n")).toEqual({
      head: 0,
      mime: 8,
      content: 16,
      closed,
    });
    expect(layoutOf("A: 1\n\nB: 2\n c\n\nx")).toEqual({ head: 0, mime: 6, content: 15, closed });
  });

  test("content that is no header block is seen as such at its first line, without an end of it", () => {
    expect(layoutOf("A: 1\r\n\r\nhello world")).toEqual({ head: 0, mime: 8, content: 8, closed });
    const scanner = new CpimScanner(true, 20);
    expect(scanner.scan(bytes(`A: 1\r\n\r\nhello ${"x".repeat(500)}`))?.content).toBe(8);
    expect(layoutOf("A: 1\r\n\r\n\u00e9: x\r\n\r\n")?.content).toBe(8);
    expect(layoutOf(`A: 1\r\n\r\n${"n".repeat(300)}: x\r\n\r\n`)?.content).toBe(8);
  });

  test("MIME headers without an end are told apart", () => {
    expect(layoutOf("A: 1\r\n\r\nB: 2\r\nbye")).toEqual({ head: 0, mime: 8, content: 17, closed: false });
    expect(layoutOf("A: 1\r\n\r\nContent-Ty")).toEqual({ head: 0, mime: 8, content: 8, closed });
    expect(layoutOf("A: 1\r\n\r\n")).toEqual({ head: 0, mime: 8, content: 8, closed });
    expect([layoutOf("A: 1\r\n"), layoutOf("")]).toEqual([undefined, undefined]);
  });

  test("empty lines at the beginning are passed over, or end the first block", () => {
    expect(layoutOf("\r\nA: 1\r\n\r\nx")?.head).toBe(2);
    expect(layoutOf("\r\nA: 1\r\n\r\nx", false)).toEqual({ head: 0, mime: 2, content: 10, closed });
  });

  test("octet by octet it finds the same, and looks at none twice [CP-SYN-44]", () => {
    for (const text of [
      "A: 1\r\n\r\nB: 2\r\n\r\nx",
      "A: 1\n\nhello",
      "\n\nA: 1\r\n\r\nB : 2\r\n\tc\r\n\r\n",
      "A: 1\r\n\r\nB",
    ]) {
      const whole = bytes(text);
      const scanner = new CpimScanner(true, 1000);
      let found: CpimLayout | undefined;
      for (let length = 1; length <= whole.length && found === undefined; length++) {
        found = scanner.scan(whole.subarray(0, length));
      }
      expect(found ?? scanner.end(whole)).toEqual(layoutOf(text));
    }
  });

  test("a head above the limit is refused with 413, one at it is not [CP-SYN-45]", () => {
    const text = "A: 1\r\n\r\nB: 2\r\n\r\n";
    expect(new CpimScanner(true, text.length).scan(bytes(text))?.content).toBe(text.length);
    const error = thrown<RemoteProtocolError>(() => new CpimScanner(true, 20).scan(bytes("A".repeat(21))));
    expect([error instanceof RemoteProtocolError, error.code, error.status]).toEqual([
      true,
      "cpim-head-too-large",
      413,
    ]);
  });
});
