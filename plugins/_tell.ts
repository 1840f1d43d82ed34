/**
 * Calls a function of the caller's that only listens. What it throws, and what it rejects with when it turns out to be
 * asynchronous, is an error of the node and changes nothing else: unhandled, a rejection would end the process.
 */
import type { PluginHost } from "../core/mod.ts";

/** @param stage what the error event calls the function */
export function tell(host: Pick<PluginHost, "error">, stage: string, listener: () => unknown): void {
  watch(listener, (error) => host.error(error, stage));
}

/** The same, for whoever has to do something about it. @param failed told of the error, once */
export function watch(act: () => unknown, failed: (error: unknown) => void): void {
  try {
    const result = act();
    if (result instanceof Promise) result.catch(failed);
  } catch (error) {
    failed(error);
  }
}
