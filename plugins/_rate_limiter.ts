/**
 * The limits of one node: which buckets something is taken from, and what becomes of it when there is not enough. Steady
 * traffic of a session finds its buckets without a look-up, and makes no promise unless it has to wait.
 */
import {
  type ChunkContext,
  type ConnectContext,
  type ConnectionHandle,
  type Context,
  type HandshakeUser,
  type Hooks,
  handshakeUser,
  type MaybeVerdict,
  type Next,
  type PluginHost,
  type RequestContext,
  relayUser,
  type Session,
  type Verdict,
} from "../core/mod.ts";
import { addressKey } from "./_address_key.ts";
import { Buckets, BucketTable, type Rates } from "./_bucket_table.ts";
import { isRelayed } from "./_relayed.ts";
import type { TokenBucket } from "./_token_bucket.ts";

type Sender = Context & Pick<ChunkContext, "connection" | "session">;

/** What a limiter is made of. */
export interface RateLimiterParts {
  readonly perSession: Rates;
  readonly perUser: Rates;
  readonly perAddress: Rates;
  /** 0 = nothing waits. */
  readonly maxDelayMs: number;
  readonly status: number;
  readonly comment: string;
  readonly userOf: ((c: Sender) => string | undefined) | undefined;
  readonly maxKeys: number;
}

/** What one side of a session draws on. */
interface Lane {
  readonly session: Buckets;
  readonly address: Buckets;
  user: Buckets | undefined;
  /** Whose bucket `user` is. */
  who: HandshakeUser | string | undefined;
  /** Messages that have begun and not ended. */
  readonly open: Set<string>;
  /** It has been counted as a session. */
  admitted: boolean;
}

/** State for one session; of what is relayed each side has a connection of its own. */
export interface LimitedSession {
  connection: ConnectionHandle | undefined;
  lane: Lane | undefined;
  readonly lanes: WeakMap<ConnectionHandle, Lane>;
}

// More are not told apart from new ones: it is the senders that open many at a time that count twice.
const maxOpen = 64;

/** The limits of one node. */
export class RateLimiter {
  readonly #parts: RateLimiterParts;
  readonly #host: PluginHost;
  readonly #users: BucketTable;
  readonly #addresses: BucketTable;
  readonly #byUser: boolean;

  constructor(parts: RateLimiterParts, host: PluginHost) {
    this.#parts = parts;
    this.#host = host;
    this.#users = new BucketTable(parts.perUser, parts.maxKeys);
    this.#addresses = new BucketTable(parts.perAddress, parts.maxKeys);
    this.#byUser = Object.values(parts.perUser).some((rate) => rate !== undefined);
  }

  /** The hooks. */
  hooks(): Hooks<LimitedSession> {
    const { connections } = this.#parts.perAddress;
    return {
      name: "rate_limit",
      session: () => ({ connection: undefined, lane: undefined, lanes: new WeakMap() }),
      chunk: (c, next, own) => this.#chunk(c, next, own),
      request: (c, next, own) => this.#request(c, next, own),
      ...(connections === undefined
        ? {}
        : { connect: (c: ConnectContext, next: Next) => this.#connect(c, next) }),
    };
  }

  #connect(c: ConnectContext, next: Next): MaybeVerdict {
    if (c.connection === undefined) return next();
    const now = this.#host.now();
    const { connections } = this.#addresses.of(addressKey(c.connection.remoteAddress), now);
    if (connections !== undefined && connections.wait(1, now) > 0) return c.reject(403, this.#parts.comment);
    connections?.take(1);
    return next();
  }

  // Of other methods there is no steady traffic.
  #request(c: RequestContext, next: Next, own: LimitedSession | undefined): MaybeVerdict {
    const now = this.#host.now();
    if (own !== undefined && c.session !== undefined) {
      const lane = this.#laneOf(c as RequestContext & { session: Session }, own, now);
      return this.#take(c, next, lane, 1, 0, 0);
    }
    const address = this.#addresses.of(addressKey(c.connection.remoteAddress), now);
    const who = this.#byUser ? userOn(c.connection) : undefined;
    const user = who === undefined ? undefined : this.#users.of(keyOf(who), now);
    const lane: Lane = { session: none, address, user, who, open: new Set(), admitted: true };
    return this.#take(c, next, lane, 1, 0, 0);
  }

  #chunk(c: ChunkContext, next: Next, own: LimitedSession): MaybeVerdict {
    const lane =
      own.connection === c.connection ? (own.lane as Lane) : this.#laneOf(c, own, this.#host.now());
    if (this.#byUser) this.#findUser(c, lane);
    const { bodyLength } = c.frame;
    // The empty SEND that opens a session is no message; later ones are as good as messages.
    const opens = !lane.admitted && bodyLength === 0;
    const begins = this.#begins(c, lane) && !opens;
    return this.#take(c, next, lane, begins ? 1 : 0, bodyLength, lane.admitted ? 0 : 1);
  }

  #laneOf(c: Sender, own: LimitedSession, now: number): Lane {
    const { connection } = c;
    let lane = own.lanes.get(connection);
    if (lane === undefined) {
      const session = new Buckets(this.#parts.perSession, now);
      const address = this.#addresses.of(addressKey(connection.remoteAddress), now);
      // A session that this side has opened is none that a peer could open too many of.
      const admitted = connection.direction === "outbound";
      lane = { session, address, user: undefined, who: undefined, open: new Set(), admitted };
      own.lanes.set(connection, lane);
    }
    own.connection = connection;
    own.lane = lane;
    return lane;
  }

  #findUser(c: ChunkContext, lane: Lane): void {
    const { userOf } = this.#parts;
    // The session of what is relayed is that of the URI's owner, whoever sends.
    const own = isRelayed(c.session) ? undefined : c.session.get(handshakeUser);
    const who = userOf === undefined ? (own ?? userOn(c.connection)) : userOf(c);
    if (who === lane.who) return;
    lane.who = who;
    lane.user = who === undefined ? undefined : this.#users.of(keyOf(who), this.#host.now());
  }

