/**
 * The time of a node: timers on each clock that its connections bring along, and calls after a delay. The first clock is the
 * node's own; what is asked for before there is one begins with it.
 */
import { Timer, Timers } from "./timers.ts";
import type { Clock } from "./transport.ts";

/** Clocks and timers of one node. */
export class NodeTime {
  readonly #onError: (error: unknown) => void;
  readonly #timers: Map<Clock, Timers> = new Map();
  readonly #toSet: Set<() => void> = new Set();
  #clock: Clock | undefined;

  /** @param clock the node's, when it has one from the beginning @param onError told of what a callback throws */
  constructor(clock: Clock | undefined, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#onError = onError;
  }

  /** Milliseconds on the node's clock; 0 as long as there is none. */
  now(): number {
    return this.#clock?.now() ?? 0;
  }

  /** Timers on a clock. */
  on(clock: Clock): Timers {
    let timers = this.#timers.get(clock);
    if (timers === undefined) {
      timers = new Timers(clock);
      this.#timers.set(clock, timers);
    }
    this.#clock ??= clock;
    for (const start of this.#toSet) {
      this.#toSet.delete(start);
      start();
    }
    return timers;
  }

  /** One call after a delay, which begins with the first connection where there is no clock before. */
  setTimer(callback: () => void, delayMs: number): () => void {
    const clock = this.#clock;
    if (clock === undefined) return this.#setLater(callback, delayMs);
    const timers = this.on(clock);
    const timer = new Timer(() => {
      try {
        callback();
      } catch (error) {
        this.#onError(error);
      }
    });
    timers.schedule(timer, clock.now() + delayMs);
    return () => timers.cancel(timer);
  }

  /** `promise`, or what `late` gives when it has not come after `timeoutMs`. */
  limited<A>(promise: Promise<A>, timeoutMs: number, late: () => A): Promise<A> {
    return new Promise((resolve) => {
      const stop = this.setTimer(() => resolve(late()), timeoutMs);
      promise.then((value) => {
        stop();
        resolve(value);
      });
    });
  }

  #setLater(callback: () => void, delayMs: number): () => void {
    let cancel: (() => void) | undefined;
    const start = (): void => {
      cancel = this.setTimer(callback, delayMs);
    };
    this.#toSet.add(start);
    return () => {
      this.#toSet.delete(start);
      cancel?.();
    };
  }
}
