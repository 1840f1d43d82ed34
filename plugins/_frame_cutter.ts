/**
 * Cuts the octets of one direction of a connection into MSRP frames, without judging them: a trace shows each frame as a
 * packet of its own, whatever the reads and writes were. What is no MSRP goes through as it came.
 */
import { sameOctets } from "./_same_octets.ts";

/** What a trace has to know of a frame. */
export interface FrameHead {
  readonly transactionId: string;
  /** Method of a request; undefined for a response. */
  readonly method: string | undefined;
  /** Status of a response. */
  readonly status: number | undefined;
  /** Comment of a response, or Status of a REPORT. */
  readonly comment: string | undefined;
  /** First URI of each path. */
  readonly to: string;
  readonly from: string;
  readonly byteRange: string | undefined;
  readonly contentType: string | undefined;
}

/** A frame, or a piece of one too long for a packet. */
export interface FramePiece {
  readonly bytes: Uint8Array;
  /** Undefined for what could not be read. */
  readonly head: FrameHead | undefined;
  /** The first piece of its frame. */
  readonly first: boolean;
  /** Continuation flag, with the last piece. */
  readonly flag: string | undefined;
  /** Octets of the body, up to the end of this piece. */
  readonly bodyBytes: number;
  /** How many of them are not among `bytes`, by the options. */
  readonly leftOut: number;
}

/** How it cuts. */
export interface CutterOptions {
  /** Pieces are at most so long. */
  readonly maxPieceBytes: number;
  /** Keep the bodies. */
  readonly bodies: boolean;
  /** Keep what proves identities; otherwise their octets become asterisks. */
  readonly credentials: boolean;
  /** Whether the frames of a path are of no interest, which must stay so. @default all are */
  readonly passesOver?: (head: FrameHead) => boolean;
}

const CR = 13;
const LF = 10;
const HYPHEN = 45;
const SPACE = 32;
const word: readonly number[] = [77, 83, 82, 80, SPACE]; // "MSRP "
const ASTERISK = 42;
const decoder = new TextDecoder("latin1");
const pathLines = /^to-path:[^\n]*\nfrom-path:[^\n]*$/i;
// A session has a few: of its requests and of its answers, each way.
const maxPassedOver = 8;
const secretField = /^(?:authorization|www-authenticate|authentication-info):[ \t]*/i;

/** One direction of one connection. */
export class FrameCutter {
  readonly #options: CutterOptions;
  readonly #emit: (piece: FramePiece) => void;
  #buffer: Uint8Array = new Uint8Array(4096);
  #base = 0; // where the frame in hand begins; all places are those in the buffer
  #length = 0;
  #head: FrameHead | undefined;
  #endLine: Uint8Array | undefined; // of the frame that is coming in
  #bodyAt = -1; // in the buffer; -1 = not known, or no body
  #bodyBytes = 0; // of pieces that are gone
  #leftOut = 0;
  #started = false; // a piece of the frame is gone
  #passing = false; // the frame is passed over
  readonly #passedOver: Uint8Array[] = []; // paths of such frames, as they were written
  #scanned = 0;
  #raw = false;

  constructor(options: CutterOptions, emit: (piece: FramePiece) => void) {
    this.#options = options;
    this.#emit = emit;
  }

