/**
 * Turns messages into SEND chunks: where a chunk starts and ends, which id it gets, and what Byte-Range it states.
 *
 * RFC 4975 §7.1.1: few long chunks on an idle link, each interruptible, interrupted after 2048 octets as soon as
 * anything else wants the connection. A chunk can therefore stay open between two writes; at most one is.
 * RFC 4975 §7.1: no body contains its own end-line; a later piece that would complete one goes into the next chunk.
 */
import { formatByteRange } from "../wire/byte_range.ts";
import type { FrameWriter } from "../wire/encoder.ts";
import { EndLineScanner } from "../wire/end_line.ts";
import type { Flag } from "../wire/frame.ts";
import { joinBytes } from "../wire/join_bytes.ts";
import type { OutgoingMessage } from "./message.ts";
import type { MessageRing, RingEntry } from "./message_ring.ts";
import type { ConnectionLimits } from "./options.ts";
import { OpenTransaction, type Transactions } from "./transactions.ts";

/** RFC 4975 §7.1.1: a longer body must be interruptible, and its range-end is then `*`. */
const maxExactBytes = 2048;
/** An id generator that clashes this often is broken; the random one takes over. */
/** Long messages make room for short ones as long as the last of those is not longer ago than this, in ms. */
const sharedMs = 1000;

/** What the chunk writer works with. */
export interface ChunkWriterParts {
  readonly limits: ConnectionLimits;
  readonly framing: "stream" | "message";
  readonly transactionId: () => string;
  readonly transactions: Transactions;
  readonly ring: MessageRing;
  /** Whether responses or control requests wait. */
  readonly urgent: () => boolean;
}

/** A chunk whose end-line is not written yet. */
interface OpenChunk {
  readonly entry: RingEntry;
  readonly transaction: OpenTransaction;
  readonly scanner: EndLineScanner;
  /** Octets of body written. */
  octets: number;
  /** Octets of body that it may have. */
  readonly limit: number;
}

/** Writes the chunks of one connection, one after the other. */
export class ChunkWriter {
  readonly #parts: ChunkWriterParts;
  readonly #limits: ConnectionLimits;
  #open: OpenChunk | undefined;
  #stalled = false;
  #expired = false;
  /** When a short message went out last. */
  #shortAt = Number.NEGATIVE_INFINITY;
  /** Long messages that wait for answers to what they have sent. */
  #held: OutgoingMessage[] = [];
  /** When an open chunk without data is to be closed; Infinity = never. */
  deadline: number = Number.POSITIVE_INFINITY;

  constructor(parts: ChunkWriterParts) {
    this.#parts = parts;
    this.#limits = parts.limits;
  }

  /** Whether a chunk is open on the wire. */
  get open(): boolean {
    return this.#open !== undefined;
  }

  /** Whether `proceed` would write something. */
  get ready(): boolean {
    const chunk = this.#open;
    if (chunk === undefined) return false;
    return (
      !this.#stalled ||
      this.#expired ||
      chunk.entry.message.aborted ||
      this.#turn() < Number.POSITIVE_INFINITY
    );
  }

  /** Whether a new chunk may start: the number of transactions that await a response is bounded. */
  get mayBegin(): boolean {
    return this.#parts.transactions.awaiting < this.#limits.maxOpenTransactions;
  }

