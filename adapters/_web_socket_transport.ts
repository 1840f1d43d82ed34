// A transport over an object with the standard WebSocket interface: of a browser, Deno, Bun, Workers, Node 22 or `ws`.
// One MSRP frame is one message (RFC 7977 §5.1): written as binary always, read in either type.
import { ConnectionError } from "../core/mod.ts";
import type { Accept, Clock, Transport, TransportSink } from "../core/node/transport.ts";
import { systemClock } from "./_clock.ts";
import { overflowFailure, sinkFailure } from "./_failure.ts";
import { closeCodeFor } from "./_ws_close_codes.ts";

/** What is used of a WebSocket; `pause`, `resume` and `terminate` are extras of `ws`. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount?: number;
  /** Where there is one, an event `bufferedamountlow` tells of room; else `bufferedAmount` is looked at now and then. */
  bufferedAmountLowThreshold?: number;
  readonly protocol: string;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  // biome-ignore lint/suspicious/noExplicitAny: the event types of the runtimes differ, and none is assignable to another
  addEventListener(type: string, listener: (event: any) => void): void;
  pause?(): void;
  resume?(): void;
  terminate?(): void;
}

/** Limits of one WebSocket connection. */
export interface WebSocketLimits {
  /** Longest message that is taken, in octets; a longer one closes the connection with 1009. @default 1048576 */
  maxMessageBytes?: number;
  /** Octets in `bufferedAmount` at which the core is told to stop; at half of it, it goes on. @default 262144 */
  highWaterBytes?: number;
  /** Octets in `bufferedAmount` at which the connection is dropped: only a fault gets here. @default 16777216 */
  maxPendingBytes?: number;
  /**
   * Octets kept for a core that has paused reading, where the WebSocket itself cannot be paused; beyond it the connection
   * is dropped.
   * @default 16777216
   */
  maxPausedBytes?: number;
  /** How long the peer's close is awaited, in milliseconds. @default 10000 */
  lingerMs?: number;
}

/** What the adapter knows of the connection beside the socket. */
export interface WebSocketFacts extends WebSocketLimits {
  /** @default the runtime's clock */
  readonly clock?: Clock;
  /** @default "" */
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  readonly localAddress?: string;
  readonly localPort?: number;
  /** True for wss. */
  readonly secure: boolean;
  /** False where the handshake was checked already and the socket does not tell its sub-protocol, as on Deno's server. @default true */
  readonly checkProtocol?: boolean;
  /** Code of an orderly close; a server's is 1001. @default 1000 */
  readonly closeCode?: number;
  /** Longest message that the other end takes, in octets. @default no limit but that of the connection */
  readonly maxFrameBytes?: number | undefined;
  /** Called once when the connection is over. */
  readonly onEnd?: () => void;
}

/** Octets of a text message: its content counts as octets (RFC 7977 §4.2). */
const encoder: TextEncoder = new TextEncoder();
const pollMs = 10;
const open = 1;

/** Reads what a message event carries; a Blob takes a turn. */
function octetsOf(data: unknown): Uint8Array | Promise<Uint8Array> {
  if (typeof data === "string") return encoder.encode(data);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return (data as Blob).arrayBuffer().then((buffer) => new Uint8Array(buffer));
}

/** Transport over an open WebSocket. */
export class WebSocketTransport implements Transport {
  readonly framing = "message" as const;
  readonly clock: Clock;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly secure: boolean;
  readonly maxFrameBytes: number | undefined;
  readonly #socket: WebSocketLike;
  readonly #limits: Required<WebSocketLimits>;
  readonly #onEnd: (() => void) | undefined;
  readonly #closeCode: number;
  #sink: TransportSink | undefined;
  #cancel: (() => void) | undefined;
  #reading: Promise<void> | undefined;
  #paused = false;
  /** The core waits for room, and nobody will tell of it. */
  #full = false;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #closing = false;
  #finished = false;
  #error: Error | undefined;

