/**
 * Who lives how long: a node and its listeners are resources of one Effect scope, closed in the reverse order of
 * their making. So listeners stop first, then the node drains its sessions, whichever way a command ends.
 */
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { Scope } from "effect/Scope";
import type { Msrp } from "../core/mod.ts";
import type { Adapter, Listener, ListenOptions } from "./runtime.ts";
import { type EndSignal, firstSignal } from "./signals.ts";

/** Milliseconds that sessions get to finish what they are sending when a command ends. */
export const DRAIN_MS = 5_000;

/** What to listen on. */
export interface ListenTarget {
  /** URI of the listener, for example `msrp://0.0.0.0:2855;tcp`. */
  readonly uri: string;
  /** Options of the adapter, for example the certificate. */
  readonly options: ListenOptions;
}

/** A node that is drained when the scope ends. */
export function scopedNode(make: () => Msrp, drainMs: number = DRAIN_MS): Effect.Effect<Msrp, never, Scope> {
  return Effect.acquireRelease(Effect.sync(make), (app) =>
    Effect.promise(() => app.close({ drainMs }).catch(() => undefined)),
  );
}

/** Listeners that stop when the scope ends. Fails with what the adapter says when one cannot be opened. */
export function scopedListeners(
  adapter: Adapter,
  app: Msrp,
  targets: readonly ListenTarget[],
): Effect.Effect<Listener[], Error, Scope> {
  return Effect.forEach(targets, ({ uri, options }) =>
    Effect.acquireRelease(
      attempt(() => adapter.listen(app, uri, options)),
      // The node drains its connections itself, once nothing new comes in.
      (listener) => Effect.promise(() => listener.close({ connections: "keep" }).catch(() => undefined)),
    ),
  );
}

/** A promise of the toolkit as an Effect; its rejection is the error, unchanged. */
export function attempt<A>(evaluate: (signal: AbortSignal) => PromiseLike<A>): Effect.Effect<A, Error> {
  return Effect.tryPromise({ try: evaluate, catch: toError });
}

/** Runs until the work is done or a signal asks to end; the work is then interrupted (its AbortSignal fires). */
export function untilSignal<A, E, R>(
  work: Effect.Effect<A, E, R>,
  signalled: (signal: EndSignal) => A,
): Effect.Effect<A, E, R> {
  return Effect.raceFirst(work, Effect.map(firstSignal, signalled));
}

/**
 * Runs a command's program to its end, with everything that it acquired released.
 *
 * @throws the error or defect of the program, as it was thrown
 */
export async function runProgram<A>(program: Effect.Effect<A, Error, Scope>): Promise<A> {
  const exit = await Effect.runPromiseExit(Effect.scoped(program));
  if (Exit.isSuccess(exit)) return exit.value;
  throw toError(Cause.squash(exit.cause));
}

/** Whatever was thrown, as an Error. */
function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}
