/**
 * Writes frames: strictly, as RFC 4975 §9 has them, into one growing buffer that is handed over whole.
 * What the grammar forbids is refused before an octet is written.
 */
import { LocalProtocolError } from "../errors.ts";
import { containsEndLine } from "./end_line.ts";
import type { Flag, RequestFrame } from "./frame.ts";
import { checkBodyFields, checkComment, checkFields, checkPath, checkStart } from "./outgoing.ts";
import {
  giveScratch,
  maxCopied,
  releaseBuffer,
  scratchBytes,
  takeBuffer,
  takeScratch,
} from "./output_buffers.ts";
import { defaultComment } from "./status.ts";
import { encodeText } from "./text.ts";
import type { MsrpUri } from "./uri.ts";

/** A request to be written. */
export interface OutgoingRequest {
  /** 4 to 32 characters (RFC 4975 §9), not those of another open transaction. */
  transactionId: string;
  /** One or more capitals. */
  method: string;
  /** Next hop first. */
  toPath: readonly MsrpUri[];
  /** Previous hop first, own URI last when we are the origin. */
  fromPath: readonly MsrpUri[];
  /** Fields between From-Path and Content-Type, in order. */
  headers?: readonly (readonly [name: string, value: string])[] | undefined;
  /** Needed with a body, forbidden without; written as the last field. */
  contentType?: string | undefined;
  /** Octets; `undefined` = no body, which is not the same as an empty one. */
  body?: Uint8Array | undefined;
  /** @default "$" */
  flag?: Flag | undefined;
  /**
   * Another's message, passed on: values that its sender is to blame for (an over-long Message-ID, a Byte-Range that
   * does not fit the body) go out as they came. @default false
   */
  forwarded?: boolean | undefined;
}

/** A response to be written; it has no body and always ends in `$` (RFC 4975 §7.2). */
export interface OutgoingResponse {
  /** Id of the request. */
  transactionId: string;
  /** Three-digit code. */
  status: number;
  /** Text after the code. @default the usual comment of the code */
  comment?: string | undefined;
  /** To a SEND: the leftmost URI of its From-Path alone; to any other request the whole From-Path (RFC 4975 §7.2). */
  toPath: readonly MsrpUri[];
  /** Own URI in this session. */
  fromPath: readonly MsrpUri[];
  /** Further fields, in order. */
  headers?: readonly (readonly [name: string, value: string])[] | undefined;
}

/** What a relay changes in a request that it passes on (RFC 4976 §6.4), beside its transaction id. */
export interface ForwardedRequest {
  /** Both path lines, as `encodePaths` makes them. */
  readonly paths: Uint8Array;
  /** Byte-Range of the part that goes out. @default as it came */
  readonly range?: string | undefined;
  /** The part of the body that goes out. @default all of it */
  readonly body?: Uint8Array | undefined;
  /** @default the flag of the frame */
  readonly flag?: Flag | undefined;
}

const empty = new Uint8Array(0);
/** One write of a busy connection is about this long, so larger first buffers would mostly be waste. */
const largestGuess = 98_304;

/** A growing output buffer with one method for each thing that goes on the wire. */
export class FrameWriter {
  // An idle writer holds no buffer; the next one is about as large as the last turned out.
  #bytes: Uint8Array = empty;
  #length = 0;
  #nextBytes: number;
  // The buffer is one that short frames are only put together in.
  #scratch = false;

  /** @param initialBytes size of the first buffer, in octets @default 1024 */
  constructor(initialBytes = 1024) {
    this.#nextBytes = initialBytes;
  }

  /** Octets written and not yet taken. */
  get length(): number {
    return this.#length;
  }

  /**
   * Writes a whole request.
   *
   * @throws {LocalProtocolError} on anything the grammar or RFC 4975 §7.1 forbids: nothing is written then
   */
  request(request: OutgoingRequest): void {
    const { transactionId, body } = request;
    const flag = request.flag ?? "$";
    checkStart(transactionId, request.method, flag);
    checkBodyFields(request, body !== undefined);
    if (body !== undefined && containsEndLine(body, transactionId)) {
      throw new LocalProtocolError(
        "end-line-in-body",
        "Cannot write request: its body holds its own end-line",
      );
    }
    this.#head(request);
    if (body !== undefined) {
      this.#crlf();
      this.raw(body);
      this.#crlf();
    }
    this.#endLine(transactionId, flag);
  }

