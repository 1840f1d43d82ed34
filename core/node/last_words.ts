/**
 * The end of a connection whose peer has broken the framing. What it asked before is still answered, if it reads the
 * answers in time.
 */
import { Timer, type Timers } from "./timers.ts";
import type { Transport } from "./transport.ts";

/**
 * Writes all that is left.
 *
 * @param take the next write, or undefined after the last one
 * @returns the timer that drops the pipe at `deadline`, to be cancelled when its end comes first; undefined when nothing was left
 */
export function lastWords(
  take: () => Uint8Array | undefined,
  transport: Pick<Transport, "write" | "abort">,
  timers: Timers,
  deadline: number,
): Timer | undefined {
  let bytes = take();
  if (bytes === undefined) return undefined;
  for (; bytes !== undefined; bytes = take()) transport.write(bytes);
  const timer = new Timer(() => transport.abort());
  timers.schedule(timer, deadline);
  return timer;
}