  /** The source of a message has data again, or the message was aborted. */
  wake(message: OutgoingMessage): void {
    if (this.#open?.entry.message === message) this.#resume();
    else this.#parts.ring.wake(message);
  }

  /** Transactions have ended: long messages that made room for short ones may go on. */
  answered(): void {
    if (this.#held.length === 0 || this.#crowded) return;
    const held = this.#held;
    this.#held = [];
    for (const message of held) this.#parts.ring.wake(message);
  }

  /** Time passed: an open chunk without data has waited long enough. */
  expire(now: number): void {
    if (now < this.deadline) return;
    this.#expired = true;
    this.deadline = Number.POSITIVE_INFINITY;
  }

  /** Starts a chunk of the message whose turn it is, and writes as much of it as there is and as `out` has room for. */
  begin(entry: RingEntry, out: FrameWriter, now: number): void {
    const { message } = entry;
    if (message.aborted) {
      this.#giveUp(entry, out);
      return;
    }
    if (entry.short) this.#shortAt = now;
    // Without answers nobody can tell what is under way.
    const shared = !entry.short && now - this.#shortAt < sharedMs && message.failureReport === "yes";
    if (shared && this.#crowded) {
      this.#parts.ring.park(entry);
      this.#held.push(message);
      return;
    }
    const limit = this.#bodyLimit(message, shared);
    const turn = this.#turn(message.failureReport === "yes" ? 1 : 0);
    const start = message.position - (entry.rest?.length ?? 0) + 1;
    const room = Math.max(this.#limits.interruptBytes, this.#room(out));
    const piece = this.#take(entry, Math.min(limit, turn, room));
    if (piece === undefined) {
      if (message.aborted) this.#giveUp(entry, out);
      else this.#parts.ring.park(entry);
      return;
    }
    const ended = message.ended && entry.rest === undefined;
    const full = piece.length >= limit || piece.length >= turn;
    const transaction = this.#transaction(message, start, piece);
    // Known to end here and short enough to need no interruption: the range-end can be stated.
    if ((ended || full) && piece.length <= maxExactBytes) transaction.range!.end = start + piece.length - 1;
    if (!this.#writeHead(entry, transaction, out)) return;
    out.body(piece);
    if (ended || full) {
      this.#end(entry, transaction, piece.length, ended ? (message.endFlag ?? "$") : "+", out);
      if (ended) this.#parts.ring.remove(entry);
      else this.#parts.ring.push(entry);
      return;
    }
    const scanner = new EndLineScanner(transaction.id);
    scanner.allowed(piece);
    this.#open = { entry, transaction, scanner, octets: piece.length, limit };
    this.proceed(out, now);
  }

  /** Continues the open chunk: to its end, to an interruption, to where its source has no data, or till `out` is full. */
  proceed(out: FrameWriter, now: number): void {
    for (let chunk = this.#open; chunk !== undefined; chunk = this.#open) {
      const { entry } = chunk;
      const { message } = entry;
      if (message.aborted) {
        this.#close(chunk, "#", out);
        return;
      }
      if (message.ended && entry.rest === undefined) {
        this.#close(chunk, message.endFlag ?? "$", out);
        return;
      }
      const turn = this.#turn();
      const limit = Math.min(chunk.limit, turn);
      if (chunk.octets >= limit) {
        this.#interrupt(chunk, out, false);
        return;
      }
      // The rest of an interrupted chunk may exceed the write: what interrupts it is to leave in the same one.
      if (limit > this.#limits.interruptBytes && this.#room(out) <= 0) return;
      const room = Math.max(this.#limits.interruptBytes, this.#room(out));
      const piece = this.#take(entry, Math.min(limit - chunk.octets, room));
      if (piece !== undefined) {
        this.#append(chunk, piece, out);
      } else if (!message.aborted && !message.ended) {
        if (turn < Number.POSITIVE_INFINITY || this.#expired || this.#parts.framing === "message") {
          this.#interrupt(chunk, out, true);
          return;
        }
        if (!this.#stalled) this.deadline = now + this.#limits.openChunkIdleMs;
        this.#stalled = true;
        return;
      }
    }
  }

  /** Forgets the open chunk, for the end of the connection; returns its entry. */
  drop(): RingEntry | undefined {
    const entry = this.#open?.entry;
    if (entry !== undefined) this.#parts.ring.remove(entry);
    this.#open = undefined;
    this.#resume();
    return entry;
  }

  #append(chunk: OpenChunk, piece: Uint8Array, out: FrameWriter): void {
    this.#resume();
    const allowed = chunk.scanner.allowed(piece);
    if (allowed === piece.length) {
      out.body(piece);
      chunk.octets += piece.length;
      return;
    }
    // RFC 4975 §7.1: the octet that would complete the end-line starts the next chunk, under another id.
    if (allowed > 0) out.body(piece.subarray(0, allowed));
    chunk.octets += allowed;
    const { entry } = chunk;
    entry.rest = joined(piece.subarray(allowed), entry.rest);
    this.#interrupt(chunk, out, false);
  }

  #interrupt(chunk: OpenChunk, out: FrameWriter, park: boolean): void {
    this.#open = undefined;
    this.#resume();
    this.#end(chunk.entry, chunk.transaction, chunk.octets, "+", out);
    if (park) this.#parts.ring.park(chunk.entry);
    else this.#parts.ring.push(chunk.entry);
  }

  #close(chunk: OpenChunk, flag: Flag, out: FrameWriter): void {
    this.#open = undefined;
    this.#resume();
    this.#end(chunk.entry, chunk.transaction, chunk.octets, flag, out);
    this.#parts.ring.remove(chunk.entry);
  }

  #end(entry: RingEntry, transaction: OpenTransaction, octets: number, flag: Flag, out: FrameWriter): void {
    out.endRequest(transaction.id, flag);
    transaction.flag = flag;
    transaction.range!.end = transaction.range!.start + octets - 1;
    this.#parts.transactions.sent(transaction);
    entry.message.chunkSent(transaction);
  }

  /** An aborted message between two chunks: the peer learns by an empty `#` chunk that nothing follows. */
  #giveUp(entry: RingEntry, out: FrameWriter): void {
    const { message } = entry;
    this.#parts.ring.remove(entry);
    if (!entry.started || message.refused === true) return;
    const transaction = this.#transaction(message, 1, new Uint8Array(0), "error");
    transaction.range!.end = 0;
    if (!this.#writeHead(entry, transaction, out)) return;
    this.#end(entry, transaction, 0, "#", out);
  }

  #transaction(
    message: OutgoingMessage,
    start: number,
    piece: Uint8Array,
    interest: "response" | "error" = message.failureReport === "yes" ? "response" : "error",
  ): OpenTransaction {
    const total = piece.length === 0 && message.ended ? 0 : message.total;
    const range = total === undefined ? { start } : { start, total };
    const transaction = new OpenTransaction(this.#drawId(piece), "SEND", range, message, interest);
    if (message.failureReport !== "no") this.#parts.transactions.add(transaction);
    return transaction;
  }

  #writeHead(entry: RingEntry, transaction: OpenTransaction, out: FrameWriter): boolean {
    const { message } = entry;
    const headers: (readonly [string, string])[] = [
      ["Message-ID", message.messageId],
      ["Byte-Range", formatByteRange(transaction.range!)],
    ];
    if (message.successReport) headers.push(["Success-Report", "yes"]);
    if (message.failureReport !== "yes") headers.push(["Failure-Report", message.failureReport]);
    if (message.headers.length > 0) headers.push(...message.headers);
    try {
      out.startRequest({
        transactionId: transaction.id,
        method: "SEND",
        toPath: message.toPath,
        fromPath: message.fromPath,
        headers,
        contentType: message.contentType,
        forwarded: message.forwarded,
      });
    } catch (error) {
      // A message that cannot be written fails alone; the outbox checks earlier, so this is for other sources.
      this.#parts.transactions.remove(transaction);
      if (!message.aborted) this.#parts.ring.remove(entry);
      message.lost?.(undefined, error as Error);
      return false;
    }
    entry.started = true;
    return true;
  }

  #drawId(piece: Uint8Array): string {
    return this.#parts.transactions.draw(this.#parts.transactionId, piece);
  }

  #take(entry: RingEntry, max: number): Uint8Array | undefined {
    const { rest } = entry;
    if (rest === undefined) return entry.message.read(max);
    entry.rest = rest.length > max ? rest.subarray(max) : undefined;
    return rest.length > max ? rest.subarray(0, max) : rest;
  }

