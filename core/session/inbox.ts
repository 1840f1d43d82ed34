/**
 * Chunks in, messages out: reassembly by RFC 4975 §7.3.1 for one session. Nothing is assumed about order, overlap or
 * the truth of a Byte-Range; the octets received count, the chunk with `$` defines the total, and memory follows what was
 * received. Pure: time comes in with each call, and what is late is found by `wake`.
 */
import { DeliveryError } from "../errors.ts";
import type { RequestFrame } from "../wire/frame.ts";
import { type InboxBody, MemoryBody } from "./inbox_body.ts";
import { InboxBudget } from "./inbox_budget.ts";
import type { Finished } from "./inbox_finished.ts";
import { InboxLedger } from "./inbox_ledger.ts";
import { defaultInboxLimits, type InboxOptions, type MessageSink, type Reception } from "./inbox_options.ts";
import {
  ABORTED,
  DUPLICATE,
  type InboxResult,
  type IncompleteMessage,
  type MessageFailure,
  NOTHING,
  refused,
  TAKEN,
  withMessage,
} from "./inbox_result.ts";
import { SinkBody } from "./inbox_sink.ts";
import { InboxState } from "./inbox_state.ts";
import { StreamBody } from "./inbox_stream.ts";
import { Message, type MessageMode } from "./message.ts";
import type { Session } from "./session.ts";

/** The inbox of one session: Message-IDs of different sessions never meet (RFC 4975 §5.4). */
export class Inbox {
  readonly #session: Session;
  readonly #options: typeof defaultInboxLimits & Pick<InboxOptions, "onMessageStart">;
  readonly #budget: InboxBudget;
  readonly #ledger: InboxLedger;

  /** @param shared the budget of the node, that all its sessions draw on */
  constructor(session: Session, options: InboxOptions = {}, shared: InboxBudget = new InboxBudget()) {
    this.#session = session;
    this.#options = { ...defaultInboxLimits, ...options };
    this.#budget = new InboxBudget(this.#options.maxIncompleteBytes, shared);
    this.#ledger = new InboxLedger(this.#options, this.#budget);
  }

  /** True while a stream's reader or a sink is behind: give no more chunks until `onResume`. */
  get paused(): boolean {
    return this.#ledger.paused;
  }

  /** Called when `paused` turns false again. */
  get onResume(): (() => void) | undefined {
    return this.#ledger.onResume;
  }

  set onResume(call: (() => void) | undefined) {
    this.#ledger.onResume = call;
  }

  /** When `wake` is due; Infinity = never. It may be early, never late. */
  get deadline(): number {
    return this.#ledger.deadline;
  }

  /** Octets of incomplete messages in memory now. */
  get heldBytes(): number {
    return this.#budget.used;
  }

