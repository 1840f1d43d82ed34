/**
 * The frames that a decoder gives out: requests and responses, read lazily from the octets they came in.
 * A body longer than the decoder's slice limit arrives as several frames of one transaction.
 */
import type { RemoteProtocolError } from "../errors.ts";
import { type ByteRange, subRange } from "./byte_range.ts";
import { type FrameHead, REPORT, SEND } from "./frame_head.ts";
import type { HeaderList, HeaderSource } from "./header_list.ts";
import { releaseBuffer, takeBuffer } from "./output_buffers.ts";
import type { StatusHeader } from "./status.ts";
import type { MsrpUri } from "./uri.ts";

/** Continuation flag: `$` the message ends here, `+` more follows, `#` the message is given up (RFC 4975 §7.1). */
export type Flag = "$" | "+" | "#";

/** Value of Failure-Report (RFC 4975 §7.1.1). */
export type FailureReport = "yes" | "no" | "partial";

/** A request or a response. */
export type Frame = RequestFrame | ResponseFrame;

const failureReports: readonly FailureReport[] = ["yes", "no", "partial"];

/**
 * One request, or one slice of a request with a long body: all slices have the same `transactionId`, exact ranges,
 * `+` on all but the last, and only the last is answered.
 *
 * What it reads from is valid during the sink's call only; `retain()` makes the frame survive it.
 */
export class RequestFrame {
  /** Continuation flag; `+` on every slice but the last. */
  readonly flag: Flag;
  /** True when this frame ends the request: the one to answer. */
  readonly last: boolean;
  /** A fault that leaves the borders of the frame intact: answer it with `fault.status`, unless `answerable` says no. */
  readonly fault: RemoteProtocolError | undefined;
  readonly #head: FrameHead;
  #source: Uint8Array | undefined;
  #start: number;
  #end: number;
  readonly #offset: number;
  #body: Uint8Array | undefined = undefined;
  #owned = false;
  #reused = false;

  /**
   * Only a decoder makes frames.
   *
   * @internal
   * @param source octets that hold the body from `start` to `end`; `undefined` = no body
   * @param offset octets of this body that earlier slices held; -1 when the body is one frame
   */
  constructor(
    head: FrameHead,
    flag: Flag,
    source: Uint8Array | undefined,
    start: number,
    end: number,
    offset: number,
    last: boolean,
    fault: RemoteProtocolError | undefined,
  ) {
    this.#head = head;
    this.flag = flag;
    this.#source = source;
    this.#start = start;
    this.#end = end;
    this.#offset = offset;
    this.last = last;
    this.fault = fault;
  }

  /** Tells requests from responses. */
  get kind(): "request" {
    return "request";
  }

  /** True when the body, if any, begins in this frame. */
  get first(): boolean {
    return this.#offset <= 0;
  }

  /** Id of the transaction; the end-line repeats it. */
  get transactionId(): string {
    return this.#head.transactionId;
  }

