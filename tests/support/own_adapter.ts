// The socket adapter of the runtime that runs this test. Tests that hold on every runtime take it from here, so that one
// file serves all three.
import { ownRuntime } from "./command.ts";

/** What the adapters of all runtimes have in common. */
export type Adapter = typeof import("../../adapters/node.ts");

/** Loads it. */
export function ownAdapter(): Promise<Adapter> {
  if (ownRuntime === "bun") return import("../../adapters/bun.ts");
  if (ownRuntime === "deno") return import("../../adapters/deno.ts");
  return import("../../adapters/node.ts");
}