  /**
   * Writes a response; the comment is never left out, because deployed parsers take a bare code for a method.
   *
   * @throws {LocalProtocolError} on anything the grammar forbids: nothing is written then
   */
  response(response: OutgoingResponse): void {
    const { transactionId, status, toPath, fromPath } = response;
    checkStart(transactionId, "RESPONSE", "$");
    if (!Number.isInteger(status) || status < 100 || status > 999) {
      throw new LocalProtocolError(
        "bad-status",
        `Cannot write response: status ${status} is not three digits`,
      );
    }
    const comment = response.comment || defaultComment(status);
    const { headers } = response;
    checkPath(toPath);
    checkPath(fromPath);
    checkComment(comment);
    if (headers !== undefined) checkFields(headers);
    this.#ascii("MSRP ");
    this.#ascii(transactionId);
    this.#ascii(" ");
    this.#ascii(String(status));
    this.#ascii(" ");
    this.#text(comment);
    this.#crlf();
    this.#paths(toPath, fromPath);
    if (headers !== undefined) this.#fields(headers);
    this.#endLine(transactionId, "$");
  }

  /**
   * Writes the head of a request whose body follows through `body()` and which `endRequest()` closes: a chunk that
   * can be interrupted. The caller keeps the end-line out of the body (see `EndLineScanner`).
   *
   * @throws {LocalProtocolError} on anything the grammar forbids: nothing is written then
   */
  startRequest(request: Omit<OutgoingRequest, "body" | "flag">): void {
    checkStart(request.transactionId, request.method, "$");
    checkBodyFields(request, true);
    this.#head(request);
    this.#crlf();
  }

  /** Writes octets of the body that `startRequest` opened. */
  body(bytes: Uint8Array): void {
    this.raw(bytes);
  }

  /** Closes the request that `startRequest` opened. */
  endRequest(transactionId: string, flag: Flag): void {
    checkStart(transactionId, "SEND", flag);
    this.#crlf();
    this.#endLine(transactionId, flag);
  }

  /**
   * Passes a request on: other paths and another transaction id, everything else octet for octet. The frame was read by
   * the rules, so its lines can be copied; the caller has drawn an id that the body does not hold.
   */
  forward(frame: RequestFrame, transactionId: string, change: ForwardedRequest): void {
    const { paths, range } = change;
    const flag = change.flag ?? frame.flag;
    const body = change.body ?? frame.body;
    this.#ascii("MSRP ");
    this.#ascii(transactionId);
    this.#ascii(" ");
    this.#ascii(frame.method);
    this.#crlf();
    this.raw(paths);
    const octets = range === undefined ? frame.fieldOctets : undefined;
    if (octets !== undefined) this.raw(octets.bytes.subarray(octets.fieldsStart, octets.fieldsEnd));
    else this.#fieldsAnew(frame, range, body !== undefined);
    if (body !== undefined) {
      this.#crlf();
      this.raw(body);
      this.#crlf();
    }
    this.#endLine(transactionId, flag);
  }

