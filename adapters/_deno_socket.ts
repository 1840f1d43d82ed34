// A transport over a Deno.Conn. One read and one write are in flight at most; read buffers are small while a connection is
// idle and come from a shared store while bytes stream in.
import { releaseBuffer } from "../core/mod.ts";
import { errorCode, overflowFailure, transportFailure } from "./_failure.ts";
import type { ResolvedLimits } from "./_limits.ts";
import { PendingBytes } from "./_pending.ts";
import { type ReadBuffers, readBuffers } from "./_read_buffers.ts";
import { SocketTransport } from "./_transport.ts";

// A write is asynchronous here; this much may wait behind it before the core is told to stop. At half of it the core goes
// on, so that it makes the next bytes while the system takes these.
const highWaterBytes = 262_144;
const lowWaterBytes = 131_072;
// Deno's names for "the resource was closed under a pending call", which only ever happens because we closed it.
const closedByUs = new Set(["Interrupted", "BadResource"]);

/** Transport over a connected Deno.Conn; `start` begins reading. */
export class DenoSocketTransport extends SocketTransport {
  readonly #conn: Deno.TcpConn;
  readonly #buffers: ReadBuffers;
  readonly #pending = new PendingBytes();
  #flushed = 0;
  #writing = false;
  #full = false;
  #paused = false;
  #wake: (() => void) | undefined;
  #ended = false;
  #wroteEnd = false;
  #closed = false;

  constructor(conn: Deno.TcpConn, limits: ResolvedLimits, buffers: ReadBuffers = readBuffers) {
    const { remoteAddr, localAddr } = conn;
    super(
      {
        remoteAddress: remoteAddr.hostname,
        remotePort: remoteAddr.port,
        localAddress: localAddr.hostname,
        localPort: localAddr.port,
        secure: false,
      },
      limits,
    );
    this.#conn = conn;
    this.#buffers = buffers;
  }

  /** Begins reading; call it after `bind`. */
  start(): void {
    void this.#read();
  }

  write(bytes: Uint8Array): boolean {
    if (this.closing || this.finished) return false;
    if (bytes.byteLength > 0) this.#pending.push(bytes);
    if (!this.#writing) void this.#write();
    if (this.#pending.length < highWaterBytes) return true;
    this.#full = true;
    if (this.#pending.length > this.limits.maxPendingBytes)
      this.fail(overflowFailure(this.limits.maxPendingBytes));
    return false;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#wake?.();
  }

  protected get paused(): boolean {
    return this.#paused;
  }

  protected get flushedBytes(): number {
    return this.#flushed;
  }

  protected startClose(): void {
    if (!this.#writing) void this.#endWriting();
  }

  protected drop(): void {
    this.#pending.clear();
    this.#close();
  }

  async #read(): Promise<void> {
    const reader = this.#buffers.reader();
    try {
      for (;;) {
        const buffer = reader.buffer;
        const count = await this.#conn.read(buffer);
        // What was read while the core had no room stays in the buffer until it has.
        while (this.#paused && !this.#closed) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          this.#wake = undefined;
        }
        if (this.#closed) return;
        if (count === null) {
          this.#readEnd();
          return;
        }
        if (count > 0) this.deliver(count === buffer.byteLength ? buffer : buffer.subarray(0, count));
        reader.filled(count);
      }
    } catch (error) {
      if (this.#closed || closedByUs.has(errorCode(error))) return;
      this.fail(transportFailure(error));
    } finally {
      reader.release();
    }
  }

  #readEnd(): void {
    this.#ended = true;
    if (this.#wroteEnd) this.#close();
    else this.peerEnded();
  }

  async #write(): Promise<void> {
    this.#writing = true;
    try {
      for (;;) {
        const bytes = this.#pending.front();
        if (!bytes) break;
        const count = await this.#conn.write(bytes);
        if (this.#closed) return;
        this.#flushed += count;
        this.#pending.advance(count);
        if (count === bytes.byteLength) releaseBuffer(bytes);
        if (this.#full && this.#pending.length <= lowWaterBytes) {
          this.#full = false;
          this.roomAgain();
        }
      }
    } catch (error) {
      if (!this.#closed) this.fail(transportFailure(error));
      return;
    } finally {
      this.#writing = false;
    }
    if (this.closing) await this.#endWriting();
  }

  async #endWriting(): Promise<void> {
    try {
      await this.#conn.closeWrite();
    } catch {
      // The peer may be gone already; then there is nobody to tell.
      this.#ended = true;
    }
    this.#wroteEnd = true;
    if (this.#ended) this.#close();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#wake?.();
    try {
      this.#conn.close();
    } catch {
      // Closed already by a failed call.
    }
    this.finish();
  }
}
