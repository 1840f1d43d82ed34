/**
 * The archive of one node: makes records of what comes, goes and is passed on, chunk by chunk, and notes what becomes of
 * it. What happens when the store is behind is decided here.
 */
import {
  type ChunkContext,
  type Hooks,
  LocalProtocolError,
  type MaybeVerdict,
  type Next,
  type OutgoingContext,
  type Session,
  type TapEvents,
  Verdict,
} from "../core/mod.ts";
import { type BodyBudget, CollectedBody } from "./_archive_body.ts";
import { ArchivedSession, type Incoming, keyOf, type Outgoing } from "./_archive_session.ts";
import type { Spooled } from "./_archive_spool.ts";
import { textOf } from "./_archive_text.ts";
import type { ArchiveFate, ArchiveRecord } from "./_archive_types.ts";
import type { ArchiverParts } from "./_archiver_parts.ts";
import { defaultContentType } from "./_cpim_outgoing.ts";
import { loginOn, partyOf } from "./_parties.ts";
import { randomHex } from "./_random_hex.ts";
import { readThrough } from "./_read_through.ts";
import { isRelayed } from "./_relayed.ts";

type Fate = Omit<ArchiveFate, "id">;

const comment = "Cannot Be Archived";
const nothing: Uint8Array = new Uint8Array(0);

/** One node's archive. */
export class Archiver {
  readonly #parts: ArchiverParts;
  readonly #budget: BodyBudget;
  readonly #sessions: WeakMap<Session, ArchivedSession> = new WeakMap();
  #count = 0;

  constructor(parts: ArchiverParts) {
    this.#parts = parts;
    this.#budget = { left: parts.maxCollectedBytes };
  }

  /** The hooks, but for `connected`. */
  hooks(): Hooks<ArchivedSession> {
    return {
      name: "archive",
      session: (session) => {
        const own = new ArchivedSession(session);
        this.#sessions.set(session, own);
        return own;
      },
      ended: (_session, own) => this.#ended(own),
      chunk: (c, next, own) => this.#chunk(c, next, own),
      outgoing: (c, next, own) => this.#outgoing(c, next, own),
      taps: { sent: (event) => this.#sent(event), report: (event) => this.#report(event) },
    };
  }

  // What comes

  #chunk(c: ChunkContext, next: Next, own: ArchivedSession): MaybeVerdict {
    const { contentType, flag } = c;
    const size = c.frame.bodyLength;
    if (flag === "#" && c.last) return this.#aborted(c, next, own);
    if (size === 0 && contentType === undefined) return next();
    const start = c.byteRange?.start ?? 1;
    const ends = flag === "$" && c.last;
    const alone = ends && start === 1;
    const key = alone && own.incoming.size === 0 ? "" : keyOf(c);
    let message = own.incoming.get(key);
    if (message === undefined) {
      const direction = isRelayed(c.session) ? "relayed" : "in";
      if (this.#parts.only?.({ direction, contentType, session: c.session }) === false) return next();
      message = this.#begin(c);
      if (!alone) this.#keep(own, key, message);
    }
    message.body.write(start, c.body ?? nothing);
    if (ends) message.total = start - 1 + size;
    if (!message.body.covers(message.total)) return this.#part(next, own, key, message);
    own.incoming.delete(key);
    return this.#whole(c, next, own, message);
  }

  #begin({ frame, session, connection, contentType, messageId = "" }: ChunkContext): Incoming {
    const { maxBodyBytes, parties, wallClock } = this.#parts;
    const relayed = isRelayed(session);
    const named = relayed ? undefined : parties?.(session);
    const from = named?.remote ?? loginOn(session, connection) ?? partyOf(frame.fromPath.at(-1));
    const to = named?.local ?? partyOf(frame.toPath.at(-1));
    const body = new CollectedBody(maxBodyBytes, this.#budget);
    const total = Number.POSITIVE_INFINITY;
    return { at: wallClock(), messageId, contentType, from, to, relayed, body, total };
  }

  #keep(own: ArchivedSession, key: string, message: Incoming): void {
    if (own.incoming.size >= this.#parts.maxOpenMessages) {
      const [oldest] = own.incoming as Iterable<[string, Incoming]> as [[string, Incoming]];
      this.#unfinished(own, oldest[0], oldest[1], "failed", 0, "Incomplete");
    }
    own.incoming.set(key, message);
  }

