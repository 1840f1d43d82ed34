/**
 * The table of open transactions of one connection, and their time limits. Every time limit is the same length, so
 * transactions expire in the order in which they were sent: a linked list does what elsewhere needs a heap or timers.
 */
import type { ByteRange } from "../wire/byte_range.ts";
import type { OutgoingRequest } from "../wire/encoder.ts";
import { containsEndLine } from "../wire/end_line.ts";
import type { Flag } from "../wire/frame.ts";
import { createTransactionId } from "../wire/ident.ts";
import type { Transaction, TransactionOwner } from "./transaction.ts";

const maxDraws = 64;

/** How long the outcome of a transaction matters: until a response is overdue, or only in case an error comes. */
export type Interest = "response" | "error";

/** A transaction in the table; only the table touches its links. */
export class OpenTransaction implements Transaction {
  readonly id: string;
  readonly method: string;
  readonly range: ByteRange | undefined;
  readonly owner: TransactionOwner;
  readonly interest: Interest;
  flag: Flag | undefined = undefined;
  /** True from `add` until it was answered, expired or forgotten. */
  open = false;
  queue: TransactionQueue | undefined = undefined;
  previous: OpenTransaction | undefined = undefined;
  next: OpenTransaction | undefined = undefined;
  deadline: number = Number.POSITIVE_INFINITY;

  constructor(
    id: string,
    method: string,
    range: ByteRange | undefined,
    owner: TransactionOwner,
    interest: Interest,
  ) {
    this.id = id;
    this.method = method;
    this.range = range;
    this.owner = owner;
    this.interest = interest;
  }
}

/** Sent transactions in order; those behind `unflushed` are not with the operating system yet. */
class TransactionQueue {
  head: OpenTransaction | undefined = undefined;
  tail: OpenTransaction | undefined = undefined;
  unflushed: OpenTransaction | undefined = undefined;
  size = 0;

  push(transaction: OpenTransaction): void {
    transaction.queue = this;
    transaction.previous = this.tail;
    if (this.tail === undefined) this.head = transaction;
    else this.tail.next = transaction;
    this.tail = transaction;
    this.unflushed ??= transaction;
    this.size++;
  }

  remove(transaction: OpenTransaction): void {
    const { previous, next } = transaction;
    if (previous === undefined) this.head = next;
    else previous.next = next;
    if (next === undefined) this.tail = previous;
    else next.previous = previous;
    if (this.unflushed === transaction) this.unflushed = next;
    transaction.queue = transaction.previous = transaction.next = undefined;
    this.size--;
  }

  flushed(deadline: number): void {
    for (let t = this.unflushed; t !== undefined; t = t.next) t.deadline = deadline;
    this.unflushed = undefined;
  }
}

const none: Map<string, OpenTransaction> = new Map();

/** All transactions of a connection that may still be answered; every operation is O(1) per transaction. */
export class Transactions {
  readonly #timeoutMs: number;
  readonly #maxRemembered: number;
  // Made when the first is opened: of ten thousand idle connections few have sent anything.
  #open: Map<string, OpenTransaction> = none;
  readonly #awaiting = new TransactionQueue();
  readonly #remembered = new TransactionQueue();
  #awaitingCount = 0;
  #awaitingOctets = 0;

  /**
   * @param timeoutMs time from `flushed` to the timeout
   * @param maxRemembered transactions kept only in case an error comes; the oldest is forgotten for a new one
   */
  constructor(timeoutMs: number, maxRemembered: number) {
    this.#timeoutMs = timeoutMs;
    this.#maxRemembered = maxRemembered;
  }

  /** Transactions whose response is due; those merely remembered do not count. */
  get awaiting(): number {
    return this.#awaitingCount;
  }

  /** Octets of their bodies, as far as they were sent whole. */
  get awaitingOctets(): number {
    return this.#awaitingOctets;
  }

  /** All ids in the table. */
  get size(): number {
    return this.#open.size;
  }

