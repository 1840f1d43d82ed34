/**
 * Reads one body: finds its end-line and cuts what is too long into slices, as any relay may (RFC 4976 §6.4.1).
 *
 * A body is read where it lies in the input, if it lies there whole, or is known to be long; otherwise it is held in a
 * buffer that grows with the octets received and never above one slice and an end-line.
 */
import type { DecoderLimits } from "./decoder_options.ts";
import { endLineOverhead, findEndLine, findPartialEndLine } from "./end_line.ts";
import { type Flag, type Frame, RequestFrame } from "./frame.ts";
import { type FrameHead, idOffset, SEEN_CONTENT_TYPE, SEND } from "./frame_head.ts";
import { type BodyEnd, faultOf } from "./frame_rules.ts";
import type { HeadReader } from "./head_reader.ts";
import { LendingBuffer } from "./lending_buffer.ts";

const crLf = Uint8Array.of(13, 10);
/** Slices but the last have at least so many octets, as RFC 4975 §7.1.1 wants of chunks. */
const minSliceBytes = 2048;
const biteBytes = 512;

const longBody: BodyEnd = { blankLine: true, immediate: false, length: 0 };

/** Reads the body of the frame whose head was read last. After `ended` its fields describe the last, or only, slice. */
export class BodyReader implements BodyEnd {
  /** The end-line was found. */
  ended = false;
  flag: Flag = "$";
  readonly blankLine = true;
  immediate = false;
  /** Octets of the whole body. */
  length = 0;
  /** Octets given out in earlier slices. */
  offset = 0;
  /** Where the last slice lies; `undefined` when there is no body after all, or it was too long to be kept. */
  source: Uint8Array | undefined = undefined;
  start = 0;
  end = 0;

  readonly #heads: HeadReader;
  readonly #limits: DecoderLimits;
  /** Octets before the body at its beginning: the CRLF of the blank line, which an end-line may share. */
  #skip = 0;
  /** Octets that were thrown away, because the frame is of no use or must not have so long a body. */
  #dropped = 0;
  #useful: boolean | undefined = undefined;
  readonly #held: LendingBuffer = new LendingBuffer();
  /** Octets of `#held` before this one were searched. */
  #searched = 0;

  /** @param heads gives the head of the body @param limits limits of the decoder */
  constructor(heads: HeadReader, limits: DecoderLimits) {
    this.#heads = heads;
    this.#limits = limits;
  }

  /** A body begins; the first octets to come are the CRLF of its blank line. */
  begin(): void {
    this.ended = false;
    this.immediate = false;
    this.length = 0;
    this.offset = 0;
    this.#skip = 2;
    this.#dropped = 0;
    this.#useful = undefined;
    this.#searched = 0;
  }

  /**
   * The body begins at `position` of the input, and the CRLF of its blank line lies elsewhere. Only an end-line shares
   * that CRLF, so it is kept just where one may stand.
   */
  beginAt(bytes: Uint8Array, position: number): void {
    if (position < bytes.length && bytes[position] !== 45) this.#skip = 0;
    else this.#hold(crLf, 0, 2);
  }

  /** Frames of the last input are gone, or were retained. */
  settle(): void {
    this.#held.settle();
  }

  /** The body is over, or will never be: lets go of what held it. */
  release(): void {
    this.source = undefined;
    this.#held.release();
  }

  /**
   * Reads octets of the body from `position` and gives slices to `sink`, but not the last: that one the caller takes
   * from the fields when `ended` is set.
   *
   * @returns index of the first octet that is not the body's
   */
  read(bytes: Uint8Array, position: number, sink: (frame: Frame) => void): number {
    return this.#held.length === 0
      ? this.#readInput(bytes, position, sink)
      : this.#readHeld(bytes, position, sink);
  }

