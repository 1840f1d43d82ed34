// A data channel on one side and a TCP or TLS connection on the other (RFC 8873 §6): frames pass with their paths as they
// are. Chunks that are too long for the channel are cut, and their answers put together again.
import {
  type Accept,
  type ByteRange,
  ConnectionError,
  createTransactionId,
  Decoder,
  encodeRequest,
  encodeResponse,
  type Frame,
  formatByteRange,
  MsrpError,
  type RequestFrame,
  type ResponseFrame,
} from "../core/mod.ts";
import type { Transport, TransportSink } from "../core/node/transport.ts";
import { systemClock } from "./_clock.ts";
import type { DataChannelLike } from "./_data_channel_socket.ts";
import { type DataChannelOptions, dataChannelTransport, frameLimit } from "./_data_channel_transport.ts";

/** Options of a gateway. */
export interface DataChannelGatewayOptions extends DataChannelOptions {
  /** Pieces of chunks of the TCP side that wait for answers; with more a chunk is answered 413. @default 4096 */
  readonly maxOpenPieces?: number;
  /** How long these answers are waited for, in milliseconds: a sender waits 30 seconds. @default 35000 */
  readonly answerMs?: number;
}

/** A chunk of the TCP side that goes on in pieces. */
interface Cut {
  readonly head: RequestFrame;
  readonly until: number;
  /** Pieces without an answer. */
  open: number;
  /** All pieces are on their way. */
  whole: boolean;
  /** The first answer that was not 200, or 200. */
  status: number;
}

/** The head of a piece: its paths and ids. What is longer is refused. */
const headBytes = 2048;
/** So much longer may the range of a part be than that of the whole. */
const rangeBytes = 48;
/** A part with less content is not worth its head. */
const leastRoom = 64;

/**
 * Leads one data channel on to one connection. Signalling is whoever's who makes it: CEMA towards the TCP side, path and
 * setup untouched (`toMessageSection`, `fromMessageSection`).
 *
 * ```ts
 * const gateway = new DataChannelGateway(channel, { peerMaxMessageBytes });
 * await transportConnect({ host, port, secure: true }, gateway.accept);   // or a listener's accept, when that side is active
 * await gateway.closed;
 * ```
 */
export class DataChannelGateway {
  /** What a connector or listener gets for the TCP side: it takes one connection. */
  readonly accept: Accept;
  /** Resolves when both sides have ended; rejects with the error of the first that failed. */
  readonly closed: Promise<void>;
  readonly #limit: number;
  readonly #maxOpen: number;
  readonly #answerMs: number;
  /** By the ids of pieces that wait for answers. */
  readonly #pieces: Map<string, Cut> = new Map();
  readonly #clock: NonNullable<DataChannelOptions["clock"]>;
  readonly #fromChannel = new Decoder({ framing: "message" });
  readonly #fromTcp: Decoder;
  #channel: Transport | undefined;
  #tcp: Transport | undefined;
  /** The chunk that is being cut: a stream has one at a time. */
  #cut: Cut | undefined;
  #sides = 2;
  #error: Error | undefined;
  #settle: () => void = () => undefined;

