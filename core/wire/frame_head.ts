/**
 * What the head of one frame said: offsets into its octets, and the few values that had to be checked anyway.
 * The slices of one long body share their head, so a string is made at most once.
 */
import type { RemoteProtocolError } from "../errors.ts";
import type { ByteRange } from "./byte_range.ts";
import { HeaderList, type HeaderSource } from "./header_list.ts";
import { parseStatus, type StatusHeader } from "./status.ts";
import { decodeText } from "./text.ts";
import type { MsrpUri } from "./uri.ts";

/** `FrameHead.method` of a SEND. */
export const SEND = 0;
/** `FrameHead.method` of a REPORT. */
export const REPORT = 1;
/** `FrameHead.method` of any other request. */
export const OTHER = 2;
/** `FrameHead.method` of a response. */
export const RESPONSE = 3;

/** Bit of `FrameHead.seen` for each field that must not be repeated, and for MIME fields beside Content-Type. */
export const SEEN_TO_PATH = 1;
export const SEEN_FROM_PATH = 2;
export const SEEN_MESSAGE_ID = 4;
export const SEEN_BYTE_RANGE = 8;
export const SEEN_SUCCESS_REPORT = 16;
export const SEEN_FAILURE_REPORT = 32;
export const SEEN_STATUS = 64;
export const SEEN_CONTENT_TYPE = 128;
export const SEEN_MIME = 256;

/** A transaction id begins after "MSRP ". */
export const idOffset = 5;

const noPath: readonly MsrpUri[] = Object.freeze([]);

/** What few heads have; apart, because every field of a head costs each frame its room. */
class RareFields {
  wordStart = 0;
  wordEnd = 0;
  word: string | undefined = undefined;
  status = 0;
  statusStart = 0;
  statusEnd = 0;
  statusHeader: StatusHeader | undefined = undefined;
  hugeRange: ByteRange | undefined = undefined;
  irregular = false;
  fault: RemoteProtocolError | undefined = undefined;
  semanticFault: RemoteProtocolError | undefined = undefined;
}

/** Start line and header fields of one frame. Offsets count from `origin`, the first octet of the start line. */
export class FrameHead implements HeaderSource {
  bytes: Uint8Array;
  origin: number;
  idLength = 0;
  method: number = SEND;
  /** Octets from the start line to the end of the last header line. */
  length = 0;
  /** Offset of the first field that `headers` shows: the one after From-Path. */
  fieldsOffset = 0;
  /** Header lines read, the paths included. */
  count = 0;
  /** Fields read, as an or of the constants above. */
  seen = 0;
  toPath: readonly MsrpUri[] = noPath;
  fromPath: readonly MsrpUri[] = noPath;
  messageIdStart = 0;
  messageIdEnd = 0;
  /** -1 is no grammatical Byte-Range. */
  rangeStart = -1;
  /** -1 is `*`, or a number above 2^53-1: then `setHugeRange` was called. */
  rangeEnd = -1;
  rangeTotal = -1;
  successReport = false;
  /** 0 yes, 1 no, 2 partial. */
  failureReport = 0;
  contentType: string | undefined = undefined;

  #rare: RareFields | undefined = undefined;
  #transactionId: string | undefined = undefined;
  #messageId: string | undefined = undefined;
  #byteRange: ByteRange | undefined = undefined;
  #headers: HeaderList | undefined = undefined;
  #owned = false;

  constructor(bytes: Uint8Array, origin: number) {
    this.bytes = bytes;
    this.origin = origin;
  }

  get transactionId(): string {
    return (this.#transactionId ??= this.text(idOffset, idOffset + this.idLength));
  }

  /** The method of a request that is neither SEND nor REPORT, or the comment of a response; `undefined` = none. */
  get word(): string | undefined {
    const rare = this.#rare;
    if (rare === undefined || rare.wordStart === 0) return undefined;
    return (rare.word ??= this.text(rare.wordStart, rare.wordEnd));
  }

  /** Says where `word` lies. */
  setWord(start: number, end: number): void {
    const rare = this.#rareFields();
    rare.wordStart = start;
    rare.wordEnd = end;
  }

  /** Status code of a response. */
  get status(): number {
    return this.#rare?.status ?? 0;
  }

  set status(status: number) {
    this.#rareFields().status = status;
  }

  get messageId(): string | undefined {
    if (this.messageIdStart === 0) return undefined;
    return (this.#messageId ??= this.text(this.messageIdStart, this.messageIdEnd));
  }

  get byteRange(): ByteRange | undefined {
    if (this.rangeStart < 0) return undefined;
    return (this.#byteRange ??= this.#rare?.hugeRange ?? this.#range());
  }

  /** Keeps a range with numbers that the fields above cannot hold. */
  setHugeRange(range: ByteRange): void {
    this.#rareFields().hugeRange = range;
  }

  get statusHeader(): StatusHeader | undefined {
    const rare = this.#rare;
    if (rare === undefined || rare.statusStart === 0) return undefined;
    return (rare.statusHeader ??= parseStatus(this.text(rare.statusStart, rare.statusEnd)));
  }

  /** Says where the value of Status lies. */
  setStatusHeader(start: number, end: number): void {
    const rare = this.#rareFields();
    rare.statusStart = start;
    rare.statusEnd = end;
  }

  /** Its fields were let through although they are out of order or describe no body: a relay must write them anew. */
  get irregular(): boolean {
    return this.#rare?.irregular ?? false;
  }

  set irregular(irregular: boolean) {
    this.#rareFields().irregular = irregular;
  }

  /** The first thing that the grammar forbids. */
  get fault(): RemoteProtocolError | undefined {
    return this.#rare?.fault;
  }

  set fault(fault: RemoteProtocolError | undefined) {
    this.#rareFields().fault = fault;
  }

  /** The first thing that the grammar allows and the text of the RFC forbids. */
  get semanticFault(): RemoteProtocolError | undefined {
    return this.#rare?.semanticFault;
  }

  set semanticFault(fault: RemoteProtocolError | undefined) {
    this.#rareFields().semanticFault = fault;
  }

  /** True when there is nothing in the head but the usual fields of a SEND, and no fault. */
  get isUsual(): boolean {
    return this.#rare === undefined && this.method === SEND;
  }

  get headers(): HeaderList {
    return (this.#headers ??= new HeaderList(this));
  }

  get fieldsStart(): number {
    return this.origin + this.fieldsOffset;
  }

  get fieldsEnd(): number {
    return this.origin + this.length;
  }

  /** True when the octets are the head's own copy. */
  get owned(): boolean {
    return this.#owned;
  }

  /** The octets between two offsets, as a string. */
  text(start: number, end: number): string {
    return decodeText(this.bytes, this.origin + start, this.origin + end);
  }

  /** Copies the octets, so that the head survives the call that brought them; does so once. */
  retain(): void {
    if (this.#owned) return;
    this.bytes = this.bytes.slice(this.origin, this.origin + this.length);
    this.origin = 0;
    this.#owned = true;
  }

  #range(): ByteRange {
    const range: ByteRange = { start: this.rangeStart };
    if (this.rangeEnd >= 0) range.end = this.rangeEnd;
    if (this.rangeTotal >= 0) range.total = this.rangeTotal;
    return range;
  }

  #rareFields(): RareFields {
    return (this.#rare ??= new RareFields());
  }
}