  /** Takes octets, which are copied. */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      this.#compact();
      const room = Math.min(bytes.length - at, this.#options.maxPieceBytes - this.#length);
      this.#append(bytes.subarray(at, at + room));
      at += room;
      while (this.#cut());
      if (this.#length - this.#base >= this.#options.maxPieceBytes) this.#part();
    }
  }

  /** Nothing more comes: gives what is left. */
  end(): void {
    if (this.#length === this.#base) return;
    this.#give(this.#length, undefined);
  }

  #compact(): void {
    const base = this.#base;
    if (base === 0) return;
    this.#buffer.copyWithin(0, base, this.#length);
    this.#length -= base;
    this.#scanned -= base;
    if (this.#bodyAt >= 0) this.#bodyAt -= base;
    this.#base = 0;
  }

  #append(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(this.#length + bytes.length, this.#buffer.length * 2));
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  // Gives one whole frame, if there is one.
  #cut(): boolean {
    if (this.#length === this.#base || this.#raw) return false;
    if (this.#endLine === undefined && !this.#begin()) return false;
    const pattern = this.#endLine as Uint8Array;
    const end = this.#length - pattern.length - 3; // flag, CR, LF
    let at = this.#scanned;
    for (; at <= end; at++) {
      at = this.#buffer.indexOf(HYPHEN, at);
      if (at < 0 || at > end) break;
      if (!this.#endsAt(at, pattern)) continue;
      this.#give(at + pattern.length + 3, String.fromCharCode(this.#buffer[at + pattern.length] as number));
      return true;
    }
    this.#scanned = Math.max(this.#scanned, end + 1);
    return false;
  }

  #endsAt(at: number, pattern: Uint8Array): boolean {
    const bytes = this.#buffer;
    if (at < this.#base + 2 || bytes[at - 2] !== CR || bytes[at - 1] !== LF) return false;
    for (let index = 0; index < pattern.length; index++)
      if (bytes[at + index] !== pattern[index]) return false;
    const flag = bytes[at + pattern.length];
    const after = at + pattern.length + 1;
    return (flag === 36 || flag === 43 || flag === 35) && bytes[after] === CR && bytes[after + 1] === LF;
  }

  // The start line gives the transaction id, and with it the end-line.
  #begin(): boolean {
    const lineEnd = this.#buffer.indexOf(LF, this.#base);
    if (lineEnd < 0 || lineEnd >= this.#length) return false;
    const bytes = this.#buffer;
    const id = this.#base + word.length;
    const idEnd = bytes.indexOf(SPACE, id);
    if (word.some((octet, index) => bytes[this.#base + index] !== octet) || idEnd <= id || idEnd > lineEnd) {
      this.#raw = true; // the peer does not speak MSRP: no frame will be found any more
      return false;
    }
    const endLine = new Uint8Array(7 + idEnd - id).fill(HYPHEN, 0, 7);
    endLine.set(bytes.subarray(id, idEnd), 7);
    this.#endLine = endLine;
    this.#scanned = lineEnd;
    return true;
  }

  /** Reads the head, once it is here or will never be. */
  #read(): void {
    if (this.#head !== undefined || this.#started || this.#raw) return;
    const fields: Record<string, string> = {};
    const lines = decoder.decode(this.#buffer.subarray(this.#base, this.#headEnd())).split("\n");
    let at = this.#base;
    for (const [index, raw] of lines.entries()) {
      const line = raw.trimEnd();
      const colon = line.indexOf(":");
      if (index > 0 && colon > 0) fields[line.slice(0, colon).toLowerCase()] ??= line.slice(colon + 1).trim();
      const secret = this.#options.credentials ? null : secretField.exec(line);
      // One octet is one character in Latin-1.
      if (secret !== null) this.#buffer.fill(ASTERISK, at + secret[0].length, at + line.length);
      at += raw.length + 1;
    }
    this.#head = headOf(lines[0]?.trimEnd() ?? "", fields);
  }

  // Where the head ends: before the blank line, after which the body begins, or before the end-line.
  #headEnd(): number {
    const bytes = this.#buffer;
    for (
      let at = bytes.indexOf(LF, this.#base);
      at >= 0 && at < this.#length;
      at = bytes.indexOf(LF, at + 1)
    ) {
      const next = bytes[at + 1];
      const blank = next === CR ? bytes[at + 2] === LF : next === LF;
      if (blank) this.#bodyAt = at + (next === CR ? 3 : 2);
      if (blank || (next === HYPHEN && bytes[at + 7] === HYPHEN)) return at;
    }
    return this.#length;
  }

  // Longer than a packet: gives what is here, but nothing that may be the beginning of its end-line.
  #part(): void {
    this.#look();
    const tail = this.#endLine === undefined ? 0 : this.#endLine.length + 5;
    if (this.#options.bodies || this.#raw || this.#started || this.#passing || this.#bodyAt < 0)
      this.#give(this.#length - tail, undefined);
    else {
      const cut = Math.max(this.#bodyAt, this.#length - tail);
      this.#bodyBytes += cut - this.#bodyAt;
      this.#leftOut += cut - this.#bodyAt;
      this.#buffer.copyWithin(this.#bodyAt, cut, this.#length);
      this.#length -= cut - this.#bodyAt;
      this.#scanned = this.#bodyAt;
    }
  }

  // Whether the frame is of interest. Steady traffic that is not has the same paths again and again, and is not read.
  #look(): void {
    if (this.#started || this.#raw) return;
    const bytes = this.#buffer;
    const begin = bytes.indexOf(LF, this.#base) + 1;
    const end = bytes.indexOf(LF, bytes.indexOf(LF, begin) + 1);
    const paths = bytes.subarray(begin, begin > 0 && end < this.#length ? Math.max(begin, end) : begin);
    this.#passing = this.#passedOver.some((known) => sameOctets(known, paths));
    if (this.#passing) return;
    this.#read();
    const { passesOver } = this.#options;
    if (this.#head === undefined || passesOver?.(this.#head) !== true) return;
    this.#passing = true;
    if (!pathLines.test(decoder.decode(paths))) return;
    if (this.#passedOver.length >= maxPassedOver) this.#passedOver.shift();
    this.#passedOver.push(paths.slice());
  }

  #give(end: number, flag: string | undefined): void {
    this.#look();
    const piece = this.#passing ? undefined : this.#piece(end, flag);
    this.#base = this.#scanned = end;
    this.#started = flag === undefined;
    if (flag !== undefined) {
      this.#head = this.#endLine = undefined;
      this.#passing = false;
      this.#bodyAt = -1;
      this.#bodyBytes = this.#leftOut = 0;
    }
    if (piece !== undefined) this.#emit(piece);
  }

  #piece(end: number, flag: string | undefined): FramePiece {
    const endLine = flag === undefined ? 0 : (this.#endLine as Uint8Array).length + 5;
    const bodyAt = this.#started ? this.#base : this.#bodyAt;
    const body = bodyAt < 0 ? 0 : Math.max(0, end - endLine - bodyAt);
    this.#bodyBytes += body;
    let bytes = this.#buffer.slice(this.#base, end);
    if (!this.#options.bodies && body > 0) {
      this.#leftOut += body;
      bytes = new Uint8Array(end - this.#base - body);
      bytes.set(this.#buffer.subarray(this.#base, bodyAt));
      bytes.set(this.#buffer.subarray(bodyAt + body, end), bodyAt - this.#base);
    }
    return {
      bytes,
      head: this.#head,
      first: !this.#started,
      flag,
      bodyBytes: this.#bodyBytes,
      leftOut: this.#leftOut,
    };
  }
}

function headOf(startLine: string, fields: Readonly<Record<string, string>>): FrameHead {
  const [, transactionId = "", word = "", ...rest] = startLine.split(" ");
  const response = /^\d{3}$/.test(word);
  return {
    transactionId,
    method: response ? undefined : word,
    status: response ? Number(word) : undefined,
    comment: response ? rest.join(" ") : fields["status"],
    to: fields["to-path"]?.split(" ")[0] ?? "",
    from: fields["from-path"]?.split(" ")[0] ?? "",
    byteRange: fields["byte-range"],
    contentType: fields["content-type"],
  };
}
