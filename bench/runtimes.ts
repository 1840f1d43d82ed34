/**
 * The runtimes that benchmarks run on: how a script is started on each, and what belongs to the one that runs this.
 * A runtime that is not installed is left out, and said so.
 */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** A runtime's name. */
export type Runtime = "bun" | "deno" | "node";

/** What all adapters of sockets have in common. */
export type Adapter = typeof import("../adapters/node.ts");

const root = fileURLToPath(new URL("../", import.meta.url));
const folders = [join(root, "node_modules/.bin"), ...(process.env["PATH"] ?? "").split(delimiter)];

/** The runtime that runs this. */
export const ownRuntime: Runtime = "Bun" in globalThis ? "bun" : "Deno" in globalThis ? "deno" : "node";

/** Every runtime that is installed here. */
export const installed: readonly Runtime[] = (["bun", "deno", "node"] as const).filter(
  (runtime) => executable(runtime) !== undefined,
);

/** Program and arguments that run a script of this folder; `flags` go to the runtime. */
export function commandFor(
  runtime: Runtime,
  script: string,
  args: readonly string[] = [],
  flags: readonly string[] = [],
): [program: string, args: string[]] {
  const program = executable(runtime);
  if (program === undefined) throw new Error(`${runtime} is not installed here`);
  const file = join(root, "bench", script);
  if (runtime === "bun") return [program, [...flags, file, ...args]];
  if (runtime === "node") return [program, [...flags, "--import", "tsx", file, ...args]];
  const packages = existsSync(join(root, "node_modules")) ? ["--node-modules-dir=manual"] : [];
  return [program, ["run", "-A", "--no-check", "--quiet", ...packages, ...flags, file, ...args]];
}

/** The adapter of the runtime that runs this. */
export function ownAdapter(): Promise<Adapter> {
  if (ownRuntime === "bun") return import("../adapters/bun.ts");
  if (ownRuntime === "deno") return import("../adapters/deno.ts");
  return import("../adapters/node.ts");
}

function executable(runtime: Runtime): string | undefined {
  if (runtime === ownRuntime) return process.execPath;
  return folders.map((folder) => join(folder, runtime)).find((path) => existsSync(path));
}
