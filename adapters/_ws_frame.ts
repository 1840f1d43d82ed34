// RFC 6455 §5 as a server reads and writes it: frames in, whole messages out, and the heads of frames that go out.
// Octets are unmasked where they lie, so a message that lies whole in one read is not copied.
import { releaseBuffer, takeBuffer } from "../core/mod.ts";
import { closeCodes } from "./_ws_close_codes.ts";

/** Opcodes (RFC 6455 §5.2). */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Largest payload of a control frame (RFC 6455 §5.5). */
export const maxControlBytes = 125;

/** The client broke the protocol or a limit: the connection is closed with `closeCode`. */
export class WebSocketFault extends Error {
  readonly closeCode: number;

  constructor(closeCode: number, message: string) {
    super(message);
    this.closeCode = closeCode;
  }
}

/** Gets what a client sends. Octets are valid during the call only. */
export interface FrameSink {
  /** A message, whole. */
  message(bytes: Uint8Array): void;
  ping(payload: Uint8Array): void;
  pong(): void;
  /** The closing frame; nothing follows it. 1005 = it had no code. */
  closed(code: number): void;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });
const leastBytes = 4096;

/** The reading side of one connection. */
export class FrameReader {
  readonly #maxMessageBytes: number;
  readonly #sink: FrameSink;
  readonly #head = new Uint8Array(14);
  readonly #view = new DataView(this.#head.buffer);
  #headLength = 0;
  #inPayload = false;
  #opcode = 0;
  #final = false;
  #mask = 0; // as the four octets lie in memory
  #length = 0; // of the payload of this frame
  #seen = 0; // octets of it that have come
  #control: Uint8Array | undefined; // payload of a control frame that is cut
  #message: Uint8Array | undefined; // what has come of a message that is cut
  #stored = 0;
  #type = 0; // opcode of a message whose end has not come; 0 = none
  #over = false;

  constructor(maxMessageBytes: number, sink: FrameSink) {
    this.#maxMessageBytes = maxMessageBytes;
    this.#sink = sink;
  }

