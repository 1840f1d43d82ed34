/**
 * The results of all benchmarks as a table for the terminal and as the page of the documentation. A share below what is
 * demanded has an exclamation mark.
 */
import type { BenchResult } from "./main.ts";
import type { BenchRow } from "./row.ts";

/** The table as text, and how many cases stay below what is demanded. */
export function table(result: BenchResult): { text: string; low: number } {
  const { runtimes } = result;
  const lines: string[] = [`${result.machine}; load before the run ${result.load}`];
  let low = 0;
  for (const { title, rows } of result.parts) {
    lines.push("", title, ["".padEnd(36), ...runtimes.map((runtime) => runtime.padStart(26))].join(""));
    for (const [name, cells] of byName(rows, runtimes)) {
      low += cells.filter((row) => row !== undefined && missed(row)).length;
      lines.push(name.padEnd(36) + cells.map((row) => cell(row).padStart(26)).join("") + note(cells));
    }
  }
  return { text: lines.join("\n"), low };
}

/** The page of the documentation. */
export function markdown(result: BenchResult): string {
  const { runtimes } = result;
  const lines = [
    "# Benchmarks",
    "",
    "Made by `npm run bench -- --docs`; the same without `--docs` prints the table, and writes `bench/results/latest.json`.",
    "",
    `Run of ${result.at} on ${result.machine}. Noise: the machine was not ours alone, its load before the run was ` +
      `${result.load}; the best of several rounds counts, each case in turns with its control, and differences of ` +
      "less than 20 % mean nothing.",
    "",
    "`x0.71` is the share of the control's rate in the same run. Between two processes a second share follows, of the " +
      "rates per second of processor time of the busier end: what a thing costs, with less of what else ran. `!` marks " +
      "what is below the least that we demand, by both shares.",
    "",
    "The raw pump does with the octets what the runtime's sockets allow and nothing else: it writes them in blocks of 64 KiB, " +
      "and counts them. Endpoints also look through every octet twice, because no end-line of its own may be in a body, and " +
      "because frames end where their end-line is; a chunk of 64 KiB has a head to write and read, and an answer.",
  ];
  for (const { title, rows } of result.parts) {
    lines.push(
      "",
      `## ${title}`,
      "",
      `| | ${runtimes.join(" | ")} | measured against |`,
      `|---|${runtimes.map(() => "--:|").join("")}---|`,
    );
    for (const [name, cells] of byName(rows, runtimes)) {
      lines.push(`| ${name} | ${cells.map(cell).join(" | ")} | ${note(cells).trim()} |`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function byName(
  rows: Readonly<Record<string, BenchRow[]>>,
  runtimes: readonly string[],
): [name: string, cells: (BenchRow | undefined)[]][] {
  const names = new Set(runtimes.flatMap((runtime) => (rows[runtime] ?? []).map(({ name }) => name)));
  return [...names].map((name) => [
    name,
    runtimes.map((runtime) => rows[runtime]?.find((row) => row.name === name)),
  ]);
}

function missed({ rate, ratio, least, most, processorRatio }: BenchRow): boolean {
  if (most !== undefined && rate > most) return true;
  // Either share will do: the one disturbs what the other does not.
  return least !== undefined && Math.max(ratio ?? 0, processorRatio ?? 0) < least;
}

function cell(row: BenchRow | undefined): string {
  if (row === undefined) return "-";
  const { rate, unit, ratio, processorRatio } = row;
  const digits = rate < 10 ? 1 : 0;
  const share = ratio === undefined ? "" : ` x${ratio.toFixed(2)}`;
  const cost = processorRatio === undefined ? "" : ` (x${processorRatio.toFixed(2)})`;
  return `${rate.toFixed(digits)} ${unit}${share}${cost}${missed(row) ? "!" : ""}`;
}

function note(cells: readonly (BenchRow | undefined)[]): string {
  const row = cells.find((one) => one?.most !== undefined) ?? cells.find((one) => one !== undefined);
  if (row?.most !== undefined) return `  at most ${row.most} ns on Bun`;
  if (row?.control === undefined) return "";
  return `  ${row.control}${row.least === undefined ? "" : `, at least ${row.least}`}`;
}