  /** Method: `SEND`, `REPORT` or any other run of capitals. */
  get method(): string {
    const { method } = this.#head;
    return method === SEND ? "SEND" : method === REPORT ? "REPORT" : (this.#head.word ?? "");
  }

  /** URIs of To-Path, next hop first; empty when the frame is faulty there. */
  get toPath(): readonly MsrpUri[] {
    return this.#head.toPath;
  }

  /** URIs of From-Path, previous hop first; empty when the frame is faulty there. */
  get fromPath(): readonly MsrpUri[] {
    return this.#head.fromPath;
  }

  /** Header fields after From-Path. */
  get headers(): HeaderList {
    return this.#head.headers;
  }

  /** Octets of the body; `undefined` = no body, which is not the same as an empty one (RFC 4975 §7.1). */
  get body(): Uint8Array | undefined {
    if (this.#source === undefined) return undefined;
    return (this.#body ??= this.#source.subarray(this.#start, this.#end));
  }

  /** Octets in `body`; 0 when there is none. Costs nothing, whereas `body` makes a view. */
  get bodyLength(): number {
    return this.#end - this.#start;
  }

  /** Message-ID, when there is a legal one. */
  get messageId(): string | undefined {
    return this.#head.messageId;
  }

  /** Byte-Range as written, or `undefined` when the field is absent; of a slice, the exact range of its octets. */
  get byteRange(): ByteRange | undefined {
    if (this.#offset < 0) return this.#head.byteRange;
    return subRange(this.#head.byteRange, this.#offset, this.#end - this.#start);
  }

  /** True when the sender asks for success reports. */
  get successReport(): boolean {
    return this.#head.successReport;
  }

  /** What the sender wants to hear of failures; an absent field means `yes`. */
  get failureReport(): FailureReport {
    return failureReports[this.#head.failureReport]!;
  }

  /** Status field of a REPORT. */
  get status(): StatusHeader | undefined {
    return this.#head.statusHeader;
  }

  /** Content-Type as written. */
  get contentType(): string | undefined {
    return this.#head.contentType;
  }

  /** False when no error response may go out: REPORT, Failure-Report no, or no URI to send it to (RFC 4975 §7.1.2, §7.2). */
  get answerable(): boolean {
    const { method, failureReport, fromPath } = this.#head;
    return method !== REPORT && failureReport !== 1 && fromPath.length > 0;
  }

  /**
   * The octets of the fields after From-Path as they came, or `undefined` when they must be written anew: they are out of
   * order, or this is a slice, whose Byte-Range is its own.
   *
   * @internal
   */
  get fieldOctets(): HeaderSource | undefined {
    return this.#offset >= 0 || this.#head.irregular ? undefined : this.#head;
  }

  /**
   * Copies head and body, so that the frame stays readable after the sink's call. Calling it again does nothing.
   *
   * @param reused true: the body goes where bodies went before, and `recycle` is called when nobody looks at it any more
   */
  retain(reused: boolean = false): this {
    if (this.#owned) return this;
    this.#head.retain();
    if (this.#source !== undefined) {
      const body = this.#source.subarray(this.#start, this.#end);
      if (reused) {
        this.#source = takeBuffer(body.length);
        this.#source.set(body);
      } else this.#source = body.slice();
      this.#end = body.length;
      this.#start = 0;
      this.#body = undefined;
    }
    this.#owned = true;
    this.#reused = reused;
    return this;
  }

  /** Gives the memory of the body back, if `retain` took it from where it is used again; the frame has no body then. */
  recycle(): void {
    if (!this.#reused || this.#source === undefined) return;
    this.#reused = false;
    releaseBuffer(this.#source);
    this.#source = this.#body = undefined;
    this.#start = this.#end = 0;
  }
}

/** One response (RFC 4975 §7.2). A response with a fault never leaves the decoder: see `onOddity`. */
export class ResponseFrame {
  /** Continuation flag, `$` from every correct peer. */
  readonly flag: Flag;
  readonly #head: FrameHead;

  /** @internal */
  constructor(head: FrameHead, flag: Flag) {
    this.#head = head;
    this.flag = flag;
  }

  /** Tells responses from requests. */
  get kind(): "response" {
    return "response";
  }

  /** Id of the transaction that this answers. */
  get transactionId(): string {
    return this.#head.transactionId;
  }

  /** Three-digit status code. */
  get status(): number {
    return this.#head.status;
  }

  /** Text after the code; `undefined` when there is none, empty when a blank follows the code. */
  get comment(): string | undefined {
    return this.#head.word;
  }

  /** URIs of To-Path. */
  get toPath(): readonly MsrpUri[] {
    return this.#head.toPath;
  }

  /** URIs of From-Path. */
  get fromPath(): readonly MsrpUri[] {
    return this.#head.fromPath;
  }

  /** Header fields after From-Path. */
  get headers(): HeaderList {
    return this.#head.headers;
  }

  /** Copies the head, so that the frame stays readable after the sink's call. */
  retain(): this {
    this.#head.retain();
    return this;
  }
}
