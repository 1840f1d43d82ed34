/**
 * What an archive keeps of a message, and what a place for archives must do. Types only: `msrpkit/archive` keeps to them
 * for SQL, and so can a store of one's own.
 */

/** `"in"`: received by this node; `"out"`: sent by it; `"relayed"`: passed on by it. */
export type ArchiveDirection = "in" | "out" | "relayed";

/**
 * What became of a message. `"pending"`: not known; `"accepted"`: answered with 200, or passed on; `"delivered"`: success
 * REPORTs cover it; `"refused"`: by a status, here or there; `"failed"`: aborted, never whole, timed out, reported as failed.
 */
export type ArchiveFateName = "pending" | "accepted" | "delivered" | "refused" | "failed";

/** The fate of a message. A later one takes the place of an earlier one, never the other way round. */
export interface ArchiveFate {
  /** `ArchiveRecord.id` of the message. */
  readonly id: string;
  readonly fate: ArchiveFateName;
  /** Status of the answer or REPORT; 0 when there is none. */
  readonly status: number;
  readonly comment: string | undefined;
  /** When, in milliseconds since 1970. */
  readonly fateAt: number;
}

/** A message. It holds nothing with which one could join its session. */
export interface ArchiveRecord extends ArchiveFate {
  /** The archive's own: 32 hexadecimal digits, in the order of `at`, and for the rest random. */
  readonly id: string;
  /** When its first octet came or went, in milliseconds since 1970. */
  readonly at: number;
  /** Random number of the session, the same for all of its messages. */
  readonly session: string;
  readonly direction: ArchiveDirection;
  readonly messageId: string;
  /** `user@host` or host; see the option `parties`. */
  readonly from: string;
  readonly to: string;
  readonly contentType: string | undefined;
  /** Octets of the whole message, as far as they were seen. */
  readonly size: number;
  /** True when `body` is less than the whole message. */
  readonly truncated: boolean;
  readonly body: Uint8Array;
  /** Its text, for searches; undefined when it is none. */
  readonly text: string | undefined;
}

/** Which messages are looked for; what is left out does not matter. */
export interface ArchiveQuery {
  /** From this time on, in milliseconds since 1970. */
  readonly since?: number | undefined;
  /** Before this time. */
  readonly until?: number | undefined;
  /** Sender or recipient: the whole, the user or the host of it; case does not matter. */
  readonly party?: string | undefined;
  /** Content-Type without parameters; `"image/*"` is any image. */
  readonly type?: string | undefined;
  /** A part of the text; case does not matter. */
  readonly text?: string | undefined;
  readonly fate?: ArchiveFateName | undefined;
  readonly direction?: ArchiveDirection | undefined;
  /** `ArchiveRecord.session`. */
  readonly session?: string | undefined;
  /** Messages of a page, at most 1000. @default 100 */
  readonly limit?: number | undefined;
  /** `ArchivePage.next` of the page before. */
  readonly after?: string | undefined;
}

/** Messages that were found, the oldest first. */
export interface ArchivePage {
  readonly messages: readonly ArchiveRecord[];
  /** For the query of the next page; undefined when there is none. */
  readonly next: string | undefined;
}

/** A place for messages. */
export interface ArchiveStore {
  /**
   * Stores messages and fates of earlier ones, all or nothing. Storing the same twice is as once: after a failure, or no
   * answer in time, it is called again. An error with `permanent: true` says that trying again is of no use.
   */
  store(records: readonly ArchiveRecord[], fates: readonly ArchiveFate[]): Promise<void>;
  /** Finds messages. @throws {TypeError} `after` is not of a page before */
  search(query: ArchiveQuery): Promise<ArchivePage>;
  /** Removes what is older; gives the number of messages. */
  removeBefore(time: number): Promise<number>;
  /** Lets go of files and connections. */
  close(): Promise<void>;
}

/** What an archive tells the operator. */
export interface ArchiveProblem {
  /**
   * `"store"`: the store failed, and is asked again; `"retention"`: old messages could not be removed; `"passed"`: messages
   * went on without being archived; `"refused"`: messages were refused because they could not be archived; `"lost"`: the store does not take a message at all.
   */
  readonly kind: "store" | "retention" | "passed" | "refused" | "lost";
  /** Messages it is about. */
  readonly messages: number;
  readonly error: Error | undefined;
}
