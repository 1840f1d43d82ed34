/**
 * Reads start lines: "MSRP", a transaction id, and a method or a status code with its comment (RFC 4975 §9).
 * A start line that cannot be read leaves no id to look for, so every fault here is fatal.
 */
import { RemoteProtocolError } from "../errors.ts";
import type { DecoderLimits } from "./decoder_options.ts";
import { type FrameHead, idOffset, OTHER, REPORT, RESPONSE, SEND } from "./frame_head.ts";
import { ALPHANUM, classes, decodeText, findCrLf, IDENT, isUtf8Text, skipIdent, UPPER } from "./text.ts";

/** "MSRP" and "SEND" as a view reads four octets. */
const msrp = 0x5052534d;
const send = 0x444e4553;

/** A fault that leaves no way to find the next frame. */
export function fatal(code: string, message: string): RemoteProtocolError {
  return new RemoteProtocolError(code, message, { fatal: true });
}

/** Throws as soon as octets cannot be the beginning of "MSRP ". */
export function checkBeginning(bytes: Uint8Array, start: number, end: number): void {
  if (
    (start < end && bytes[start] !== 77) ||
    (start + 1 < end && bytes[start + 1] !== 83) ||
    (start + 2 < end && bytes[start + 2] !== 82) ||
    (start + 3 < end && bytes[start + 3] !== 80) ||
    (start + 4 < end && bytes[start + 4] !== 32)
  ) {
    throw fatal("bad-start-line", "Cannot read frame: it does not begin with MSRP and a blank");
  }
}

function startLineLimit(limits: DecoderLimits): number {
  return Math.min(limits.maxStartLineBytes, limits.maxHeadBytes);
}

/** Throws when a start line without its CRLF is already too long. */
export function checkOpenStartLine(length: number, limits: DecoderLimits): void {
  if (length >= limits.maxStartLineBytes)
    throw fatal("start-line-too-long", "Cannot read start line: it is too long");
}

/**
 * Reads the start line at the head's origin.
 *
 * @returns index of the first header line, or -1 when the octets end before the line does
 * @throws {RemoteProtocolError} fatal: `bad-start-line`, `bad-line-ending`, `bad-tid`, `start-line-too-long`
 */
export function readStartLine(
  head: FrameHead,
  view: DataView,
  end: number,
  limits: DecoderLimits,
  oddities: string[],
): number {
  const { bytes, origin } = head;
  const usual = origin + 80 <= end ? readUsual(head, bytes, view, origin + idOffset) : -1;
  if (usual > 0) return usual;
  checkBeginning(bytes, origin, end);
  const lineEnd = findCrLf(bytes, origin, Math.min(end, origin + startLineLimit(limits)));
  if (lineEnd < 0) {
    checkOpenStartLine(end - origin, limits);
    return -1;
  }
  for (let index = origin; index < lineEnd; index++) {
    if (bytes[index] === 10 || bytes[index] === 13) {
      throw fatal("bad-line-ending", "Cannot read start line: it does not end in CRLF");
    }
  }
  readParts(head, lineEnd, limits, oddities);
  return lineEnd + 2;
}

/** The short way for most of all start lines: a legal id and SEND. The caller vouches for 80 octets. */
function readUsual(head: FrameHead, bytes: Uint8Array, view: DataView, idStart: number): number {
  if (view.getInt32(idStart - idOffset, true) !== msrp || bytes[idStart - 1] !== 32) return -1;
  if ((classes[bytes[idStart]!]! & ALPHANUM) === 0) return -1;
  const at = skipIdent(bytes, idStart + 1, idStart + 33);
  const length = at - idStart;
  if (length < 4 || length > 32 || bytes[at] !== 32) return -1;
  if (view.getInt32(at + 1, true) !== send || bytes[at + 5] !== 13 || bytes[at + 6] !== 10) return -1;
  head.idLength = length;
  return at + 7;
}

function readParts(head: FrameHead, lineEnd: number, limits: DecoderLimits, oddities: string[]): void {
  const { bytes, origin } = head;
  const idStart = origin + idOffset;
  let idEnd = idStart;
  while (idEnd < lineEnd && bytes[idEnd] !== 32) idEnd++;
  const word = idEnd + 1;
  if (
    idEnd === lineEnd ||
    idEnd === idStart ||
    !(isMethod(bytes, word, lineEnd) || isStatus(bytes, word, lineEnd))
  ) {
    throw fatal("bad-start-line", "Cannot read start line: it is neither a request nor a response");
  }
  const length = idEnd - idStart;
  if (length < 4 || length > limits.maxIdBytes || !isIdentAt(bytes, idStart, idEnd)) {
    throw fatal("bad-tid", "Cannot read start line: the transaction id is not legal");
  }
  if (length > 32) oddities.push("long-transaction-id");
  head.idLength = length;
  if ((classes[bytes[word]!]! & UPPER) !== 0) {
    const method = decodeText(bytes, word, lineEnd);
    head.method = method === "SEND" ? SEND : method === "REPORT" ? REPORT : OTHER;
    if (head.method === OTHER) head.setWord(word - origin, lineEnd - origin);
    return;
  }
  head.method = RESPONSE;
  head.status = (bytes[word]! - 48) * 100 + (bytes[word + 1]! - 48) * 10 + bytes[word + 2]! - 48;
  // A blank after the code and nothing more is an empty comment; without the blank there is none.
  if (lineEnd > word + 3) head.setWord(word + 4 - origin, lineEnd - origin);
}

function isMethod(bytes: Uint8Array, start: number, end: number): boolean {
  for (let index = start; index < end; index++) {
    if ((classes[bytes[index]!]! & UPPER) === 0) return false;
  }
  return start < end;
}

function isStatus(bytes: Uint8Array, start: number, end: number): boolean {
  for (let index = start; index < start + 3; index++) {
    if (index >= end || bytes[index]! < 48 || bytes[index]! > 57) return false;
  }
  return start + 3 === end || (bytes[start + 3] === 32 && isUtf8Text(bytes, start + 4, end));
}

/** True when octets are ident characters, the first a letter or digit; their number is not looked at. */
export function isIdentAt(bytes: Uint8Array, start: number, end: number): boolean {
  if ((classes[bytes[start]!]! & ALPHANUM) === 0) return false;
  for (let index = start + 1; index < end; index++) {
    if ((classes[bytes[index]!]! & IDENT) === 0) return false;
  }
  return true;
}
