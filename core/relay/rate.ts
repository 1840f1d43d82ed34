/**
 * How much somebody may do in a second: a bucket that fills evenly and holds one second's worth. Taking more than there is
 * is refused, and what was refused does not count.
 */

/** One bucket. */
export class Rate {
  readonly #perSecond: number;
  #level: number;
  #at: number;

  /** @param perSecond Infinity = no limit @param now milliseconds that never run backwards */
  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond;
    this.#level = perSecond;
    this.#at = now;
  }

  /** A bucket; those without a limit are one. */
  static of(perSecond: number, now: number): Rate {
    return perSecond === Number.POSITIVE_INFINITY ? unlimited : new Rate(perSecond, now);
  }

  /** Takes `amount`; false when it is too much now. */
  take(amount: number, now: number): boolean {
    if (this.#perSecond === Number.POSITIVE_INFINITY) return true;
    const gained = ((now - this.#at) / 1000) * this.#perSecond;
    this.#level = Math.min(this.#perSecond, this.#level + Math.max(0, gained));
    this.#at = now;
    // Whatever is larger than the bucket passes when it is full, and is paid off afterwards.
    if (this.#level < Math.min(amount, this.#perSecond)) return false;
    this.#level -= amount;
    return true;
  }
}

const unlimited = new Rate(Number.POSITIVE_INFINITY, 0);

/** Counts events by key within the current minute, in a table of bounded size. */
export class MinuteCounter {
  readonly #maxKeys: number;
  #minute = -1;
  #counts = new Map<string, number>();

  /** @param maxKeys beyond it new keys share one count */
  constructor(maxKeys = 65_536) {
    this.#maxKeys = maxKeys;
  }

  /** Counts one more and returns how many there are. */
  add(key: string, now: number): number {
    this.#turn(now);
    const known = this.#counts.has(key) || this.#counts.size < this.#maxKeys ? key : "";
    const count = (this.#counts.get(known) ?? 0) + 1;
    this.#counts.set(known, count);
    return count;
  }

  /** How many were counted in this minute. */
  count(key: string, now: number): number {
    this.#turn(now);
    return this.#counts.get(key) ?? 0;
  }

  #turn(now: number): void {
    const minute = Math.floor(now / 60_000);
    if (minute === this.#minute) return;
    this.#minute = minute;
    this.#counts = new Map();
  }
}
