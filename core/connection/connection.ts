/**
 * One MSRP connection without its network: bytes, commands and time go in, bytes and events come out. It matches
 * responses to requests, keeps their time limits, and decides what is written next (RFC 4975 §5.4, §7.1.1, §7.2).
 *
 * The order of writing: responses, then control requests, then message bodies in fair turns. A response or a short
 * message can wait only behind the rest of 2048 octets, and everything that is ready leaves in one write.
 * The contract: mutate (`receive`, `wake`, `send`, …), drain `poll()` to undefined, then `transmit()`; one driver only.
 */
import { connectionLost, LocalProtocolError, type MsrpError } from "../errors.ts";
import { Decoder } from "../wire/decoder.ts";
import { type ForwardedRequest, FrameWriter, type OutgoingResponse } from "../wire/encoder.ts";
import type { Frame, RequestFrame, ResponseFrame } from "../wire/frame.ts";
import { createTransactionId } from "../wire/ident.ts";
import { ChunkWriter } from "./chunk_writer.ts";
import type { ConnectionEvent } from "./event.ts";
import { FrameQueue } from "./frame_queue.ts";
import type { OutgoingMessage } from "./message.ts";
import { MessageRing } from "./message_ring.ts";
import { type ConnectionLimits, type ConnectionOptions, connectionLimits } from "./options.ts";
import type { ControlRequest, TransactionOwner } from "./transaction.ts";
import { interestIn, OpenTransaction, Transactions } from "./transactions.ts";

const nothing = new FrameQueue(1); // to be looked at only
/** Two that are not read would wait for each other's answers, which stand behind messages: so much more may be open. */
const unreadFactor = 8;
// More than this is worth a write of its own.
const gatherBytes = 16_384;

/** The state of one connection; see the top of this file for the contract. */
export class Connection {
  #limits: ConnectionLimits;
  readonly #framing: "stream" | "message";
  readonly #transactionId: () => string;
  readonly #decoder: Decoder;
  readonly #transactions: Transactions;
  readonly #ring: MessageRing;
  readonly #chunks: ChunkWriter;
  readonly #responses: FrameQueue;
  // Made when something is queued: most idle connections only ever answer.
  #requests: FrameQueue = nothing;
  #forwards: FrameQueue = nothing;
  readonly #blockBytes: number;
  readonly #out = new FrameWriter();
  readonly #sink = (frame: Frame): void => this.#received(frame);
  #events: ConnectionEvent[] = [];
  #polled = 0;
  #state: "open" | "closing" | "closed" = "open";
  /** Framing is lost; the end comes when the events before it were drained, so that they are still answered. */
  #fault: MsrpError | undefined;