  constructor(socket: WebSocketLike, facts: WebSocketFacts) {
    this.#socket = socket;
    this.clock = facts.clock ?? systemClock;
    this.remoteAddress = facts.remoteAddress ?? "";
    this.remotePort = facts.remotePort ?? 0;
    this.localAddress = facts.localAddress ?? "";
    this.localPort = facts.localPort ?? 0;
    this.secure = facts.secure;
    this.maxFrameBytes = facts.maxFrameBytes;
    this.#onEnd = facts.onEnd;
    this.#closeCode = facts.closeCode ?? 1000;
    this.#limits = {
      maxMessageBytes: facts.maxMessageBytes ?? 1_048_576,
      highWaterBytes: facts.highWaterBytes ?? 262_144,
      maxPendingBytes: facts.maxPendingBytes ?? 16_777_216,
      maxPausedBytes: facts.maxPausedBytes ?? 16_777_216,
      lingerMs: facts.lingerMs ?? 10_000,
    };
    socket.binaryType = "arraybuffer";
    if (socket.bufferedAmountLowThreshold !== undefined) {
      socket.bufferedAmountLowThreshold = this.#limits.highWaterBytes / 2;
      socket.addEventListener("bufferedamountlow", () => this.#room());
    }
    socket.addEventListener("message", ({ data }) => this.#message(data));
    socket.addEventListener("error", ({ message }) => {
      this.#error ??= new ConnectionError(
        "connection-failed",
        `The WebSocket failed: ${message ?? "no reason"}`,
      );
    });
    socket.addEventListener("close", ({ code }) => this.#closed(code));
    if (facts.checkProtocol !== false && socket.protocol !== "msrp") {
      this.fail(new ConnectionError("no-subprotocol", 'The WebSocket does not speak "msrp"'), 1002);
    }
  }

  /** Joins the transport to the core. */
  bind(accept: Accept): TransportSink {
    try {
      this.#sink = accept(this);
    } catch (error) {
      this.#sink = { received() {}, drained() {}, ended() {} };
      this.fail(sinkFailure(error), 1011);
      throw error;
    }
    return this.#sink;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closing || this.#finished || this.#socket.readyState !== open) return false;
    try {
      this.#socket.send(bytes as Uint8Array<ArrayBuffer>);
    } catch (error) {
      this.fail(sinkFailure(error), 1011);
      return false;
    }
    const buffered = this.#socket.bufferedAmount ?? 0;
    if (buffered < this.#limits.highWaterBytes) return true;
    if (buffered > this.#limits.maxPendingBytes)
      this.fail(overflowFailure(this.#limits.maxPendingBytes), 1011);
    else if (this.#socket.bufferedAmountLowThreshold === undefined) this.#poll();
    return false;
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause?.();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    while (!this.#paused && this.#waiting.length > 0) {
      const bytes = this.#waiting.shift() as Uint8Array;
      this.#waitingBytes -= bytes.byteLength;
      this.#deliver(bytes);
    }
    if (!this.#paused) this.#socket.resume?.();
  }

  close(): void {
    this.#close(this.#closeCode);
  }

  abort(reason?: Error): void {
    if (this.#finished) return;
    this.#closing = true;
    const code = closeCodeFor(reason);
    if (code !== undefined) this.#end(code);
    else if (this.#socket.terminate) this.#socket.terminate();
    else this.#end(1000);
    this.#finish();
  }

  /** Drops the connection with a close code of RFC 6455 §7.4, and tells the sink why. */
  fail(error: Error, code: number): void {
    if (this.#finished) return;
    this.#error ??= error;
    this.#closing = true;
    this.#end(code);
    this.#finish();
  }

  #close(code: number): void {
    if (this.#closing || this.#finished) return;
    this.#closing = true;
    // Its close event comes behind what the peer has sent, and a paused socket would never fire it.
    if (this.#paused) this.#socket.resume?.();
    this.#cancel?.();
    this.#cancel = this.clock.setTimer(() => this.abort(), this.#limits.lingerMs);
    this.#end(code);
  }

  #end(code: number): void {
    try {
      this.#socket.close(code);
    } catch {
      // Browsers leave only 1000 and 3000 to 4999 to programs.
      this.#socket.close(3000 + code);
    }
  }

  #message(data: unknown): void {
    if (this.#closing || this.#finished) return;
    const octets = octetsOf(data);
    if (octets instanceof Uint8Array && this.#reading === undefined) {
      this.#take(octets);
      return;
    }
    // Blobs are read one after the other, so that the order stays.
    const mine: Promise<void> = Promise.all([octets, this.#reading])
      .then(([bytes]) => {
        if (this.#reading === mine) this.#reading = undefined;
        this.#take(bytes);
      })
      .catch((error: unknown) => this.fail(sinkFailure(error), 1011));
    this.#reading = mine;
  }

  #take(bytes: Uint8Array): void {
    if (this.#closing || this.#finished) return;
    const { maxMessageBytes, maxPausedBytes } = this.#limits;
    if (bytes.byteLength > maxMessageBytes) {
      this.fail(
        new ConnectionError("message-too-long", `A message has more than ${maxMessageBytes} octets`),
        1009,
      );
    } else if (!this.#paused) {
      this.#deliver(bytes);
      if (this.#full) this.#emptied();
    } else {
      this.#waiting.push(bytes);
      this.#waitingBytes += bytes.byteLength;
      if (this.#waitingBytes <= maxPausedBytes) return;
      const text = `More than ${maxPausedBytes} octets wait to be read (maxPausedBytes)`;
      this.fail(new ConnectionError("read-overflow", text), 1008);
    }
  }

  #deliver(bytes: Uint8Array): void {
    if (this.#closing || this.#finished) return;
    try {
      this.#sink?.received(bytes);
    } catch (error) {
      this.fail(sinkFailure(error), 1011);
    }
  }

  #room(): void {
    if (!this.#closing && !this.#finished) this.#sink?.drained();
  }

  // No WebSocket says when its buffer empties. Timers of pages in the background are slow, so what comes in is a sign too.
  #poll(): void {
    this.#full = true;
    this.#cancel ??= this.clock.setTimer(() => {
      this.#cancel = undefined;
      if (this.#full && !this.#emptied()) this.#poll();
    }, pollMs);
  }

  #emptied(): boolean {
    if ((this.#socket.bufferedAmount ?? 0) > this.#limits.highWaterBytes / 2) return false;
    this.#full = false;
    this.#room();
    return true;
  }

  #closed(code: number | undefined): void {
    // 1000, 1001 "going away" and 1005 "no code" are ends; all else is a failure, 1006 a connection that just broke.
    const clean = code === undefined || code === 1000 || code === 1001 || code === 1005;
    const after = (): void => {
      if (!clean && !this.#closing) {
        this.#error ??= new ConnectionError("connection-failed", `The WebSocket was closed with ${code}`);
      }
      this.#finish();
    };
    if (this.#reading === undefined) after();
    else void this.#reading.then(after);
  }

  /** Told to the sink in a microtask, because `abort` may be called from inside `received`. */
  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#cancel?.();
    this.#waiting = [];
    queueMicrotask(() => {
      this.#onEnd?.();
      this.#sink?.ended(this.#error);
      this.#sink = undefined;
    });
  }
}

/**
 * Joins an open WebSocket to the core.
 *
 * @throws what `accept` throws; the socket is closed then
 */
export function webSocketTransport(
  socket: WebSocketLike,
  accept: Accept,
  facts: WebSocketFacts,
): WebSocketTransport {
  const transport = new WebSocketTransport(socket, facts);
  transport.bind(accept);
  return transport;
}
