/**
 * A bucket of tokens that fills evenly: how long somebody has to wait before the next amount, and that it was taken. Time
 * comes in with each call.
 */

/** How much somebody may do. */
export interface Rate {
  /** On average. */
  readonly perSecond: number;
  /** At once, after a rest. @default one second's worth, at least 1 */
  readonly burst?: number;
}

/** One bucket. It is full when it is made. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #level: number;
  #at: number;

  /** @param now milliseconds that never run backwards */
  constructor(rate: Rate, now: number) {
    this.#perMs = rate.perSecond / 1000;
    this.#burst = rate.burst ?? Math.max(1, rate.perSecond);
    this.#level = this.#burst;
    this.#at = now;
  }

  /** Milliseconds until `amount` may be taken; 0 = now. What is larger than the bucket has to wait until it is full. */
  wait(amount: number, now: number): number {
    if (now > this.#at) {
      this.#level = Math.min(this.#burst, this.#level + (now - this.#at) * this.#perMs);
      this.#at = now;
    }
    const missing = Math.min(amount, this.#burst) - this.#level;
    // The clock of the host may be one of whole milliseconds: a wait that ends too early would begin again.
    return missing <= 0 ? 0 : Math.ceil(missing / this.#perMs);
  }

  /** Takes `amount`, of which a part may be owed: whoever comes next waits for it too. */
  take(amount: number): void {
    this.#level -= amount;
  }

  /** True when nobody would notice if it were made anew. */
  idle(now: number): boolean {
    return this.#level + (now - this.#at) * this.#perMs >= this.#burst;
  }
}