  /** @throws RangeError for an impossible limit */
  constructor(options: ConnectionOptions = {}) {
    this.#limits = connectionLimits(options);
    this.#framing = options.framing ?? "stream";
    this.#transactionId = options.transactionId ?? createTransactionId;
    this.#decoder = new Decoder({ ...options.decoder, framing: this.#framing }, (code, detail) =>
      this.#events.push({ type: "oddity", code, detail }),
    );
    this.#transactions = new Transactions(
      this.#limits.transactionTimeoutMs,
      this.#limits.maxRememberedTransactions,
    );
    this.#ring = new MessageRing(this.#limits.interruptBytes);
    // RFC 7977 §5.1: one frame per WebSocket message, so no frames share a block there.
    this.#blockBytes = this.#framing === "message" ? 1 : this.#limits.maxWriteBytes;
    this.#responses = new FrameQueue(this.#blockBytes);
    this.#chunks = new ChunkWriter({
      limits: this.#limits,
      framing: this.#framing,
      transactionId: this.#transactionId,
      transactions: this.#transactions,
      ring: this.#ring,
      urgent: () => this.waitingBytes > 0 || this.#forwards.bytes > 0,
    });
  }

  /** Takes bytes from the network; they may be reused once the events were drained. A fatal fault ends in a `closed` event. */
  receive(bytes: Uint8Array): void {
    if (this.#state === "closed" || this.#fault !== undefined) return;
    try {
      this.#decoder.receive(bytes, this.#sink);
    } catch (error) {
      this.#fault = error as MsrpError;
      return;
    }
    this.#closeWhenDone();
  }

  /** The peer closed, or the network failed: nothing more is read or written, and all that was open is lost. */
  receiveEnd(error?: Error): void {
    if (this.#state === "closed") return;
    let fault = error;
    try {
      this.#decoder.receiveEnd();
    } catch (incomplete) {
      fault ??= incomplete as MsrpError;
    }
    this.#end(fault);
  }

  /** Tells the time: overdue transactions time out. Early and spurious calls do nothing. */
  wake(now: number): void {
    for (let t = this.#transactions.expire(now); t !== undefined; t = this.#transactions.expire(now)) {
      const transaction = t;
      this.#tell(() => transaction.owner.timedOut(transaction));
      this.#events.push({ type: "timeout", transaction });
    }
    this.#chunks.answered();
    this.#chunks.expire(now);
    this.#closeWhenDone();
  }

  /** When `wake` is due, on the clock given to `flushed` and `transmit`; Infinity = never. */
  get deadline(): number {
    return Math.min(this.#transactions.deadline, this.#chunks.deadline);
  }

  /** The next event, or undefined when all were taken. */
  poll(): ConnectionEvent | undefined {
    const event = this.#events[this.#polled];
    if (event === undefined) {
      if (this.#polled > 0) {
        this.#events = [];
        this.#decoder.settle();
      }
      this.#polled = 0;
      const fault = this.#fault;
      if (fault === undefined || this.#state === "closed") return undefined;
      // What was answered before the fault still leaves, unless it would end up inside an open chunk.
      this.#end(fault, !this.#chunks.open);
      return this.poll();
    }
    this.#polled++;
    return event;
  }

  /**
   * Queues a request that is not a chunk of a message: REPORT, AUTH, NICKNAME, a bodiless SEND. The owner, if any,
   * is told of the outcome; Failure-Report decides, as for a SEND, whether a response is due.
   * @returns the transaction id
   * @throws LocalProtocolError "queue-full", "connection-closed", or what the grammar forbids; nothing was queued then
   */
  request(request: ControlRequest, owner?: TransactionOwner): string {
    this.#mustBeOpen();
    if (this.#requests.bytes >= this.#limits.maxQueuedRequestBytes) {
      throw new LocalProtocolError("queue-full", `Cannot send ${request.method}: too much waits already`);
    }
    const id = request.transactionId ?? this.#transactions.draw(this.#transactionId, request.body);
    if (this.#transactions.has(id))
      throw new LocalProtocolError("transaction-id-in-use", `Cannot send ${request.method}: id is in use`);
    const interest = owner === undefined ? undefined : interestIn(request);
    const transaction =
      owner === undefined || interest === undefined
        ? undefined
        : new OpenTransaction(id, request.method, undefined, owner, interest);
    if (transaction !== undefined) transaction.flag = request.flag ?? "$";
    if (this.#requests === nothing) this.#requests = new FrameQueue(this.#blockBytes);
    this.#requests.request({ ...request, transactionId: id }, transaction);
    if (transaction !== undefined) this.#transactions.add(transaction);
    return id;
  }

  /**
   * Queues a response; it leaves before everything else, on this connection (RFC 4975 §7.2).
   * @throws LocalProtocolError for what the grammar forbids. After the end of the connection it does nothing.
   */
  respond(response: OutgoingResponse): void {
    if (this.#state !== "closed") this.#responses.response(response);
  }

  /** Queues a plain 200; `paths` are those of the response, as `encodePaths` makes them. */
  acknowledge(transactionId: string, paths: Uint8Array): void {
    if (this.#state !== "closed") this.#responses.acknowledge(transactionId, paths);
  }

  /**
   * Queues another's request, or a part of its body, to be passed on (RFC 4976 §6.4). SENDs wait behind responses and
   * control requests and do not count as `waitingBytes`; ask `mayForward` before. Other methods go as control requests.
   * @param owner told of the outcome, as with `request`; absent when nobody is to know
   * @throws LocalProtocolError "connection-closed", "queue-full" (not for SENDs)
   */
  forward(frame: RequestFrame, change: ForwardedRequest, owner?: TransactionOwner): string {
    this.#mustBeOpen();
    const send = frame.method === "SEND";
    if (!send && this.#requests.bytes >= this.#limits.maxQueuedRequestBytes) {
      throw new LocalProtocolError("queue-full", `Cannot pass on ${frame.method}: too much waits already`);
    }
    const id = this.#transactions.draw(this.#transactionId, change.body ?? frame.body);
    let transaction: OpenTransaction | undefined;
    if (owner !== undefined) {
      const interest = send && frame.failureReport !== "yes" ? "error" : "response";
      transaction = new OpenTransaction(id, frame.method, undefined, owner, interest);
      transaction.flag = change.flag ?? frame.flag;
      this.#transactions.add(transaction);
    }
    if (send && this.#forwards === nothing) this.#forwards = new FrameQueue(this.#blockBytes);
    if (!send && this.#requests === nothing) this.#requests = new FrameQueue(this.#blockBytes);
    (send ? this.#forwards : this.#requests).forward(frame, id, change, transaction);
    return id;
  }

  /** Whether a further SEND may be passed on now. @param unread nothing is read here, so that answers cannot come */
  mayForward(unread: boolean): boolean {
    const { maxWriteBytes, maxOpenTransactions } = this.#limits;
    const most = unread ? maxOpenTransactions * unreadFactor : maxOpenTransactions;
    return this.#forwards.bytes < maxWriteBytes && this.#transactions.awaiting < most;
  }

  /**
   * Sends a message: it takes its turns among the messages of its session, and the session among the others.
   * @throws LocalProtocolError "connection-closed"
   */
  send(message: OutgoingMessage): void {
    this.#mustBeOpen();
    this.#ring.add(message);
  }

  /** A message has data again, has ended, or was aborted. Cheap, may be called at any time for any message. */
  wakeMessage(message: OutgoingMessage): void {
    this.#chunks.wake(message);
  }

  /** Takes nothing new; a `closed` event follows once all is sent and answered, or timed out. */
  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#closeWhenDone();
  }

  /** Drops everything at once. */
  abort(error?: Error): void {
    if (this.#state !== "closed") this.#end(error);
  }

  /**
   * The next write, with everything that is ready, or undefined. Call it only while the transport takes data;
   * under `"message"` framing it is exactly one frame.
   */
  transmit(now: number): Uint8Array | undefined {
    const out = this.#out;
    if (this.#chunks.ready) this.#chunks.proceed(out, now);
    if (
      !this.#chunks.open &&
      this.#transmitFrom(this.#responses) &&
      this.#transmitFrom(this.#requests) &&
      this.#transmitFrom(this.#forwards)
    ) {
      while (this.#ring.ready && this.#chunks.mayBegin && this.#hasRoom(0)) {
        this.#chunks.begin(this.#ring.next()!, out, now);
        if (this.#chunks.open) break;
      }
    }
    return out.length === 0 ? undefined : out.take();
  }

  /** All writes so far are with the operating system: the time limits of what they complete start now. */
  flushed(now: number): void {
    this.#transactions.flushed(now);
    this.#closeWhenDone();
  }

  /** Whether `transmit` would give something. */
  get hasOutput(): boolean {
    if (this.waitingBytes > 0 || this.#forwards.bytes > 0) return true;
    return this.#chunks.open ? this.#chunks.ready : this.#ring.ready && this.#chunks.mayBegin;
  }

  /** Something waits to be written, but so little that it may wait for more to go with it; a message goes alone. */
  get mayGather(): boolean {
    const bytes = this.waitingBytes + this.#forwards.bytes;
    return bytes > 0 && bytes < gatherBytes && this.#ring.size === 0 && this.#framing === "stream";
  }

  /** So much waits to be written that the driver should read no more until it is less. */
  get congested(): boolean {
    return this.waitingBytes >= this.#limits.congestionBytes;
  }

  /** Octets of responses and control requests that wait to be written. */
  get waitingBytes(): number {
    return this.#responses.bytes + this.#requests.bytes;
  }

  /** Transactions that may still be answered. */
  get openTransactions(): number {
    return this.#transactions.size;
  }

  /** Whether a frame has begun to come in and has not ended. */
  get receiving(): boolean {
    return this.#decoder.receiving;
  }

  /** Transactions whose response is due count as lost, and the others are forgotten; or lost too, if `remembered`. */
  giveUp(cause: MsrpError, remembered: boolean = false): void {
    for (const transaction of this.#transactions.drain()) {
      if (remembered || transaction.interest === "response")
        this.#tell(() => transaction.owner.lost?.(transaction, cause));
    }
    this.#chunks.answered();
    this.#closeWhenDone();
  }

  /** Permits more open transactions, and the octets that as many answers of the peer's requests take. */
  widen(maxOpenTransactions: number): void {
    const congestionBytes = Math.max(this.#limits.congestionBytes, maxOpenTransactions * 1024);
    this.#limits = { ...this.#limits, maxOpenTransactions, congestionBytes };
  }

  /** Transactions whose response is due. */
  get awaiting(): number {
    return this.#transactions.awaiting;
  }

  /** Messages that were given to `send` and are not out yet. */
  get queuedMessages(): number {
    return this.#ring.size;
  }

  /** Whether the `closed` event has happened. */
  get closed(): boolean {
    return this.#state === "closed";
  }

  /** Moves waiting frames into the write; false when the write is full. */
  #transmitFrom(queue: FrameQueue): boolean {
    while (queue.bytes > 0) {
      if (!this.#hasRoom(queue.nextBytes)) return false;
      const block = queue.take()!;
      this.#out.adopt(block.bytes);
      for (const transaction of block.transactions) this.#transactions.sent(transaction);
    }
    return true;
  }

  #hasRoom(bytes: number): boolean {
    const { length } = this.#out;
    return length === 0 || (this.#framing === "stream" && length + bytes < this.#limits.maxWriteBytes);
  }

  #received(frame: Frame): void {
    if (frame.kind === "request") this.#events.push({ type: "request", frame });
    else this.#answered(frame);
  }

  #answered(frame: ResponseFrame): void {
    const transaction = this.#transactions.answered(frame.transactionId);
    if (transaction === undefined) {
      // RFC 4975 §7.2: late, repeated or never asked for; no state depends on it.
      this.#events.push({ type: "oddity", code: "response-unmatched", detail: frame.status });
      return;
    }
    try {
      transaction.owner.responded(transaction, frame.status, frame.comment, frame.headers);
    } catch (error) {
      this.#events.push({ type: "oddity", code: "owner-threw", detail: error });
    }
    this.#chunks.answered();
    this.#events.push({ type: "response", frame, transaction });
  }

  /** An owner that throws must not stop the decoder in the middle of a segment. */
  #tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#events.push({ type: "oddity", code: "owner-threw", detail: error });
    }
  }

  #mustBeOpen(): void {
    if (this.#state !== "open")
      throw new LocalProtocolError("connection-closed", "Cannot send: the connection is closed");
  }

  #closeWhenDone(): void {
    if (this.#state !== "closing" || this.waitingBytes > 0 || this.#forwards.bytes > 0) return;
    if (this.#ring.size === 0 && this.#transactions.awaiting === 0) this.#end(undefined);
  }

  #end(error: Error | undefined, keepUrgent = false): void {
    this.#state = "closed";
    if (!keepUrgent) {
      this.#responses.clear();
      this.#requests.clear();
    }
    this.#forwards.clear();
    const running = this.#chunks.drop();
    const unsent = running === undefined ? this.#ring.drain() : [running, ...this.#ring.drain()];
    // Most connections end with nothing under way, and an error is dear.
    if (this.#transactions.size > 0 || unsent.length > 0) {
      const cause = connectionLost(error);
      this.giveUp(cause, true);
      for (const { message } of unsent) this.#tell(() => message.lost?.(undefined, cause));
    }
    this.#events.push({ type: "closed", error });
  }
}
