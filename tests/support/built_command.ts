// The command as the package has it for Node: JavaScript. Compiling TypeScript on the fly takes more memory than what is measured.
// It is compiled once for all tests of a process, and gone with it.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import process from "node:process";
import { type RuntimeName, root } from "./command.ts";

let folder: string | undefined;

/** Options for `start` and `run` with which a runtime runs what users of the package run. */
export function asInstalled(runtime: RuntimeName): { readonly built?: string } {
  if (runtime !== "node") return {};
  folder ??= build();
  return { built: `${folder}/server/bin.js` };
}

function build(): string {
  const dist = `${root}.tmp/built-command-${process.pid}`;
  process.once("exit", () => rmSync(dist, { recursive: true, force: true }));
  const tsc = `${root}node_modules/.bin/tsc`;
  const { status, stdout } = spawnSync(tsc, ["-p", "tsconfig.build.json", "--outDir", dist], { cwd: root });
  if (status !== 0) throw new Error(`the build failed: ${stdout}`);
  return dist;
}
