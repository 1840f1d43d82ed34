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
  // A Map keeps the order of insertion, so that its first entry is the oldest.
  readonly #byId: Map<string, Finished> = new Map();

  /** @param limit ids that are remembered @param keepMs milliseconds for which they are */
  constructor(limit: number, keepMs: number) {
    this.#limit = limit;
    this.#keepMs = keepMs;
  }

  /** How many ids are remembered. */
  get size(): number {
    return this.#byId.size;
  }

  /** What became of the message, as long as it is remembered. */
  get(messageId: string, now: number): Finished | undefined {
    if (this.#byId.size === 0) return undefined;
    const found = this.#byId.get(messageId);
    if (found === undefined || now - found.at < this.#keepMs) return found;
    this.#byId.delete(messageId);
    return undefined;
  }

  /** Remembers; the oldest ones make room. */
  add(messageId: string, finished: Finished): void {
    this.#byId.delete(messageId);
    this.#byId.set(messageId, finished);
    for (const [oldest, { at }] of this.#byId) {
      if (this.#byId.size <= this.#limit && finished.at - at < this.#keepMs) break;
      this.#byId.delete(oldest);
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.#byId.clear();
  }
}
