// `npm run flows -- FILE [--runtime bun|deno|node|all] [--scale N] [--only F21,F22] [--lanes N]`: plays every flow of a file
// against relays that it starts, so many at a time, and ends with `N passed, N failed`.
import { readFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { installed, type RuntimeName, root } from "../support/command.ts";
import { type Environment, startRelays } from "./environment.ts";
import { Player } from "./player.ts";
import { type Flow, parseScript } from "./script.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runtime: { type: "string", default: "bun" },
    scale: { type: "string", default: "10" },
    only: { type: "string" },
    lanes: { type: "string", default: "8" },
    verbose: { type: "boolean", default: false },
  },
});

const standard = `${root}tests/conformance/flows-4976.md`;
const [file = standard] = positionals;
// A file may use the macros of the standard one.
const known = parseScript(readFileSync(standard, "utf8")).macros;
const { macros, flows } = parseScript(readFileSync(file, "utf8"), known);
const only = values.only?.split(",");
const runtimes = values.runtime === "all" ? installed : [values.runtime as RuntimeName];
const lanes = Number(values.lanes);
let passed = 0;
let failed = 0;

async function playAll(runtime: RuntimeName): Promise<void> {
  const environment = await startRelays(runtime, Number(values.scale), lanes);
  const chosen = flows.filter(({ id }) => only === undefined || only.includes(id));
  // The script is a relay of a fixed name there, which the relay knows once.
  const alone = chosen.filter((flow) => /\b(?:inner|outer)\.test\b|\{OP\}/.test(JSON.stringify(flow)));
  const shared = chosen.filter((flow) => !alone.includes(flow));
  const play = async (lane: Environment, next: () => Flow | undefined): Promise<void> => {
    for (let flow = next(); flow !== undefined; flow = next()) {
      const began = performance.now();
      try {
        await new Player(lane, macros).play(flow);
        passed++;
        console.log(`passed    ${runtime} ${flow.title} (${Math.round(performance.now() - began)} ms)`);
      } catch (error) {
        failed++;
        console.log(`FAILED    ${runtime} ${flow.title}: ${(error as Error).message}`);
      }
    }
  };
  await Promise.all(
    environment.lanes.map((lane, index) =>
      play(lane, () => (index === 0 ? alone.shift() : undefined) ?? shared.shift()),
    ),
  );
  if (values.verbose) console.log(environment.output);
  await environment.close();
}

for (const runtime of runtimes) await playAll(runtime);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
