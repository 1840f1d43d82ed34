/**
 * Buckets by key, for users and addresses: a table of bounded size, from which idle entries go first. Keys come from
 * strangers.
 */
import { type Rate, TokenBucket } from "./_token_bucket.ts";

/** What is limited. */
export interface Rates {
  /** Messages; requests of other methods count as messages. @default no limit */
  readonly messages?: Rate;
  /** Octets of message bodies. @default no limit */
  readonly bytes?: Rate;
  /** New sessions. @default no limit */
  readonly sessions?: Rate;
  /** New connections. @default no limit */
  readonly connections?: Rate;
}

/** The buckets of one user, address or session. */
export class Buckets {
  readonly messages: TokenBucket | undefined;
  readonly bytes: TokenBucket | undefined;
  readonly sessions: TokenBucket | undefined;
  readonly connections: TokenBucket | undefined;

  constructor(rates: Rates, now: number) {
    const bucket = (rate: Rate | undefined) => (rate === undefined ? undefined : new TokenBucket(rate, now));
    this.messages = bucket(rates.messages);
    this.bytes = bucket(rates.bytes);
    this.sessions = bucket(rates.sessions);
    this.connections = bucket(rates.connections);
  }

  /** True when nobody would notice if they were made anew. */
  idle(now: number): boolean {
    for (const bucket of [this.messages, this.bytes, this.sessions, this.connections])
      if (bucket?.idle(now) === false) return false;
    return true;
  }
}

// So many entries are looked at when one has to go: enough to find an idle one, and no burden.
const looks = 16;

/** Buckets by key. */
export class BucketTable {
  readonly #rates: Rates;
  readonly #maxKeys: number;
  readonly #entries: Map<string, Buckets> = new Map();

  /** @param maxKeys entries there are at most */
  constructor(rates: Rates, maxKeys: number) {
    this.#rates = rates;
    this.#maxKeys = maxKeys;
  }

  /** Entries there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** The buckets of a key. */
  of(key: string, now: number): Buckets {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    if (this.#entries.size >= this.#maxKeys) this.#makeRoom(now);
    const fresh = new Buckets(this.#rates, now);
    this.#entries.set(key, fresh);
    return fresh;
  }

  // The oldest of them go round: who is busy is put at the end, and the first goes when all are.
  #makeRoom(now: number): void {
    const [oldest] = this.#entries.keys();
    let looked = 0;
    for (const [key, buckets] of this.#entries) {
      if (buckets.idle(now)) {
        this.#entries.delete(key);
        return;
      }
      this.#entries.delete(key);
      this.#entries.set(key, buckets);
      if (++looked >= looks) break;
    }
    this.#entries.delete(oldest as string);
  }
}
