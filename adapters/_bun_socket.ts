// A transport over a socket of Bun.listen or Bun.connect. Bun's write takes what the kernel takes and buffers nothing,
// so what is left over waits here for Bun's drain.
import type { Socket } from "bun";
import { releaseBuffer } from "../core/mod.ts";
import type { PeerCertificate } from "../core/node/transport.ts";
import { overflowFailure, transportFailure } from "./_failure.ts";
import { free } from "./_free.ts";
import type { ResolvedLimits } from "./_limits.ts";
import { PendingBytes } from "./_pending.ts";
import { SocketTransport } from "./_transport.ts";

/** What hangs on every Bun socket: the transport once there is one, and who waits for the handshake before that. */
export interface BunSocketState {
  transport?: BunSocketTransport;
  /** Called when the socket closes or fails before it has a transport. */
  failed?: (error: Error) => void;
  /** Called when the TLS handshake is over. */
  secured?: (authorized: boolean, error: Error | null) => void;
  /** Called when the TCP connection stands. */
  opened?: (socket: Socket<BunSocketState>) => void;
}

/** Transport over a connected Bun socket, which calls the `on…` methods. */
export class BunSocketTransport extends SocketTransport {
  readonly #socket: Socket<BunSocketState>;
  readonly #pending = new PendingBytes();
  #flushed = 0;
  #full = false;
  #paused = false;
  #ended = false;
  #failure: Error | undefined;

  constructor(
    socket: Socket<BunSocketState>,
    secure: boolean,
    limits: ResolvedLimits,
    peer?: PeerCertificate,
  ) {
    super(
      {
        remoteAddress: socket.remoteAddress ?? "",
        remotePort: socket.remotePort,
        localAddress: socket.localAddress,
        localPort: socket.localPort,
        secure,
        peerCertificate: peer,
      },
      limits,
    );
    this.#socket = socket;
  }

  write(bytes: Uint8Array): boolean {
    if (this.closing || this.finished) return false;
    if (this.#pending.length === 0) {
      const taken = Math.max(this.#socket.write(bytes), 0);
      this.#flushed += taken;
      if (taken === bytes.byteLength) {
        releaseBuffer(bytes);
        return true;
      }
      // Not write(bytes, offset): Bun 1.4.5 throws for an offset above 0.
      this.#pending.push(taken === 0 ? bytes : bytes.subarray(taken));
    } else {
      this.#pending.push(bytes);
    }
    this.#full = true;
    if (this.#pending.length > this.limits.maxPendingBytes)
      this.fail(overflowFailure(this.limits.maxPendingBytes));
    return false;
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }

  onData(bytes: Uint8Array): void {
    this.deliver(bytes);
    free(bytes);
  }

  onDrain(): void {
    this.#flush();
    if (this.#pending.length > 0) return;
    if (this.closing) this.#endWriting();
    else if (this.#full) {
      this.#full = false;
      this.roomAgain();
    }
  }

  onEnd(): void {
    this.#ended = true;
    if (this.closing) {
      if (this.#pending.length === 0) this.#socket.end();
    } else {
      this.peerEnded();
    }
  }

  onError(error: Error): void {
    this.#failure ??= transportFailure(error);
  }

  onClose(error: Error | undefined): void {
    // A close that neither side announced is a reset, which Bun does not always say.
    const silent = !this.closing && !this.#ended;
    const cause =
      error ??
      (silent ? Object.assign(new Error("closed without an end"), { code: "ECONNRESET" }) : undefined);
    this.finish(this.#failure ?? (cause && transportFailure(cause)));
  }

  protected get paused(): boolean {
    return this.#paused;
  }

  protected get flushedBytes(): number {
    return this.#flushed;
  }

  protected startClose(): void {
    // Bun's end() after a partial write drops the rest: flush first.
    if (this.#pending.length === 0) this.#endWriting();
  }

  protected drop(): void {
    this.#pending.clear();
    this.#socket.terminate();
    this.finish();
  }

  #flush(): void {
    for (;;) {
      const bytes = this.#pending.front();
      if (!bytes) return;
      const taken = this.#socket.write(bytes);
      if (taken <= 0) return;
      this.#flushed += taken;
      this.#pending.advance(taken);
      if (taken < bytes.byteLength) return;
      releaseBuffer(bytes);
    }
  }

  #endWriting(): void {
    if (this.#ended) this.#socket.end();
    else this.#socket.shutdown();
  }
}
