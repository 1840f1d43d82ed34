/**
 * Reads heads: start line and header lines up to the blank line or the end-line. Reading stops at a line that is cut
 * off and goes on there, so a head costs the same in one piece or in a thousand.
 */
import type { DecoderLimits } from "./decoder_options.ts";
import type { Flag } from "./frame.ts";
import { FrameHead, OTHER, SEEN_CONTENT_TYPE, SEEN_FROM_PATH, SEEN_TO_PATH } from "./frame_head.ts";
import { type FieldContext, readField } from "./header_fields.ts";
import { KnownOctets } from "./known_octets.ts";
import { PathCache } from "./path_cache.ts";
import { checkBeginning, checkOpenStartLine, fatal, readStartLine } from "./start_line.ts";
import { bytesAt, encodeText, findCrLf } from "./text.ts";
import {
  byteRangeWord,
  contentTypeWord,
  failureWord,
  hyphensWord,
  messageIdWord,
  readEndLine,
  readUsualByteRange,
  readUsualMessageId,
  readUsualReport,
  successWord,
  usualLineBytes,
} from "./usual_fields.ts";

/** `HeadReader.read` says: the octets end inside the head. */
export const NEED_MORE = -1;

const noHead = new FrameHead(new Uint8Array(0), 0);
const noView = new DataView(new ArrayBuffer(0));
const contentTypeName = encodeText("Content-Type: ");
/** Longer Content-Types are read the general way each time. */
const maxKnownContentType = usualLineBytes - 20;

/** Reads one head after the other; the decoder drives it. */
export class HeadReader implements FieldContext {
  /** The head being read, or just read. */
  head: FrameHead = noHead;
  /** The flag of the end-line that closed the head; `undefined` when a blank line did and a body follows. */
  flag: Flag | undefined = undefined;
  /** Oddities of this head, to be told once the frame is complete. */
  readonly oddities: string[] = [];
  readonly limits: DecoderLimits;
  toPathLine = -1;
  fromPathLine = -1;
  contentTypeLine = -1;
  /** First octet of the line where reading goes on. */
  #position = 0;
  #fieldsStart = 0;
  readonly #paths = new PathCache();
  /** The octets of the head, four at a time. */
  #view: DataView = noView;
  /** The Content-Type line that came last, with the blank line after it. */
  #contentLine: KnownOctets | undefined = undefined;
  #contentType = "";

  /** @param limits limits of the decoder */
  constructor(limits: DecoderLimits) {
    this.limits = limits;
  }

  /** Begins a head whose first octet is `bytes[start]`; `view` sees the same octets. */
  begin(bytes: Uint8Array, view: DataView, start: number): void {
    this.head = new FrameHead(bytes, start);
    this.#view = view;
    this.#position = start;
    this.flag = undefined;
    this.toPathLine = -1;
    this.fromPathLine = -1;
    this.contentTypeLine = -1;
    if (this.oddities.length > 0) this.oddities.length = 0;
  }

  /** No head is being read: nothing of the last one is kept alive. */
  forget(): void {
    this.head = noHead;
    this.#view = noView;
  }

  /** The head's octets are now in `bytes`, the first of them at `start`; what was read stays read. */
  move(bytes: Uint8Array, view: DataView, start: number): void {
    this.#view = view;
    this.#position += start - this.head.origin;
    this.head.bytes = bytes;
    this.head.origin = start;
  }

  /** Throws when the line that `end` cuts off can come to no good. */
  checkOpenLine(end: number): void {
    const { bytes, origin } = this.head;
    if (this.#position > origin) {
      if (end >= this.#lineLimit(this.#position)) this.#tooLong(this.#position);
      return;
    }
    checkBeginning(bytes, origin, end);
    checkOpenStartLine(end - origin, this.limits);
  }

  /**
   * Reads on from where it stopped.
   *
   * @returns index after the head, or `NEED_MORE`
   * @throws {RemoteProtocolError} fatal, when the start line is unusable, a limit is passed, or framing is lost
   */
  read(end: number): number {
    const { head } = this;
    const { bytes, origin } = head;
    let line = this.#position;
    if (line === origin) {
      line = readStartLine(head, this.#view, end, this.limits, this.oddities);
      if (line < 0) return NEED_MORE;
      this.#fieldsStart = line - origin;
    }
    if (head.count === 0) line = this.#knownPaths(line, end);
    const usualEnd = Math.min(end, origin + this.limits.maxHeadBytes) - usualLineBytes;
    for (;;) {
      const next = line <= usualEnd && head.count >= 2 ? this.#usualLine(bytes, line) : 0;
      if (next > 0) {
        if (this.#isHeadEnd(bytes, line)) return this.#finish(line, next);
        this.#countField();
        line = next;
        continue;
      }
      const lineEnd = this.#findLineEnd(bytes, line, end);
      if (lineEnd < 0) {
        this.#position = line;
        return NEED_MORE;
      }
      if (lineEnd === line || bytes[line] === 45) {
        if (lineEnd > line && !this.#isEndLine(bytes, line, lineEnd)) {
          // No name begins with a hyphen, so this can only be a broken end-line: the next frame may have begun.
          throw fatal(
            "bad-header",
            "Cannot read headers: a line begins with a hyphen and is not the end-line",
          );
        }
        return this.#finish(line, lineEnd + 2);
      }
      this.#countField();
      readField(this, line, lineEnd);
      line = lineEnd + 2;
      if (head.count === 2) this.#rememberPaths(line);
    }
  }

  #countField(): void {
    if (++this.head.count > this.limits.maxHeaders) {
      throw fatal("too-many-headers", "Cannot read headers: there are too many");
    }
  }

  #isHeadEnd(bytes: Uint8Array, line: number): boolean {
    return bytes[line] === 13 || bytes[line] === 45;
  }

  /** Index after a line that is spelled as usual, or 0. */
  #usualLine(bytes: Uint8Array, line: number): number {
    const view = this.#view;
    switch (view.getInt32(line, true)) {
      case messageIdWord:
        return readUsualMessageId(this.head, bytes, view, line);
      case byteRangeWord:
        return readUsualByteRange(this.head, bytes, view, line);
      case contentTypeWord:
        return this.#knownContentType(view, line);
      case successWord:
      case failureWord:
        return readUsualReport(this.head, bytes, line);
      case hyphensWord:
        return this.#endLine(bytes, line);
      default:
        return bytes[line] === 13 && bytes[line + 1] === 10 ? line + 2 : 0;
    }
  }

