/**
 * Messages that wait for the application's `for await`: bounded, so that a slow reader slows the peer down, and there
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
  readonly #writers: { message: Message; resolve: () => void }[] = [];
  #end: { error: Error | undefined } | undefined;
  #read = false;

  /** @param limit messages that are kept before `push` makes the writer wait */
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

  /** Puts a message in. Undefined: done; a promise: the queue is full, and it is in when the promise resolves. */
  push(message: Message): Promise<void> | undefined {
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader.resolve({ done: false, value: message });
      return undefined;
    }
    if (this.#messages.length < this.#limit) {
      this.#messages.push(message);
      return undefined;
    }
    return new Promise((resolve) => this.#writers.push({ message, resolve }));
  }

  /** Takes a message out that is still waiting for room; false when it is in, or was read. */
  withdraw(message: Message): boolean {
    const index = this.#writers.findIndex((writer) => writer.message === message);
    if (index < 0) return false;
    this.#writers.splice(index, 1);
    return true;
  }

  /** The next message; at the end, after all that was queued, done or the error. */
  next(): Promise<IteratorResult<Message, undefined>> {
    this.#read = true;
    const message = this.#messages.shift();
    if (message !== undefined) {
      const writer = this.#writers.shift();
      if (writer !== undefined) {
        this.#messages.push(writer.message);
        writer.resolve();
      }
      return Promise.resolve({ done: false, value: message });
    }
    const end = this.#end;
    if (end === undefined) return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
    if (end.error === undefined) return Promise.resolve({ done: true, value: undefined });
    // The error is told once; a loop that is started again simply ends.
    this.#end = { error: undefined };
    return Promise.reject(end.error);
  }

  /** Nothing more will come. What is queued can still be read. */
  close(error?: Error): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    for (const writer of this.#writers.splice(0)) writer.resolve();
    for (const reader of this.#readers.splice(0)) {
      if (error === undefined) reader.resolve({ done: true, value: undefined });
      else {
        reader.reject(error);
        this.#end = { error: undefined };
      }
    }
  }
}