  /** Octets of body that the write still takes. */
  #room(out: FrameWriter): number {
    if (this.#parts.framing === "message") return Number.MAX_SAFE_INTEGER;
    return this.#limits.maxWriteBytes - out.length;
  }

  /** Whether long messages have sent as much as may be unanswered while short ones pass by. */
  get #crowded(): boolean {
    return this.#parts.transactions.awaitingOctets >= this.#limits.sharedWindowBytes;
  }

  #bodyLimit(message: OutgoingMessage, shared: boolean): number {
    const { maxChunkBytes, sharedWindowBytes } = this.#limits;
    let limit = Math.min(maxChunkBytes, message.maxChunkBytes ?? Number.POSITIVE_INFINITY);
    // Only the end of a chunk is answered.
    if (shared) limit = Math.min(limit, Math.max(maxExactBytes, Math.ceil(sharedWindowBytes / 4)));
    if (this.#parts.framing === "stream") return limit;
    return Math.max(1, Math.min(limit, this.#limits.maxFrameBytes - frameOverhead(message)));
  }

  /**
   * Octets after which a chunk makes way for what else is ready; Infinity when there is nothing.
   * @param starting transactions that are about to begin, and so take the place of others
   */
  #turn(starting = 0): number {
    const { ring, transactions, urgent, framing } = this.#parts;
    const { interruptBytes, turnBytes, maxOpenTransactions } = this.#limits;
    if (urgent()) return interruptBytes;
    if (!ring.ready || transactions.awaiting + starting >= maxOpenTransactions)
      return Number.POSITIVE_INFINITY;
    if (framing === "message") return Number.POSITIVE_INFINITY;
    if (ring.shortReady) return interruptBytes;
    return Math.max(interruptBytes, Math.floor(turnBytes / Math.min(8, ring.readySessions)));
  }

  #resume(): void {
    this.#stalled = this.#expired = false;
    this.deadline = Number.POSITIVE_INFINITY;
  }
}

/** Upper bound of a chunk's octets outside its body. */
function frameOverhead(message: OutgoingMessage): number {
  // Start line, end-line, names of the fields, numbers of the range, report fields, and ids of up to 32 characters.
  let octets = 320 + (message.contentType?.length ?? 0);
  for (const uri of message.toPath) octets += uri.text.length + 1;
  for (const uri of message.fromPath) octets += uri.text.length + 1;
  // A UTF-16 code unit becomes at most three octets of UTF-8.
  for (const [name, value] of message.headers) octets += name.length + 3 * value.length + 4;
  return octets;
}

function joined(first: Uint8Array, second: Uint8Array | undefined): Uint8Array {
  return second === undefined ? first : joinBytes([first, second]);
}
