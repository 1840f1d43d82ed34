/**
 * The short way through a head: header lines spelled as nearly everybody spells them, read without making a string.
 * Each function returns the index of the next line, or 0 to leave the line to the general way; none reports a fault.
 *
 * Callers vouch for `usualLineBytes` octets after the line's first one.
 */
import {
  type FrameHead,
  idOffset,
  SEEN_BYTE_RANGE,
  SEEN_FAILURE_REPORT,
  SEEN_MESSAGE_ID,
  SEEN_SUCCESS_REPORT,
} from "./frame_head.ts";
import { ALPHANUM, bytesAt, classes, encodeText, sameBytes, skipIdent } from "./text.ts";

/** So many octets must be readable from the first of the line; no line read here is longer. */
export const usualLineBytes = 96;

/** Four octets of a name as the number that a view reads there. */
function word(text: string): number {
  return new DataView(encodeText(text).buffer).getInt32(0, true);
}

/** What the usual lines begin with. */
export const messageIdWord: number = word("Mess");
export const byteRangeWord: number = word("Byte");
export const contentTypeWord: number = word("Cont");
export const successWord: number = word("Succ");
export const failureWord: number = word("Fail");
export const hyphensWord: number = word("----");
const ageHyphen = word("age-");
const idColon = word("ID: ");
const hyphenRan = word("-Ran");
const geColon = word("ge: ");
const successReport = encodeText("Success-Report: ");
const failureReport = encodeText("Failure-Report: ");
/** Sums of numbers with so many digits are exact. */
const maxDigits = 15;

/** Reads `Message-ID: ` and a legal id; the caller has seen the first four octets. */
export function readUsualMessageId(head: FrameHead, bytes: Uint8Array, view: DataView, line: number): number {
  if (
    view.getInt32(line + 4, true) !== ageHyphen ||
    view.getInt32(line + 8, true) !== idColon ||
    (classes[bytes[line + 12]!]! & ALPHANUM) === 0 ||
    (head.seen & SEEN_MESSAGE_ID) !== 0
  ) {
    return 0;
  }
  const limit = line + 45;
  const at = skipIdent(bytes, line + 13, limit);
  if (at < line + 16 || at === limit || bytes[at] !== 13 || bytes[at + 1] !== 10) return 0;
  head.messageIdStart = line + 12 - head.origin;
  head.messageIdEnd = at - head.origin;
  head.seen |= SEEN_MESSAGE_ID;
  return at + 2;
}

/** Reads `Byte-Range: ` and a range that makes sense, of numbers with at most 15 digits. */
export function readUsualByteRange(head: FrameHead, bytes: Uint8Array, view: DataView, line: number): number {
  if (
    view.getInt32(line + 4, true) !== hyphenRan ||
    view.getInt32(line + 8, true) !== geColon ||
    (head.seen & SEEN_BYTE_RANGE) !== 0
  ) {
    return 0;
  }
  let first = line + 12;
  let at = first;
  let octet = bytes[at]!;
  let start = 0;
  while (octet >= 48 && octet <= 57 && at - first < maxDigits) {
    start = start * 10 + octet - 48;
    octet = bytes[++at]!;
  }
  if (start === 0 || octet !== 45) return 0;
  octet = bytes[++at]!;
  let end = -1;
  if (octet === 42) {
    octet = bytes[++at]!;
  } else {
    first = at;
    end = 0;
    while (octet >= 48 && octet <= 57 && at - first < maxDigits) {
      end = end * 10 + octet - 48;
      octet = bytes[++at]!;
    }
    if (at === first || end < start - 1) return 0;
  }
  if (octet !== 47) return 0;
  octet = bytes[++at]!;
  let total = -1;
  if (octet === 42) {
    octet = bytes[++at]!;
  } else {
    first = at;
    total = 0;
    while (octet >= 48 && octet <= 57 && at - first < maxDigits) {
      total = total * 10 + octet - 48;
      octet = bytes[++at]!;
    }
    if (at === first || end > total || start - 1 > total) return 0;
  }
  if (octet !== 13 || bytes[at + 1] !== 10) return 0;
  head.rangeStart = start;
  head.rangeEnd = end;
  head.rangeTotal = total;
  head.seen |= SEEN_BYTE_RANGE;
  return at + 2;
}

/** Reads `Success-Report: ` or `Failure-Report: ` and `yes` or `no`. */
export function readUsualReport(head: FrameHead, bytes: Uint8Array, line: number): number {
  const success = bytes[line] === 83;
  const bit = success ? SEEN_SUCCESS_REPORT : SEEN_FAILURE_REPORT;
  if ((head.seen & bit) !== 0 || !bytesAt(bytes, line, success ? successReport : failureReport)) return 0;
  const at = line + 16;
  const yes = bytes[at] === 121 && bytes[at + 1] === 101 && bytes[at + 2] === 115;
  const next = yes ? at + 3 : bytes[at] === 110 && bytes[at + 1] === 111 ? at + 2 : 0;
  if (next === 0 || bytes[next] !== 13 || bytes[next + 1] !== 10) return 0;
  if (success) head.successReport = yes;
  else head.failureReport = yes ? 0 : 1;
  head.seen |= bit;
  return next + 2;
}

/** The flag of the head's own end-line at `line` as an octet, or 0 when the line is anything else. */
export function readEndLine(head: FrameHead, bytes: Uint8Array, line: number): number {
  for (let index = line; index < line + 7; index++) {
    if (bytes[index] !== 45) return 0;
  }
  const id = head.origin + idOffset;
  const { idLength } = head;
  if (!sameBytes(bytes, line + 7, bytes, id, idLength)) return 0;
  const at = line + 7 + idLength;
  const flag = bytes[at]!;
  if ((flag !== 36 && flag !== 43 && flag !== 35) || bytes[at + 1] !== 13 || bytes[at + 2] !== 10) return 0;
  return flag;
}
