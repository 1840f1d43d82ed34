/**
 * When success reports go out and which octets they cover (RFC 4975 §7.1.3). The node writes the REPORT itself; here is
 * the choice between one report for the whole message and one for each chunk.
 */
import type { ByteRange } from "../wire/byte_range.ts";

/** How often success reports go out: one when the whole message was delivered, or one for each chunk as it comes. */
export type ReportPer = "message" | "chunk";

/** What the reporter reads of a chunk, or of a slice of a long one. */
export interface ReportedChunk {
  readonly messageId: string | undefined;
  readonly byteRange: ByteRange | undefined;
  /** Undefined = no body. */
  readonly body: Uint8Array | undefined;
  /** First slice of its request. */
  readonly first: boolean;
  /** Last slice of its request. */
  readonly last: boolean;
}

/** Sends one success report. */
export type SendReport = (fields: { readonly messageId: string; readonly byteRange: ByteRange }) => void;

/**
 * The success reports of one session. Only chunks with `Success-Report: yes` may be given to it; together its reports
 * cover every octet that was accepted, and no other.
 */
export class SuccessReporter {
  readonly #per: ReportPer;
  /** Start of the request whose slices are coming in. */
  #start = 1;

  /** @param per one report for each message, or for each chunk. @default "message" */
  constructor(per: ReportPer = "message") {
    this.#per = per;
  }

  /** A chunk was accepted. */
  received(chunk: ReportedChunk, report: SendReport): void {
    if (this.#per !== "chunk") return;
    const { messageId, byteRange, body, first, last } = chunk;
    if (first) this.#start = byteRange?.start ?? 1;
    // A SEND without a body brings no octets to report on (RFC 4975 §5.4).
    if (!last || messageId === undefined || body === undefined) return;
    report({ messageId, byteRange: exactRange(this.#start, byteRange, body.length) });
  }

  /** The whole message of `size` octets was delivered. */
  delivered(messageId: string, size: number, report: SendReport): void {
    if (this.#per !== "message") return;
    report({ messageId, byteRange: { start: 1, end: size, total: size } });
  }

  /** The message was refused or aborted: nothing is kept of it that would have to go. */
  dropped(_messageId: string): void {}
}

/**
 * The octets that a chunk really held, for a REPORT about it (RFC 4975 §7.1.3, §7.1.4): start and total from the SEND,
 * the end from the body, whatever its Byte-Range said.
 *
 * @param start first octet of the whole request, when `byteRange` is of its last slice
 * @param byteRange Byte-Range of the request, or of its last slice
 * @param length octets of the body, or of the last slice
 */
export function exactRange(start: number, byteRange: ByteRange | undefined, length: number): ByteRange {
  const range: ByteRange = { start, end: (byteRange?.start ?? 1) + length - 1 };
  if (byteRange?.total !== undefined) range.total = byteRange.total;
  if (byteRange?.hugeTotal !== undefined) range.hugeTotal = byteRange.hugeTotal;
  return range;
}
