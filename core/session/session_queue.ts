/**
 * Messages that wait for the application's `for await`. Bounded, so that a slow reader slows the peer down, and there
 * from the first moment, so that nothing is lost before the first `await`.
 */
import type { Message } from "./message.ts";

interface Waiter {
  resolve(result: IteratorResult<Message, undefined>): void;
  reject(error: Error): void;
}

/** A queue with one writer (the session) and any number of readers that share it. */
export class MessageQueue {
  readonly #limit: number;
  readonly #messages: Message[] = [];
  readonly #readers: Waiter[] = [];
  #end: { error: Error | undefined } | undefined;
  #read = false;
  /** Called when it was full and is not any more. */
  onRoom: (() => void) | undefined;

  /** @param limit messages that wait before it counts as full */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** True once somebody has begun to read. */
  get hasReader(): boolean {
    return this.#read;
  }

  /** Messages that wait. */
  get size(): number {
    return this.#messages.length;
  }

  /** True when no more should come until `onRoom` is called. */
  get full(): boolean {
    return this.#messages.length >= this.#limit;
  }

  /** Puts a message in, also when it is full: the caller stops after it. */
  push(message: Message): void {
    if (this.#end !== undefined) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) reader.resolve({ done: false, value: message });
    else this.#messages.push(message);
  }

  /** The next message; at the end, after all that was queued, done or the error. */
  next(): Promise<IteratorResult<Message, undefined>> {
    this.#read = true;
    const message = this.#messages.shift();
    if (message !== undefined) {
      if (this.#messages.length === this.#limit - 1) this.onRoom?.();
      return Promise.resolve({ done: false, value: message });
    }
    const end = this.#end;
    if (end === undefined) return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
    if (end.error === undefined) return Promise.resolve({ done: true, value: undefined });
    // The error is told once; a loop that is started again simply ends.
    this.#end = { error: undefined };
    return Promise.reject(end.error);
  }

  /** Takes out all that waits, for a handler that was attached late. */
  take(): Message[] {
    const wasFull = this.full;
    const messages = this.#messages.splice(0);
    if (wasFull) this.onRoom?.();
    return messages;
  }

  /** Nothing more will come. What is queued can still be read. */
  close(error?: Error): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    for (const reader of this.#readers.splice(0)) {
      if (error === undefined) reader.resolve({ done: true, value: undefined });
      else {
        reader.reject(error);
        this.#end = { error: undefined };
      }
    }
  }
}
