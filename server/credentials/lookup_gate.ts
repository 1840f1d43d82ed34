/**
 * The limits on questions to a backend that is not in this process: how many at once, how many in line, and how long.
 * A stranger can ask as often as a connection allows, and a slow backend must not make that memory.
 */
import { StoreError } from "./store.ts";

/** Limits of a `LookupGate`. */
export interface LookupGateOptions {
  /** Most questions under way at once: 16 at 10 ms each answer 1,600 logins a second. For PostgreSQL 8. @default 16 */
  readonly maxConcurrent?: number | undefined;
  /** Most questions in line for that; further ones fail at once, as they would not be answered in time. @default 1024 */
  readonly maxWaiting?: number | undefined;
  /** Longest time from question to answer, waiting included, in milliseconds; the client gives up at 30 s. @default 5000 */
  readonly timeoutMs?: number | undefined;
}

interface Waiting {
  start(): void;
}

/** Lets a bounded number of questions through. */
export class LookupGate {
  readonly #maxConcurrent: number;
  readonly #maxWaiting: number;
  readonly #timeoutMs: number;
  readonly #waiting = new Set<Waiting>();
  #running = 0;

  constructor(options: LookupGateOptions = {}) {
    this.#maxConcurrent = options.maxConcurrent ?? 16;
    this.#maxWaiting = options.maxWaiting ?? 1024;
    this.#timeoutMs = options.timeoutMs ?? 5000;
  }

  /** Questions under way. */
  get running(): number {
    return this.#running;
  }

  /** Questions in line. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Asks a question.
   *
   * @param ask gets a signal that fires when time is up; a place is free again only when its promise settles
   * @throws StoreError when too many wait or time is up; else what `ask` throws
   */
  run<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#running >= this.#maxConcurrent && this.#waiting.size >= this.#maxWaiting) {
      return Promise.reject(new StoreError(`More than ${this.#maxWaiting} lookups wait`, { network: true }));
    }
    return new Promise<T>((resolve, reject) => {
      const abort = new AbortController();
      const place: Waiting = {
        start: () => {
          this.#running++;
          Promise.resolve(abort.signal)
            .then(ask)
            .then(resolve, reject)
            .finally(() => {
              clearTimeout(timer);
              this.#running--;
              this.#next();
            });
        },
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(place);
        reject(new StoreError(`No answer to a lookup within ${this.#timeoutMs} ms`, { network: true }));
        abort.abort();
      }, this.#timeoutMs);
      this.#waiting.add(place);
      this.#next();
    });
  }

  #next(): void {
    if (this.#running >= this.#maxConcurrent) return;
    const [place] = this.#waiting;
    if (place === undefined) return;
    this.#waiting.delete(place);
    place.start();
  }
}
