// The clock of a node in a Durable Object: milliseconds since 1970, which go on while the object is out of memory.
// Its timers can be put aside, because a pending one of the runtime keeps an object in memory.
import type { Clock } from "../core/node/transport.ts";

interface Entry {
  readonly callback: () => void;
  readonly at: number;
  handle: ReturnType<typeof setTimeout> | undefined;
}

// setTimeout holds its delay in 32 bits, signed.
const maxDelayMs = 2_147_483_647;

/** Time and timers of one object. */
export class WorkersClock implements Clock {
  readonly #entries: Set<Entry> = new Set();
  readonly #used: () => void;
  #resting = false;
  #last = 0;

  /** @param used called when a timer is set while timers rest: somebody works */
  constructor(used: () => void) {
    this.#used = used;
  }

  now(): number {
    this.#last = Math.max(this.#last, Date.now());
    return this.#last;
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    if (this.#resting) this.#used();
    const entry: Entry = { callback, at: this.now() + Math.max(delayMs, 0), handle: undefined };
    this.#entries.add(entry);
    if (!this.#resting) this.#arm(entry);
    return () => {
      this.#entries.delete(entry);
      clearTimeout(entry.handle);
    };
  }

  /** When the first timer is due; Infinity = there is none. */
  get next(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { at } of this.#entries) next = Math.min(next, at);
    return next;
  }

  /** Leaves nothing with the runtime: until `wake` no timer calls. */
  rest(): void {
    this.#resting = true;
    for (const entry of this.#entries) {
      clearTimeout(entry.handle);
      entry.handle = undefined;
    }
  }

  /** Timers call again; those that are overdue do at once. */
  wake(): void {
    if (!this.#resting) return;
    this.#resting = false;
    for (const entry of this.#entries) this.#arm(entry);
  }

  #arm(entry: Entry): void {
    const delayMs = Math.min(Math.max(entry.at - this.now(), 0), maxDelayMs);
    entry.handle = setTimeout(() => {
      if (!this.#entries.has(entry)) return;
      if (this.now() < entry.at) {
        this.#arm(entry);
        return;
      }
      this.#entries.delete(entry);
      entry.callback();
    }, delayMs);
  }
}
