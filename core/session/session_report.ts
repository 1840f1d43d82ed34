/**
 * REPORT requests, for success and for failure. Each is a new request with an id of its own, without Success-Report and
 * Failure-Report (RFC 4975 §7.1.2).
 */
import type { ControlRequest } from "../connection/transaction.ts";
import { type ByteRange, formatByteRange } from "../wire/byte_range.ts";
import { formatStatus } from "../wire/status.ts";
import type { MsrpUri } from "../wire/uri.ts";

/** What a REPORT says. */
export interface ReportFields {
  /** Message-ID of the message that it is about. */
  readonly messageId: string;
  /** 200 for success, else the status of the failure. */
  readonly status: number;
  /** @default the usual comment of the status */
  readonly comment?: string | undefined;
  /** Octets that it is about. */
  readonly byteRange?: ByteRange | undefined;
}

/** @param toPath the whole From-Path of the SEND, unreversed (RFC 4975 §7.1.3) @param fromPath the own URI alone */
export function reportRequest(
  fields: ReportFields,
  toPath: readonly MsrpUri[],
  fromPath: readonly MsrpUri[],
): ControlRequest {
  const headers: (readonly [string, string])[] = [["Message-ID", fields.messageId]];
  if (fields.byteRange !== undefined) headers.push(["Byte-Range", formatByteRange(fields.byteRange)]);
  headers.push(["Status", formatStatus(fields.status, fields.comment)]);
  // The Message-ID is the peer's, and goes back as it came.
  return { method: "REPORT", toPath, fromPath, headers, forwarded: true };
}