  /** @throws {LocalProtocolError} `data-channel-unfit`; {RangeError} impossible limits */
  constructor(channel: DataChannelLike, options: DataChannelGatewayOptions = {}) {
    this.#limit = frameLimit(options);
    this.#maxOpen = options.maxOpenPieces ?? 4096;
    this.#answerMs = options.answerMs ?? 35_000;
    this.#clock = options.clock ?? systemClock;
    this.#fromTcp = new Decoder({ maxSliceBytes: Math.max(2048, this.#limit - headBytes) });
    this.closed = new Promise((resolve, reject) => {
      this.#settle = () => (this.#error === undefined ? resolve() : reject(this.#error));
    });
    this.closed.catch(() => undefined);
    this.accept = (transport) => this.#connected(transport);
    dataChannelTransport(
      channel,
      (transport) => {
        this.#channel = transport;
        transport.pause();
        return this.#sink(
          (bytes) => this.#toTcp(bytes),
          () => this.#tcp,
        );
      },
      options,
    );
  }

  /** Pieces that wait for answers. */
  get openPieces(): number {
    return this.#pieces.size;
  }

  /** Ends both sides, what was written first. */
  close(): void {
    this.#channel?.close();
    this.#tcp?.close();
    if (this.#tcp === undefined) this.#over(undefined);
  }

  #connected(transport: Transport): TransportSink {
    if (this.#tcp !== undefined || this.#sides < 2) {
      transport.abort();
      return { received() {}, drained() {}, ended() {} };
    }
    this.#tcp = transport;
    this.#channel?.resume();
    return this.#sink(
      (bytes) => this.#fromTcp.receive(bytes, (frame) => this.#toChannel(frame)),
      () => this.#channel,
    );
  }

  #sink(received: (bytes: Uint8Array) => void, other: () => Transport | undefined): TransportSink {
    return {
      received: (bytes) => {
        try {
          received(bytes);
        } catch (error) {
          this.#fail(error);
        }
      },
      // This side has room again: the other may be read on.
      drained: () => other()?.resume(),
      ended: (error) => {
        this.#over(error);
        other()?.close();
      },
    };
  }

  #over(error: Error | undefined): void {
    this.#error ??= error;
    this.#sides--;
    // A channel whose other side was never there has nobody to wait for.
    if (this.#sides <= 0 || this.#tcp === undefined) this.#settle();
    this.#pieces.clear();
  }

  #fail(error: unknown): void {
    const fault =
      error instanceof MsrpError
        ? error
        : new ConnectionError("gateway-failed", String(error), { cause: error });
    this.#error ??= fault;
    this.#channel?.abort();
    this.#tcp?.abort();
  }

  /** A message of the channel: a frame, which passes as it is, unless it answers a piece. */
  #toTcp(bytes: Uint8Array): void {
    let answers: ResponseFrame | undefined;
    this.#fromChannel.receive(bytes, (frame) => {
      if (frame.kind === "response" && this.#pieces.has(frame.transactionId)) answers = frame;
    });
    if (answers !== undefined) this.#answered(answers);
    else this.#write(this.#tcp, this.#channel, bytes.slice());
  }

  #toChannel(frame: Frame): void {
    if (frame.kind === "response") {
      const { transactionId, status, comment, toPath, fromPath } = frame;
      const response = { transactionId, status, toPath, fromPath, headers: [...frame.headers] };
      const bytes = encodeResponse(comment === undefined ? response : { ...response, comment });
      this.#write(this.#channel, this.#tcp, bytes);
      return;
    }
    if (frame.fault !== undefined) {
      if (frame.last && frame.answerable) this.#respond(frame, 400);
      return;
    }
    if (frame.first && frame.last) {
      const bytes = written(frame, frame.transactionId);
      if (bytes.length <= this.#limit) {
        this.#write(this.#channel, this.#tcp, bytes);
        return;
      }
    }
    this.#piece(frame);
  }

  #piece(frame: RequestFrame): void {
    const now = this.#clock.now();
    if (frame.first) {
      this.#forget(now);
      const head = frame.retain();
      this.#cut = { head, until: now + this.#answerMs, open: 0, whole: false, status: 200 };
    }
    const cut = this.#cut as Cut;
    if (frame.method !== "SEND") cut.status = 413;
    const id = createTransactionId();
    const bytes = written(frame, id);
    const over = bytes.length - this.#limit;
    if (over <= 0) this.#send(cut, id, bytes);
    else this.#split(cut, frame, frame.bodyLength - over - rangeBytes);
    cut.whole = frame.last;
    this.#settled(cut);
  }

  /** A channel may take less than the decoder gives at a time. */
  #split(cut: Cut, frame: RequestFrame, room: number): void {
    if (room < leastRoom) cut.status = 413;
    for (let at = 0; at < frame.bodyLength && cut.status === 200; at += room) {
      const id = createTransactionId();
      this.#send(cut, id, written(frame, id, { at, room }));
    }
  }

  /** Of a message with a hole nobody wants the rest. */
  #send(cut: Cut, id: string, bytes: Uint8Array): void {
    if (this.#pieces.size >= this.#maxOpen) cut.status = 413;
    if (cut.status !== 200) return;
    if (cut.head.failureReport !== "no") {
      cut.open++;
      this.#pieces.set(id, cut);
    }
    this.#write(this.#channel, this.#tcp, bytes);
  }

  #answered({ transactionId, status }: ResponseFrame): void {
    const cut = this.#pieces.get(transactionId) as Cut;
    this.#pieces.delete(transactionId);
    cut.open--;
    if (status !== 200 && cut.status === 200) cut.status = status;
    this.#settled(cut);
  }

  #settled(cut: Cut): void {
    if (cut.whole && cut.open === 0) this.#respond(cut.head, cut.status);
  }

  /** In the order in which they went, so the oldest are the first. Of "partial" chunks the good answers never come. */
  #forget(now: number): void {
    for (const [id, { until }] of this.#pieces) {
      if (until > now) break;
      this.#pieces.delete(id);
    }
  }

  #respond(frame: RequestFrame, status: number): void {
    const { transactionId, failureReport, toPath, fromPath } = frame;
    if (failureReport === "no" || (failureReport === "partial" && status === 200)) return;
    const bytes = encodeResponse({
      transactionId,
      status,
      toPath: fromPath.slice(0, 1),
      fromPath: toPath.slice(0, 1),
    });
    this.#write(this.#tcp, this.#channel, bytes);
  }

  /** The side that the octets come from is not read while the other one is full. */
  #write(to: Transport | undefined, from: Transport | undefined, bytes: Uint8Array): void {
    if (to?.write(bytes) === false) from?.pause();
  }
}

/** The frame, or slice of one, as a frame of its own; or a part of it. */
function written(
  frame: RequestFrame,
  transactionId: string,
  part?: { readonly at: number; readonly room: number },
): Uint8Array {
  const { method, toPath, fromPath, contentType, bodyLength } = frame;
  const whole = part === undefined && frame.first && frame.last;
  const { at, room } = part ?? { at: 0, room: bodyLength };
  const body = frame.body?.subarray(at, at + room);
  const flag = at + room < bodyLength ? "+" : frame.flag;
  const range = part === undefined ? frame.byteRange : rangeOf(frame, at, Math.min(bodyLength, at + room));
  const headers = [...frame.headers].flatMap(([name, value]): [string, string][] => {
    const lower = name.toLowerCase();
    if (lower === "content-type") return [];
    return [[name, !whole && lower === "byte-range" && range ? formatByteRange(range) : value]];
  });
  // The first slice of a chunk without the field begins at 1, and the others must say where they are.
  if (!whole && !frame.headers.has("byte-range") && range)
    headers.push(["Byte-Range", formatByteRange(range)]);
  return encodeRequest({
    transactionId,
    method,
    toPath,
    fromPath,
    headers,
    flag,
    forwarded: true,
    ...(contentType === undefined ? {} : { contentType }),
    ...(body === undefined ? {} : { body }),
  });
}

function rangeOf({ byteRange = { start: 1 } }: RequestFrame, from: number, to: number): ByteRange {
  return { ...byteRange, start: byteRange.start + from, end: byteRange.start + to - 1 };
}