  /** The messages of which octets are missing. */
  incomplete(): IncompleteMessage[] {
    return [...this.#ledger.states()].map((state) => state.describe());
  }

  /** What became of a message that is over, as long as it is remembered. */
  finished(messageId: string): Finished | undefined {
    return this.#ledger.finished(messageId);
  }

  /** Takes one chunk, or a slice of one. Its octets are copied as far as they must survive the call. */
  receive(frame: RequestFrame, now: number): InboxResult {
    this.#ledger.now = now;
    const { messageId } = frame;
    if (messageId === undefined) return refused(400, "Message-ID Missing");
    if (frame.fault !== undefined) return refused(frame.fault.status, undefined);
    const state = this.#ledger.get(messageId);
    if (state !== undefined) return this.#take(state, frame);
    const over = this.#ledger.finished(messageId);
    if (over !== undefined) return this.#late(frame, messageId, over);
    return this.#begin(frame, messageId);
  }

  /** Time has come: gives up what is overdue, and returns it. Early calls do nothing. */
  wake(now: number): MessageFailure[] {
    this.#ledger.now = now;
    return this.#ledger.wake();
  }

  /** Wants no more of a message: what is here of it is dropped, and its further chunks are refused. */
  refuse(messageId: string, status: number, comment?: string): void {
    if (this.#ledger.get(messageId) !== undefined) this.#ledger.refuse(messageId, status, comment);
  }

  /** The session is over: drops every incomplete message, and gives the budget back. */
  close(error?: Error): void {
    this.#ledger.close(error);
  }

  /** A chunk of a message that is over. */
  #late(frame: RequestFrame, messageId: string, over: Finished): InboxResult {
    if (frame.flag === "#") return ABORTED;
    if (frame.body === undefined) return NOTHING;
    if (over.fate !== "complete") return refused(over.status, over.comment);
    if (frame.flag !== "$") return DUPLICATE;
    const { contentType, headers } = frame.retain();
    const copy = new Message({
      messageId,
      contentType,
      headers,
      session: this.#session,
      mode: "discarded",
      total: over.size,
    });
    return withMessage("duplicate", copy);
  }

  /** The first chunk of a message to come, wherever in the message it belongs. */
  #begin(frame: RequestFrame, messageId: string): InboxResult {
    if (frame.flag === "#") {
      this.#ledger.abort(messageId);
      return ABORTED;
    }
    const { body, byteRange } = frame;
    if (body === undefined) return NOTHING;
    const options = this.#options;
    const alone = frame.flag === "$" && frame.first && (byteRange === undefined || byteRange.start === 1);
    // RFC 4975 §7.3.1: no range or one that starts at 1, and `$`: this is all of it.
    const wholeHere = alone && (body.length > 0 || (byteRange?.total ?? 0) === 0);
    if (!wholeHere && this.#ledger.size >= options.maxIncompleteMessages) {
      return this.#ledger.refuse(messageId, 413, "Too Many Incomplete Messages");
    }
    const reception = options.onMessageStart === undefined ? "memory" : this.#ask(frame, messageId);
    if (typeof reception === "object" && "reject" in reception) {
      return this.#ledger.refuse(messageId, reception.reject, reception.comment);
    }
    if (reception === "memory" && wholeHere) return this.#wholeInOne(frame, messageId, body.length);
    const state = this.#open(frame, messageId, reception);
    const result = this.#take(state, frame);
    const begun =
      state.message !== undefined && (result.outcome === "taken" || result.outcome === "complete");
    return begun ? withMessage("begun", state.message as Message) : result;
  }

