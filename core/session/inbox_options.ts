/**
 * The limits of an inbox and the choice of where a message goes. Whatever a stranger can fill has a number here, with
 * the reason for it.
 */
import type { HeaderList } from "../wire/header_list.ts";
import type { Session } from "./session.ts";

/** What is known of a message before its octets are taken. */
export interface MessageStart {
  readonly messageId: string;
  readonly contentType: string | undefined;
  /** Octets of the whole message as announced; undefined = unknown. Announced is not received: it may be wrong. */
  readonly total: number | undefined;
  /** Header fields of the chunk that came first; readable during the call only. */
  readonly headers: HeaderList;
  readonly session: Session;
}

/** Takes the octets of a message at their positions, in any order, for example into a file. */
export interface MessageSink {
  /**
   * Octets came: `position` is the number of octets of the message before them. The bytes may be read until the call
   * returns, or its promise settles; then they are used again. A promise holds back further writes until it resolves; when it
   * rejects, or the call throws, the message is refused.
   */
  write(position: number, bytes: Uint8Array): void | Promise<void>;
  /**
   * True: `write` is through with the bytes when it returns, even when it returns a promise. Then it gets them where they
   * came in, and nothing is copied for it. @default false
   */
  readonly immediate?: boolean;
  /** Every octet was written; `total` octets. The message is delivered when this is done. */
  close(total: number): void | Promise<void>;
  /** The message will not become whole. No write is running, and nothing follows. */
  abort(reason: Error): void | Promise<void>;
  /** Octets that the sink has from an earlier attempt, so that only the missing ones need to come. */
  readonly received?: Iterable<{ readonly start: number; readonly end: number }>;
}

/** Where a message goes: into memory, out as a stream from its first chunk on, into a sink, or back with a status. */
export type Reception =
  | "memory"
  | "stream"
  | { readonly sink: MessageSink }
  | { readonly reject: number; readonly comment?: string };

/** Limits of one session's inbox. */
export interface InboxOptions {
  /**
   * Octets of a message that is kept in memory; a longer one is refused with 413.
   * Four times the largest picture that phones send, and a thousand such messages still fit a server.
   * @default 16777216
   */
  readonly maxMessageBytes?: number;
  /**
   * Octets of a message that streams or goes into a sink. No limit, because memory does not grow with it and whoever
   * chose the mode saw the announced size.
   * @default Infinity
   */
  readonly maxStreamedMessageBytes?: number;
  /**
   * Messages of this session that have begun and are not whole; another is refused with 413. Senders take fair turns
   * between the messages in flight, and few have more than a handful.
   * @default 64
   */
  readonly maxIncompleteMessages?: number;
  /**
   * Octets of incomplete messages held in memory for this session; what goes above is refused with 413. Two messages of
   * the greatest size, so that one can begin while another ends.
   * @default 33554432
   */
  readonly maxIncompleteBytes?: number;
  /**
   * Gaps between the octets received of one message; more are refused with 413. Each costs memory that octets do not
   * account for, and in practice chunks come in order.
   * @default 1024
   */
  readonly maxGaps?: number;
  /**
   * Milliseconds in which nothing of an incomplete message comes (nor is read by its consumer) before it is given up:
   * four times the 30 s after which a sender takes an unanswered chunk for lost (RFC 4975 §7.1.1).
   * @default 120000
   */
  readonly idleTimeoutMs?: number;
  /**
   * Milliseconds from its first chunk in which a message in memory must be whole, however busy it is kept: 16 MiB over
   * a modem link.
   * @default 3600000
   */
  readonly totalTimeoutMs?: number;
  /**
   * The same for a message that streams or goes into a sink, which holds little memory and may be of any size.
   * @default Infinity
   */
  readonly streamedTotalTimeoutMs?: number;
  /**
   * Octets that wait for a stream's reader or a sink's writes before the session is paused: four of the largest slices,
   * the same as the sender's window.
   * @default 262144
   */
  readonly windowBytes?: number;
  /**
   * Message-IDs of finished messages that are remembered, to know duplicates and to keep aborted messages dead
   * (RFC 4975 §5.4). Ids are at most 64 octets: some 40 KiB per session.
   * @default 256
   */
  readonly maxRememberedIds?: number;
  /**
   * Milliseconds for which they are remembered: several rounds of a sender's 30 s timer.
   * @default 600000
   */
  readonly rememberMs?: number;
  /** Chooses where a message goes, before its first octet is taken. @default every message goes into memory */
  readonly onMessageStart?: (start: MessageStart) => Reception;
}

/** What every limit is unless an option says otherwise. */
export const defaultInboxLimits: Required<Omit<InboxOptions, "onMessageStart">> = Object.freeze({
  maxMessageBytes: 16_777_216,
  maxStreamedMessageBytes: Number.POSITIVE_INFINITY,
  maxIncompleteMessages: 64,
  maxIncompleteBytes: 33_554_432,
  maxGaps: 1024,
  idleTimeoutMs: 120_000,
  totalTimeoutMs: 3_600_000,
  streamedTotalTimeoutMs: Number.POSITIVE_INFINITY,
  windowBytes: 262_144,
  maxRememberedIds: 256,
  rememberMs: 600_000,
});
