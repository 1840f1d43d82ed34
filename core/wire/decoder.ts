/**
 * Turns the octets of a connection into frames, however they were cut. Frames are framed by their end-lines alone,
 * because jumping ahead by Byte-Range would let a sender smuggle frames past a relay.
 *
 * Every frame given out is bounded: a body up to `maxSliceBytes` is one frame, a longer one comes in slices as its
 * octets arrive. Nothing is copied that lies whole in one input; what is cut is kept, within the limits, until it is whole.
 */
import { RemoteProtocolError } from "../errors.ts";
import { BodyReader } from "./body_reader.ts";
import {
  type DecoderLimits,
  type DecoderOptions,
  decoderLimits,
  type OddityDetail,
  type OnOddity,
} from "./decoder_options.ts";
import { endLineOverhead, findNearEndLine } from "./end_line.ts";
import { type Flag, type Frame, RequestFrame, ResponseFrame } from "./frame.ts";
import { idOffset, RESPONSE } from "./frame_head.ts";
import { type BodyEnd, bodiless, faultOf, isPlainSend } from "./frame_rules.ts";
import { HeadReader, NEED_MORE } from "./head_reader.ts";
import { LendingBuffer } from "./lending_buffer.ts";
import { fatal } from "./start_line.ts";
import { findCrLf } from "./text.ts";

const BETWEEN = 0;
const HEAD = 1;
const BODY = 2;

const noView = new DataView(new ArrayBuffer(0));
/** Room for a head of the usual length. */
const headBytes = 512;
/** So much is taken at once towards a head that is cut: nearly always all of the rest. */
const biteBytes = 512;
/** A body and end-line of so many octets are looked for before anything is set up for a longer one. */
const shortBytes = 1024;
const typed: BodyEnd = { blankLine: true, immediate: false, length: 0 };

/** The reading side of one connection. */
export class Decoder {
  readonly #limits: DecoderLimits;
  readonly #onOddity: OnOddity | undefined;
  readonly #heads: HeadReader;
  readonly #bodies: BodyReader;
  #state = BETWEEN;
  #failure: RemoteProtocolError | undefined;
  /** The head of a frame that is not whole yet, or the beginning of it. */
  readonly #buffer: LendingBuffer = new LendingBuffer();
  /** Sees the input of the current call. */
  #view: DataView = noView;
  /** An input ended between CR and LF of an empty line between frames. */
  #openCr = false;
  #skippedLines = false;
  /** A frame was given, or dropped, in this call; only message framing asks. */
  #given = false;

  /**
   * @param options limits, strictness, framing
   * @param onOddity told of every deviation that a tolerant reading lets through, and of dropped responses
   */
  constructor(options?: DecoderOptions, onOddity?: OnOddity) {
    this.#limits = decoderLimits(options);
    this.#onOddity = onOddity;
    this.#heads = new HeadReader(this.#limits);
    this.#bodies = new BodyReader(this.#heads, this.#limits);
  }

  /** Whether a frame has begun and has not ended. */
  get receiving(): boolean {
    return this.#state !== BETWEEN;
  }

  /** Id of the frame that is still incomplete, when it is known. */
  get pendingTransactionId(): string | undefined {
    return this.#state === BETWEEN || this.#heads.head.idLength === 0
      ? undefined
      : this.#heads.head.transactionId;
  }

  /**
   * Takes the next octets of the connection and gives every frame that they complete to `sink`, before it returns.
   * The octets may be reused afterwards; frames that must survive call `retain()`. The sink must not throw.
   *
   * @throws {RemoteProtocolError} fatal: the borders of frames are lost, and every later call throws the same
   */
  receive(bytes: Uint8Array, sink: (frame: Frame) => void): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.settle();
    try {
      if (this.#limits.framing === "message") this.#message(bytes, sink);
      else this.#stream(bytes, 0, sink);
    } catch (error) {
      this.#fail(error);
    }
  }

  /**
   * The frames given out so far are gone, or were retained: their memory may be used again. The next input says the same;
   * whoever does not expect one soon says it before.
   */
  settle(): void {
    this.#buffer.settle();
    this.#bodies.settle();
  }

