// A Deno connection as a node:stream Duplex, for node:tls to sit on. Deno's node:tls over its own sockets reads on while
// paused, without bound, and Deno's native TLS can neither be given up in mid-handshake nor be asked who the peer is;
// over this pipe node:tls does both, and reading stops when it is told to.
import { Duplex } from "node:stream";
import { free } from "./_free.ts";
import type { Gate } from "./_node_socket.ts";

const readBytes = 65_536;

// RFC 8996 §5: a client with TLS 1.1 or less is told so, by alert 70. Deno's node:tls would only close.
const protocolVersionAlert = new Uint8Array([21, 3, 1, 0, 2, 2, 70]);

/** True for a ClientHello below TLS 1.2; TLS 1.3 writes 1.2 in this place (RFC 8446 §4.1.2). */
function offersOldVersion(hello: Uint8Array): boolean {
  const isClientHello = hello.byteLength > 10 && hello[0] === 22 && hello[5] === 1;
  return isClientHello && hello[9] === 3 && (hello[10] ?? 3) < 3;
}

/** The connection below a TLS socket. */
export class DenoPipe extends Duplex implements Gate {
  readonly #conn: Deno.TcpConn;
  readonly #buffer: Uint8Array<ArrayBuffer>;
  #first: boolean;
  #wanted = false;
  #held = false;
  #reading = false;

  /** @param serves true for the side that gets the ClientHello */
  constructor(conn: Deno.TcpConn, serves: boolean) {
    super({ allowHalfOpen: true, readableHighWaterMark: readBytes, writableHighWaterMark: readBytes });
    this.#conn = conn;
    this.#first = serves;
    // TLS records are at most 16 KiB; this takes one and its header while the connection is quiet.
    this.#buffer = new Uint8Array(readBytes / 4 + 512);
  }

  /** Stop reading from the connection, whatever the TLS above asks for. */
  hold(): void {
    this.#held = true;
  }

  /** Read on. */
  release(): void {
    this.#held = false;
    this.#pull();
  }

  /** Bytes of TLS records that wait for the system. */
  get waiting(): number {
    return this.writableLength;
  }

  /** Drops the connection. */
  cut(): void {
    this.destroy();
  }

  override _read(): void {
    this.#wanted = true;
    this.#pull();
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    this.#writeAll(chunk).then(
      () => done(),
      (error: Error) => done(error),
    );
  }

  override _final(done: (error?: Error | null) => void): void {
    // The peer may be gone already; then there is nobody to tell.
    this.#conn.closeWrite().then(
      () => done(),
      () => done(),
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    try {
      this.#conn.close();
    } catch {
      // Closed already by a failed call.
    }
    done(error);
  }

  #pull(): void {
    if (this.#wanted && !this.#held && !this.#reading && !this.destroyed) void this.#readOn();
  }

  async #readOn(): Promise<void> {
    this.#reading = true;
    try {
      while (this.#wanted && !this.#held) {
        const count = await this.#conn.read(this.#buffer);
        if (this.destroyed) return;
        if (count === null) {
          this.push(null);
          return;
        }
        if (this.#first && offersOldVersion(this.#buffer.subarray(0, count))) {
          await this.#conn.write(protocolVersionAlert);
          throw new Error("the client offers no TLS version above 1.1");
        }
        this.#first = false;
        // A copy, because the stream above may keep it; when it has not, it is through with it.
        const copy = this.#buffer.slice(0, count);
        this.#wanted = this.push(copy);
        if (this.readableLength === 0) free(copy);
      }
    } catch (error) {
      if (!this.destroyed) this.destroy(error as Error);
    } finally {
      this.#reading = false;
    }
  }

  async #writeAll(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.byteLength; )
      at += await this.#conn.write(at === 0 ? chunk : chunk.subarray(at));
    free(chunk);
  }
}
