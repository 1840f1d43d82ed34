/**
 * What became of the messages that are over: so that a second copy counts as a duplicate, and no late chunk revives
 * what was aborted or refused (RFC 4975 §5.4, §7.1). Bounded in number and in time.
 */

/** The end of a message. */
export interface Finished {
  readonly fate: "complete" | "aborted" | "refused";
  /** Octets of a complete message, 0 otherwise. */
  readonly size: number;
  /** Status that a refused message got, and each further chunk of it gets. */
  readonly status: number;
  /** Comment to that status. */
  readonly comment: string | undefined;
  /** When it ended. */
  readonly at: number;
}

/** Message-IDs of one session's finished messages. */
export class FinishedMessages {
  readonly #limit: number;
  readonly #keepMs: number;
  readonly #byId: Map<string, Finished> = new Map();
  // The ids in the order of their ends, as a ring: the place of the oldest is the next one to be taken.
  readonly #ring: string[] = [];
  #next = 0;

  /** @param limit ids that are remembered @param keepMs milliseconds for which they count */
  constructor(limit: number, keepMs: number) {
    this.#limit = limit;
    this.#keepMs = keepMs;
  }

  /** How many ids are kept. */
  get size(): number {
    return this.#byId.size;
  }

  /** What became of the message, as long as it is remembered. */
  get(messageId: string, now: number): Finished | undefined {
    const found = this.#byId.get(messageId);
    return found !== undefined && now - found.at < this.#keepMs ? found : undefined;
  }

  /** Remembers; the oldest one makes room. */
  add(messageId: string, finished: Finished): void {
    if (this.#byId.has(messageId)) {
      // It keeps its place: an id ends twice only when a late chunk changes what became of it.
      this.#byId.set(messageId, finished);
      return;
    }
    if (this.#limit === 0) return;
    const oldest = this.#ring[this.#next];
    if (oldest !== undefined) this.#byId.delete(oldest);
    this.#ring[this.#next] = messageId;
    this.#next = (this.#next + 1) % this.#limit;
    this.#byId.set(messageId, finished);
  }

  /** Forgets everything. */
  clear(): void {
    this.#byId.clear();
    this.#ring.length = 0;
    this.#next = 0;
  }
}
