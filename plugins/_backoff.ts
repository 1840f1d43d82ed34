/**
 * How long to wait before something is tried again: twice as long each time, up to a bound. A part of it is chance, so
 * that many who failed together do not come back together.
 */

/** Delays of one thing that is tried again and again. */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  #failures = 0;

  constructor(firstMs: number, maxMs: number) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures;
  }

  /** Notes a failure; milliseconds until the next try, half of them at least certain. */
  failed(): number {
    const whole = Math.min(this.#maxMs, this.#firstMs * 2 ** Math.min(this.#failures++, 30));
    const [chance = 0] = crypto.getRandomValues(new Uint32Array(1));
    return whole / 2 + (whole / 2) * (chance / 2 ** 32);
  }

  /** It worked. */
  succeeded(): void {
    this.#failures = 0;
  }
}
