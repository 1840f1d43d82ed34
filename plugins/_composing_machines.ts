/**
 * The two state machines of typing indications (RFC 3994 §3.2, §3.3), of who writes and of who watches. Pure: time goes in
 * with each call, and the deadline says when the next one is due.
 */
import type { ComposingState } from "./_composing_document.ts";

/** Times of the one who writes, in milliseconds. */
export interface ComposingTimes {
  /** Without input for so long, one is idle. */
  readonly idleMs: number;
  /** An active status is repeated so often; undefined = never. */
  readonly refreshMs: number | undefined;
  /** At least so long between two active statuses. */
  readonly gapMs: number;
}

/** Who writes: tells which status is due. */
export class ComposingSender {
  readonly #times: ComposingTimes;
  #active = false;
  #announced = false; // the peer was told that we are active
  #idleAt = Number.POSITIVE_INFINITY;
  #refreshAt = Number.POSITIVE_INFINITY;
  #sentAt = Number.NEGATIVE_INFINITY;

  constructor(times: ComposingTimes) {
    this.#times = times;
  }

  get state(): ComposingState {
    return this.#active ? "active" : "idle";
  }

  /** When `wake` is due; Infinity = never. */
  get deadline(): number {
    return Math.min(this.#idleAt, this.#refreshAt);
  }

  /** Something was written or changed; gives the status that has to go out. */
  edited(now: number): ComposingState | undefined {
    this.#active = true;
    this.#idleAt = now + this.#times.idleMs;
    // The text limits the rate to one status for each refresh interval, the diagram shows one at once after a pause: we
    // follow the diagram, and hold back only who types and sends faster than anybody can see.
    if (this.#announced || now < this.#sentAt + this.#times.gapMs) return undefined;
    return this.#tell(now);
  }

  /** The content was sent: that says it all. */
  sent(): void {
    this.#rest();
  }

  /** The user has given up: tells it when somebody thinks otherwise. */
  stopped(): ComposingState | undefined {
    const told = this.#announced;
    this.#rest();
    return told ? "idle" : undefined;
  }

  /** Time has passed; early calls do nothing. */
  wake(now: number): ComposingState | undefined {
    if (now >= this.#idleAt) return this.stopped();
    return now >= this.#refreshAt ? this.#tell(now) : undefined;
  }

  #tell(now: number): ComposingState {
    this.#announced = true;
    this.#sentAt = now;
    this.#refreshAt = now + (this.#times.refreshMs ?? Number.POSITIVE_INFINITY);
    return "active";
  }

  #rest(): void {
    this.#active = false;
    this.#announced = false;
    this.#idleAt = Number.POSITIVE_INFINITY;
    this.#refreshAt = Number.POSITIVE_INFINITY;
  }
}

/** Who watches: tells when the state that is shown changes. */
export class ComposingReceiver {
  readonly #defaultMs: number;
  readonly #maxMs: number;
  #until = Number.NEGATIVE_INFINITY;
  #state: ComposingState = "idle";

  /** @param defaultMs how long an active status without refresh lasts @param maxMs how long one lasts at most */
  constructor(defaultMs: number, maxMs: number) {
    this.#defaultMs = defaultMs;
    this.#maxMs = maxMs;
  }

  get state(): ComposingState {
    return this.#state;
  }

  /** When `wake` is due; Infinity = never. */
  get deadline(): number {
    return this.#state === "active" ? this.#until : Number.POSITIVE_INFINITY;
  }

  /** A status came in; true when the state changed. @param refresh in seconds */
  status(state: ComposingState, refresh: number | undefined, now: number): boolean {
    if (state === "idle") return this.#turn("idle");
    this.#until = now + Math.min(refresh === undefined ? this.#defaultMs : refresh * 1000, this.#maxMs);
    return this.#turn("active");
  }

  /** Content came in; true when the state changed. */
  content(): boolean {
    return this.#turn("idle");
  }

  /** Time has passed; true when the state changed. */
  wake(now: number): boolean {
    return now >= this.deadline && this.#turn("idle");
  }

  #turn(state: ComposingState): boolean {
    const changed = state !== this.#state;
    this.#state = state;
    return changed;
  }
}
