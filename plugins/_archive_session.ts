/**
 * The messages of one session that an archive has seen a part of: those that come in, by their chunks, and those that go
 * out, until their fate is known. Both tables are bounded.
 */
import type { ChunkContext, Session } from "../core/mod.ts";
import { type BodyBudget, CollectedBody } from "./_archive_body.ts";
import type { Spooled } from "./_archive_spool.ts";
import { randomHex } from "./_random_hex.ts";

/** A message that is coming. */
export interface Incoming {
  readonly at: number;
  readonly messageId: string;
  readonly contentType: string | undefined;
  readonly from: string;
  readonly to: string;
  readonly relayed: boolean;
  readonly body: CollectedBody;
  /** Octets of the whole; Infinity until its end is known. */
  total: number;
}

/** A message that went out. */
export interface Outgoing {
  /** Undefined while its stream is read. */
  entry: Spooled | undefined;
  readonly reported: CollectedBody;
  /** Resolves when the whole of a stream is in the spool; rejects when there is no room. */
  admitting: Promise<void> | undefined;
  /** Ends the record of a stream that was not read to its end. */
  cut: (() => Spooled | undefined) | undefined;
}

// Each has the octets of a table entry, not of a message.
const maxOutgoing = 4_096;
const nothing: BodyBudget = { left: 0 };

/** State of an archive for one session. */
export class ArchivedSession {
  /** What stands for the session in the archive. */
  readonly number: string = randomHex(8);
  readonly session: Session;
  /** By connection and Message-ID: what is relayed has two senders, whose ids may meet. */
  readonly incoming: Map<string, Incoming> = new Map();
  readonly outgoing: Map<string, Outgoing> = new Map();

  constructor(session: Session) {
    this.session = session;
  }

  /** Follows a message that goes out. */
  follow(messageId: string, entry: Spooled | undefined, cut?: () => Spooled | undefined): Outgoing {
    if (this.outgoing.size >= maxOutgoing) {
      const [oldest] = this.outgoing.keys();
      this.outgoing.delete(oldest as string);
    }
    const reported = new CollectedBody(0, nothing);
    const outgoing: Outgoing = { entry, reported, admitting: undefined, cut };
    this.outgoing.set(messageId, outgoing);
    return outgoing;
  }
}

/** By what a message that comes is known. */
export function keyOf({ connection, messageId }: Pick<ChunkContext, "connection" | "messageId">): string {
  return `${connection.id} ${messageId}`;
}
