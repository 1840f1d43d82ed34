// The progress bar as text. It must fit the terminal, and nothing is drawn where there is none.
import { describe, expect, test } from "#test";
import { ProgressMeter, renderProgress } from "../../../../server/cli/progress.ts";
import type { Terminal } from "../../../../server/cli/terminal.ts";

function recorder(columns: number): { terminal: Terminal; lines: string[] } {
  const lines: string[] = [];
  const terminal: Terminal = {
    json: false,
    columns,
    result: () => undefined,
    note: () => undefined,
    error: () => undefined,
    text: () => Promise.resolve(),
    progress: (text) => {
      lines.push(text);
    },
  };
  return { terminal, lines };
}

describe("progress", () => {
  test("shows share, octets, speed and the time left", () => {
    expect(renderProgress("cat.png", 25_000_000, 100_000_000, 1_000, 100)).toBe(
      "cat.png [##########------------------------------]  25%  25.0 MB  25 MB/s  3.0 s left",
    );
  });

  test("without a total there is no bar", () => {
    expect(renderProgress("standard input", 1_000, undefined, 1_000, 80)).toBe(
      "standard input  1.0 kB  0.00 MB/s",
    );
  });

  test("never exceeds the terminal, and gives up the bar before the figures", () => {
    for (let columns = 20; columns < 140; columns++) {
      const line = renderProgress("a-file-with-a-long-name.tar.gz", 5e8, 1e9, 10_000, columns);
      expect(line.length < columns).toBe(true);
    }
    expect(renderProgress("x", 1, 2, 1, 40).includes("[")).toBe(false);
  });

  test("the meter draws at once, then not before a tenth of a second is over, and clears at the end", () => {
    const { terminal, lines } = recorder(100);
    const meter = new ProgressMeter(terminal, "x");
    for (let bytes = 0; bytes < 50; bytes++) meter.update(bytes, 100);
    meter.finish();
    expect(lines.length < 10).toBe(true);
    expect(lines[0]?.startsWith("x [")).toBe(true);
    expect(lines.at(-1)).toBe("");
  });

  test("without a terminal nothing is drawn", () => {
    const { terminal, lines } = recorder(0);
    new ProgressMeter(terminal, "x").update(1, 2);
    expect(lines).toEqual([]);
  });
});
