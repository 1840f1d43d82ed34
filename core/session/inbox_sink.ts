/**
 * A message whose octets go to their positions in a sink as they come, whatever the order: flat memory for messages of
 * any size. Writes run one after the other, so that of two overlapping ones the later wins.
 */
import type { Flow, InboxBody } from "./inbox_body.ts";
import type { InboxBudget } from "./inbox_budget.ts";
import type { MessageSink } from "./inbox_options.ts";

/** What a sink body needs from the inbox. */
export interface SinkBodyOptions {
  readonly sink: MessageSink;
  readonly budget: InboxBudget;
  /** Octets that wait to be written before the session is paused. */
  readonly windowBytes: number;
  readonly flow: Flow;
  /** The sink has everything and is closed; `total` octets. */
  readonly closed: (total: number) => void;
  /** The sink failed. */
  readonly failed: (cause: unknown) => void;
}

/** Octets written to a `MessageSink`. */
export class SinkBody implements InboxBody {
  readonly #options: SinkBodyOptions;
  readonly #queue: { position: number; bytes: Uint8Array }[] = [];
  readonly #buffers: BufferPool = new BufferPool();
  #waiting = 0;
  #busy = false;
  #total: number | undefined;
  /** No more writes. */
  #over = false;
  /** Closed or failed, and told so. */
  #closed = false;
  #abortReason: Error | undefined;
  #paused = false;
  #active = false;

  constructor(options: SinkBodyOptions) {
    this.#options = options;
  }

  get done(): boolean {
    return this.#closed;
  }

  write(start: number, bytes: Uint8Array): void {
    if (this.#over) return;
    this.#account(bytes.length);
    if (this.#options.sink.immediate === true && !this.#busy && this.#queue.length === 0) {
      this.#put(start - 1, bytes, false);
    } else {
      // A copy, because the sink may write later than this call lasts.
      this.#queue.push({ position: start - 1, bytes: this.#buffers.copy(bytes) });
      this.#pump();
    }
    if (this.#waiting > this.#options.windowBytes) this.#setPaused(true);
  }

  finish(total: number): undefined {
    this.#total = total;
    this.#pump();
    return undefined;
  }

  abort(error: Error): void {
    this.#closed = true;
    if (this.#over) return;
    this.#over = true;
    this.#dropQueue();
    this.#setPaused(false);
    this.#abortReason = error;
    if (!this.#busy) this.#abortSink();
  }

  takeActivity(): boolean {
    const active = this.#active;
    this.#active = false;
    return active;
  }

  #pump(): void {
    while (!this.#busy && !this.#over) {
      const next = this.#queue.shift();
      if (next === undefined) break;
      this.#put(next.position, next.bytes, true);
    }
    if (this.#paused && this.#waiting <= this.#options.windowBytes / 2) this.#setPaused(false);
    if (!this.#busy && !this.#over && this.#total !== undefined) this.#close(this.#total);
  }

  #put(position: number, bytes: Uint8Array, copied: boolean): void {
    try {
      const written = this.#options.sink.write(position, bytes);
      if (isPromise(written)) this.#follow(written, bytes, copied);
      else this.#written(bytes, copied);
    } catch (cause) {
      this.#account(-bytes.length);
      this.#fail(cause);
    }
  }

  #written(bytes: Uint8Array, copied: boolean): void {
    this.#account(-bytes.length);
    if (copied) this.#buffers.giveBack(bytes);
  }

  #follow(written: Promise<void>, bytes: Uint8Array, copied: boolean): void {
    this.#busy = true;
    const done = (): void => {
      this.#busy = false;
      this.#active = true;
      this.#written(bytes, copied);
    };
    written.then(
      () => {
        done();
        if (this.#abortReason !== undefined) this.#abortSink();
        else this.#pump();
      },
      (cause: unknown) => {
        done();
        if (this.#abortReason !== undefined) this.#abortSink();
        else this.#fail(cause);
      },
    );
  }

  #close(total: number): void {
    this.#over = true;
    this.#setPaused(false);
    try {
      const closed = this.#options.sink.close(total);
      if (isPromise(closed)) {
        closed.then(
          () => this.#ended(total),
          (cause: unknown) => this.#failed(cause),
        );
        return;
      }
    } catch (cause) {
      this.#failed(cause);
      return;
    }
    this.#ended(total);
  }

  #fail(cause: unknown): void {
    this.#over = true;
    this.#dropQueue();
    this.#setPaused(false);
    this.#abortReason = cause instanceof Error ? cause : new Error(String(cause));
    this.#abortSink();
    this.#failed(cause);
  }

  #ended(total: number): void {
    this.#closed = true;
    this.#options.closed(total);
  }

  #failed(cause: unknown): void {
    this.#closed = true;
    this.#options.failed(cause);
  }

  #abortSink(): void {
    const reason = this.#abortReason;
    if (reason === undefined) return;
    // Cleaning up is the sink's affair: the message is lost either way, so a failure of it changes nothing.
    try {
      const aborted = this.#options.sink.abort(reason);
      if (isPromise(aborted)) aborted.then(undefined, () => {});
    } catch {}
  }

  #dropQueue(): void {
    for (const { bytes } of this.#queue.splice(0)) this.#account(-bytes.length);
  }

  #account(bytes: number): void {
    this.#waiting += bytes;
    this.#options.budget.take(bytes);
  }

  #setPaused(paused: boolean): void {
    if (this.#paused === paused) return;
    this.#paused = paused;
    this.#options.flow(paused);
  }
}

// A function that is declared void may still return something, for example a number of octets.
function isPromise(value: unknown): value is Promise<void> {
  return typeof (value as Promise<void> | undefined)?.then === "function";
}

/** Buffers kept for the next copies: as many as the default window holds of the largest slices. */
const maxFreeBuffers = 4;
const bufferBytes = 65_536;

/**
 * Copies in buffers that are used again: a large file would leave as much garbage as it has octets, and runtimes let
 * a hundred megabytes of such buffers pile up before they collect them.
 */
class BufferPool {
  readonly #free: ArrayBufferLike[] = [];

  copy(bytes: Uint8Array): Uint8Array {
    // Small pieces come from small messages, of which there is one and the pool would only be in the way.
    if (bytes.length > bufferBytes || bytes.length < bufferBytes / 16) return bytes.slice();
    const copy = new Uint8Array(this.#free.pop() ?? new ArrayBuffer(bufferBytes), 0, bytes.length);
    copy.set(bytes);
    return copy;
  }

  giveBack({ buffer }: Uint8Array): void {
    if (buffer.byteLength === bufferBytes && this.#free.length < maxFreeBuffers) this.#free.push(buffer);
  }
}