  // Whether a chunk is the first one of a message.
  #begins(c: ChunkContext, lane: Lane): boolean {
    if (!c.first) return false;
    const { open } = lane;
    const ends = c.last && c.flag !== "+";
    if (ends && open.size === 0) return true;
    const id = c.messageId ?? "";
    if (open.has(id)) {
      if (ends) open.delete(id);
      return false;
    }
    if (!ends && open.size < maxOpen) open.add(id);
    return true;
  }

  #take(
    c: Sender | RequestContext,
    next: Next,
    lane: Lane,
    messages: number,
    bytes: number,
    sessions: number,
  ): MaybeVerdict {
    const now = this.#host.now();
    const delay = waitFor(lane, messages, bytes, sessions, now);
    if (delay > this.#parts.maxDelayMs) return this.#refuse(c, lane);
    // What waits is taken at once, so that others of the same user or address wait behind it.
    takeFrom(lane, messages, bytes, sessions);
    lane.admitted = true;
    return delay === 0 ? next() : this.#later(next, delay);
  }

  async #later(next: Next, delay: number): Promise<Verdict> {
    await new Promise<void>((resolve) => {
      this.#host.setTimer(resolve, delay);
    });
    return next();
  }

  #refuse(c: Sender | RequestContext, lane: Lane): Verdict {
    // A message that is refused has not begun: its next chunk would count as another one.
    if ("messageId" in c) lane.open.delete((c as ChunkContext).messageId ?? "");
    return c.reject(this.#parts.status, this.#parts.comment);
  }
}

const none: Buckets = new Buckets({}, 0);

function userOn(connection: ConnectionHandle): HandshakeUser | undefined {
  return connection.get(handshakeUser) ?? connection.get(relayUser);
}

function keyOf(who: HandshakeUser | string): string {
  return typeof who === "string" ? who : `${who.user}\n${who.realm ?? ""}`;
}

function waitFor(lane: Lane, messages: number, bytes: number, sessions: number, now: number): number {
  let longest = waitIn(lane.session, messages, bytes, sessions, now);
  longest = Math.max(longest, waitIn(lane.address, messages, bytes, sessions, now));
  return lane.user === undefined
    ? longest
    : Math.max(longest, waitIn(lane.user, messages, bytes, sessions, now));
}

function waitIn(buckets: Buckets, messages: number, bytes: number, sessions: number, now: number): number {
  let longest = messages > 0 ? wait(buckets.messages, messages, now) : 0;
  if (bytes > 0) longest = Math.max(longest, wait(buckets.bytes, bytes, now));
  return sessions > 0 ? Math.max(longest, wait(buckets.sessions, sessions, now)) : longest;
}

function wait(bucket: TokenBucket | undefined, amount: number, now: number): number {
  return bucket === undefined ? 0 : bucket.wait(amount, now);
}

function takeFrom(lane: Lane, messages: number, bytes: number, sessions: number): void {
  takeIn(lane.session, messages, bytes, sessions);
  takeIn(lane.address, messages, bytes, sessions);
  if (lane.user !== undefined) takeIn(lane.user, messages, bytes, sessions);
}

function takeIn(buckets: Buckets, messages: number, bytes: number, sessions: number): void {
  if (messages > 0) buckets.messages?.take(messages);
  if (bytes > 0) buckets.bytes?.take(bytes);
  if (sessions > 0) buckets.sessions?.take(sessions);
}
