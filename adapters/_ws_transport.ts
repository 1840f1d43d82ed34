// A WebSocket of a server as a transport of the core: over any of the runtimes' stream transports, one frame a message
// (RFC 7977 §5.1). What one turn produced leaves in one write, and the stream's own back-pressure goes through both ways.
import { ConnectionError, releaseBuffer, spareRoom, takeBuffer } from "../core/mod.ts";
import type { Accept, Clock, PeerCertificate, Transport, TransportSink } from "../core/node/transport.ts";
import { sinkFailure } from "./_failure.ts";
import { closeCodeFor, closeCodes } from "./_ws_close_codes.ts";
import {
  closeFrame,
  controlFrame,
  FrameReader,
  type FrameSink,
  headBytes,
  opcodes,
  WebSocketFault,
  writeHead,
} from "./_ws_frame.ts";
import type { Peer } from "./_ws_handshake.ts";
import type { ResolvedWebSocketLimits } from "./_ws_limits.ts";

// So much is collected before it is written, as the core does for streams.
const batchBytes = 65_536;
// Shorter messages come several at a time.
const leastMoved = 16_384;

/** One WebSocket, from its 101 on. */
export class ServerWebSocketTransport implements Transport, TransportSink, FrameSink {
  readonly framing = "message" as const;
  readonly clock: Clock;
  readonly remoteAddress: string;
  readonly secure: boolean;
  readonly #lower: Transport;
  readonly #limits: ResolvedWebSocketLimits;
  readonly #reader: FrameReader;
  readonly #onEnd: () => void;
  #sink: TransportSink | undefined;
  #batch: Uint8Array[] = []; // messages that wait for the end of the turn
  #batched = 0;
  #reading = false; // inside `received`, whose end writes
  #flushDue = false;
  #writable = true;
  #pong: Uint8Array | undefined; // the answer to the latest ping, where the client does not read
  #paused = false;
  #state: "open" | "closing" | "closed" | "over" = "open";
  #error: Error | undefined;
  #heardAt: number;
  #cancelTimer: () => void = () => undefined;

  constructor(lower: Transport, peer: Peer, limits: ResolvedWebSocketLimits, onEnd: () => void) {
    this.#lower = lower;
    this.clock = lower.clock;
    this.remoteAddress = peer.remoteAddress;
    this.secure = peer.secure;
    this.#limits = limits;
    this.#reader = new FrameReader(limits.maxMessageBytes, this);
    this.#onEnd = onEnd;
    this.#heardAt = lower.clock.now();
  }

  get remotePort(): number {
    return this.#lower.remotePort ?? 0;
  }
  get localAddress(): string {
    return this.#lower.localAddress ?? "";
  }
  get localPort(): number {
    return this.#lower.localPort ?? 0;
  }
  get peerCertificate(): PeerCertificate | undefined {
    return this.#lower.peerCertificate;
  }

  /** Joins it to the core. */
  bind(accept: Accept): void {
    try {
      this.#sink = accept(this);
    } catch (error) {
      this.#sink = { received() {}, drained() {}, ended() {} };
      this.abort(error as Error);
      throw error;
    }
    this.#watch();
  }

  // Transport

