/**
 * What an inbox says to a chunk, and what it says later. The results that carry nothing are shared objects, because
 * most chunks of a long message get one of them.
 */
import type { ByteRange } from "../wire/byte_range.ts";
import type { FailureReport } from "../wire/frame.ts";
import type { MsrpUri } from "../wire/uri.ts";
import type { Message } from "./message.ts";

/**
 * What became of a chunk:
 * - `nothing`: a SEND without a body (RFC 4975 §5.4): answered, delivers nothing
 * - `taken`: more must come
 * - `message`: `message` is whole; into a sink it is whole once `message.completed` resolves
 * - `begun`: `message` streams from here on; `message.size` is set when this chunk was all of it
 * - `complete`: `message`, which began earlier, is whole
 * - `duplicate`: a message of this id was delivered before; `message` is set when this copy ends here
 * - `aborted`: the sender gave the message up
 * - `refused`: answer with `status`; the message is forgotten, and its further chunks get the same
 */
export type InboxOutcome =
  | "nothing"
  | "taken"
  | "message"
  | "begun"
  | "complete"
  | "duplicate"
  | "aborted"
  | "refused";

/** The answer to one chunk. */
export interface InboxResult {
  readonly outcome: InboxOutcome;
  /** Status for the response: 200 unless refused. */
  readonly status: number;
  /** Comment for the response; undefined = the usual one. */
  readonly comment: string | undefined;
  readonly message: Message | undefined;
}

/** A message that was given up after its chunks were answered: what a failure REPORT needs (RFC 4975 §7.1.4). */
export interface MessageFailure {
  readonly messageId: string;
  /** Status for the REPORT. */
  readonly status: number;
  readonly comment: string;
  /** What was received: exact, with the announced total. */
  readonly byteRange: ByteRange;
  /** `"no"`: say nothing. */
  readonly failureReport: FailureReport;
  /** From-Path of the SEND, whole: the To-Path of the REPORT. */
  readonly fromPath: readonly MsrpUri[];
  /** The reason, as the consumer of the message is told it. */
  readonly error: Error;
}

/** A message of which octets are missing. */
export interface IncompleteMessage {
  readonly messageId: string;
  readonly contentType: string | undefined;
  /** Octets of the whole message: what the chunk with `$` said, else what was announced, else undefined. */
  readonly total: number | undefined;
  /** What was received, in order. */
  readonly received: readonly { readonly start: number; readonly end: number }[];
}

export const NOTHING: InboxResult = plain("nothing");
export const TAKEN: InboxResult = plain("taken");
export const DUPLICATE: InboxResult = plain("duplicate");
export const ABORTED: InboxResult = plain("aborted");

/** A result with a message. */
export function withMessage(outcome: InboxOutcome, message: Message): InboxResult {
  return { outcome, status: 200, comment: undefined, message };
}

/** A refusal. */
export function refused(status: number, comment: string | undefined): InboxResult {
  return { outcome: "refused", status, comment, message: undefined };
}

function plain(outcome: InboxOutcome): InboxResult {
  return Object.freeze({ outcome, status: 200, comment: undefined, message: undefined });
}