  /**
   * The connection ended.
   *
   * @throws {RemoteProtocolError} code `incomplete`, when it ended inside a frame
   */
  receiveEnd(): void {
    if (this.#failure !== undefined || this.#state === BETWEEN) return;
    this.#fail(fatal("incomplete", "Cannot read frame: the connection ended inside it"));
  }

  #fail(error: unknown): never {
    // A sink that throws leaves us in the middle of an input that we will not see again.
    const lost = "Cannot read on: the receiver of frames threw";
    this.#failure =
      error instanceof RemoteProtocolError
        ? error
        : new RemoteProtocolError("aborted", lost, { fatal: true, cause: error });
    this.#release();
    throw error;
  }

  /** RFC 7977 §5.1: one message of the transport is one frame. */
  #message(bytes: Uint8Array, sink: (frame: Frame) => void): void {
    this.#given = false;
    for (let position = 0; position < bytes.length; ) {
      if (this.#given)
        throw fatal("not-one-frame", "Cannot read message: there is more in it than one frame");
      position = this.#next(bytes, position, sink);
    }
    if (this.#state !== BETWEEN || this.#openCr) {
      throw fatal("incomplete", "Cannot read frame: the message ended inside it");
    }
    // §4.1: what is sent over the connection is MSRP, and neither nothing nor an empty line is.
    if (!this.#given) throw fatal("not-one-frame", "Cannot read message: there is no frame in it");
    this.#letGo();
  }

  #stream(bytes: Uint8Array, start: number, sink: (frame: Frame) => void): void {
    let position = start;
    while (position < bytes.length) position = this.#next(bytes, position, sink);
    this.#letGo();
  }

