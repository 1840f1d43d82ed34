/**
 * Conditional use of a plugin: `when(isStranger, rateLimit())` runs its middlewares only where the predicate holds.
 * Taps, state and single-occupant stages are not conditional: they see every session.
 */
import type { Context } from "./context.ts";
import type { Hooks, Middleware, Plugin, PluginHost } from "./plugin.ts";

const stages = ["upgrade", "connect", "request", "chunk", "message", "deliver", "outgoing"] as const;

/** A plugin whose middlewares are passed over where `predicate` is false for the context. */
export function when(predicate: (c: Context) => boolean, plugin: Plugin): Plugin {
  return Object.freeze({
    name: plugin.name,
    setup: (host: PluginHost) => plugin.setup(host).map((hooks) => conditional(predicate, hooks)),
  });
}

function conditional(predicate: (c: Context) => boolean, hooks: Hooks<never>): Hooks<never> {
  const wrapped: Partial<Record<(typeof stages)[number], Middleware<never, never>>> = {};
  for (const stage of stages) {
    const middleware = hooks[stage] as Middleware<Context, never> | undefined;
    if (middleware === undefined) continue;
    const chosen: Middleware<Context, never> = (c, next, own) =>
      predicate(c) ? middleware(c, next, own) : next();
    wrapped[stage] = chosen as Middleware<never, never>;
  }
  return { ...hooks, ...wrapped } as Hooks<never>;
}