  /** When `expire` is due next; Infinity = never. */
  get deadline(): number {
    const awaiting = this.#awaiting.head?.deadline ?? Number.POSITIVE_INFINITY;
    const remembered = this.#remembered.head?.deadline ?? Number.POSITIVE_INFINITY;
    return Math.min(awaiting, remembered);
  }

  /** An id that no open transaction has, and that ends no frame with this body before its end. */
  draw(make: () => string, body: Uint8Array | undefined): string {
    for (let draws = 0; ; draws++) {
      // Tests give their own, which may run out.
      const id = draws < maxDraws ? make() : createTransactionId();
      if (!this.has(id) && !(body !== undefined && containsEndLine(body, id))) return id;
    }
  }

  /** Whether the id belongs to a transaction that may still be answered (RFC 4975 §7.1: no collisions). */
  has(id: string): boolean {
    return this.#open.has(id);
  }

  /** Opens a transaction: from now on a response with its id finds it. */
  add(transaction: OpenTransaction): void {
    transaction.open = true;
    if (this.#open === none) this.#open = new Map();
    this.#open.set(transaction.id, transaction);
    if (transaction.interest === "response") this.#awaitingCount++;
  }

  /** The last octet is part of a write; the time limit starts with `flushed`. */
  sent(transaction: OpenTransaction): void {
    // A response can overtake the end of its request (413 in mid-chunk): then there is nothing left to wait for.
    if (!transaction.open) return;
    if (transaction.interest === "response") {
      this.#awaiting.push(transaction);
      this.#awaitingOctets += octets(transaction);
      return;
    }
    this.#remembered.push(transaction);
    const oldest = this.#remembered.head;
    if (this.#remembered.size > this.#maxRemembered && oldest !== undefined) this.remove(oldest);
  }

  /** Everything sent so far is with the operating system: RFC 4975 §7.1.1 counts 30 seconds from here. */
  flushed(now: number): void {
    this.#awaiting.flushed(now + this.#timeoutMs);
    this.#remembered.flushed(now + this.#timeoutMs);
  }

  /** Finds and closes the transaction that a response is for; undefined: unknown, late or repeated. */
  answered(id: string): OpenTransaction | undefined {
    const transaction = this.#open.get(id);
    if (transaction !== undefined) this.remove(transaction);
    return transaction;
  }

  /** Forgets a transaction, whatever its state. */
  remove(transaction: OpenTransaction): void {
    if (!transaction.open) return;
    transaction.open = false;
    this.#open.delete(transaction.id);
    if (transaction.queue === this.#awaiting) this.#awaitingOctets -= octets(transaction);
    transaction.queue?.remove(transaction);
    if (transaction.interest === "response") this.#awaitingCount--;
  }

  /** Closes and returns the next transaction whose response is overdue; forgets in silence those that owe none. */
  expire(now: number): OpenTransaction | undefined {
    for (let t = this.#remembered.head; t !== undefined && t.deadline <= now; t = this.#remembered.head) {
      this.remove(t);
    }
    const oldest = this.#awaiting.head;
    if (oldest === undefined || oldest.deadline > now) return undefined;
    this.remove(oldest);
    return oldest;
  }

  /** Closes and returns every transaction, for the end of the connection. */
  drain(): OpenTransaction[] {
    const all = [...this.#open.values()];
    for (const transaction of all) this.remove(transaction);
    return all;
  }
}

function octets({ range }: OpenTransaction): number {
  return range?.end === undefined ? 0 : range.end - range.start + 1;
}

/** What a request asks to be told: nothing, an error, or its response. */
export function interestIn(request: Pick<OutgoingRequest, "method" | "headers">): Interest | undefined {
  if (request.method === "REPORT") return undefined;
  for (const [name, value] of request.headers ?? []) {
    if (name.toLowerCase() !== "failure-report") continue;
    if (value.toLowerCase() === "no") return undefined;
    if (value.toLowerCase() === "partial") return "error";
  }
  return "response";
}
