/**
 * Reads one header line the general way: any spelling, any order, every fault named. A fault does not stop the reading,
 * because a request whose id is known is answered, and needs the other fields for that (RFC 4975 §10.2).
 */
import { MsrpError, RemoteProtocolError } from "../errors.ts";
import { byteRangeFault, parseByteRange } from "./byte_range.ts";
import type { DecoderLimits } from "./decoder_options.ts";
import {
  type FrameHead,
  OTHER,
  SEEN_BYTE_RANGE,
  SEEN_CONTENT_TYPE,
  SEEN_FAILURE_REPORT,
  SEEN_FROM_PATH,
  SEEN_MESSAGE_ID,
  SEEN_MIME,
  SEEN_STATUS,
  SEEN_SUCCESS_REPORT,
  SEEN_TO_PATH,
} from "./frame_head.ts";
import { isMediaType, isSpacedMediaType } from "./media_type.ts";
import { isIdentAt } from "./start_line.ts";
import { parseStatus } from "./status.ts";
import { ALPHA, classes, decodeText, equalsIgnoringCase, isUtf8Text, TOKEN } from "./text.ts";
import { MsrpUri } from "./uri.ts";

/** What reading a field needs and changes. */
export interface FieldContext {
  readonly head: FrameHead;
  readonly limits: DecoderLimits;
  readonly oddities: string[];
  /** Which line, from 0, was the first To-Path, From-Path and Content-Type; -1 = none. */
  toPathLine: number;
  fromPathLine: number;
  contentTypeLine: number;
}

/** Reads the line between `line` and `end` (its CR); `head.count` already counts it. */
export function readField(context: FieldContext, line: number, end: number): void {
  const { head } = context;
  const { bytes } = head;
  const colon = findColon(context, line, end);
  if (colon < 0) return;
  let value = bytes[colon + 1] === 32 && colon + 1 < end ? colon + 2 : colon + 1;
  const noBlank = "Cannot read header: no blank after the colon";
  if (value === colon + 1 && !tolerate(context, "blank-in-header", noBlank, "bad-header")) return;
  if (!isUtf8Text(bytes, value, end)) {
    fault(context, "bad-header", "Cannot read header: its value holds a control character or is not UTF-8");
    return;
  }
  const reader = readerOf(bytes, line, colon);
  if (reader === undefined) return;
  if (reader.bit !== SEEN_MIME) {
    // A second blank belongs to the value of an unknown field, but to no known one's.
    const first = value;
    while (value < end && (bytes[value] === 32 || bytes[value] === 9)) value++;
    const manyBlanks = "Cannot read header: more than one blank after the colon";
    if (value === end) value = first;
    else if (value > first && !tolerate(context, "blank-in-header", manyBlanks, "bad-header")) return;
    if (isRepeated(context, reader.bit)) {
      fault(context, "duplicate-header", "Cannot read headers: a field that may occur once is repeated");
      return;
    }
  }
  head.seen |= reader.bit;
  reader.read(context, value, end);
}

/** Index of the colon after a legal field name, or -1 and a fault. */
function findColon(context: FieldContext, line: number, end: number): number {
  const { bytes } = context.head;
  for (let index = line; index < end; index++) {
    if (bytes[index] === 10 || bytes[index] === 13) {
      fault(context, "bad-line-ending", "Cannot read header: its line does not end in CRLF");
      return -1;
    }
  }
  let colon = line;
  if ((classes[bytes[line]!]! & ALPHA) !== 0) {
    while (colon < end && (classes[bytes[colon]!]! & TOKEN) !== 0) colon++;
  }
  if (colon > line && colon < end && bytes[colon] === 58) return colon;
  fault(context, "bad-header", "Cannot read header: the line is no field name and colon");
  return -1;
}

/** Records what the grammar forbids; the first fault of a frame is the one that is reported. */
export function fault(context: FieldContext, code: string, message: string): void {
  context.head.fault ??= new RemoteProtocolError(code, message);
}