  write(bytes: Uint8Array): boolean {
    if (this.#state !== "open") return false;
    this.#batch.push(bytes);
    this.#batched += bytes.length + headBytes(bytes.length);
    if (this.#batched >= batchBytes) this.#flush();
    else if (!this.#reading && !this.#flushDue) {
      this.#flushDue = true;
      queueMicrotask(() => {
        this.#flushDue = false;
        this.#flush();
      });
    }
    return this.#writable;
  }

  pause(): void {
    this.#paused = true;
    this.#lower.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#heardAt = this.clock.now();
    this.#lower.resume();
  }

  close(): void {
    this.#shut(closeCodes.goingAway, "");
  }

  abort(reason?: Error): void {
    if (this.#state === "over") return;
    const code = closeCodeFor(reason);
    // The word is given only where it can be: to a client that reads.
    if (code !== undefined && this.#writable && this.#state === "open") {
      this.#shut(code, reason?.message ?? "");
      return;
    }
    this.#drop();
  }

  // TransportSink of the stream below

  received(bytes: Uint8Array): void {
    if (this.#state === "over") return;
    this.#heardAt = this.clock.now();
    const nested = this.#reading;
    this.#reading = true;
    try {
      this.#reader.receive(bytes);
    } catch (error) {
      this.#fail(error);
    }
    this.#reading = nested;
    if (!nested) this.#flush();
  }

  drained(): void {
    this.#writable = true;
    this.#flush();
    if (this.#writable && this.#state === "open") this.#guard(() => this.#sink?.drained());
  }

  ended(error?: Error): void {
    if (this.#state === "over") return;
    const unannounced =
      this.#state === "open"
        ? new ConnectionError("connection-reset", "The client went away without closing the WebSocket")
        : undefined;
    this.#state = "over";
    this.#cancelTimer();
    this.#reader.end();
    for (const bytes of this.#batch.splice(0)) releaseBuffer(bytes);
    this.#onEnd();
    this.#sink?.ended(this.#error ?? error ?? unannounced);
    this.#sink = undefined;
  }

  // FrameSink

  message(bytes: Uint8Array): void {
    if (this.#state === "open") this.#guard(() => this.#sink?.received(bytes));
  }

  ping(payload: Uint8Array): void {
    if (this.#state !== "open") return;
    // RFC 6455 §5.5.3: only the latest ping needs its answer, so a client that does not read fills nothing.
    this.#pong = payload.slice();
  }

  pong(): void {}

  /** RFC 6455 §5.5.1: the client's closing frame; it is answered in kind, and the server ends the connection. */
  closed(code: number): void {
    if (this.#state === "open") {
      const clean =
        code === closeCodes.normal || code === closeCodes.goingAway || code === closeCodes.noStatus;
      if (!clean)
        this.#error ??= new ConnectionError(
          "connection-failed",
          `The client closed the WebSocket with ${code}`,
        );
      this.#flush();
      this.#lower.write(
        code === closeCodes.noStatus ? controlFrame(opcodes.close, new Uint8Array(0)) : closeFrame(code),
      );
    }
    this.#end();
  }

  // Inside

  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#error ??= sinkFailure(error);
      this.#drop();
    }
  }

  /** The client broke the protocol, or a limit. */
  #fail(error: unknown): void {
    if (!(error instanceof WebSocketFault)) throw error;
    this.#reader.end();
    this.#error ??= new ConnectionError(
      "web-socket-fault",
      `The client broke the WebSocket: ${error.message}`,
    );
    this.#shut(error.closeCode, error.message);
    // It does not know where frames begin any more, so its closing frame would not be seen.
    this.#end();
  }

  /** Says that it closes, and why; then the client has its time to say so too. */
  #shut(code: number, reason: string): void {
    if (this.#state !== "open") return;
    this.#flush();
    this.#state = "closing";
    this.#lower.write(closeFrame(code, reason));
    // Its closing frame comes behind what it has sent.
    if (this.#paused) this.#lower.resume();
    this.#cancelTimer();
    this.#cancelTimer = this.clock.setTimer(() => this.#end(), this.#limits.closeTimeoutMs);
  }

  /** Ends the stream, once all is written. */
  #end(): void {
    if (this.#state === "closed" || this.#state === "over") return;
    this.#state = "closed";
    this.#cancelTimer();
    this.#lower.close();
  }

  #drop(): void {
    if (this.#state === "over") return;
    this.#state = "closed";
    this.#cancelTimer();
    for (const bytes of this.#batch.splice(0)) releaseBuffer(bytes);
    this.#batched = 0;
    this.#lower.abort();
  }

  /** Writes what the turn has brought, in one block. */
  #flush(): void {
    if (this.#state !== "open") return;
    const pong = this.#writable ? this.#pong : undefined;
    if (pong !== undefined) {
      this.#pong = undefined;
      this.#writable = this.#lower.write(controlFrame(opcodes.pong, pong));
    }
    if (this.#batched === 0) return;
    const block = this.#takeBatch();
    if (!this.#lower.write(block)) this.#writable = false;
  }

  /** What the turn has brought, framed. */
  #takeBatch(): Uint8Array {
    const batch = this.#batch;
    const [first] = batch as [Uint8Array];
    if (batch.length === 1 && first.length >= leastMoved && spareRoom(first) >= headBytes(first.length)) {
      // Cheaper than fresh memory: the octets make room for their head where they are.
      const block = new Uint8Array(first.buffer, 0, this.#batched);
      this.#batch = [];
      this.#batched = 0;
      block.copyWithin(headBytes(first.length), 0, first.length);
      writeHead(block, 0, opcodes.binary, first.length);
      return block;
    }
    const block = takeBuffer(this.#batched);
    const length = this.#batched;
    this.#batch = [];
    this.#batched = 0;
    let at = 0;
    for (const bytes of batch) {
      at = writeHead(block, at, opcodes.binary, bytes.length);
      block.set(bytes, at);
      at += bytes.length;
      releaseBuffer(bytes);
    }
    return block.subarray(0, length);
  }

  // One timer at a time, and traffic moves none: a client that talks is not pinged.
  #watch(): void {
    const { pingIntervalMs, pongTimeoutMs } = this.#limits;
    if (pingIntervalMs === 0 || this.#state !== "open") return;
    const quiet = this.clock.now() - this.#heardAt;
    if (quiet < pingIntervalMs || this.#paused) {
      const wait = this.#paused ? pingIntervalMs : pingIntervalMs - quiet;
      this.#cancelTimer = this.clock.setTimer(() => this.#watch(), wait);
      return;
    }
    const pingedAt = this.clock.now();
    if (this.#writable) this.#writable = this.#lower.write(controlFrame(opcodes.ping, new Uint8Array(0)));
    this.#cancelTimer = this.clock.setTimer(() => {
      if (this.#heardAt < pingedAt && !this.#paused) {
        this.#error ??= new ConnectionError("connection-timeout", "The client answers no ping");
        this.#drop();
      } else this.#watch();
    }, pongTimeoutMs);
  }
}
