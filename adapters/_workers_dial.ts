// TCP from Workers: `connect` of `cloudflare:sockets` as a connector, which relays and clients open connections with.
// Listening is not to be had there, and of TLS only what the runtime decides: its own authorities, the host's name.
import { ConnectionError } from "../core/mod.ts";
import type {
  Accept,
  Clock,
  Connector,
  ConnectTarget,
  Transport,
  TransportSink,
} from "../core/node/transport.ts";
import { systemClock } from "./_clock.ts";
import {
  abortFailure,
  authority,
  connectFailure,
  sinkFailure,
  timeoutFailure,
  transportFailure,
} from "./_failure.ts";

/** What is used of a socket of `cloudflare:sockets`. */
export interface WorkersSocket {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly opened: Promise<unknown>;
  close(): Promise<void>;
}

/** `connect` of `cloudflare:sockets`. */
export type WorkersConnect = (
  address: { hostname: string; port: number },
  options: { secureTransport: "off" | "on"; allowHalfOpen: boolean },
) => WorkersSocket;

/** Options of `workersConnector`. */
export interface WorkersConnectorOptions {
  /** Time until the connection is up, in milliseconds. @default 10000 */
  connectTimeoutMs?: number;
  /** Octets that wait to be written at which the core is told to stop; at half of it, it goes on. @default 262144 */
  highWaterBytes?: number;
  /** How long the peer's end is awaited after the own one, in milliseconds. @default 10000 */
  lingerMs?: number;
  /** @default the runtime's clock */
  clock?: Clock;
}

/**
 * A connector for nodes on Workers:
 *
 * ```ts
 * import { connect } from "cloudflare:sockets";
 * relay({ connector: workersConnector(connect), … });
 * ```
 *
 * An object with an open connection of this kind stays in memory.
 */
export function workersConnector(connect: WorkersConnect, options: WorkersConnectorOptions = {}): Connector {
  const { clock = systemClock, connectTimeoutMs = 10_000 } = options;
  return async (target, accept, { signal, timeoutMs = connectTimeoutMs } = {}) => {
    const { host, port, secure, tls = {}, serverName = host } = target;
    const asked = Object.entries(tls).filter(([name, value]) => value !== undefined && name !== "serverName");
    if (secure && (asked.length > 0 || (tls.serverName ?? serverName) !== host)) {
      const what = asked.map(([name]) => name).join(", ") || "another server name";
      throw new ConnectionError("tls", `Cannot connect to ${authority(host, port)}: Workers know no ${what}`);
    }
    if (signal?.aborted) throw abortFailure(target, signal.reason);
    let socket: WorkersSocket;
    try {
      const secureTransport = secure ? "on" : "off";
      socket = connect({ hostname: host, port }, { secureTransport, allowHalfOpen: true });
      await opened(socket, target, clock, timeoutMs, signal);
    } catch (error) {
      throw connectFailure(target, error);
    }
    return new WorkersTransport(socket, target, accept, { ...options, clock });
  };
}

function opened(
  socket: WorkersSocket,
  target: ConnectTarget,
  clock: Clock,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: unknown): void => {
      cancel();
      signal?.removeEventListener("abort", abort);
      if (error === undefined) resolve();
      else {
        socket.close().catch(() => undefined);
        reject(error);
      }
    };
    const abort = (): void => settle(abortFailure(target, signal?.reason));
    const cancel = clock.setTimer(() => settle(timeoutFailure(target, timeoutMs)), timeoutMs);
    signal?.addEventListener("abort", abort, { once: true });
    socket.opened.then(() => settle(), settle);
  });
}

/** One connection. */
class WorkersTransport implements Transport {
  readonly framing = "stream" as const;
  readonly clock: Clock;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly secure: boolean;
  readonly #socket: WorkersSocket;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: { read(): Promise<{ done: boolean; value?: Uint8Array | undefined }> };
  readonly #sink: TransportSink;
  readonly #highWater: number;
  readonly #lingerMs: number;
  #waiting = 0;
  #full = false;
  #resume: (() => void) | undefined;
  #gate: Promise<void> | undefined;
  #closing = false;
  #finished = false;
  #cancel: (() => void) | undefined;

  constructor(
    socket: WorkersSocket,
    { host, port, secure }: ConnectTarget,
    accept: Accept,
    { clock, highWaterBytes = 262_144, lingerMs = 10_000 }: WorkersConnectorOptions & { clock: Clock },
  ) {
    this.clock = clock;
    this.remoteAddress = host;
    this.remotePort = port;
    this.secure = secure;
    this.#socket = socket;
    this.#highWater = highWaterBytes;
    this.#lingerMs = lingerMs;
    this.#writer = socket.writable.getWriter();
    this.#reader = socket.readable.getReader();
    this.#sink = accept(this);
    this.#writer.closed.catch((error: unknown) => this.#finish(error));
    void this.#read();
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        await this.#gate;
        const { done, value } = await this.#reader.read();
        if (this.#finished) return;
        if (done || value === undefined) break;
        // What was read before the pause came stays here until it is over.
        if (this.#gate !== undefined) await this.#gate;
        if (!this.#finished) this.#deliver(value);
      }
      // The peer has ended: so does this side, once what was written is out.
      this.#closing = true;
      await this.#writer.close().catch(() => undefined);
      this.#finish(undefined);
    } catch (error) {
      this.#finish(error);
    }
  }

  #deliver(bytes: Uint8Array): void {
    try {
      this.#sink.received(bytes);
    } catch (error) {
      this.#finish(sinkFailure(error));
    }
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closing || this.#finished) return false;
    const { byteLength } = bytes;
    this.#waiting += byteLength;
    this.#writer.write(bytes).then(
      () => {
        this.#waiting -= byteLength;
        if (!this.#full || this.#waiting > this.#highWater / 2) return;
        this.#full = false;
        if (!this.#closing && !this.#finished) this.#sink.drained();
      },
      (error: unknown) => this.#finish(error),
    );
    this.#full ||= this.#waiting >= this.#highWater;
    return !this.#full;
  }

  pause(): void {
    this.#gate ??= new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  resume(): void {
    this.#gate = undefined;
    this.#resume?.();
  }

  close(): void {
    if (this.#closing || this.#finished) return;
    this.#closing = true;
    this.resume();
    this.#cancel = this.clock.setTimer(() => this.abort(), this.#lingerMs);
    this.#writer.close().catch((error: unknown) => this.#finish(error));
  }

  abort(): void {
    this.#finish(undefined);
  }

  /** Told to the sink in a microtask, because `abort` may be called from inside `received`. */
  #finish(error: unknown): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#cancel?.();
    this.resume();
    this.#socket.close().catch(() => undefined);
    const reason = error === undefined || this.#closing ? undefined : transportFailure(error);
    queueMicrotask(() => this.#sink.ended(reason));
  }
}
