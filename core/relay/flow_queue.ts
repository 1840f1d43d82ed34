/**
 * What waits of one way: copies of frames, in order, within bounds. It slows its source down while it is alone there, and
 * lets go of it when others share the source and the next hop takes nothing. On a link that relays share it owes answers
 * instead, which holds back nobody but the session whose they are.
 */
import { frameOverheadBytes } from "../node/lane.ts";
import { Timer } from "../node/timers.ts";
import type { RequestFrame } from "../wire/frame.ts";
import type { Flow } from "./flow.ts";
import type { RelayHop } from "./hop.ts";
import type { RelayCore } from "./relay_core.ts";
import type { SourceChunk } from "./relayed_request.ts";

/** A frame that waits, and the SEND that it is a slice of. */
export interface QueuedFrame {
  readonly frame: RequestFrame;
  readonly chunk: SourceChunk | undefined;
}

/** Answers are owed from this part of the bound on: less waits for the network now and then anyway. */
const owingPart = 0.25;

/** The queue of one way. */
export class FlowQueue {
  readonly #flow: Flow;
  readonly #source: RelayHop;
  readonly #relay: RelayCore;
  #entries: QueuedFrame[] = [];
  #taken = 0;
  #bytes = 0;
  #holding = false; // its octets count against the reading of the source
  #stalled = false;
  #timer: Timer | undefined;
  #due = 0; // when it has made no progress for too long
  /** Transactions that wait here, and whose 200 waits with them, with the time since when. */
  readonly #owed: Map<string, number> = new Map();

  constructor(flow: Flow, source: RelayHop, relay: RelayCore) {
    this.#flow = flow;
    this.#source = source;
    this.#relay = relay;
  }

  /** Frames that wait. */
  get size(): number {
    return this.#entries.length - this.#taken;
  }

  /** Whether new SENDs are refused: too much waits, and slowing the source down is no way. */
  get refuses(): boolean {
    return this.size > 0 && !this.#holding && this.#full;
  }

  get #full(): boolean {
    const { maxFlowBytes, maxFlowFrames } = this.#relay.limits;
    return this.#bytes >= maxFlowBytes || this.size >= maxFlowFrames;
  }

  /** Takes a copy of a frame, to be recycled when it is through; false when there is no room. */
  add(frame: RequestFrame, chunk: SourceChunk | undefined): boolean {
    if (this.size === 0) this.#begin();
    // A source that is being slowed down still delivers what was read before.
    else if (!this.#holding && this.#full) return false;
    const bytes = frame.bodyLength + frameOverheadBytes;
    if (this.#relay.waitingBytes + bytes > this.#relay.limits.maxWaitingBytes) return false;
    this.#entries.push({ frame: frame.retain(true), chunk });
    this.#bytes += bytes;
    this.#relay.waitingBytes += bytes;
    if (this.#holding) this.#source.link.hold(bytes);
    return true;
  }

  /**
   * Whether the 200 to the frame that came last is to wait until it goes out: a relay before this one sends no more of a
   * session than `maxUnansweredBytes` without it.
   */
  owes(transactionId: string): boolean {
    const last = this.size > 0 ? this.#entries[this.#entries.length - 1] : undefined;
    if (last?.frame.transactionId !== transactionId || this.#holding || this.#stalled) return false;
    if (!this.#source.shared || this.#bytes < this.#relay.limits.maxFlowBytes * owingPart) return false;
    this.#owed.set(transactionId, this.#source.link.timers.clock.now());
    if (this.#owed.size === 1) this.#watch();
    return true;
  }

  /** When the oldest of these answers is due. */
  get #answerDue(): number {
    if (this.#owed.size === 0) return Number.POSITIVE_INFINITY;
    const [since = 0] = this.#owed.values();
    return since + this.#relay.limits.maxAnswerDelayMs;
  }

  /** The next frame to go out. */
  next(): QueuedFrame | undefined {
    const entry = this.#entries[this.#taken];
    if (entry === undefined) return undefined;
    this.#taken++;
    if (this.#taken === this.#entries.length) {
      this.#entries = [];
      this.#taken = 0;
    } else if (this.#taken >= 256 && this.#taken * 2 > this.#entries.length) {
      this.#entries.splice(0, this.#taken);
      this.#taken = 0;
    }
    const bytes = entry.frame.bodyLength + frameOverheadBytes;
    this.#bytes -= bytes;
    this.#relay.waitingBytes -= bytes;
    if (this.#holding) this.#source.link.release(bytes);
    if (this.#owed.delete(entry.frame.transactionId)) this.#flow.accept(entry.frame.transactionId);
    this.#stalled = false;
    if (this.size === 0) this.#end();
    else this.#watch();
    return entry;
  }

  // RFC 4975 has no flow control but TCP's: it is right where one session uses the connection, or all of them are one
  // client's, and wrong on a link that two relays share.
  #begin(): void {
    this.#holding = !this.#source.shared || !this.#crowded;
    this.#stalled = false;
    this.#watch();
  }

  get #crowded(): boolean {
    const { shared, sharing } = this.#source;
    return shared ? sharing.many : sharing.incoming > 1;
  }

  #watch(): void {
    const { timers } = this.#source.link;
    const { sharedStallMs, stalledMs } = this.#relay.limits;
    this.#timer ??= new Timer(() => this.#stall());
    const now = timers.clock.now();
    const patience = this.#holding && this.#crowded && !this.#stalled ? sharedStallMs : stalledMs;
    const at = Math.min(now + patience, this.#answerDue);
    // A deadline that moved later is found out when the old one comes.
    if (this.#timer.at > at || this.#timer.at < now) timers.schedule(this.#timer, at);
    this.#due = at;
  }

  #stall(): void {
    const { timers } = this.#source.link;
    if (this.size === 0 || this.#timer === undefined) return;
    if (timers.clock.now() < this.#due) {
      timers.schedule(this.#timer, this.#due);
      return;
    }
    if (this.#owed.size > 0) {
      // Nothing is gained by waiting for a next hop that is as slow as that.
      this.#stalled = true;
      for (const transactionId of this.#owed.keys()) this.#flow.accept(transactionId);
      this.#owed.clear();
      this.#watch();
      return;
    }
    if (this.#holding && this.#crowded) {
      this.#stalled = true;
      this.#holding = false;
      for (let index = this.#taken; index < this.#entries.length; index++) {
        const entry = this.#entries[index];
        if (entry !== undefined) this.#source.link.release(entry.frame.bodyLength + frameOverheadBytes);
      }
      this.#watch();
      return;
    }
    this.#flow.fail(408);
  }

  #end(): void {
    this.#holding = false;
    this.#bytes = 0;
    if (this.#timer !== undefined) this.#source.link.timers.cancel(this.#timer);
  }
}
