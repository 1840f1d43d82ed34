/**
 * The books of an inbox: which messages are incomplete, what became of those that are over, when the next one is
 * overdue, and whether a consumer is behind. Every way in which a message can end goes through here, so that none leaves octets,
 * timers or pauses behind.
 */
import { DeliveryError } from "../errors.ts";
import type { InboxBudget } from "./inbox_budget.ts";
import { type Finished, FinishedMessages } from "./inbox_finished.ts";
import type { defaultInboxLimits } from "./inbox_options.ts";
import { type InboxResult, type MessageFailure, refused } from "./inbox_result.ts";
import type { InboxState } from "./inbox_state.ts";

/** What the ledger reads of the inbox's options. */
export type LedgerLimits = Pick<
  typeof defaultInboxLimits,
  "idleTimeoutMs" | "maxRememberedIds" | "rememberMs"
>;

/** The messages of one session. */
export class InboxLedger {
  /** Called when `paused` turns false again. */
  onResume: (() => void) | undefined;
  /** The time of the call that the inbox is in. */
  now = 0;
  readonly #budget: InboxBudget;
  readonly #idleTimeoutMs: number;
  readonly #incomplete: Map<string, InboxState> = new Map();
  readonly #finished: FinishedMessages;
  /** Messages that are whole, but not yet with their consumer; the time is that of its last sign of life. */
  readonly #draining: Map<InboxState, number> = new Map();
  #pausedBodies = 0;
  #closed = false;
  #deadline = Number.POSITIVE_INFINITY;

  constructor(limits: LedgerLimits, budget: InboxBudget) {
    this.#budget = budget;
    this.#idleTimeoutMs = limits.idleTimeoutMs;
    this.#finished = new FinishedMessages(limits.maxRememberedIds, limits.rememberMs);
  }

  /** How many messages are incomplete. */
  get size(): number {
    return this.#incomplete.size;
  }

  /** True while a body has too much waiting. */
  get paused(): boolean {
    return this.#pausedBodies > 0 && !this.#closed;
  }

  /** When `wake` is due. */
  get deadline(): number {
    return this.#deadline;
  }

  /** The incomplete messages. */
  states(): IterableIterator<InboxState> {
    return this.#incomplete.values();
  }

  /** The incomplete message of this id. */
  get(messageId: string): InboxState | undefined {
    return this.#incomplete.get(messageId);
  }

  /** What became of the message of this id. */
  finished(messageId: string): Finished | undefined {
    return this.#finished.get(messageId, this.now);
  }

  /** A message has begun. */
  open(state: InboxState): void {
    this.#incomplete.set(state.messageId, state);
    this.#deadline = Math.min(this.#deadline, state.deadline(this.#idleTimeoutMs));
  }

  /** A message is whole; it may never have been opened. */
  complete(messageId: string, size: number): void {
    this.#forget(messageId);
    this.#remember(messageId, "complete", size, 200, undefined);
  }

  /** A whole message of which octets wait for a reader or a sink: it may hold the session back, but not for ever. */
  drain(state: InboxState): void {
    if (state.body.done) return;
    this.#draining.set(state, this.now);
    this.#deadline = Math.min(this.#deadline, this.now + this.#idleTimeoutMs);
  }

  /** The sender gave a message up; it may never have been opened (RFC 4975 §7.1). */
  abort(messageId: string): void {
    const state = this.#incomplete.get(messageId);
    const error = new DeliveryError("aborted", "Message was aborted by its sender", {
      status: 413,
      messageId,
    });
    if (state !== undefined) this.#drop(state, error);
    this.#remember(messageId, "aborted", 0, 413, "Message Was Aborted");
  }

  /** Refuses a message: what is here of it is dropped, and each further chunk gets the same answer. */
  refuse(
    messageId: string,
    status: number,
    comment: string | undefined,
    reason?: DeliveryError,
  ): InboxResult {
    const state = this.#incomplete.get(messageId);
    if (state !== undefined) {
      const error = new DeliveryError("refused", `Message was refused: ${status}`, {
        status,
        messageId,
        comment,
      });
      this.#drop(state, reason ?? error);
    }
    this.#remember(messageId, "refused", 0, status, comment);
    return refused(status, comment);
  }

  /** Gives up what is overdue, and returns it. */
  wake(): MessageFailure[] {
    const given: MessageFailure[] = [];
    if (this.now < this.#deadline) return given;
    let deadline = this.#wakeDraining();
    for (const state of this.#incomplete.values()) {
      if (state.body.takeActivity()) state.activeAt = this.now;
      const due = state.deadline(this.#idleTimeoutMs);
      if (due <= this.now) given.push(this.#giveUp(state));
      else deadline = Math.min(deadline, due);
    }
    this.#deadline = deadline;
    return given;
  }

  /** The session is over. */
  close(cause: Error | undefined): void {
    for (const state of [...this.#incomplete.values()]) {
      const { messageId } = state;
      const options = { status: 481, messageId, ...(cause === undefined ? {} : { cause }) };
      this.#drop(
        state,
        new DeliveryError("session-ended", "Session ended before the message was whole", options),
      );
    }
    // What is whole stays with its consumer; it only counts no more.
    this.#draining.clear();
    this.#deadline = Number.POSITIVE_INFINITY;
    this.#closed = true;
    this.#finished.clear();
    this.#budget.close();
  }

  /** What bodies call when they have too much waiting (true), or room again (false). */
  readonly flow = (paused: boolean): void => {
    this.#pausedBodies += paused ? 1 : -1;
    if (this.#pausedBodies === 0 && !this.#closed) this.onResume?.();
  };

  #wakeDraining(): number {
    let deadline = Number.POSITIVE_INFINITY;
    for (const [state, since] of this.#draining) {
      const { messageId, body, completion } = state;
      const active = body.takeActivity() ? this.now : since;
      const due = active + this.#idleTimeoutMs;
      if (!body.done && due > this.now) {
        this.#draining.set(state, active);
        deadline = Math.min(deadline, due);
        continue;
      }
      this.#draining.delete(state);
      if (body.done) continue;
      const why = `Message was taken back: nobody took it for ${this.#idleTimeoutMs} ms`;
      const error = new DeliveryError("not-taken", why, { status: 408, messageId });
      body.abort(error);
      completion.fail(error);
    }
    return deadline;
  }

  #giveUp(state: InboxState): MessageFailure {
    const idle = this.#idleTimeoutMs;
    const busy = this.now < state.activeAt + idle;
    const why = busy ? `it is not whole after ${state.totalTimeoutMs} ms` : `nothing came for ${idle} ms`;
    const { messageId } = state;
    const error = new DeliveryError("timeout", `Message was given up: ${why}`, { status: 408, messageId });
    // RFC 4975 §10.4: an endpoint never sends 408; 413 tells the sender to stop, which is what is meant.
    const failure = state.failure(413, "Message Timed Out", error);
    this.refuse(messageId, failure.status, failure.comment, error);
    return failure;
  }

  #drop(state: InboxState, error: DeliveryError): void {
    this.#forget(state.messageId);
    state.body.abort(error);
    state.completion.fail(error);
  }

  #forget(messageId: string): void {
    if (this.#incomplete.delete(messageId) && this.#incomplete.size === 0 && this.#draining.size === 0) {
      this.#deadline = Number.POSITIVE_INFINITY;
    }
  }

  #remember(
    messageId: string,
    fate: Finished["fate"],
    size: number,
    status: number,
    comment: string | undefined,
  ): void {
    this.#finished.add(messageId, { fate, size, status, comment, at: this.now });
  }
}
