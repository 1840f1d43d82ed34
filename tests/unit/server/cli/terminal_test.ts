// What a stranger's text may do to a terminal: nothing.
// Printing itself is tested with real processes in tests/cli/.
import { describe, expect, test } from "#test";
import { columnsOf, harmless } from "../../../../server/cli/terminal.ts";

describe("harmless", () => {
  test("shows escape sequences instead of obeying them", () => {
    expect(harmless("\u001b[2Jx\u0007\u009b31m\u007f\r")).toBe("␛[2Jx␇␡31m␡␍");
  });

  test("leaves text, line ends and tabs alone", () => {
    expect(harmless("añ☃\tb\r\nc\n")).toBe("añ☃\tb\nc\n");
  });
});

test("a progress bar is drawn on every terminal, also on one that does not know its width, and nowhere else", () => {
  const widths = [
    { isTTY: true, columns: 120 },
    { isTTY: true, columns: 0 },
    { isTTY: true },
    { columns: 120 },
  ];
  expect(widths.map(columnsOf)).toEqual([120, 80, 80, 0]);
});