  /** The input is the caller's again: what is still needed of it is copied, and nothing keeps the rest alive. */
  #letGo(): void {
    const heads = this.#heads;
    const { head } = heads;
    const buffer = this.#buffer;
    this.#view = noView;
    if (this.#state === BODY && !head.owned && head.bytes !== buffer.bytes) {
      buffer.length = 0;
      buffer.append(head.bytes, head.origin, head.origin + head.length, headBytes);
      heads.move(buffer.bytes, buffer.view, 0);
      buffer.length = 0;
    } else if (this.#state === BETWEEN) {
      heads.forget();
      buffer.release();
    }
  }

  /** Does one step and returns where the next one begins. */
  #next(bytes: Uint8Array, position: number, sink: (frame: Frame) => void): number {
    if (this.#state !== BETWEEN) {
      if (this.#state === HEAD) return this.#bufferHead(bytes, position, sink);
      return this.#afterBody(this.#bodies.read(bytes, position, sink), sink);
    }
    if (this.#openCr || bytes[position] === 13) return this.#skipLine(bytes, position);
    this.#skippedLines = false;
    const heads = this.#heads;
    heads.begin(bytes, this.#view, position);
    const next = heads.read(bytes.length);
    if (next !== NEED_MORE) {
      const after = heads.flag === undefined ? this.#giveWhole(bytes, next, sink) : 0;
      return after > 0 ? after : this.#afterHead(next, sink);
    }
    this.#buffer.append(bytes, position, bytes.length, headBytes);
    heads.move(this.#buffer.bytes, this.#buffer.view, 0);
    this.#state = HEAD;
    return bytes.length;
  }

  /**
   * The short way for short messages: a SEND in order whose body begins at `next` and lies whole in the input.
   * Returns the index after the frame, or 0 to leave it to the general way.
   */
  #giveWhole(bytes: Uint8Array, next: number, sink: (frame: Frame) => void): number {
    const heads = this.#heads;
    const { head } = heads;
    // Byte-Range is a hint only: it saves a search that would be made again. A hyphen may begin an end-line at once.
    if (head.rangeEnd - head.rangeStart > shortBytes || bytes[next] === 45 || !isPlainSend(heads, typed))
      return 0;
    const { idLength } = head;
    const end = Math.min(bytes.length, next + shortBytes);
    const found = findNearEndLine(bytes, next, end, head.origin + idOffset, idLength);
    if (found < 0) return 0;
    const after = found + idLength + endLineOverhead;
    const octet = bytes[after - 3];
    if (heads.oddities.length > 0) this.#tellOddities(head.transactionId);
    this.#given = true;
    const flag = octet === 36 ? "$" : octet === 43 ? "+" : "#";
    sink(new RequestFrame(head, flag, bytes, next, found, -1, true, undefined));
    return after;
  }

  /** Some peers keep connections alive with empty lines between frames. */
  #skipLine(bytes: Uint8Array, position: number): number {
    const atCr = !this.#openCr;
    const wanted = atCr ? 13 : 10;
    if (this.#limits.strict || bytes[position] !== wanted) {
      throw fatal("bad-start-line", "Cannot read frame: an empty line where it should begin");
    }
    this.#openCr = atCr;
    if (!atCr && !this.#skippedLines) {
      this.#skippedLines = true;
      this.#onOddity?.("blank-line-between-frames", {});
    }
    return position + 1;
  }

  /** Adds to a head that is cut, and reads on when that made a line whole. */
  #bufferHead(bytes: Uint8Array, position: number, sink: (frame: Frame) => void): number {
    const heads = this.#heads;
    const buffer = this.#buffer;
    const old = buffer.length;
    const room = Math.min(this.#limits.maxHeadBytes + 1 - old, biteBytes);
    buffer.append(bytes, position, Math.min(bytes.length, position + room), 2 * old + biteBytes);
    heads.move(buffer.bytes, buffer.view, 0);
    const { length } = buffer;
    // Only octets not seen before are looked at, so a head in many pieces costs no more than one in a few.
    const whole = findCrLf(buffer.bytes, Math.max(0, old - 1), length) >= 0;
    const next = whole ? heads.read(length) : NEED_MORE;
    if (next === NEED_MORE) {
      heads.checkOpenLine(length);
      return position + length - old;
    }
    // The octets stay where they are until this frame is over and another head is cut.
    buffer.length = 0;
    const resume = position + next - old;
    this.#afterHead(next, sink);
    if (this.#state === BODY) this.#bodies.beginAt(bytes, resume);
    return resume;
  }

  /** `next` is the index after the head; returns where reading goes on: of a body, at its blank line's CRLF. */
  #afterHead(next: number, sink: (frame: Frame) => void): number {
    const { flag } = this.#heads;
    if (flag === undefined) {
      this.#state = BODY;
      this.#bodies.begin();
      return next - 2;
    }
    this.#state = BETWEEN;
    this.#give(flag, bodiless, undefined, 0, 0, -1, sink);
    return next;
  }

  /** The body reader is through with the input: the body is over, or all of it was taken. */
  #afterBody(next: number, sink: (frame: Frame) => void): number {
    const bodies = this.#bodies;
    if (!bodies.ended) return next;
    this.#state = BETWEEN;
    const { flag, offset, source } = bodies;
    this.#give(flag, bodies, source, bodies.start, bodies.end, offset === 0 ? -1 : offset, sink);
    bodies.release();
    return next;
  }

  #give(
    flag: Flag,
    body: BodyEnd,
    source: Uint8Array | undefined,
    start: number,
    end: number,
    offset: number,
    sink: (frame: Frame) => void,
  ): void {
    const heads = this.#heads;
    const { head } = heads;
    this.#given = true;
    if (head.bytes === this.#buffer.bytes) this.#buffer.lend();
    let fault: RemoteProtocolError | undefined;
    if (!isPlainSend(heads, body)) fault = faultOf(heads, flag, body, this.#limits.maxNonSendBodyBytes);
    if (heads.oddities.length > 0) this.#tellOddities(head.transactionId);
    if (head.method !== RESPONSE) {
      sink(new RequestFrame(head, flag, source, start, end, offset, true, fault));
    } else if (fault === undefined) {
      sink(new ResponseFrame(head, flag));
    } else {
      const detail: OddityDetail = { transactionId: head.transactionId, dropped: true };
      this.#onOddity?.(fault.code, detail);
    }
  }

  #release(): void {
    this.#buffer.release();
    this.#bodies.release();
    this.#heads.forget();
    this.#view = noView;
  }

  #tellOddities(transactionId: string): void {
    for (const code of this.#heads.oddities) this.#onOddity?.(code, { transactionId });
  }
}
