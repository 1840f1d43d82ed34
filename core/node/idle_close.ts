/**
 * When a connection that nobody uses is closed: soon if nobody ever bound a session to it, after a while when its last
 * session has ended. While somebody keeps it, it stays.
 */
import { Timer, type Timers } from "./timers.ts";

/** The clock of one connection's idleness. */
export class IdleClose {
  readonly #timers: Timers;
  readonly #expired: () => void;
  #timer: Timer | undefined;
  readonly #sessions: { readonly size: number };
  #idleMs: number;
  #reserved = 0;
  #closing = false;

  /** @param sessions those that use it @param expired called when the time is over, also that of `closing` */
  constructor(
    timers: Timers,
    limits: { readonly maxUnboundMs: number; readonly idleCloseMs: number },
    sessions: { readonly size: number },
    expired: () => void,
  ) {
    this.#timers = timers;
    this.#expired = expired;
    this.#sessions = sessions;
    this.#idleMs = limits.idleCloseMs;
    this.#start(limits.maxUnboundMs);
  }

  /** Nobody uses it, and its time runs. */
  get running(): boolean {
    return this.#timer !== undefined && this.#timer.at < Number.POSITIVE_INFINITY;
  }

  /** It is used now. */
  hold(): void {
    if (!this.#closing) this.#cancel();
  }

  /** A use has ended; was it the last one, the time begins. */
  free(): void {
    if (this.#sessions.size === 0 && this.#reserved === 0 && !this.#closing) this.#start(this.#idleMs);
  }

  /** Keeps the connection for a use that is no session, until the function returned is called. */
  reserve(): () => void {
    let held = true;
    this.#reserved++;
    this.hold();
    return () => {
      if (held) this.#reserved--;
      held = false;
      this.free();
    };
  }

  /** The connection stays at least so long without a use (RFC 4976 §5.4: those to relays are worth keeping). */
  stay(idleMs: number): void {
    this.#idleMs = Math.max(this.#idleMs, idleMs);
  }

  /** It is being closed, and must be within a time. */
  closing(withinMs: number): void {
    this.#closing = true;
    this.#start(withinMs);
  }

  /** The connection is over. */
  stop(): void {
    this.#closing = true;
    this.#cancel();
  }

  #cancel(): void {
    if (this.#timer !== undefined) this.#timers.cancel(this.#timer);
    this.#timer = undefined;
  }

  #start(delayMs: number): void {
    this.#timer ??= new Timer(this.#expired);
    this.#timers.schedule(this.#timer, this.#timers.clock.now() + delayMs);
  }
}