  #ask(frame: RequestFrame, messageId: string): Reception {
    const { contentType, headers } = frame;
    const total = frame.byteRange?.total;
    return (
      this.#options.onMessageStart?.({ messageId, contentType, total, headers, session: this.#session }) ??
      "memory"
    );
  }

  /** The whole message in one frame: no state, no second copy. */
  #wholeInOne(frame: RequestFrame, messageId: string, size: number): InboxResult {
    if (size > this.#options.maxMessageBytes) return this.#ledger.refuse(messageId, 413, "Message Too Large");
    const { contentType, headers, body } = frame.retain();
    this.#ledger.complete(messageId, size);
    const message = new Message({
      messageId,
      contentType,
      headers,
      session: this.#session,
      mode: "memory",
      body,
    });
    return withMessage("message", message);
  }

  #open(frame: RequestFrame, messageId: string, reception: Reception): InboxState {
    const options = this.#options;
    const limits =
      reception === "memory"
        ? { maxBytes: options.maxMessageBytes, totalTimeoutMs: options.totalTimeoutMs }
        : { maxBytes: options.maxStreamedMessageBytes, totalTimeoutMs: options.streamedTotalTimeoutMs };
    const state = new InboxState(frame, messageId, this.#ledger.now, limits);
    if (reception === "memory") state.body = new MemoryBody(this.#budget);
    else if (reception === "stream") state.body = this.#openStream(state);
    else state.body = this.#openSink(state, (reception as { sink: MessageSink }).sink);
    this.#ledger.open(state);
    return state;
  }

  #openStream(state: InboxState): InboxBody {
    const body = new StreamBody({
      budget: this.#budget,
      windowBytes: this.#options.windowBytes,
      flow: this.#ledger.flow,
      // RFC 4975 §10.5: 413 also says that the user wants no more.
      cancelled: () => this.#ledger.refuse(state.messageId, 413, "Message Not Wanted"),
    });
    state.message = this.#message(state, "stream", body.readable);
    return body;
  }

  #openSink(state: InboxState, sink: MessageSink): InboxBody {
    for (const { start, end } of sink.received ?? []) state.ranges.add(start, end);
    return new SinkBody({
      sink,
      budget: this.#budget,
      windowBytes: this.#options.windowBytes,
      flow: this.#ledger.flow,
      closed: (total) => state.completion.complete(total),
      failed: (cause) => {
        const { messageId } = state;
        const error = new DeliveryError("sink-failed", "Sink did not take the message", {
          status: 413,
          messageId,
          cause,
        });
        this.#ledger.refuse(messageId, 413, "Message Cannot Be Stored", error);
        // Closing may fail after the message left the books.
        state.completion.fail(error);
      },
    });
  }

  /** A chunk of a message that has begun. */
  #take(state: InboxState, frame: RequestFrame): InboxResult {
    if (frame.flag === "#") {
      this.#ledger.abort(state.messageId);
      return ABORTED;
    }
    const { body, byteRange } = frame;
    const length = body?.length ?? 0;
    const start = byteRange?.start ?? 1;
    const announced = byteRange?.hugeTotal === undefined ? byteRange?.total : Number.POSITIVE_INFINITY;
    state.activeAt = this.#ledger.now;
    state.contentType ??= frame.contentType;
    if (start < 1 || !Number.isSafeInteger(start + length))
      return this.#ledger.refuse(state.messageId, 400, "Byte-Range Out Of Range");
    if (start + length - 1 > state.maxBytes || (announced ?? 0) > state.maxBytes) {
      return this.#ledger.refuse(state.messageId, 413, "Message Too Large");
    }
    if (body !== undefined && length > 0) {
      const refusal = this.#put(state, start, body);
      if (refusal !== undefined) return refusal;
    }
    // Only a body, or the end of one that has begun, says where the message ends.
    if (frame.flag === "$") {
      state.total = state.totalAt(start, length, byteRange?.total);
      state.ranges.truncate(state.total);
    }
    return state.whole ? this.#complete(state) : TAKEN;
  }

  #put(state: InboxState, start: number, body: Uint8Array): InboxResult | undefined {
    const room = state.total === undefined ? body.length : Math.max(0, state.total - start + 1);
    const bytes = room < body.length ? body.subarray(0, room) : body;
    if (bytes.length === 0) return undefined;
    if (!this.#budget.fits(bytes.length))
      return this.#ledger.refuse(state.messageId, 413, "No Room For Message");
    state.ranges.add(start, start + bytes.length - 1);
    // One range has no gap before it when it begins at 1; every further one has.
    const gaps = state.ranges.count - (state.ranges.contiguousEnd > 0 ? 1 : 0);
    if (gaps > this.#options.maxGaps)
      return this.#ledger.refuse(state.messageId, 413, "Too Many Gaps In Message");
    state.body.write(start, bytes, state.ranges.contiguousEnd);
    if (this.#ledger.get(state.messageId) === state) return undefined;
    // The sink failed at once; what it was refused with is remembered.
    const over = this.#ledger.finished(state.messageId);
    return refused(over?.status ?? 413, over?.comment);
  }

  #complete(state: InboxState): InboxResult {
    const total = state.total as number;
    this.#ledger.complete(state.messageId, total);
    const body = state.body.finish(total);
    if (body !== undefined) return withMessage("message", this.#message(state, "memory", undefined, body));
    this.#ledger.drain(state);
    if (state.message !== undefined) {
      state.completion.complete(total);
      return withMessage("complete", state.message);
    }
    return withMessage("message", this.#message(state, "sink"));
  }

  #message(
    state: InboxState,
    mode: MessageMode,
    stream?: ReadableStream<Uint8Array>,
    body?: Uint8Array,
  ): Message {
    const { messageId, contentType, headers, completion } = state;
    const total = state.total ?? state.announced;
    const shared = { messageId, contentType, headers, session: this.#session, mode, total, stream };
    return new Message(body === undefined ? { ...shared, completion } : { ...shared, body });
  }
}
