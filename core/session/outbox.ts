/**
 * The sending side of one session: messages that wait, go out, and wait for their reports. It bounds their number,
 * gives responses and REPORTs to the message they are about, and remembers what the peer will not take.
 */
import type { OutgoingMessage } from "../connection/message.ts";
import { type DeliveryError, LocalProtocolError } from "../errors.ts";
import { encodeRequest } from "../wire/encoder.ts";
import type { RequestFrame } from "../wire/frame.ts";
import { createMessageId } from "../wire/ident.ts";
import { withoutBlanks } from "../wire/media_type.ts";
import type { MsrpUri } from "../wire/uri.ts";
import { isContainer } from "./inner_types.ts";
import { OutboxLane } from "./outbox_lane.ts";
import { type OutboxHost, OutboxMessage } from "./outbox_message.ts";
import type { BodyContent, SendOptions, Sent } from "./sent.ts";
import { defaultType } from "./session_size.ts";
import { essence } from "./session_types.ts";

/** Where an outbox sends: a connection, and whatever makes it write soon. */
export interface OutboxLink {
  /** The message joins the others of the connection. */
  send(message: OutgoingMessage): void;
  /** The message has octets again, has ended, or was aborted. */
  wake(message: OutgoingMessage): void;
}

/** What an outbox is told at its start. */
export interface OutboxOptions {
  /** To-Path of every message. */
  readonly toPath: readonly MsrpUri[];
  /** From-Path of every message. */
  readonly fromPath: readonly MsrpUri[];
  /** Messages that may wait for their last response; one more is refused with "queue-full". @default 1024 */
  readonly maxQueuedMessages?: number | undefined;
  /** Accepted messages that may wait for their success reports; the oldest gives way. @default 4096 */
  readonly maxAwaitingReports?: number | undefined;
  /** Octets that a stream is read ahead of the connection. @default 262144 */
  readonly prefetchBytes?: number | undefined;
  /** Whether messages ask for success reports when their options do not say. @default true */
  readonly successReport?: boolean | undefined;
  /** Streams that are read at the same time; further ones wait. @default 16 */
  readonly maxConcurrentStreams?: number | undefined;
  /**
   * The session cannot go on (RFC 4975 §7.3.2, §10): the peer does not know it (481), it belongs to another
   * connection (506), or octets were reported as not received.
   */
  readonly onFailure?: ((error: DeliveryError) => void) | undefined;
  /** A message was refused or timed out; before `onFailure`, and also when `accepted` has resolved already. */
  readonly onRefused?: ((error: DeliveryError) => void) | undefined;
}

/**
 * Messages in memory longer than one turn that are on their way at the same time. Each is an incomplete message at the
 * peer, which bounds their octets together: taking turns among many of them would only make it refuse them.
 */
const maxLongMessages = 2;
/** Content types that the peer refused; more than these are not remembered. */
const maxRefusedTypes = 64;
const ownFields =
  /^(to-path|from-path|message-id|byte-range|success-report|failure-report|content-type|status)$/i;

/** The messages that one session sends. */
export class Outbox {
  readonly #host: OutboxHost;
  readonly #maxQueued: number;
  readonly #maxAwaitingReports: number;
  readonly #onFailure: OutboxOptions["onFailure"];
  readonly #onRefused: OutboxOptions["onRefused"];
  /** By Message-ID: those not accepted yet, and those whose reports are due. */
  readonly #messages = new Map<string, OutboxMessage>();
  readonly #awaitingReports = new Set<OutboxMessage>();
  /** Not given to a link yet, because there is none. */
  #unbound: OutboxMessage[] = [];
  readonly #streams: OutboxLane<OutboxMessage>;
  readonly #long: OutboxLane<OutboxMessage>;
  readonly #refusedTypes = new Set<string>();
  readonly #checkedTypes = new Set<string>();
  #waiters: { count: number; resolve: () => void }[] = [];
  #link: OutboxLink | undefined;
  #ended: Error | undefined;

