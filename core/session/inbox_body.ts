/**
 * Where the octets of one incomplete message go. Three kinds: memory, stream and sink; the inbox keeps the ranges and
 * the limits, a body keeps or passes on the octets and accounts for those that it holds.
 */

import type { InboxBudget } from "./inbox_budget.ts";
import { PieceList } from "./inbox_pieces.ts";

/** What the inbox asks of a body. */
export interface InboxBody {
  /**
   * Octets came, and are in the ranges already. `bytes` is valid during the call only.
   *
   * @param start position of the first, from 1
   * @param contiguousEnd the position up to which nothing is missing now
   */
  write(start: number, bytes: Uint8Array, contiguousEnd: number): void;
  /** Everything from 1 to `total` was written. Returns the octets when they are kept in memory. */
  finish(total: number): Uint8Array | undefined;
  /** The message is over before it is whole. */
  abort(error: Error): void;
  /** True when nothing waits for the consumer any more. */
  readonly done: boolean;
  /** Whether the consumer did something since the last time this was asked. */
  takeActivity(): boolean;
}

/** Tells the inbox that a body has too much waiting (true), or has room again (false). */
export type Flow = (paused: boolean) => void;

/** Keeps all octets until the message is whole. */
export class MemoryBody implements InboxBody {
  readonly done: boolean = true;
  readonly #pieces: PieceList = new PieceList();
  readonly #budget: InboxBudget;

  constructor(budget: InboxBudget) {
    this.#budget = budget;
  }

  write(start: number, bytes: Uint8Array): void {
    const before = this.#pieces.octets;
    this.#pieces.write(start, bytes);
    this.#budget.take(this.#pieces.octets - before);
  }

  finish(total: number): Uint8Array {
    const whole = this.#pieces.join(total);
    this.#drop();
    return whole;
  }

  abort(): void {
    this.#drop();
  }

  takeActivity(): boolean {
    return false;
  }

  #drop(): void {
    this.#budget.take(-this.#pieces.octets);
    this.#pieces.clear();
  }
}