/** Records what the text of the RFC forbids. */
export function semanticFault(context: FieldContext, code: string, message: string): void {
  context.head.semanticFault ??= new RemoteProtocolError(code, message);
}

/** True when an oddity is let through, and notes it; else records the fault that it is, by the oddity's name or `code`. */
export function tolerate(
  context: FieldContext,
  oddity: string,
  message: string,
  code: string = oddity,
): boolean {
  if (context.limits.strict) {
    fault(context, code, message);
    return false;
  }
  if (!context.oddities.includes(oddity)) context.oddities.push(oddity);
  return true;
}

interface FieldReader {
  readonly name: string;
  readonly bit: number;
  readonly read: (context: FieldContext, start: number, end: number) => void;
}

const readers: readonly FieldReader[] = [
  { name: "to-path", bit: SEEN_TO_PATH, read: readToPath },
  { name: "from-path", bit: SEEN_FROM_PATH, read: readFromPath },
  { name: "message-id", bit: SEEN_MESSAGE_ID, read: readMessageId },
  { name: "byte-range", bit: SEEN_BYTE_RANGE, read: readByteRange },
  { name: "success-report", bit: SEEN_SUCCESS_REPORT, read: readSuccessReport },
  { name: "failure-report", bit: SEEN_FAILURE_REPORT, read: readFailureReport },
  { name: "status", bit: SEEN_STATUS, read: readStatus },
  { name: "content-type", bit: SEEN_CONTENT_TYPE, read: readContentType },
  { name: "content-transfer-encoding", bit: SEEN_MIME, read: readTransferEncoding },
];
const otherMime: FieldReader = { name: "content-", bit: SEEN_MIME, read: () => undefined };

function readerOf(bytes: Uint8Array, start: number, end: number): FieldReader | undefined {
  for (const reader of readers) {
    if (equalsIgnoringCase(bytes, start, end, reader.name)) return reader;
  }
  return end - start > 8 && equalsIgnoringCase(bytes, start, start + 8, "content-") ? otherMime : undefined;
}

/** A second To-Path right after the first is a matter of order, which the end of the head judges. */
function isRepeated(context: FieldContext, bit: number): boolean {
  return (context.head.seen & bit) !== 0 && !(bit === SEEN_TO_PATH && context.head.count === 2);
}

// The requests that are addressed to a node itself, as AUTH is, all name it in the same words.
let lastAddress: string | undefined;
let lastPath: readonly MsrpUri[] = [];

function readToPath(context: FieldContext, start: number, end: number): void {
  if (context.toPathLine < 0) context.toPathLine = context.head.count - 1;
  const { head, oddities } = context;
  const text = decodeText(head.bytes, start, end);
  if (text === lastAddress) {
    head.toPath = lastPath;
    return;
  }
  const path = readPath(context, text);
  if (path === undefined) return;
  head.toPath = path;
  if (head.method !== OTHER || path.length !== 1 || oddities.length > 0) return;
  if (head.fault !== undefined || head.semanticFault !== undefined) return;
  lastAddress = text;
  lastPath = path;
}

function readFromPath(context: FieldContext, start: number, end: number): void {
  if (context.fromPathLine < 0) context.fromPathLine = context.head.count - 1;
  const { head } = context;
  head.fromPath = readPath(context, decodeText(head.bytes, start, end)) ?? head.fromPath;
}

function readPath(context: FieldContext, text: string): readonly MsrpUri[] | undefined {
  let parts = text.split(" ");
  if (parts.length > 1 && parts.includes("") && parts.some((part) => part !== "")) {
    if (
      !tolerate(context, "blank-in-header", "Cannot read path: more than one blank between URIs", "bad-uri")
    )
      return;
    parts = parts.filter((part) => part !== "");
  }
  if (parts.length > context.limits.maxPathUris) {
    fault(context, "path-too-long", "Cannot read path: too many URIs");
    return undefined;
  }
  const path: MsrpUri[] = [];
  for (const part of parts) {
    const { uri, fault: code } = MsrpUri.read(part);
    if (uri === undefined) {
      fault(context, "bad-uri", "Cannot read path: a URI is not in the grammar");
      return undefined;
    }
    if (code !== undefined) semanticFault(context, code, "Cannot use path: a URI breaks a rule of RFC 4975");
    path.push(uri);
  }
  return path;
}

