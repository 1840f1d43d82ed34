/**
 * Whose turn it is: fair turns between the sessions of a connection, then between the messages of one session
 * (RFC 4975 §7.1.1). Two levels of linked lists, so that a turn costs the same with one session as with many thousand.
 */
import type { OutgoingMessage } from "./message.ts";

/** A message that is being sent; the chunk writer keeps its state here. */
export class RingEntry {
  readonly message: OutgoingMessage;
  readonly session: RingSession;
  next: RingEntry | undefined = undefined;
  /** Octets that were read but had to go into the next chunk. */
  rest: Uint8Array | undefined = undefined;
  /** A chunk of it was sent, so the peer must be told when it is given up. */
  started = false;
  /** It fits into one turn of the shortest kind, so longer ones make way for it. */
  readonly short: boolean;

  constructor(message: OutgoingMessage, session: RingSession, short: boolean) {
    this.message = message;
    this.session = session;
    this.short = short;
  }
}

/** The messages of one session. */
class RingSession {
  readonly key: string;
  head: RingEntry | undefined = undefined;
  tail: RingEntry | undefined = undefined;
  next: RingSession | undefined = undefined;
  queued = false;
  /** Entries that exist, ready or not. */
  live = 0;

  constructor(key: string) {
    this.key = key;
  }
}

/** The messages of a connection, ready ones in order of their turns. */
export class MessageRing {
  #sessions: Map<string, RingSession> | undefined;
  #parked: Map<OutgoingMessage, RingEntry> | undefined;
  #head: RingSession | undefined;
  #tail: RingSession | undefined;
  #size = 0;
  #readySessions = 0;
  #readyShort = 0;
  readonly #shortBytes: number;

  /** @param shortBytes messages of known size up to this count as short */
  constructor(shortBytes: number) {
    this.#shortBytes = shortBytes;
  }

  /** Messages that were added and not removed. */
  get size(): number {
    return this.#size;
  }

  /** Whether `next` would give one. */
  get ready(): boolean {
    return this.#head !== undefined;
  }

  /** Sessions with a message that is ready. */
  get readySessions(): number {
    return this.#readySessions;
  }

  /** Whether a short message is ready. */
  get shortReady(): boolean {
    return this.#readyShort > 0;
  }

  /** A new message takes its place at the end of its session's turns. */
  add(message: OutgoingMessage): void {
    const key = message.fromPath.at(-1)?.key ?? "";
    this.#sessions ??= new Map();
    let session = this.#sessions.get(key);
    if (session === undefined) {
      session = new RingSession(key);
      this.#sessions.set(key, session);
    }
    session.live++;
    this.#size++;
    const { total } = message;
    this.push(new RingEntry(message, session, total !== undefined && total <= this.#shortBytes));
  }

  /** Takes the entry whose turn it is; it comes back by `push` or `park`, or goes by `remove`. */
  next(): RingEntry | undefined {
    const session = this.#head;
    const entry = session?.head;
    if (session === undefined || entry === undefined) return undefined;
    session.head = entry.next;
    entry.next = undefined;
    if (session.head === undefined) session.tail = undefined;

    this.#head = session.next;
    if (this.#head === undefined) this.#tail = undefined;
    session.next = undefined;
    session.queued = false;
    this.#readySessions--;
    if (entry.short) this.#readyShort--;
    if (session.head !== undefined) this.#queue(session);
    return entry;
  }

  /** The entry wants another turn. */
  push(entry: RingEntry): void {
    const session = entry.session;
    if (entry.short) this.#readyShort++;
    if (session.tail === undefined) session.head = entry;
    else session.tail.next = entry;
    session.tail = entry;
    if (!session.queued) this.#queue(session);
  }

  /** The source of the entry has no data: it takes no turns until `wake`. */
  park(entry: RingEntry): void {
    this.#parked ??= new Map();
    this.#parked.set(entry.message, entry);
  }

  /** The source has data again, or the message was aborted. */
  wake(message: OutgoingMessage): void {
    const entry = this.#parked?.get(message);
    if (entry === undefined) return;
    this.#parked?.delete(message);
    this.push(entry);
  }

  /** The message of an entry taken by `next` is done. */
  remove(entry: RingEntry): void {
    this.#size--;
    if (--entry.session.live === 0) this.#sessions?.delete(entry.session.key);
  }

  /** Takes out every entry that is not in the caller's hands. */
  drain(): RingEntry[] {
    for (const message of [...(this.#parked?.keys() ?? [])]) this.wake(message);
    const all: RingEntry[] = [];
    for (let entry = this.next(); entry !== undefined; entry = this.next()) {
      this.remove(entry);
      all.push(entry);
    }
    return all;
  }

  #queue(session: RingSession): void {
    session.queued = true;
    this.#readySessions++;
    if (this.#tail === undefined) this.#head = session;
    else this.#tail.next = session;
    this.#tail = session;
  }
}
