// How many cases a property test draws: few for a quick local run, many in CI, one knob for all of them.
// Read once from the environment, because all three runtimes offer process.env.
import { env } from "node:process";

/** Cases per property test, from the environment variable FC_RUNS. @default 300 */
export const runs: number = Number(env["FC_RUNS"] ?? 300);
