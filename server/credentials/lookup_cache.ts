/**
 * Remembers the answers of a backend for a few seconds, and asks once for what several want at the same time. Answers
 * about unknown users are kept too, in the same bounded table, so that guessing names costs the backend no more.
 */

/** Limits of a `LookupCache`. */
export interface LookupCacheOptions {
  /** How long an answer is good, in milliseconds; 0 keeps none. A changed password counts after that time. @default 10000 */
  readonly ttlMs?: number | undefined;
  /** Most answers that are kept; the oldest goes first. @default 10000 */
  readonly maxEntries?: number | undefined;
  /** A clock in milliseconds that never runs backwards. @default performance.now */
  readonly now?: (() => number) | undefined;
}

interface Entry<T> {
  readonly value: T | undefined;
  readonly until: number;
}

/** A table of answers by key. */
export class LookupCache<T> {
  readonly #ttlMs: number;
  readonly #maxEntries: number;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry<T>>();
  readonly #asking = new Map<string, Promise<T | undefined>>();

  constructor(options: LookupCacheOptions = {}) {
    this.#ttlMs = options.ttlMs ?? 10_000;
    this.#maxEntries = options.maxEntries ?? 10_000;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Number of answers kept. */
  get size(): number {
    return this.#entries.size;
  }

  /** The answer for a key: from the table, from a question under way, or from `ask`. Failures are not kept. */
  get(key: string, ask: () => Promise<T | undefined>): T | undefined | Promise<T | undefined> {
    const entry = this.#entries.get(key);
    if (entry !== undefined && this.#now() < entry.until) return entry.value;
    const asking = this.#asking.get(key);
    if (asking !== undefined) return asking;
    const question = ask()
      .then((value) => {
        // A question that a clear() has overtaken may have an old answer.
        if (this.#asking.get(key) === question) this.#keep(key, value);
        return value;
      })
      .finally(() => {
        if (this.#asking.get(key) === question) this.#asking.delete(key);
      });
    this.#asking.set(key, question);
    return question;
  }

  /** Forgets every answer. */
  clear(): void {
    this.#entries.clear();
    this.#asking.clear();
  }

  #keep(key: string, value: T | undefined): void {
    if (this.#ttlMs <= 0) return;
    this.#entries.delete(key);
    this.#entries.set(key, { value, until: this.#now() + this.#ttlMs });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#maxEntries && oldest !== undefined) this.#entries.delete(oldest);
  }
}