  #fieldsAnew(frame: RequestFrame, range: string | undefined, hasBody: boolean): void {
    let ranged = range === undefined;
    for (const field of frame.headers) {
      const name = field[0].toLowerCase();
      if (name === "content-type" || (!hasBody && name.startsWith("content-"))) continue;
      if (name === "byte-range" && range !== undefined) {
        this.#fields([["Byte-Range", range]]);
        ranged = true;
      } else this.#fields([field]);
    }
    // RFC 4976 §6.4.1: every later piece of a split needs one, also where the request had none.
    if (!ranged && range !== undefined) this.#fields([["Byte-Range", range]]);
    const { contentType } = frame;
    if (hasBody && contentType !== undefined) this.#fields([["Content-Type", contentType]]);
  }

  /** Writes both path lines. */
  paths(toPath: readonly MsrpUri[], fromPath: readonly MsrpUri[]): void {
    this.#paths(toPath, fromPath);
  }

  /** Writes a 200 without further fields to a request; `paths` as `encodePaths` makes them. */
  acknowledge(transactionId: string, paths: Uint8Array): void {
    this.#ascii("MSRP ");
    this.#ascii(transactionId);
    this.#ascii(" 200 OK\r\n");
    this.raw(paths);
    this.#endLine(transactionId, "$");
  }

  /** Writes octets as they are. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Writes octets whose whole buffer is given away: what `take` of another writer gave. */
  adopt(bytes: Uint8Array): void {
    if (this.#length > 0) {
      this.raw(bytes);
      releaseBuffer(bytes);
      return;
    }
    this.#free();
    // What lies behind a short write is not worth a view of all of its buffer.
    this.#bytes = bytes.length <= maxCopied ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset);
    this.#length = bytes.length;
  }

  /** Hands over what was written; the buffer is the caller's, and the writer starts anew. */
  take(): Uint8Array {
    const bytes = this.#taken();
    this.#nextBytes = Math.min(Math.max(256, Math.ceil(this.#length * 1.25)), largestGuess);
    this.#bytes = empty;
    this.#length = 0;
    return bytes;
  }

  #taken(): Uint8Array {
    if (this.#length === this.#bytes.length) {
      this.#scratch = false;
      return this.#bytes;
    }
    if (!this.#scratch && this.#length > maxCopied) return this.#bytes.subarray(0, this.#length);
    const bytes = this.#bytes.slice(0, this.#length);
    this.#free();
    return bytes;
  }

  /** Gives the buffer back, whose octets are somewhere else. */
  #free(): void {
    if (this.#scratch) giveScratch(this.#bytes);
    else releaseBuffer(this.#bytes);
    this.#scratch = false;
  }

  #head(request: Omit<OutgoingRequest, "body" | "flag">): void {
    const { transactionId, method, toPath, fromPath, headers, contentType } = request;
    checkPath(toPath);
    checkPath(fromPath);
    if (headers !== undefined) checkFields(headers);
    // Piece by piece: a template would make a string only to take it apart again.
    this.#ascii("MSRP ");
    this.#ascii(transactionId);
    this.#ascii(" ");
    this.#ascii(method);
    this.#crlf();
    this.#paths(toPath, fromPath);
    if (headers !== undefined) this.#fields(headers);
    if (contentType === undefined) return;
    this.#ascii("Content-Type: ");
    this.#text(contentType);
    this.#crlf();
  }

  #paths(toPath: readonly MsrpUri[], fromPath: readonly MsrpUri[]): void {
    this.#ascii("To-Path:");
    for (const uri of toPath) this.#uri(uri);
    this.#ascii("\r\nFrom-Path:");
    for (const uri of fromPath) this.#uri(uri);
    this.#crlf();
  }

  #uri(uri: MsrpUri): void {
    this.#ascii(" ");
    this.raw(uri.bytes);
  }

  #fields(headers: readonly (readonly [name: string, value: string])[]): void {
    for (const [name, value] of headers) {
      this.#ascii(name);
      this.#ascii(": ");
      this.#text(value);
      this.#crlf();
    }
  }

  #endLine(transactionId: string, flag: Flag): void {
    this.#ascii("-------");
    this.#ascii(transactionId);
    this.#ascii(flag);
    this.#crlf();
  }

  #crlf(): void {
    this.#reserve(2);
    this.#bytes[this.#length++] = 13;
    this.#bytes[this.#length++] = 10;
  }

  #text(text: string): void {
    const start = this.#length;
    if (this.#ascii(text) < 128) return;
    this.#length = start;
    this.raw(encodeText(text));
  }

  /** Writes ASCII; the highest bits of all characters tell whether it was. A byte loop beats TextEncoder on short texts. */
  #ascii(text: string): number {
    this.#reserve(text.length);
    const bytes = this.#bytes;
    let position = this.#length;
    let bits = 0;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      bits |= code;
      bytes[position++] = code;
    }
    this.#length = position;
    return bits;
  }

  #reserve(length: number): void {
    const needed = this.#length + length;
    if (needed <= this.#bytes.length) return;
    const size = Math.max(needed, this.#bytes.length * 2, this.#nextBytes);
    const short = size <= scratchBytes;
    const grown = short ? takeScratch() : takeBuffer(size);
    if (this.#length > 0) grown.set(this.#bytes.subarray(0, this.#length));
    this.#free();
    this.#bytes = grown;
    this.#scratch = short;
  }
}

/** One request as octets. @throws {LocalProtocolError} on anything the grammar forbids */
export function encodeRequest(request: OutgoingRequest): Uint8Array {
  const writer = new FrameWriter(512 + (request.body?.length ?? 0));
  writer.request(request);
  return writer.take();
}

/** One response as octets. @throws {LocalProtocolError} on anything the grammar forbids */
export function encodeResponse(response: OutgoingResponse): Uint8Array {
  const writer = new FrameWriter(512);
  writer.response(response);
  return writer.take();
}

/** Both path lines as octets, for `FrameWriter.forward` and `acknowledge`. */
export function encodePaths(toPath: readonly MsrpUri[], fromPath: readonly MsrpUri[]): Uint8Array {
  const writer = new FrameWriter(256);
  writer.paths(toPath, fromPath);
  return writer.take().slice();
}
