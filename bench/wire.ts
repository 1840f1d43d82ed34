// Runs the wire benchmark on Bun, Deno and Node and prints rates and ratios side by side.
// `tsx bench/wire.ts [bun] [deno] [node] [--json FILE]`; the exit status is 1 when a ratio is below what we accept.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { WireResult } from "./wire_cases.ts";

const file = fileURLToPath(new URL("./wire_cases.ts", import.meta.url));
const bin = fileURLToPath(new URL("../node_modules/.bin/", import.meta.url));
const commands: Readonly<Record<string, readonly [string, ...string[]]>> = {
  bun: [`${bin}bun`, file],
  deno: [`${bin}deno`, "run", "-A", "--no-check", file],
  node: [process.execPath, "--import", "tsx", file],
};

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: "string" } } });
const groups: readonly string[] = ["bodies", "messages", "pieces", "writing"];
const results: Record<string, WireResult[]> = {};
for (const [runtime, [command, ...args]] of Object.entries(commands)) {
  if (positionals.length > 0 && !positionals.includes(runtime)) continue;
  results[runtime] = groups.flatMap((group) => {
    const output = execFileSync(command, [...args, group], { timeout: 300_000, encoding: "utf8" });
    return JSON.parse(output) as WireResult[];
  });
}

let low = 0;
const runtimes = Object.keys(results);
const rows = results[runtimes[0] as string] as WireResult[];
console.log(["case".padEnd(30), ...runtimes.map((runtime) => runtime.padStart(22))].join(""));
for (const [index, row] of rows.entries()) {
  const cells = runtimes.map((runtime) => {
    const { rate, unit, ratio, least } = (results[runtime] as WireResult[])[index] as WireResult;
    if (ratio !== undefined && least !== undefined && ratio < least) low++;
    const share =
      ratio === undefined ? "" : ` x${ratio.toFixed(2)}${least !== undefined && ratio < least ? "!" : ""}`;
    return `${Math.round(rate)} ${unit}${share}`.padStart(22);
  });
  const { control, least } = row;
  const note =
    control === undefined ? "" : `  of ${control}${least === undefined ? "" : `, at least ${least}`}`;
  console.log(row.name.padEnd(30) + cells.join("") + note);
}
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(results, null, 2));
process.exitCode = low > 0 ? 1 : 0;
