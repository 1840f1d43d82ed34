/**
 * A message that is read while its chunks still arrive: in order, with what came too early held back until the gap
 * closes. Octets leave the budget when the reader takes them; what it has taken, a later overlapping chunk cannot change
 * (RFC 4975 §7.3.1 allows that).
 */
import type { Flow, InboxBody } from "./inbox_body.ts";
import type { InboxBudget } from "./inbox_budget.ts";
import { PieceList } from "./inbox_pieces.ts";

/** What a stream body needs from the inbox. */
export interface StreamBodyOptions {
  readonly budget: InboxBudget;
  /** Octets that wait for the reader before the session is paused. */
  readonly windowBytes: number;
  readonly flow: Flow;
  /** The reader wants no more. */
  readonly cancelled: (reason: unknown) => void;
}

/** Octets as a `ReadableStream`, from the first chunk on. */
export class StreamBody implements InboxBody {
  /** What the application reads. */
  readonly readable: ReadableStream<Uint8Array>;
  readonly #pieces: PieceList = new PieceList();
  readonly #options: StreamBodyOptions;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** Position of the octet that the reader gets next. */
  #next = 1;
  #contiguousEnd = 0;
  #total: number | undefined;
  #over = false;
  #readerWaits = false;
  #paused = false;
  #active = false;

  constructor(options: StreamBodyOptions) {
    this.#options = options;
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller): void => {
          this.#controller = controller;
        },
        pull: (): void => {
          this.#active = true;
          this.#readerWaits = true;
          this.#feed();
        },
        cancel: (reason): void => {
          const whole = this.#total !== undefined;
          this.#end();
          if (!whole) options.cancelled(reason);
        },
      },
      // Nothing is queued inside the stream: octets stay in the budget until somebody reads.
      { highWaterMark: 0 },
    );
  }

  get done(): boolean {
    return this.#over;
  }

  write(start: number, bytes: Uint8Array, contiguousEnd: number): void {
    if (this.#over) return;
    this.#contiguousEnd = contiguousEnd;
    const taken = Math.min(bytes.length, Math.max(0, this.#next - start));
    if (taken === bytes.length) return;
    const fresh = taken === 0 ? bytes : bytes.subarray(taken);
    const before = this.#pieces.octets;
    this.#pieces.write(start + taken, fresh);
    this.#options.budget.take(this.#pieces.octets - before);
    this.#feed();
  }

  finish(total: number): undefined {
    if (this.#over) return undefined;
    const before = this.#pieces.octets;
    this.#pieces.truncate(total);
    this.#options.budget.take(this.#pieces.octets - before);
    this.#total = total;
    this.#contiguousEnd = total;
    this.#feed();
    return undefined;
  }

  abort(error: Error): void {
    if (this.#over) return;
    this.#end();
    this.#controller?.error(error);
  }

  takeActivity(): boolean {
    const active = this.#active;
    this.#active = false;
    return active;
  }

  /** Gives a waiting reader the next piece, closes the stream behind the last one, and regulates the flow. */
  #feed(): void {
    if (this.#readerWaits) {
      const piece = this.#pieces.shift(this.#next);
      if (piece !== undefined) {
        this.#readerWaits = false;
        this.#next += piece.length;
        this.#options.budget.take(-piece.length);
        this.#controller?.enqueue(piece);
      }
    }
    if (this.#total !== undefined && this.#next > this.#total && !this.#over) {
      this.#end();
      this.#controller?.close();
      return;
    }
    const unread = this.#contiguousEnd - this.#next + 1;
    if (!this.#paused && unread > this.#options.windowBytes) this.#setPaused(true);
    else if (this.#paused && unread <= this.#options.windowBytes / 2) this.#setPaused(false);
  }

  #setPaused(paused: boolean): void {
    if (this.#paused === paused) return;
    this.#paused = paused;
    this.#options.flow(paused);
  }

  #end(): void {
    this.#over = true;
    this.#options.budget.take(-this.#pieces.octets);
    this.#pieces.clear();
    this.#setPaused(false);
  }
}
