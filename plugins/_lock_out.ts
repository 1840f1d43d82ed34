/**
 * Who has failed too often waits. Failures are counted by key within a window, in a table of bounded size, because keys
 * come from strangers.
 */

/** Limits on failed logins. */
export interface LockOutOptions {
  /** Failures for a user from one address, within `windowMs`. @default 10 */
  readonly userFailures?: number;
  /** Failures from one address, for whatever user; of IPv6 the first 64 bits count. @default 50 */
  readonly addressFailures?: number;
  /** Failures over one connection; then it is closed. @default 5 */
  readonly connectionFailures?: number;
  /** Milliseconds in which failures are counted. @default 300000 */
  readonly windowMs?: number;
  /** Milliseconds for which the user from that address, or the address, is refused with 403, whatever it sends. @default 300000 */
  readonly lockMs?: number;
  /** Users and addresses that are remembered at a time; the oldest are forgotten first. @default 65536 */
  readonly maxKeys?: number;
}

interface Entry {
  failures: number;
  /** The window ends, or the lock does. */
  until: number;
  locked: boolean;
}

/** Failures by key. */
export class LockOut {
  readonly #windowMs: number;
  readonly #lockMs: number;
  readonly #maxKeys: number;
  readonly #entries: Map<string, Entry> = new Map();

  constructor(limits: { readonly windowMs: number; readonly lockMs: number; readonly maxKeys: number }) {
    this.#windowMs = limits.windowMs;
    this.#lockMs = limits.lockMs;
    this.#maxKeys = limits.maxKeys;
  }

  /** Keys that are remembered. */
  get size(): number {
    return this.#entries.size;
  }

  /** True while a key is locked out. */
  locked(key: string, now: number): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    if (now < entry.until) return entry.locked;
    this.#entries.delete(key);
    return false;
  }

  /** Counts a failure; true when the key is locked out by it. @param limit failures that are allowed */
  failed(key: string, limit: number, now: number): boolean {
    const known = this.#entries.get(key);
    const entry =
      known !== undefined && now < known.until
        ? known
        : { failures: 0, until: now + this.#windowMs, locked: false };
    entry.failures++;
    if (!entry.locked && entry.failures >= limit) {
      entry.locked = true;
      entry.until = now + this.#lockMs;
    }
    // The one that failed last is forgotten last.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#maxKeys && oldest !== undefined) this.#entries.delete(oldest);
    return entry.locked;
  }

  /** A success makes up for earlier failures. */
  succeeded(key: string): void {
    this.#entries.delete(key);
  }
}
