/**
 * How a relay ends (SEC-32): what is under way gets its time, and whoever still waits when it is nearly up is told that it
 * failed. Nobody is left with a 200 and silence.
 */
import type { ForwardHost } from "../node/forwarding.ts";
import type { RelayHop } from "./hop.ts";

// How often it looks whether anything is still under way.
const checkMs = 20;
// Reports of what has failed need a moment to go out.
const share = 0.8;

/** Resolves when nothing is under way on these connections any more, or when it was given up. */
export async function finish(
  hops: ReadonlySet<RelayHop>,
  host: Pick<ForwardHost, "now" | "setTimer">,
  withinMs: number,
): Promise<void> {
  const begin = host.now();
  const whileTrue = async (part: number, busy: (hop: RelayHop) => boolean): Promise<void> => {
    while (host.now() < begin + withinMs * part && [...hops].some(busy)) {
      await new Promise<void>((resolve) => {
        host.setTimer(resolve, checkMs);
      });
    }
  };
  await whileTrue(share, (hop) => hop.underWay);
  for (const hop of [...hops]) hop.giveUp();
  await whileTrue((1 + share) / 2, (hop) => hop.untold.size > 0);
}
