/**
 * SIGINT and SIGTERM as an Effect: the first one ends a command in good order, the second one at once.
 * Both signals exist on all three runtimes through node:process.
 */
import process from "node:process";
import * as Effect from "effect/Effect";
import { exitCodeOfSignal } from "./exit_codes.ts";

/** A signal that asks the process to end. */
export type EndSignal = "SIGINT" | "SIGTERM";

const SIGNALS: readonly EndSignal[] = ["SIGINT", "SIGTERM"];

/**
 * Waits for the first SIGINT or SIGTERM and gives its name. From then on another one ends the process without
 * further ado, so that a drain that hangs never holds a terminal.
 */
export const firstSignal: Effect.Effect<EndSignal> = Effect.callback<EndSignal>((resume) => {
  let signalled = false;
  // One handler for both calls: Deno would run a handler that is added during a signal for that very signal.
  const handlers = SIGNALS.map((signal) => ({
    signal,
    handler: (): void => {
      if (signalled) process.exit(exitCodeOfSignal(signal));
      signalled = true;
      resume(Effect.succeed(signal));
    },
  }));
  for (const { signal, handler } of handlers) process.on(signal, handler);
  return Effect.sync(() => {
    for (const { signal, handler } of handlers) process.removeListener(signal, handler);
  });
});
