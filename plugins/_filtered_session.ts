/**
 * The messages of one session that a filter has seen a part of. The table is bounded, and what it has lost is taken for
 * out of order, never for clean.
 */
import type { Inspection } from "./_inspection.ts";
import type { VirusScan } from "./_virus_scan.ts";

/** A message of which more is to come. */
export interface FilteredMessage {
  readonly inspection: Inspection;
  readonly scan: VirusScan | undefined;
  /** Octets so far. */
  position: number;
  /** When the last of them came. */
  at: number;
}

/** State of a filter for one session. */
export class FilteredSession {
  /** By connection and Message-ID: what is relayed has two senders, whose ids may meet. */
  readonly messages: Map<string, FilteredMessage> = new Map();
  /** Ids of messages whose chunks came out of order: they are looked at when they are whole. */
  readonly unordered: Set<string> = new Set();
  /** Ids of messages that the application reads while they come. */
  readonly streams: Set<string> = new Set();
  /** What is still to be blackened when the message is whole, by Message-ID. */
  readonly missed: Map<string, readonly { readonly start: number; readonly length: number }[]> = new Map();
  readonly #maxMessages: number;
  readonly #idleMs: number;

  constructor(maxMessages: number, idleMs: number) {
    this.#maxMessages = maxMessages;
    this.#idleMs = idleMs;
  }

  /** Keeps a message; false when there are too many. */
  keep(key: string, message: FilteredMessage): boolean {
    if (this.messages.size >= this.#maxMessages) {
      for (const [old, { at }] of this.messages) if (message.at - at >= this.#idleMs) this.drop(old);
      if (this.messages.size >= this.#maxMessages) return false;
    }
    this.messages.set(key, message);
    return true;
  }

  /** Notes an id in one of the sets; false when there are too many. */
  note(set: Set<string>, messageId: string): boolean {
    if (set.size >= this.#maxMessages && !set.has(messageId)) return false;
    set.add(messageId);
    return true;
  }

  /** Forgets a message that was being looked at. */
  drop(key: string): void {
    const message = this.messages.get(key);
    if (message === undefined) return;
    this.messages.delete(key);
    message.scan?.abort();
  }

  /** The session is over. */
  end(): void {
    for (const key of [...this.messages.keys()]) this.drop(key);
  }
}
