// The clock that every socket transport carries: the runtime's monotonic time and its timers.
// The core measures with this one only, so a test that brings its own clock brings its own transport too.
import type { Clock } from "../core/node/transport.ts";

// setTimeout holds its delay in 32 bits, signed, and fires at once above that.
const maxDelayMs = 2_147_483_647;

// Not every runtime of a WebSocket has it.
const { setImmediate: afterTurn } = globalThis as { setImmediate?: (callback: () => void) => unknown };

/** Milliseconds since the process started, and timers of the runtime; delays are capped at 24.8 days. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimer: (callback, delayMs) => {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), maxDelayMs));
    return () => clearTimeout(timer);
  },
  ...(afterTurn === undefined ? {} : { afterTurn }),
};
