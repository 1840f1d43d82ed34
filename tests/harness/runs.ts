// How many cases a property test draws, and whether always the same ones: a few new ones for a quick local run, many in CI.
// Read once from the environment, because all three runtimes offer process.env.
import { env } from "node:process";
import fc from "fast-check";

/** Cases per property test, from the environment variable FC_RUNS. @default 300 */
export const runs: number = Number(env["FC_RUNS"] ?? 300);

const seed = env["FC_SEED"];
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });
