/**
 * The life of one request that we sent: what the layer above sees of it and whom its response concerns.
 * A transaction is open from the moment its id is drawn until its response, its timeout or the end of the connection.
 */
import type { ByteRange } from "../wire/byte_range.ts";
import type { OutgoingRequest } from "../wire/encoder.ts";
import type { Flag } from "../wire/frame.ts";
import type { HeaderList } from "../wire/header_list.ts";

/** A request whose transaction id the connection may draw. */
export type ControlRequest = Omit<OutgoingRequest, "transactionId"> & {
  readonly transactionId?: string | undefined;
};

/** One request on its way: a control request, or one chunk of a message. */
export interface Transaction {
  /** Transaction id as it stands in the start line. */
  readonly id: string;
  /** Method of the request, for example `"SEND"`. */
  readonly method: string;
  /** Exact octets of the chunk; undefined for a request without Byte-Range, `end` is set when its end-line was written. */
  readonly range: ByteRange | undefined;
  /** Continuation flag of the end-line; undefined as long as the chunk is open on the wire. */
  readonly flag: Flag | undefined;
  /** When the response is overdue, on the clock of the connection; Infinity until the last octet was handed over. */
  readonly deadline: number;
  /** Who is told of the outcome; undefined for requests that nobody asks about, such as a REPORT. */
  readonly owner: TransactionOwner | undefined;
}

/** Who is told how a transaction ended: exactly one of the three is called, at most once. */
export interface TransactionOwner {
  /** A response with this id came; any status, 2xx as well as failures. */
  responded(transaction: Transaction, status: number, comment: string | undefined, headers: HeaderList): void;
  /** No response within the time limit after the last octet was handed over (RFC 4975 §7.1.1). */
  timedOut(transaction: Transaction): void;
  /** The connection ended with the transaction open. */
  lost?(transaction: Transaction, error: Error): void;
}