  #part(next: Next, own: ArchivedSession, key: string, message: Incoming): MaybeVerdict {
    const settle = (verdict: Verdict): Verdict => {
      const { accepted, status } = verdict;
      if (!accepted && own.incoming.get(key) === message)
        this.#unfinished(own, key, message, "refused", status, verdict.comment);
      return verdict;
    };
    const verdict = next();
    return verdict instanceof Verdict ? settle(verdict) : verdict.then(settle);
  }

  // Its sender gives the message up.
  #aborted(c: ChunkContext, next: Next, own: ArchivedSession): MaybeVerdict {
    const key = keyOf(c);
    const message = own.incoming.get(key);
    if (message !== undefined) {
      message.body.write(c.byteRange?.start ?? 1, c.body ?? nothing);
      this.#unfinished(own, key, message, "failed", 0, "Aborted");
    }
    return next();
  }

  #whole(c: ChunkContext, next: Next, own: ArchivedSession, message: Incoming): MaybeVerdict {
    const record = this.#record(own, message);
    const { spool, confirm } = this.#parts;
    if (!confirm && !spool.full) return this.#decided(next, spool.add(record));
    if (!confirm && this.#parts.whenFull === "refuse") return this.#refuse(c);
    return this.#slowly(c, next, record);
  }

  async #slowly(c: ChunkContext, next: Next, record: ArchiveRecord): Promise<Verdict> {
    const entry = await this.#admitted(record);
    if (entry === "pass") return next();
    if (entry !== "refuse") return await this.#decided(next, entry);
    return this.#refuse(c);
  }

  #refuse(c: Pick<ChunkContext, "reject">): Verdict {
    this.#parts.problem({ kind: "refused", messages: 1, error: undefined });
    return c.reject(this.#parts.status, comment);
  }

  // Where the policy says what becomes of a message that the store is not ready for.
  async #admitted(record: ArchiveRecord): Promise<Spooled | "pass" | "refuse"> {
    const { spool, whenFull, maxWaitMs, confirm, problem } = this.#parts;
    let entry: Spooled | undefined;
    if (!spool.full) entry = spool.add(record, confirm);
    else if (whenFull === "wait") entry = await spool.admit(record, maxWaitMs, confirm);
    if (entry !== undefined && (!confirm || (await spool.stored(entry, maxWaitMs)))) return entry;
    if (whenFull !== "pass") {
      // It may be stored all the same, and then says that it was refused.
      if (entry !== undefined) spool.decide(entry, this.#fate("refused", this.#parts.status, comment));
      return "refuse";
    }
    if (entry !== undefined) return entry;
    problem({ kind: "passed", messages: 1, error: undefined });
    return "pass";
  }

  #decided(next: Next, entry: Spooled): MaybeVerdict {
    const settle = (verdict: Verdict): Verdict => {
      const { accepted, status } = verdict;
      this.#parts.spool.decide(entry, this.#fate(accepted ? "accepted" : "refused", status, verdict.comment));
      return verdict;
    };
    const verdict = next();
    return verdict instanceof Verdict ? settle(verdict) : verdict.then(settle);
  }

  #unfinished(
    own: ArchivedSession,
    key: string,
    message: Incoming,
    fate: "refused" | "failed",
    status: number,
    why: string | undefined,
  ): void {
    own.incoming.delete(key);
    const record = this.#record(own, message);
    this.#put({ ...record, ...this.#fate(fate, status, why), truncated: true });
  }

  #record(own: ArchivedSession, message: Incoming): ArchiveRecord {
    const { at, messageId, contentType, from, to, relayed, body, total } = message;
    const { truncated, position } = body;
    const octets = body.take();
    const size = total === Number.POSITIVE_INFINITY ? position : total;
    const direction = relayed ? "relayed" : "in";
    const fields = { at, session: own.number, direction, messageId, from, to, contentType } as const;
    return this.#make(fields, octets, size, truncated);
  }

  #make(
    fields: Pick<ArchiveRecord, "at" | "session" | "direction" | "messageId" | "from" | "to" | "contentType">,
    body: Uint8Array,
    size: number,
    truncated: boolean,
  ): ArchiveRecord {
    const { contentType } = fields;
    const pending = { fate: "pending", status: 0, comment: undefined, fateAt: 0 } as const;
    return {
      id: this.#newId(fields.at),
      ...fields,
      size,
      truncated,
      body,
      text: textOf(contentType, body),
      ...pending,
    };
  }

  // Of messages of one millisecond the order is kept.
  #newId(at: number): string {
    this.#count = (this.#count + 1) % 2 ** 24;
    return at.toString(16).padStart(12, "0") + this.#count.toString(16).padStart(6, "0") + randomHex(7);
  }

  // Nobody is there who could wait or be refused.
  #put(record: ArchiveRecord): Spooled | undefined {
    const { spool, problem } = this.#parts;
    if (!spool.full) return spool.add(record);
    problem({ kind: "passed", messages: 1, error: undefined });
    return undefined;
  }

  #fate(fate: Fate["fate"], status: number, why: string | undefined): Fate {
    return { fate, status, comment: why, fateAt: this.#parts.wallClock() };
  }

  #ended(own: ArchivedSession): void {
    for (const [key, message] of own.incoming) this.#unfinished(own, key, message, "failed", 0, "Incomplete");
  }

  // What goes

  #outgoing(c: OutgoingContext, next: Next, own: ArchivedSession): MaybeVerdict {
    const { session } = c;
    const wanted = (): boolean =>
      this.#parts.only?.({ direction: "out", contentType: typeOf(c), session }) !== false;
    if (c.method !== "SEND") return next();
    const verdict = next();
    if (!(verdict instanceof Verdict))
      return verdict.then((late) => (wanted() ? this.#leaving(c, own, late) : late));
    return wanted() ? this.#leaving(c, own, verdict) : verdict;
  }

  // Last of all, so that it is what goes over the wire.
  #leaving(c: OutgoingContext, own: ArchivedSession, verdict: Verdict): MaybeVerdict {
    const { body, messageId, session, resumed } = c;
    const contentType = typeOf(c);
    const { maxBodyBytes, wallClock, parties, spool, confirm } = this.#parts;
    const named = parties?.(session);
    const from = named?.local ?? partyOf(session.local);
    const to = named?.remote ?? loginOn(session, undefined) ?? partyOf(session.remote.at(-1));
    const at = wallClock();
    const fields = { at, session: own.number, direction: "out", messageId, from, to, contentType } as const;
    const make = (octets: Uint8Array, size: number): ArchiveRecord =>
      this.#make(fields, octets, size, resumed || octets.length < size);
    const known = octetsOf(body);
    if (!verdict.accepted) {
      const record = make(known?.slice(0, maxBodyBytes) ?? nothing, known?.length ?? 0);
      this.#put({ ...record, ...this.#fate("refused", verdict.status, verdict.comment) });
      return verdict;
    }
    if (known !== undefined) {
      const record = make(known.slice(0, maxBodyBytes), known.length);
      if (!confirm && !spool.full) {
        own.follow(messageId, spool.add(record));
        return verdict;
      }
      return this.#leavingSlowly(c, own, verdict, record);
    }
    const collected = new CollectedBody(maxBodyBytes, this.#budget);
    let over = false;
    const record = (whole: boolean): ArchiveRecord => {
      over = true;
      const { position, truncated } = collected;
      return { ...make(collected.take(), position), truncated: truncated || resumed || !whole };
    };
    const cut = (): Spooled | undefined => {
      if (!over) outgoing.entry = this.#put(record(false));
      return outgoing.entry;
    };
    const end = async (): Promise<void> => {
      if (over) return;
      const entry = await this.#admitted(record(true));
      if (entry === "refuse") {
        this.#parts.problem({ kind: "refused", messages: 1, error: undefined });
        throw new LocalProtocolError("outgoing-refused", "Cannot send: the message cannot be archived");
      }
      if (entry !== "pass") outgoing.entry = entry;
    };
    const outgoing: Outgoing = own.follow(messageId, undefined, cut);
    c.total ??= body instanceof Blob ? body.size : undefined;
    c.body = readThrough(
      body as Exclude<typeof body, string | Uint8Array | undefined>,
      (bytes) => collected.write(collected.position + 1, bytes),
      () => {
        outgoing.admitting = end();
        return outgoing.admitting;
      },
    );
    return verdict;
  }

  async #leavingSlowly(
    c: OutgoingContext,
    own: ArchivedSession,
    verdict: Verdict,
    record: ArchiveRecord,
  ): Promise<Verdict> {
    const entry = await this.#admitted(record);
    if (entry === "refuse") return this.#refuse(c);
    if (entry !== "pass") own.follow(record.messageId, entry);
    return verdict;
  }

  #sent({ session, sent }: TapEvents["sent"]): void {
    const own = this.#sessions.get(session);
    const outgoing = own?.outgoing.get(sent.messageId);
    if (own === undefined || outgoing === undefined) return;
    sent.accepted.then(
      () => this.#settle(own, sent.messageId, outgoing, "accepted", 200, undefined),
      (error: unknown) => {
        const { status = 0 } = error as { status?: number };
        const refused = (error as { code?: unknown }).code === "refused";
        const why = refused ? "refused" : "failed";
        this.#settle(own, sent.messageId, outgoing, why, status, undefined);
      },
    );
  }

  #report({ session, messageId, status, comment: why, byteRange }: TapEvents["report"]): void {
    const own = this.#sessions.get(session);
    const outgoing = own?.outgoing.get(messageId);
    if (own === undefined || outgoing?.entry === undefined) return;
    if (status >= 300) {
      this.#settle(own, messageId, outgoing, "failed", status, why);
      return;
    }
    const { size } = outgoing.entry.record;
    outgoing.reported.mark(byteRange?.start ?? 1, byteRange?.end ?? byteRange?.total ?? size);
    if (outgoing.reported.covers(size)) this.#settle(own, messageId, outgoing, "delivered", status, why);
  }

  #settle(
    own: ArchivedSession,
    messageId: string,
    outgoing: Outgoing,
    fate: Fate["fate"],
    status: number,
    why: string | undefined,
  ): void {
    if (outgoing.entry === undefined && outgoing.admitting !== undefined) {
      const again = (): void => {
        outgoing.admitting = undefined;
        this.#settle(own, messageId, outgoing, fate, status, why);
      };
      outgoing.admitting.then(again, again);
      return;
    }
    const entry = outgoing.entry ?? outgoing.cut?.();
    const known = entry?.record.fate;
    // Reports may come before the last 200, and are more.
    if (entry === undefined || known === "delivered" || known === "failed" || known === "refused") return;
    entry.record = { ...entry.record, fate };
    this.#parts.spool.decide(entry, this.#fate(fate, status, why));
    if (fate !== "accepted") own.outgoing.delete(messageId);
  }
}

// What the node will write for it.
function typeOf({ contentType, body }: OutgoingContext): string | undefined {
  return contentType ?? (body === undefined ? undefined : defaultContentType(body));
}

function octetsOf(body: OutgoingContext["body"]): Uint8Array | undefined {
  if (typeof body === "string") return new TextEncoder().encode(body);
  return body instanceof Uint8Array ? body : undefined;
}
