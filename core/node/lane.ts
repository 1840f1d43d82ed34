/**
 * Keeps the frames of one session in order while a verdict is pending, and nothing else waits for them: other sessions
 * of the connection go on. Frames are copied only when they have to wait, and what may wait is bounded by the driver.
 */
import type { RequestFrame } from "../wire/frame.ts";
import { Timer, type Timers } from "./timers.ts";
import { type MaybeVerdict, Verdict } from "./verdict.ts";

/** Whose frames they are: what the lane asks and tells. */
export interface LaneOwner {
  /** Decides a frame; undefined = it is dropped without an answer (a slice of a request that was refused already). */
  gate(frame: RequestFrame): MaybeVerdict | undefined;
  /**
   * The verdict is there, so long after the frame. `answered`: its time to answer was over before, so only a REPORT can
   * carry a refusal.
   */
  settle(frame: RequestFrame, verdict: Verdict, answered: boolean, waitedMs: number): void;
  /** RFC 4975 §5.3: a request must be answered at once; it was not decided in time, so accept it for now. */
  answerEarly(frame: RequestFrame): void;
  /** True while the session can take nothing: frames wait until `Lane.resume`, and no gate runs. */
  readonly blocked: boolean;
  /** The gate took too long: whatever it decides, nothing may come of it. */
  abandon(): void;
  /** Something besides frames wants to be woken; Infinity = never. */
  readonly deadline: number;
  wake(now: number): void;
}

/** What a lane needs of its connection. */
export interface LaneHost {
  readonly timers: Timers;
  readonly answerWithinMs: number;
  readonly gateTimeoutMs: number;
  /** Counts a frame that waits; beyond a bound the connection stops reading. */
  hold(bytes: number): void;
  /** The frame waits no more. */
  release(bytes: number): void;
  /** What was done outside of a turn of the connection must go out. */
  touch(): void;
}

interface Held {
  readonly frame: RequestFrame;
  readonly bytes: number;
  readonly arrivedAt: number;
  answered: boolean;
}

/** What a waiting frame costs beside its body: head, objects, table entries. */
export const frameOverheadBytes = 512;
// Not 408: RFC 4975 §10.5 has endpoints receive it and never send it. 413 tells the sender to stop.
const OVERDUE: Verdict = new Verdict(413, "Gate Timed Out");

/** One line of frames. */
export class Lane {
  readonly #owner: LaneOwner;
  readonly #host: LaneHost;
  readonly #waiting: Held[] = []; // [0] is the one whose verdict is pending
  readonly #timer: Timer;
  #gateSince = Number.POSITIVE_INFINITY; // when the pending gate began; Infinity = none runs
  #turn = 0; // tells a verdict that came in time from one of a gate that was given up
  #closed = false;

  constructor(owner: LaneOwner, host: LaneHost) {
    this.#owner = owner;
    this.#host = host;
    this.#timer = new Timer((now) => this.#wake(now));
  }

  /** Frames that wait, the one in the gate included. */
  get size(): number {
    return this.#waiting.length;
  }

  /** Takes the next frame; its octets need only be valid during the call. */
  receive(frame: RequestFrame): void {
    if (this.#closed) return;
    if (this.#waiting.length > 0 || this.#owner.blocked) {
      this.#hold(frame);
      return;
    }
    const verdict = this.#owner.gate(frame);
    if (verdict instanceof Verdict) this.#owner.settle(frame, verdict, false, 0);
    else if (verdict !== undefined) this.#wait(this.#hold(frame), verdict);
    if (this.#owner.deadline < this.#timer.at) this.#schedule();
  }

  /** Nothing is decided or answered any more. */
  close(): void {
    this.#closed = true;
    this.#turn++;
    this.#host.timers.cancel(this.#timer);
    for (const held of this.#waiting.splice(0)) this.#host.release(held.bytes);
  }

  #hold(frame: RequestFrame): Held {
    const bytes = frame.bodyLength + frameOverheadBytes;
    const held: Held = {
      frame: frame.retain(),
      bytes,
      arrivedAt: this.#host.timers.clock.now(),
      answered: false,
    };
    this.#waiting.push(held);
    this.#host.hold(bytes);
    if (held.arrivedAt + this.#host.answerWithinMs < this.#timer.at) this.#schedule();
    return held;
  }

  #wait(held: Held, verdict: Promise<Verdict>): void {
    const turn = ++this.#turn;
    this.#gateSince = this.#host.timers.clock.now();
    this.#schedule();
    verdict.then((late) => {
      if (turn === this.#turn) this.#decided(held, late);
    });
  }

  #decided(held: Held, verdict: Verdict): void {
    this.#turn++;
    this.#gateSince = Number.POSITIVE_INFINITY;
    this.#waiting.shift();
    this.#settle(held, verdict);
    this.#host.release(held.bytes);
    this.#proceed();
  }

  #settle({ frame, answered, arrivedAt }: Held, verdict: Verdict): void {
    this.#owner.settle(frame, verdict, answered, this.#host.timers.clock.now() - arrivedAt);
  }

  /** The session can take frames again. */
  resume(): void {
    if (this.#gateSince === Number.POSITIVE_INFINITY && this.#waiting.length > 0) this.#proceed();
  }

  // The next ones in line, until one must wait again.
  #proceed(): void {
    while (!this.#closed && !this.#owner.blocked) {
      const next = this.#waiting[0];
      if (next === undefined) break;
      const decision = this.#owner.gate(next.frame);
      if (decision !== undefined && !(decision instanceof Verdict)) {
        this.#wait(next, decision);
        break;
      }
      this.#waiting.shift();
      this.#host.release(next.bytes);
      if (decision !== undefined) this.#settle(next, decision);
    }
    this.#schedule();
    this.#host.touch();
  }

  #schedule(): void {
    if (this.#closed) return;
    let at = this.#owner.deadline;
    if (this.#waiting.length > 0) {
      at = Math.min(at, this.#gateSince + this.#host.gateTimeoutMs);
      const next = this.#waiting.find((held) => !held.answered);
      if (next !== undefined) at = Math.min(at, next.arrivedAt + this.#host.answerWithinMs);
    }
    this.#host.timers.schedule(this.#timer, at);
  }

  #wake(now: number): void {
    for (const held of this.#waiting) {
      if (held.answered) continue;
      if (held.arrivedAt + this.#host.answerWithinMs > now) break;
      held.answered = true;
      this.#owner.answerEarly(held.frame);
    }
    const first = this.#waiting[0];
    if (first !== undefined && this.#gateSince + this.#host.gateTimeoutMs <= now) {
      this.#owner.abandon();
      this.#decided(first, OVERDUE);
    }
    if (!this.#closed && this.#owner.deadline <= now) this.#owner.wake(now);
    this.#schedule();
    this.#host.touch();
  }
}