  #isEndLine(bytes: Uint8Array, line: number, lineEnd: number): boolean {
    return lineEnd - line === this.head.idLength + 8 && this.#endLine(bytes, line) > 0;
  }

  #endLine(bytes: Uint8Array, line: number): number {
    const flag = readEndLine(this.head, bytes, line);
    if (flag === 0) return 0;
    this.flag = flag === 36 ? "$" : flag === 43 ? "+" : "#";
    return line + this.head.idLength + 10;
  }

  #knownPaths(line: number, end: number): number {
    const { head } = this;
    head.fieldsOffset = line - head.origin;
    const known = this.#paths.find(this.#view, line, end);
    if (known === undefined) return line;
    head.toPath = known.toPath;
    head.fromPath = known.fromPath;
    head.count = 2;
    head.seen = SEEN_TO_PATH | SEEN_FROM_PATH;
    this.toPathLine = 0;
    this.fromPathLine = 1;
    head.fieldsOffset += known.length;
    return line + known.length;
  }

  /** After the second line of a head: when both were paths, the same octets need not be read again. */
  #rememberPaths(next: number): void {
    const { head } = this;
    if (this.toPathLine !== 0 || this.fromPathLine !== 1) return;
    head.fieldsOffset = next - head.origin;
    if (
      head.fault !== undefined ||
      head.semanticFault !== undefined ||
      this.oddities.includes("blank-in-header")
    )
      return;
    const start = head.origin + this.#fieldsStart;
    const known = this.#paths.find(this.#view, start, next);
    if (known === undefined) {
      // Requests that do not come in numbers, as AUTH, would be kept for nothing by idle connections.
      if (head.method !== OTHER) this.#paths.add(this.#view, start, next, head.toPath, head.fromPath);
    } else {
      head.toPath = known.toPath;
      head.fromPath = known.fromPath;
    }
  }

  #knownContentType(view: DataView, line: number): number {
    const { head } = this;
    const known = this.#contentLine;
    if (known === undefined || (head.seen & SEEN_CONTENT_TYPE) !== 0 || !known.standAt(view, line)) return 0;
    head.contentType = this.#contentType;
    head.seen |= SEEN_CONTENT_TYPE;
    this.contentTypeLine = head.count;
    return line + known.length - 2;
  }

  #rememberContentType(blank: number): void {
    const { bytes, contentType = "" } = this.head;
    const value = blank - 2 - contentType.length;
    const start = value - contentTypeName.length;
    if (contentType.length > maxKnownContentType || start < this.head.fieldsStart) return;
    // Only the usual spelling in ASCII has its octets where its length says.
    if (!bytesAt(bytes, start, contentTypeName) || !bytesAt(bytes, value, encodeText(contentType))) return;
    this.#contentLine = new KnownOctets(this.#view, start, blank + 2 - start);
    this.#contentType = contentType;
  }

  #finish(line: number, next: number): number {
    const { head } = this;
    if (next - head.origin > this.limits.maxHeadBytes)
      throw fatal("head-too-long", "Cannot read headers: too long");
    head.length = line - head.origin;
    const known =
      head.fault === undefined && this.oddities.length === 0 && head.contentType !== this.#contentType;
    if (known && this.flag === undefined && this.contentTypeLine === head.count - 1)
      this.#rememberContentType(line);
    this.#position = next;
    return next;
  }

  #findLineEnd(bytes: Uint8Array, line: number, end: number): number {
    const limit = this.#lineLimit(line);
    const lineEnd = findCrLf(bytes, line, Math.min(end, limit));
    if (lineEnd < 0 && end >= limit) this.#tooLong(line);
    return lineEnd;
  }

  #lineLimit(line: number): number {
    return Math.min(line + this.limits.maxHeaderLineBytes, this.head.origin + this.limits.maxHeadBytes);
  }

  #tooLong(line: number): never {
    throw this.#lineLimit(line) < line + this.limits.maxHeaderLineBytes
      ? fatal("head-too-long", "Cannot read headers: they are too long")
      : fatal("header-line-too-long", "Cannot read headers: a line is too long");
  }
}
