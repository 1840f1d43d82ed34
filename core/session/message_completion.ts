/**
 * When a message is whole, for those who hold it from its first chunk on. The promise is made only when asked for,
 * because a message that was whole from the start, nearly every one, needs none.
 */

/** Settles once, with the size of the message or with the reason why it will never be whole. */
export class Completion {
  #size: number | undefined;
  #error: Error | undefined;
  #promise: Promise<number> | undefined;
  #resolve: ((size: number) => void) | undefined;
  #reject: ((error: Error) => void) | undefined;

  /** @param size octets, when the message is whole already */
  constructor(size?: number) {
    this.#size = size;
  }

  /** Octets of the message once it is whole. */
  get size(): number | undefined {
    return this.#size;
  }

  /** Why the message will never be whole. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Resolves with the size, or rejects; a rejection that nobody observes hurts nobody. */
  get promise(): Promise<number> {
    if (this.#promise !== undefined) return this.#promise;
    if (this.#size !== undefined) this.#promise = Promise.resolve(this.#size);
    else if (this.#error !== undefined) this.#promise = Promise.reject(this.#error);
    else {
      this.#promise = new Promise((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
      });
    }
    this.#promise.catch(() => {});
    return this.#promise;
  }

  /** The message is whole. */
  complete(size: number): void {
    if (this.#size !== undefined || this.#error !== undefined) return;
    this.#size = size;
    this.#resolve?.(size);
  }

  /** The message will never be whole. */
  fail(error: Error): void {
    if (this.#size !== undefined || this.#error !== undefined) return;
    this.#error = error;
    this.#reject?.(error);
  }
}