  #readInput(bytes: Uint8Array, position: number, sink: (frame: Frame) => void): number {
    const { head } = this.#heads;
    const id = head.bytes;
    const idStart = head.origin + idOffset;
    const { idLength } = head;
    const from = position + this.#strictSkip(head);
    const found = findEndLine(bytes, from, bytes.length, id, idStart, idLength);
    if (found >= 0) return this.#finish(bytes, position, found, sink);
    const partial = findPartialEndLine(bytes, from, bytes.length, id, idStart, idLength);
    this.#hold(bytes, this.#giveSlices(bytes, position, partial, sink), bytes.length);
    this.#searched = this.#unsearched(idLength);
    return bytes.length;
  }

  #readHeld(bytes: Uint8Array, position: number, sink: (frame: Frame) => void): number {
    const { head } = this.#heads;
    const held = this.#held;
    const idStart = head.origin + idOffset;
    const { idLength } = head;
    // Small bites first: the end of a body that is cut is mostly near, and what comes after it is not to be copied.
    const bite = this.#isBegun() ? bytes.length : Math.max(biteBytes, held.length);
    const taken = Math.min(bytes.length - position, this.#target(idLength) - held.length, bite);
    this.#hold(bytes, position, position + taken);
    const { length } = held;
    const from = Math.max(this.#searched, this.#strictSkip(head));
    const found = findEndLine(held.bytes, from, length, head.bytes, idStart, idLength);
    if (found >= 0) {
      held.lend();
      const next = this.#finish(held.bytes, 0, found, sink);
      return position + taken - (length - next);
    }
    this.#searched = this.#unsearched(idLength);
    if (length < this.#target(idLength)) return position + taken;
    const partial = findPartialEndLine(held.bytes, from, length, head.bytes, idStart, idLength);
    held.lend();
    const kept = this.#giveSlices(held.bytes, 0, partial, sink);
    if (length - kept <= taken) {
      // What is left came with this input: go on there, without a copy.
      held.length = 0;
      return position + taken - (length - kept);
    }
    held.keepFrom(kept, this.#roomFor(length - kept));
    this.#searched = this.#unsearched(idLength);
    return position + taken;
  }

  /** Keeps octets that the input will not have any more. */
  #hold(bytes: Uint8Array, start: number, end: number): void {
    this.#held.append(bytes, start, end, this.#roomFor(this.#held.length + end - start));
  }

  /** Room grows fourfold at most, so that memory follows the octets received, and ends at what a slice may need. */
  #roomFor(needed: number): number {
    const most = this.#maxHeld();
    if (this.#isBegun()) return Math.max(needed, Math.min(this.#target(this.#heads.head.idLength), most));
    return Math.max(needed, needed > most / 4 ? most : Math.max(1024, needed * 2));
  }

  /** Part of the body went out, or was thrown away: it is known to be long. */
  #isBegun(): boolean {
    return this.offset + this.#dropped > 0;
  }

  /** Octets of `#held` at which a search must begin again: those where an end-line may have been cut off. */
  #unsearched(idLength: number): number {
    return Math.max(0, this.#held.length - endLineOverhead - idLength + 1);
  }

  /** With so many octets held and no end-line among them, a slice is due. */
  #target(idLength: number): number {
    const slice = this.#isBegun() ? minSliceBytes + 1 : this.#limits.maxSliceBytes + 1;
    return this.#skip + slice + endLineOverhead + idLength;
  }

  #maxHeld(): number {
    return this.#limits.maxSliceBytes + 3 + endLineOverhead + this.#limits.maxIdBytes;
  }

  /** Strictly, an end-line right after the blank line of a typed body is body: a CRLF is still to come. */
  #strictSkip(head: FrameHead): number {
    return this.#limits.strict && (head.seen & SEEN_CONTENT_TYPE) !== 0 ? this.#skip : 0;
  }

  /** The end-line begins at `found`; the part of the body not given out yet begins after `position` and the skip. */
  #finish(bytes: Uint8Array, position: number, found: number, sink: (frame: Frame) => void): number {
    const { head } = this.#heads;
    let start = position + this.#skip;
    this.immediate = found < start;
    const end = this.immediate ? start : found;
    const sliced = this.offset > 0 || end - start > this.#limits.maxSliceBytes;
    if (sliced && this.#isUseful()) start = this.#give(bytes, start, end, end, sink);
    this.ended = true;
    this.length = this.offset + this.#dropped + end - start;
    const octet = bytes[found + 9 + head.idLength];
    this.flag = octet === 36 ? "$" : octet === 43 ? "+" : "#";
    const untyped = (head.seen & SEEN_CONTENT_TYPE) === 0;
    const lost = this.#dropped > 0 || end - start > this.#limits.maxSliceBytes;
    this.source = lost || (this.immediate && untyped) ? undefined : bytes;
    this.start = this.source === undefined ? 0 : start;
    this.end = this.source === undefined ? 0 : end;
    return found + endLineOverhead + head.idLength;
  }

  /** Octets before `sure` are the body's. Gives out what is due of them and returns the index of the first one kept. */
  #giveSlices(bytes: Uint8Array, position: number, sure: number, sink: (frame: Frame) => void): number {
    const start = position + this.#skip;
    if (sure - start <= (this.#isBegun() ? minSliceBytes : this.#limits.maxSliceBytes)) return position;
    this.#skip = 0;
    if (!this.#isUseful()) {
      this.#dropped += sure - start;
      return sure;
    }
    // One octet stays back, so that the slice with the end flag is never empty.
    return this.#give(bytes, start, sure - 1, sure, sink);
  }

  /** Gives out slices from `start` while more than the last is left before `end`; none but the last is short. */
  #give(bytes: Uint8Array, start: number, end: number, last: number, sink: (frame: Frame) => void): number {
    const { head } = this.#heads;
    const { maxSliceBytes } = this.#limits;
    let position = start;
    for (;;) {
      const left = end - position;
      // At the body's end the last slice is the caller's to give.
      if (end === last ? left <= maxSliceBytes : left < minSliceBytes) return position;
      const length = Math.min(left, maxSliceBytes);
      sink(new RequestFrame(head, "+", bytes, position, position + length, this.offset, false, undefined));
      this.offset += length;
      position += length;
    }
  }

  /** Slices of a frame that is going to be refused are not given out. */
  #isUseful(): boolean {
    this.#useful ??= this.#heads.head.method === SEND && faultOf(this.#heads, "$", longBody, 0) === undefined;
    return this.#useful;
  }
}
