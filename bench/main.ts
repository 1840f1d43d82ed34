/**
 * Runs every benchmark on every runtime that is installed, one after the other, and prints one table with the share that
 * each case reaches of its control. `npm run bench`; words choose runtimes or parts (`node`, `end-to-end`), `--docs` also
 * writes docs/3.design/benchmarks.md. The exit status is 1 when a case stays below what we demand of it.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { markdown, table } from "./report.ts";
import type { BenchRow } from "./row.ts";
import { commandFor, installed, type Runtime } from "./runtimes.ts";

/** A benchmark: the script, its runs, and how their output becomes rows. */
interface Part {
  readonly name: string;
  readonly title: string;
  readonly script: string;
  /** Arguments of each run; a run has a process of its own. */
  readonly runs: readonly (readonly string[])[];
  readonly read: (lines: readonly string[], runtime: Runtime) => BenchRow[];
}

/** What was measured on one machine at one time. */
export interface BenchResult {
  readonly at: string;
  readonly machine: string;
  readonly load: string;
  readonly runtimes: readonly Runtime[];
  readonly parts: readonly { readonly title: string; readonly rows: Readonly<Record<string, BenchRow[]>> }[];
}

const last = (lines: readonly string[]): string => lines.at(-1) ?? "";

const parts: readonly Part[] = [
  {
    name: "wire",
    title: "Decoder and encoder, beside bare loops over the same octets",
    script: "wire_cases.ts",
    runs: [["bodies"], ["messages"], ["pieces"], ["writing"]],
    read: (lines) => JSON.parse(last(lines)) as BenchRow[],
  },
  {
    name: "connection",
    title: "Two endpoints in one process without a network, per second of processor time",
    script: "connection.ts",
    runs: [[]],
    read: (lines) => (JSON.parse(last(lines)) as { rows: BenchRow[] }).rows,
  },
  {
    name: "pipeline",
    title: "The pipeline per chunk",
    script: "pipeline.ts",
    runs: [[]],
    read: (lines, runtime) =>
      Object.entries((JSON.parse(last(lines)) as { nsPerChunk: Record<string, number> }).nsPerChunk).map(
        ([name, rate]) => ({
          name,
          rate,
          unit: "ns" as const,
          ...(name === "4 synchronous" && runtime === "bun" ? { most: 200 } : {}),
        }),
      ),
  },
  {
    name: "end-to-end",
    title: "Endpoint to endpoint over loopback, two processes, beside the raw socket pump",
    script: "end_to_end.ts",
    runs: [["tcp"], ["tls"]],
    read: (lines) => lines.map((line) => JSON.parse(line) as BenchRow),
  },
  {
    name: "web-socket",
    title: "Client to endpoint through the relay, 64 KiB chunks; the second share is of its processor time",
    script: "web_socket.ts",
    runs: [[]],
    read: (lines) => lines.map((line) => JSON.parse(line) as BenchRow),
  },
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { docs: { type: "boolean", default: false } },
});
const runtimes = installed.filter(
  (runtime) => !installed.some((name) => positionals.includes(name)) || positionals.includes(runtime),
);
const chosen = parts.filter(
  ({ name }) => !parts.some((part) => positionals.includes(part.name)) || positionals.includes(name),
);

function run(part: Part, runtime: Runtime): BenchRow[] {
  return part.runs.flatMap((args) => {
    process.stderr.write(`${runtime}: ${part.script} ${args.join(" ")}\n`);
    const [program, all] = commandFor(runtime, part.script, args);
    const output = execFileSync(program, all, {
      encoding: "utf8",
      timeout: 300_000,
      stdio: ["ignore", "pipe", "inherit"],
    });
    return part.read(output.trim().split("\n"), runtime);
  });
}

const loadBefore = loadavg()[0] ?? 0;
const result: BenchResult = {
  at: new Date().toISOString().slice(0, 10),
  machine: `${cpus().length} x ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${release()}`,
  load: loadBefore.toFixed(1),
  runtimes,
  parts: chosen.map((part) => ({
    title: part.title,
    rows: Object.fromEntries(runtimes.map((runtime) => [runtime, run(part, runtime)])),
  })),
};
const { text, low } = table(result);
console.log(text);
const folder = fileURLToPath(new URL("results/", import.meta.url));
mkdirSync(folder, { recursive: true });
writeFileSync(`${folder}latest.json`, `${JSON.stringify(result, null, 2)}\n`);
if (values.docs) {
  writeFileSync(fileURLToPath(new URL("../docs/3.design/benchmarks.md", import.meta.url)), markdown(result));
}
process.exitCode = low > 0 ? 1 : 0;