  constructor(options: OutboxOptions) {
    this.#maxQueued = options.maxQueuedMessages ?? 1024;
    this.#maxAwaitingReports = options.maxAwaitingReports ?? 4096;
    this.#streams = new OutboxLane(options.maxConcurrentStreams ?? 16, (message) => this.#send(message));
    this.#long = new OutboxLane(maxLongMessages, (message) => this.#send(message));
    this.#onFailure = options.onFailure;
    this.#onRefused = options.onRefused;
    this.#host = {
      toPath: options.toPath,
      fromPath: options.fromPath,
      prefetchBytes: options.prefetchBytes ?? 262_144,
      successReport: options.successReport ?? true,
      wake: (message) => this.#link?.wake(message),
      progressed: (message) => this.#progressed(message),
      refused: (message, error) => this.#refused(message, error),
    };
  }

  /** The session is bound: what waited goes out, in order. */
  attach(link: OutboxLink): void {
    this.#link = link;
    const unbound = this.#unbound;
    this.#unbound = [];
    for (const message of unbound) this.#dispatch(message);
  }

  /**
   * Takes a message.
   * @throws LocalProtocolError "session-closed"; "queue-full"; "content-type-refused" (the peer has answered 415 to that
   *   type, RFC 4975 §10.6); "message-id-in-use"; "reserved-field"; or what the grammar forbids
   * @throws TypeError or RangeError for a body or option that makes no sense
   */
  enqueue(body: BodyContent, options: SendOptions = {}): Sent {
    if (this.#ended !== undefined) {
      throw new LocalProtocolError("session-closed", "Cannot send: the session has ended", {
        cause: this.#ended,
      });
    }
    if (this.pending >= this.#maxQueued) {
      throw new LocalProtocolError("queue-full", `Cannot send: ${this.#maxQueued} messages wait already`);
    }
    const given = options.contentType ?? defaultType(body);
    const contentType = this.#checkedTypes.has(given) ? given : withoutBlanks(given);
    const messageId = options.messageId ?? createMessageId();
    this.#check(contentType, messageId, options);
    const message = new OutboxMessage(this.#host, body, contentType, messageId, options);
    // A signal that was aborted before: the message is over, and nothing of it must go out.
    if (message.aborted) return message;
    this.#messages.set(messageId, message);
    if (this.#link === undefined) this.#unbound.push(message);
    else this.#dispatch(message);
    return message;
  }

  /** Takes an inbound REPORT of this session; one about a message that we do not know is ignored (RFC 4975 §7.1.2). */
  report(frame: RequestFrame): "unknown" | "success" | "failure" {
    const { status, messageId } = frame;
    // RFC 4975 §7.1.2: what other namespaces mean is not for us to guess.
    if (status === undefined || messageId === undefined || status.namespace !== 0) return "unknown";
    const message = this.#messages.get(messageId);
    if (message === undefined) return "unknown";
    message.reported(status.status, status.comment, frame.byteRange);
    return status.status >= 200 && status.status < 300 ? "success" : "failure";
  }

  /** The session is over: everything that is not settled fails with `error`, and nothing more is taken. */
  fail(error: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#unbound = [];
    this.#streams.clear();
    this.#long.clear();
    for (const message of [...this.#messages.values()]) message.fail(error);
    this.#wakeWaiters();
  }

  /** Messages that are not accepted yet. */
  get pending(): number {
    return this.#messages.size - this.#awaitingReports.size;
  }

  /** Messages that were accepted and whose success reports are due. */
  get unreported(): number {
    return this.#awaitingReports.size;
  }

  /** Resolves when fewer than `count` messages are pending, or the session is over. */
  whenQueueBelow(count: number): Promise<void> {
    if (this.pending < count || this.#ended !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ count, resolve });
    });
  }

  /** Resolves when no message is pending. */
  whenIdle(): Promise<void> {
    return this.whenQueueBelow(1);
  }

  /** The peer has said anew what it takes: what it refused before does not count any more. */
  forgetRefusedTypes(): void {
    this.#refusedTypes.clear();
  }

  #check(contentType: string, messageId: string, options: SendOptions): void {
    if (this.#refusedTypes.size > 0 && this.#refusedTypes.has(essence(contentType))) {
      throw new LocalProtocolError("content-type-refused", `Cannot send ${contentType}: the peer refused it`);
    }
    if (this.#messages.has(messageId)) {
      throw new LocalProtocolError("message-id-in-use", `Cannot send: Message-ID ${messageId} is in use`);
    }
    const reserved = options.headers?.find(([name]) => ownFields.test(name));
    if (reserved !== undefined) {
      throw new LocalProtocolError("reserved-field", `Cannot set ${reserved[0]}: the outbox writes it`);
    }
    if (options.chunkBytes !== undefined && !(options.chunkBytes >= 1)) {
      throw new RangeError(`Cannot use chunkBytes: ${options.chunkBytes} (must be at least 1)`);
    }
    const usual = options.headers === undefined && options.messageId === undefined;
    if (usual && this.#checkedTypes.has(contentType)) return;
    // The strict writer judges here, where the caller can still be told, not later in the middle of a write.
    encodeRequest({
      transactionId: "check",
      method: "SEND",
      toPath: this.#host.toPath,
      fromPath: this.#host.fromPath,
      headers: [["Message-ID", messageId], ...(options.headers ?? [])],
      contentType,
      body: new Uint8Array(0),
    });
    if (this.#checkedTypes.size < maxRefusedTypes) this.#checkedTypes.add(contentType);
  }

  #dispatch(message: OutboxMessage): void {
    if (message.streaming) this.#streams.add(message);
    else if (isLong(message)) this.#long.add(message);
    else if (!message.aborted) this.#send(message);
  }

  #send(message: OutboxMessage): void {
    try {
      this.#link?.send(message);
    } catch (error) {
      // The connection has begun to close: the message fails by its promises, as it would a moment later.
      message.fail(error as Error);
    }
  }

  #progressed(message: OutboxMessage): void {
    const { delivery } = message;
    if (delivery.isSent || message.aborted) {
      if (message.streaming) this.#streams.done(message);
      else if (isLong(message)) this.#long.done(message);
    }
    if (message.aborted || (delivery.isAccepted && (delivery.isDelivered || !message.successReport))) {
      this.#forget(message);
    } else if (delivery.isAccepted && !this.#awaitingReports.has(message)) {
      this.#awaitingReports.add(message);
      message.release();
      this.#limitAwaiting();
    } else return;
    this.#wakeWaiters();
  }

  #forget(message: OutboxMessage): void {
    if (this.#messages.get(message.messageId) !== message) return;
    this.#messages.delete(message.messageId);
    this.#awaitingReports.delete(message);
    message.release();
  }

  #limitAwaiting(): void {
    if (this.#awaitingReports.size <= this.#maxAwaitingReports) return;
    for (const oldest of this.#awaitingReports) {
      oldest.fail(
        new LocalProtocolError("report-overdue", "Too many messages wait for their success reports"),
      );
      return;
    }
  }

  #refused(message: OutboxMessage, error: DeliveryError): void {
    const type = essence(message.contentType);
    // A 415 to a container may be about what was inside (RFC 4975 §8.6): the next one may hold something else.
    if (error.status === 415 && !isContainer(type) && this.#refusedTypes.size < maxRefusedTypes) {
      this.#refusedTypes.add(type);
    }
    this.#onRefused?.(error);
    if (error.status === 481 || error.status === 506 || error.code === "not-received")
      this.#onFailure?.(error);
  }

  #wakeWaiters(): void {
    if (this.#waiters.length === 0) return;
    const { pending } = this;
    const over = this.#ended !== undefined;
    const ready = this.#waiters.filter(({ count }) => over || pending < count);
    if (ready.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => !ready.includes(waiter));
    for (const waiter of ready) waiter.resolve();
  }
}

// A message that fits one chunk is whole at once, and may overtake those that are not.
function isLong(message: OutboxMessage): boolean {
  return (message.total ?? Number.POSITIVE_INFINITY) > 2048;
}