function readMessageId({ head, limits, oddities }: FieldContext, start: number, end: number): void {
  const length = end - start;
  if (length < 4 || length > limits.maxIdBytes || !isIdentAt(head.bytes, start, end)) {
    head.fault ??= new RemoteProtocolError("bad-message-id", "Cannot read Message-ID: it is not a legal id");
    return;
  }
  if (length > 32) oddities.push("long-message-id");
  head.messageIdStart = start - head.origin;
  head.messageIdEnd = end - head.origin;
}

function readByteRange(context: FieldContext, start: number, end: number): void {
  const { head } = context;
  try {
    const range = parseByteRange(decodeText(head.bytes, start, end));
    const code = byteRangeFault(range);
    if (code !== undefined)
      semanticFault(context, code, "Cannot use Byte-Range: its numbers contradict each other");
    head.rangeStart = range.start;
    head.rangeEnd = range.end ?? -1;
    head.rangeTotal = range.total ?? -1;
    if (range.hugeEnd !== undefined || range.hugeTotal !== undefined) head.setHugeRange(range);
  } catch (error) {
    fault(context, codeOf(error), messageOf(error));
  }
}

function readSuccessReport(context: FieldContext, start: number, end: number): void {
  const value = reportValue(context, start, end);
  if (value === "yes" || value === "no") context.head.successReport = value === "yes";
  else fault(context, "bad-report-value", "Cannot read Success-Report: it is yes or no");
}

function readFailureReport(context: FieldContext, start: number, end: number): void {
  const value = ["yes", "no", "partial"].indexOf(reportValue(context, start, end));
  if (value >= 0) context.head.failureReport = value;
  else fault(context, "bad-report-value", "Cannot read Failure-Report: it is yes, no or partial");
}

function reportValue(context: FieldContext, start: number, end: number): string {
  const text = decodeText(context.head.bytes, start, end).toLowerCase();
  const trimmed = text.trim();
  if (trimmed === text || trimmed === "") return text;
  const tolerated = tolerate(
    context,
    "blank-in-header",
    "Cannot read header: a blank at its end",
    "bad-report-value",
  );
  return tolerated ? trimmed : text;
}

function readStatus(context: FieldContext, start: number, end: number): void {
  const { head } = context;
  try {
    parseStatus(decodeText(head.bytes, start, end));
    head.setStatusHeader(start - head.origin, end - head.origin);
  } catch (error) {
    fault(context, codeOf(error), messageOf(error));
  }
}

function readContentType(context: FieldContext, start: number, end: number): void {
  const { head } = context;
  context.contentTypeLine = head.count - 1;
  const text = decodeText(head.bytes, start, end);
  head.contentType = text;
  if (isMediaType(text)) return;
  const message = "Cannot read Content-Type: it is no type/subtype with parameters";
  if (isSpacedMediaType(text)) tolerate(context, "blank-in-content-type", message, "bad-content-type");
  else fault(context, "bad-content-type", message);
}

/** RFC 4975 §7.1.1: content is always binary, so the encodings that change no octet can be ignored, others not. */
function readTransferEncoding(context: FieldContext, start: number, end: number): void {
  const value = decodeText(context.head.bytes, start, end).trim().toLowerCase();
  const harmless = value === "binary" || value === "8bit" || value === "7bit";
  if (harmless && !context.limits.strict) context.oddities.push("transfer-encoding-present");
  else semanticFault(context, "transfer-encoding-present", "Cannot use body: it is encoded for transfer");
}

function codeOf(error: unknown): string {
  return error instanceof MsrpError ? error.code : "bad-header";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "Cannot read header";
}
