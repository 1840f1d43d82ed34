/**
 * What the scheduler needs to know of a message that is being sent: its addressing, and a source of octets that is
 * read as the connection has room. The outbox implements it for endpoints, a relay for what it forwards.
 */
import type { FailureReport, Flag } from "../wire/frame.ts";
import type { HeaderList } from "../wire/header_list.ts";

import type { MsrpUri } from "../wire/uri.ts";
import type { Transaction } from "./transaction.ts";

/** A message (or a relayed part of one) that goes out in one or more chunks. */
export interface OutgoingMessage {
  /** Leftmost = next hop, rightmost = final target. */
  readonly toPath: readonly MsrpUri[];
  /** The last URI names the session for fair turns; the first is the own URI. */
  readonly fromPath: readonly MsrpUri[];
  readonly messageId: string;
  /** Written as the last header of each chunk; undefined only when every chunk has an empty body. */
  readonly contentType: string | undefined;
  readonly successReport: boolean;
  readonly failureReport: FailureReport;
  /** Further headers of each chunk, in order, without Message-ID, Byte-Range, reports and Content-Type. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Octets of the whole message, or undefined as long as nobody knows. */
  readonly total: number | undefined;
  /** Octets of the message before the next one that `read` gives; a relayed part may start anywhere. */
  readonly position: number;
  /** No octet follows: what was read last ends the message. */
  readonly ended: boolean;
  /** The sender gave up: an open chunk is closed with `#`, and no further one starts. */
  readonly aborted: boolean;
  /** With `aborted`: the peer refused, so it needs no empty `#` chunk to learn that nothing follows. @default false */
  readonly refused?: boolean;
  /** Flag that closes the last chunk; a relay forwards "+" when more follows from behind it. @default "$" */
  readonly endFlag?: Flag;
  /** Relayed: fields that only a deployed peer's writer would make pass as they are. @default false */
  readonly forwarded?: boolean;
  /** Upper limit of a chunk's body in octets, on top of the connection's own. @default Infinity */
  readonly maxChunkBytes?: number;
  /**
   * Takes up to `max` (>= 1) octets, now: undefined means none at the moment (`wakeMessage` tells when), a length of
   * zero is given only by a message without octets. The bytes must stay unchanged until `chunkSent`. Not called once `ended`
   * (except for the zero-length message, once) or `aborted`.
   */
  read(max: number): Uint8Array | undefined;
  /** The end-line of a chunk was written: `transaction.flag` and `transaction.range.end` are final. */
  chunkSent(transaction: Transaction): void;
  /** A response to a chunk came; see `TransactionOwner`. */
  responded(transaction: Transaction, status: number, comment: string | undefined, headers: HeaderList): void;
  /** A chunk was not answered in time. */
  timedOut(transaction: Transaction): void;
  /** The connection ended; called once for a message that is queued, and once for each of its open transactions. */
  lost?(transaction: Transaction | undefined, error: Error): void;
}
