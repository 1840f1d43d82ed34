/**
 * SIGHUP as a scoped resource: a handler for as long as a command runs. One reload at a time, and none is lost.
 */
import process from "node:process";
import * as Effect from "effect/Effect";
import type { Scope } from "effect/Scope";

/** Calls `reload` on each SIGHUP; signals that come while it works cause one more call. It must not reject. */
export function onReload(reload: () => Promise<void>): Effect.Effect<void, never, Scope> {
  return Effect.asVoid(
    Effect.acquireRelease(
      Effect.sync(() => {
        let running = false;
        let again = false;
        const handler = async (): Promise<void> => {
          if (running) {
            again = true;
            return;
          }
          running = true;
          do {
            again = false;
            await reload();
          } while (again);
          running = false;
        };
        const listener = (): void => void handler();
        process.on("SIGHUP", listener);
        return listener;
      }),
      (listener) => Effect.sync(() => process.removeListener("SIGHUP", listener)),
    ),
  );
}
