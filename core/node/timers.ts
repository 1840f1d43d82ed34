/**
 * All timers of a node on one clock: a binary heap with one timer of the runtime under it. A deadline that only
 * moves later costs nothing until the old one comes.
 */
import type { Clock } from "./transport.ts";
import { TurnEnd } from "./turn_end.ts";

/** Something to be called at a time. Made once and scheduled again and again. */
export class Timer {
  readonly callback: (now: number) => void;
  /** When it is due; Infinity = not scheduled. */
  at: number = Number.POSITIVE_INFINITY;
  /** Its place in the heap, at `at` or before. For `Timers` alone. */
  place: Place | undefined;

  constructor(callback: (now: number) => void) {
    this.callback = callback;
  }
}

/** A place in the heap. One without a timer is left behind: to take it out would touch a dozen others. */
interface Place {
  at: number;
  timer: Timer | undefined;
}

// Below this the heap is not worth tidying up.
const leastLeft = 64;

/** The heap. */
export class Timers {
  readonly clock: Clock;
  /** The end of a turn on the same clock. */
  readonly turnEnd: TurnEnd;
  #heap: Place[] = [];
  /** Places that were left behind: never more than others are in use, but for a few. */
  #left = 0;
  #armedAt = Number.POSITIVE_INFINITY;
  #disarm: (() => void) | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
    this.turnEnd = new TurnEnd(clock);
  }

  /** Timers that wait. */
  get size(): number {
    return this.#heap.length - this.#left;
  }

  /** Calls the timer at `at` (ms on the clock), instead of what was scheduled for it before. */
  schedule(timer: Timer, at: number): void {
    if (at === Number.POSITIVE_INFINITY) {
      this.cancel(timer);
      return;
    }
    timer.at = at;
    // One that moves later is found out when its place comes.
    if (timer.place !== undefined && at >= timer.place.at) return;
    this.#leave(timer);
    timer.place = { at, timer };
    this.#heap.push(timer.place);
    this.#up(this.#heap.length - 1);
    this.#tidy();
    this.#arm();
  }

  /** Forgets it. */
  cancel(timer: Timer): void {
    timer.at = Number.POSITIVE_INFINITY;
    if (timer.place === undefined) return;
    this.#leave(timer);
    if (this.size === 0) this.#rest();
    else this.#tidy();
  }

  #leave(timer: Timer): void {
    if (timer.place === undefined) return;
    // What has ended must not be kept alive until its time.
    timer.place.timer = undefined;
    timer.place = undefined;
    this.#left++;
  }

  #tidy(): void {
    if (this.#left < leastLeft || this.#left * 2 < this.#heap.length) return;
    this.#heap = this.#heap.filter(({ timer }) => timer !== undefined);
    this.#left = 0;
    for (let slot = this.#heap.length >> 1; slot >= 0; slot--) this.#down(slot);
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
    this.#heap = [];
    this.#left = 0;
    this.#disarm?.();
    this.#disarm = undefined;
    this.#armedAt = Number.POSITIVE_INFINITY;
  }

  #fire(): void {
    this.#disarm = undefined;
    this.#armedAt = Number.POSITIVE_INFINITY;
    const now = this.clock.now();
    // Bounded: what a callback schedules for now waits for the next firing.
    const due = this.#due(now);
    try {
      for (let timer = due.shift(); timer !== undefined; timer = due.shift()) timer.callback(now);
    } finally {
      for (const timer of due) this.schedule(timer, now); // a callback threw: the others still get their turn
      if (this.size === 0) this.#rest();
      else this.#arm();
    }
  }

  /** Takes out what is due. */
  #due(now: number): Timer[] {
    const due: Timer[] = [];
    for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
      const { timer } = first;
      if (timer !== undefined && timer.at > now) first.at = timer.at;
      else this.#takeFirst();
      this.#down(0);
      if (timer === undefined) this.#left--;
      else if (timer.at <= now) {
        timer.at = Number.POSITIVE_INFINITY;
        timer.place = undefined;
        due.push(timer);
      }
    }
    return due;
  }

  #takeFirst(): void {
    const last = this.#heap.pop() as Place;
    if (this.#heap.length > 0) this.#heap[0] = last;
  }

  #up(from: number): void {
    const heap = this.#heap;
    const place = heap[from] as Place;
    let slot = from;
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      if ((heap[parent] as Place).at <= place.at) break;
      heap[slot] = heap[parent] as Place;
      slot = parent;
    }
    heap[slot] = place;
  }

  #down(from: number): void {
    const heap = this.#heap;
    const place = heap[from];
    if (place === undefined) return;
    const size = heap.length;
    let slot = from;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= size) break;
      if (child + 1 < size && (heap[child + 1] as Place).at < (heap[child] as Place).at) child++;
      if ((heap[child] as Place).at >= place.at) break;
      heap[slot] = heap[child] as Place;
      slot = child;
    }
    heap[slot] = place;
  }
}