  /**
   * Takes the next octets and changes them. Everything that they complete is with the sink when it returns.
   *
   * @throws {WebSocketFault} the connection is to be closed; it must not be called again
   */
  receive(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && !this.#over) {
      if (!this.#inPayload) {
        at = this.#readHead(bytes, at);
        if (!this.#inPayload) return;
        // A frame without payload ends with its head.
        if (this.#length > 0) continue;
      }
      at = this.#opcode >= opcodes.close ? this.#readControl(bytes, at) : this.#readData(bytes, at);
    }
  }

  /** Nothing more comes: gives back what was taken for a message that is cut. */
  end(): void {
    this.#over = true;
    this.#drop();
  }

  #readHead(bytes: Uint8Array, start: number): number {
    const head = this.#head;
    let at = start;
    if (this.#headLength === 0) head[this.#headLength++] = bytes[at++] as number;
    if (this.#headLength === 1) {
      if (at === bytes.length) return at;
      head[this.#headLength++] = bytes[at++] as number;
      this.#checkHead(head[0] as number, head[1] as number);
    }
    const short = (head[1] as number) & 0x7f;
    const whole = 6 + (short === 126 ? 2 : short === 127 ? 8 : 0);
    while (this.#headLength < whole && at < bytes.length) head[this.#headLength++] = bytes[at++] as number;
    if (this.#headLength < whole) return at;
    this.#headLength = 0;
    this.#begin(short, whole - 4);
    return at;
  }

  #checkHead(first: number, second: number): void {
    const opcode = first & 0x0f;
    if ((first & 0x70) !== 0) throw fault("a reserved bit is set");
    // RFC 6455 §5.1: a server closes upon a frame that is not masked.
    if ((second & 0x80) === 0) throw fault("a frame is not masked");
    if (opcode >= opcodes.close) {
      if (opcode > opcodes.pong) throw fault("an opcode is not known");
      if ((first & 0x80) === 0) throw fault("a control frame is fragmented");
      if ((second & 0x7f) > maxControlBytes) throw fault("a control frame is too long");
    } else if (opcode > opcodes.binary) throw fault("an opcode is not known");
    else if ((opcode === opcodes.continuation) === (this.#type === 0))
      throw fault("a message begins inside another, or goes on without one");
  }

  #begin(short: number, maskAt: number): void {
    const view = this.#view;
    const first = this.#head[0] as number;
    this.#opcode = first & 0x0f;
    this.#final = (first & 0x80) !== 0;
    this.#length = short;
    if (short === 126) this.#length = view.getUint16(2);
    else if (short === 127) this.#length = view.getUint32(2) * 4_294_967_296 + view.getUint32(6);
    if (this.#opcode < opcodes.close && this.#stored + this.#length > this.#maxMessageBytes)
      throw new WebSocketFault(closeCodes.tooBig, `a message is longer than ${this.#maxMessageBytes} octets`);
    this.#mask = view.getUint32(maskAt);
    this.#seen = 0;
    this.#inPayload = true;
    if (this.#opcode === opcodes.text || this.#opcode === opcodes.binary) this.#type = this.#opcode;
  }

  #readControl(bytes: Uint8Array, start: number): number {
    const end = Math.min(bytes.length, start + this.#length - this.#seen);
    unmask(bytes, start, end, this.#mask, this.#seen);
    let payload = bytes.subarray(start, end);
    if (payload.length < this.#length) {
      this.#control ??= new Uint8Array(this.#length);
      this.#control.set(payload, this.#seen);
      payload = this.#control;
    }
    this.#seen += end - start;
    if (this.#seen < this.#length) return end;
    this.#inPayload = false;
    this.#control = undefined;
    if (this.#opcode === opcodes.ping) this.#sink.ping(payload);
    else if (this.#opcode === opcodes.pong) this.#sink.pong();
    else {
      this.end();
      this.#sink.closed(closeCodeOf(payload));
    }
    return end;
  }

  #readData(bytes: Uint8Array, start: number): number {
    const end = Math.min(bytes.length, start + this.#length - this.#seen);
    unmask(bytes, start, end, this.#mask, this.#seen);
    const piece = bytes.subarray(start, end);
    this.#seen += piece.length;
    const ends = this.#seen === this.#length;
    if (ends) this.#inPayload = false;
    if (ends && this.#final && this.#message === undefined) this.#give(piece);
    else {
      this.#store(piece);
      if (ends && this.#final) this.#give((this.#message as Uint8Array).subarray(0, this.#stored));
    }
    return end;
  }

  // Memory follows what has come, never what a length announces.
  #store(piece: Uint8Array): void {
    const needed = this.#stored + piece.length;
    let message = this.#message;
    if (message === undefined || message.length < needed) {
      const announced = needed + this.#length - this.#seen;
      message = takeBuffer(Math.max(needed, Math.min(announced, Math.max(2 * needed, leastBytes))));
      if (this.#message !== undefined) {
        message.set(this.#message.subarray(0, this.#stored));
        releaseBuffer(this.#message);
      }
      this.#message = message;
    }
    message.set(piece, this.#stored);
    this.#stored = needed;
  }

  #give(message: Uint8Array): void {
    const text = this.#type === opcodes.text;
    this.#type = 0;
    if (text && !isUtf8(message)) throw new WebSocketFault(closeCodes.badText, "a text is not UTF-8");
    this.#sink.message(message);
    this.#drop();
  }

  #drop(): void {
    if (this.#message !== undefined) releaseBuffer(this.#message);
    this.#message = undefined;
    this.#stored = 0;
  }
}

function fault(what: string): WebSocketFault {
  return new WebSocketFault(closeCodes.protocolError, what);
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    utf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** RFC 6455 §5.5.1, §7.4: the code of a closing frame. @throws {WebSocketFault} one that may not be sent */
function closeCodeOf(payload: Uint8Array): number {
  if (payload.length === 0) return closeCodes.noStatus;
  if (payload.length === 1) throw fault("a closing frame is cut");
  const code = ((payload[0] as number) << 8) | (payload[1] as number);
  const known = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
  if (!known && (code < 3000 || code > 4999)) throw fault("a closing frame has a code that may not be sent");
  if (!isUtf8(payload.subarray(2))) throw new WebSocketFault(closeCodes.badText, "a text is not UTF-8");
  return code;
}

// Below this a view of words costs more than it saves.
const leastWords = 16;

/** Undoes the masking of `bytes[start, end)`; `mask` as read in network order, `phase` = octets of the payload before. */
export function unmask(bytes: Uint8Array, start: number, end: number, mask: number, phase: number): void {
  let at = start;
  let turn = phase & 3;
  const octet = (index: number): number => (mask >>> (24 - 8 * (index & 3))) & 0xff;
  if (end - start >= leastWords * 4) {
    for (; ((bytes.byteOffset + at) & 3) !== 0; at++) {
      bytes[at] = (bytes[at] as number) ^ octet(turn++);
    }
    const count = (end - at) >>> 2;
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset + at, count);
    const word = wordOf(octet(turn), octet(turn + 1), octet(turn + 2), octet(turn + 3));
    for (let index = 0; index < count; index++) words[index] = (words[index] as number) ^ word;
    at += count * 4;
  }
  for (; at < end; at++) bytes[at] = (bytes[at] as number) ^ octet(turn++);
}

const wordBytes = new Uint8Array(4);
const wordView = new Uint32Array(wordBytes.buffer);

/** The word that these octets are in the memory of this machine. */
function wordOf(a: number, b: number, c: number, d: number): number {
  wordBytes[0] = a;
  wordBytes[1] = b;
  wordBytes[2] = c;
  wordBytes[3] = d;
  return wordView[0] as number;
}

/** Octets of the head of a frame that a server sends. */
export function headBytes(payloadBytes: number): number {
  return payloadBytes < 126 ? 2 : payloadBytes < 65_536 ? 4 : 10;
}

/** Writes the head of a final frame, not masked (RFC 6455 §5.1); returns the index after it. */
export function writeHead(to: Uint8Array, at: number, opcode: number, payloadBytes: number): number {
  to[at] = 0x80 | opcode;
  if (payloadBytes < 126) {
    to[at + 1] = payloadBytes;
    return at + 2;
  }
  if (payloadBytes < 65_536) {
    to[at + 1] = 126;
    to[at + 2] = payloadBytes >>> 8;
    to[at + 3] = payloadBytes & 0xff;
    return at + 4;
  }
  to[at + 1] = 127;
  const view = new DataView(to.buffer, to.byteOffset + at + 2, 8);
  view.setUint32(0, Math.floor(payloadBytes / 4_294_967_296));
  view.setUint32(4, payloadBytes % 4_294_967_296);
  return at + 10;
}

/** A whole control frame. */
export function controlFrame(opcode: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(2 + payload.length);
  writeHead(frame, 0, opcode, payload.length);
  frame.set(payload, 2);
  return frame;
}

/** A closing frame. */
export function closeFrame(code: number, reason: string = ""): Uint8Array {
  const text = new TextEncoder().encode(reason).subarray(0, maxControlBytes - 2);
  const payload = new Uint8Array(2 + text.length);
  payload[0] = code >>> 8;
  payload[1] = code & 0xff;
  payload.set(text, 2);
  return controlFrame(opcodes.close, payload);
}
