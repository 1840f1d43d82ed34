// A transport over a socket of node:net or node:tls. The Node adapter is made of it; the Deno adapter takes it where
// Deno's own TLS cannot look at the peer's certificate.
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { releaseBuffer } from "../core/mod.ts";
import { overflowFailure, transportFailure } from "./_failure.ts";
import { free } from "./_free.ts";
import type { ResolvedLimits } from "./_limits.ts";
import type { Reads } from "./_node_read.ts";
import { type SocketFacts, SocketTransport } from "./_transport.ts";

// Writes below this, made while bytes are delivered, are answers.
const answerBytes = 4096;

/** What lies below a socket and has to be told to stop as well, where the runtime does not do that. */
export interface Gate {
  /** Stop reading. */
  hold(): void;
  /** Read on. */
  release(): void;
  /** Bytes that wait below the socket. */
  readonly waiting: number;
  /** Drop the connection. */
  cut(): void;
}

/** Transport over a connected socket; `start` begins reading. */
export class NodeSocketTransport extends SocketTransport {
  readonly #socket: Socket;
  readonly #gate: Gate | undefined;
  /** Nothing lies between the socket and the system, so that what it took is out of our hands. */
  readonly #system: boolean;
  /** What the system had not taken when it was written; at `drain` it has. With TLS, what is not encrypted yet. */
  readonly #held: Uint8Array[] = [];
  /** Writes are called back in their order; after a failure nobody needs their memory. */
  readonly #encrypted = (error?: Error | null): void => {
    const bytes = this.#held.shift();
    if (bytes !== undefined && !error) releaseBuffer(bytes);
  };
  #written = 0;
  #full = false;
  #paused = false;
  #delivering = false;
  #corked = false;
  #failure: Error | undefined;

  constructor(socket: Socket, facts: SocketFacts, limits: ResolvedLimits, gate?: Gate) {
    super(facts, limits);
    this.#socket = socket;
    this.#gate = gate;
    this.#system = !(socket instanceof TLSSocket);
  }

  /**
   * Listens to the socket. Nothing is delivered before the next turn, so `bind` may follow.
   *
   * @param reads where its octets come, if not as `data` events
   */
  start(reads?: Reads): void {
    const socket = this.#socket;
    socket.on("drain", () => {
      if (!this.#full) return;
      this.#full = false;
      if (this.#system) for (const bytes of this.#held.splice(0)) releaseBuffer(bytes);
      this.roomAgain();
    });
    socket.on("end", () => this.peerEnded());
    socket.on("error", (error) => {
      this.#failure ??= transportFailure(error);
      // TLS errors after the handshake are reported without closing the socket.
      socket.destroy();
    });
    socket.on("close", () => this.finish(this.#failure));
    if (socket.destroyed) {
      this.finish(this.#failure);
      return;
    }
    if (reads !== undefined) reads.deliver = (bytes) => this.#receive(bytes);
    else {
      // A plain view: a Buffer's slice() does not copy, which the core counts on.
      socket.on("data", (chunk: Uint8Array) => {
        this.#receive(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
        free(chunk);
      });
    }
    socket.resume();
  }

  #receive(bytes: Uint8Array): void {
    this.#delivering = true;
    this.deliver(bytes);
    this.#delivering = false;
  }

  write(bytes: Uint8Array): boolean {
    if (this.closing || this.finished) return false;
    if (bytes.byteLength === 0) return !this.#full;
    this.#written += bytes.byteLength;
    if (this.#delivering && !this.#corked && bytes.byteLength < answerBytes) this.#cork();
    let below: boolean;
    if (this.#system) below = this.#socket.write(bytes);
    else {
      this.#held.push(bytes);
      below = this.#socket.write(bytes, this.#encrypted);
    }
    const waiting = this.#waiting;
    if (waiting === 0) {
      // The system took it at once: there is room, also when it was above the high-water mark.
      if (this.#system) releaseBuffer(bytes);
      return true;
    }
    if (below) return true;
    this.#full = true;
    if (this.#system) this.#held.push(bytes);
    if (waiting > this.limits.maxPendingBytes) this.fail(overflowFailure(this.limits.maxPendingBytes));
    return false;
  }

  /** Node reads up to 32 times before it turns to anything else: the answers to all of that leave in one write. */
  #cork(): void {
    this.#corked = true;
    this.#socket.cork();
    setImmediate(() => {
      this.#corked = false;
      this.#socket.uncork();
    });
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
    this.#gate?.hold();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#gate?.release();
    this.#socket.resume();
  }

  protected get paused(): boolean {
    return this.#paused;
  }

  protected get flushedBytes(): number {
    return this.#written - this.#waiting;
  }

  protected startClose(): void {
    this.#socket.end();
  }

  protected drop(): void {
    // A TLS socket has no reset of its own, and throws when asked for one.
    if (this.#socket instanceof TLSSocket || this.#socket.connecting) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
    this.#gate?.cut();
  }

  get #waiting(): number {
    return this.#socket.writableLength + (this.#gate?.waiting ?? 0);
  }
}
