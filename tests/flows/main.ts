// `npm run flows -- FILE [--runtime bun|deno|node|all] [--scale N] [--only F21,F22]`: plays every flow of a file against
// relays that it starts, and ends with `N passed, N failed`.
import { readFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { installed, type RuntimeName } from "../support/command.ts";
import { startRelays } from "./environment.ts";
import { Player } from "./player.ts";
import { parseScript } from "./script.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runtime: { type: "string", default: "bun" },
    scale: { type: "string", default: "10" },
    only: { type: "string" },
    verbose: { type: "boolean", default: false },
  },
});

const [file = "tests/conformance/flows-4976.md"] = positionals;
const { macros, flows } = parseScript(readFileSync(file, "utf8"));
const only = values.only?.split(",");
const runtimes = values.runtime === "all" ? installed : [values.runtime as RuntimeName];
let passed = 0;
let failed = 0;

for (const runtime of runtimes) {
  const environment = await startRelays(runtime, Number(values.scale));
  const player = new Player(environment, macros);
  for (const flow of flows) {
    if (only !== undefined && !only.includes(flow.id)) continue;
    const began = performance.now();
    try {
      await player.play(flow);
      passed++;
      console.log(`passed    ${runtime} ${flow.title} (${Math.round(performance.now() - began)} ms)`);
    } catch (error) {
      failed++;
      console.log(`FAILED    ${runtime} ${flow.title}: ${(error as Error).message}`);
    }
  }
  if (values.verbose) console.log(environment.output);
  await environment.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
