/**
 * All timers of a node on one clock: a binary heap with one timer of the runtime under it. A deadline that only
 * moves later costs nothing until the old one comes.
 */
import type { Clock } from "./transport.ts";

/** Something to be called at a time. Made once and scheduled again and again. */
export class Timer {
  readonly callback: (now: number) => void;
  /** When it is due; Infinity = not scheduled. */
  at: number = Number.POSITIVE_INFINITY;
  /** Place in the heap, -1 when it is not there. For `Timers` alone. */
  slot: number = -1;

  constructor(callback: (now: number) => void) {
    this.callback = callback;
  }
}

/** The heap. */
export class Timers {
  readonly clock: Clock;
  readonly #heap: Timer[] = [];
  #armedAt = Number.POSITIVE_INFINITY;
  #disarm: (() => void) | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Timers that wait. */
  get size(): number {
    return this.#heap.length;
  }

  /** Calls the timer at `at` (ms on the clock), instead of what was scheduled for it before. */
  schedule(timer: Timer, at: number): void {
    if (at === Number.POSITIVE_INFINITY) {
      this.cancel(timer);
      return;
    }
    const before = timer.at;
    timer.at = at;
    if (timer.slot < 0) {
      timer.slot = this.#heap.length;
      this.#heap.push(timer);
      this.#up(timer.slot);
    } else if (at < before) this.#up(timer.slot);
    else this.#down(timer.slot);
    this.#arm();
  }

  /** Forgets it. */
  cancel(timer: Timer): void {
    timer.at = Number.POSITIVE_INFINITY;
    const slot = timer.slot;
    if (slot < 0) return;
    timer.slot = -1;
    const last = this.#heap.pop() as Timer;
    if (last !== timer) {
      this.#put(last, slot);
      this.#up(slot);
      this.#down(last.slot);
    }
    if (this.#heap.length === 0) this.#rest();
  }

  // The runtime's timer only ever moves earlier here; one that comes too early arms itself again.
  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || first.at >= this.#armedAt) return;
    this.#disarm?.();
    this.#armedAt = first.at;
    this.#disarm = this.clock.setTimer(
      () => this.#fire(),
      Math.max(0, Math.ceil(first.at - this.clock.now())),
    );
  }

  // Nothing to wait for: leave no timer behind that would keep a process alive.
  #rest(): void {
    this.#disarm?.();
    this.#disarm = undefined;
    this.#armedAt = Number.POSITIVE_INFINITY;
  }

  #fire(): void {
    this.#disarm = undefined;
    this.#armedAt = Number.POSITIVE_INFINITY;
    const now = this.clock.now();
    // Bounded: what a callback schedules for now waits for the next firing.
    const due: Timer[] = [];
    while (this.#heap.length > 0 && (this.#heap[0] as Timer).at <= now) {
      const timer = this.#heap[0] as Timer;
      this.cancel(timer);
      due.push(timer);
    }
    try {
      for (let timer = due.shift(); timer !== undefined; timer = due.shift()) timer.callback(now);
    } finally {
      for (const timer of due) this.schedule(timer, now); // a callback threw: the others still get their turn
      this.#arm();
    }
  }

  #put(timer: Timer, slot: number): void {
    this.#heap[slot] = timer;
    timer.slot = slot;
  }

  #up(from: number): void {
    const timer = this.#heap[from] as Timer;
    let slot = from;
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      if ((this.#heap[parent] as Timer).at <= timer.at) break;
      this.#put(this.#heap[parent] as Timer, slot);
      slot = parent;
    }
    this.#put(timer, slot);
  }

  #down(from: number): void {
    const timer = this.#heap[from] as Timer;
    const size = this.#heap.length;
    let slot = from;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= size) break;
      if (child + 1 < size && (this.#heap[child + 1] as Timer).at < (this.#heap[child] as Timer).at) child++;
      if ((this.#heap[child] as Timer).at >= timer.at) break;
      this.#put(this.#heap[child] as Timer, slot);
      slot = child;
    }
    this.#put(timer, slot);
  }
}
