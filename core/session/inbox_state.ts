/**
 * One message of which octets are missing: the ranges that are here, what was said about it, and the body that takes
 * the octets. Pure bookkeeping; the limits and the decisions are the inbox's.
 */
import type { DeliveryError } from "../errors.ts";
import type { FailureReport, RequestFrame } from "../wire/frame.ts";
import { HeaderList } from "../wire/header_list.ts";
import { encodeText } from "../wire/text.ts";
import type { MsrpUri } from "../wire/uri.ts";
import type { InboxBody } from "./inbox_body.ts";
import type { IncompleteMessage, MessageFailure } from "./inbox_result.ts";
import type { Message } from "./message.ts";
import { Completion } from "./message_completion.ts";
import { RangeSet } from "./range_set.ts";

/** A message that has begun. */
export class InboxState {
  readonly messageId: string;
  readonly headers: HeaderList;
  readonly ranges: RangeSet = new RangeSet();
  readonly completion: Completion = new Completion();
  readonly maxBytes: number;
  readonly totalTimeoutMs: number;
  readonly failureReport: FailureReport;
  readonly fromPath: readonly MsrpUri[];
  readonly startedAt: number;
  contentType: string | undefined;
  /** Octets as announced: a hint, never a size to allocate. */
  announced: number | undefined;
  /** Octets as the chunk with `$` defines them (RFC 4975 §7.3.1). */
  total: number | undefined;
  activeAt: number;
  /** Set right after construction, because a body tells its state when it fails. */
  body!: InboxBody;
  /** The message, when it was handed over before it is whole. */
  message: Message | undefined;

  constructor(
    frame: RequestFrame,
    messageId: string,
    now: number,
    limits: { maxBytes: number; totalTimeoutMs: number },
  ) {
    this.messageId = messageId;
    this.contentType = frame.contentType;
    this.headers = copyHeaders(frame.headers);
    this.announced = frame.byteRange?.total;
    this.failureReport = frame.failureReport;
    this.fromPath = frame.fromPath;
    this.startedAt = now;
    this.activeAt = now;
    this.maxBytes = limits.maxBytes;
    this.totalTimeoutMs = limits.totalTimeoutMs;
  }

  /** True when `$` was seen and nothing up to it is missing. */
  get whole(): boolean {
    return this.total !== undefined && this.ranges.contiguousEnd >= this.total;
  }

  /** When it is to be given up if nothing happens. */
  deadline(idleTimeoutMs: number): number {
    return Math.min(this.activeAt + idleTimeoutMs, this.startedAt + this.totalTimeoutMs);
  }

  /** The total that a `$` chunk of `length` octets at `start` defines. */
  totalAt(start: number, length: number, announced: number | undefined): number {
    if (length > 0) return start + length - 1;
    // A sender that learns only after its last octet that it was the last must send an empty `$` chunk, and RFC 4975
    // §7.1.1 makes it say range-start 1. Read literally that would drop what arrived.
    return Math.max(start - 1, this.ranges.end, start === 1 ? (announced ?? 0) : 0);
  }

  /** What a tap or a test may see. */
  describe(): IncompleteMessage {
    const { messageId, contentType } = this;
    return { messageId, contentType, total: this.total ?? this.announced, received: [...this.ranges] };
  }

  /** The failure REPORT that is due when the message is given up now. */
  failure(status: number, comment: string, error: DeliveryError): MessageFailure {
    const { messageId, failureReport, fromPath } = this;
    const total = this.total ?? this.announced;
    const byteRange = { start: 1, end: this.ranges.end, ...(total === undefined ? {} : { total }) };
    return { messageId, status, comment, byteRange, failureReport, fromPath, error };
  }
}

/** The fields in octets of their own; the frame's are gone after the call, and keeping them would keep its body. */
function copyHeaders(headers: HeaderList): HeaderList {
  let text = "";
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
  const bytes = encodeText(text);
  return new HeaderList({ bytes, fieldsStart: 0, fieldsEnd: bytes.length });
}
