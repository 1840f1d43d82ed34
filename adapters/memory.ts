/**
 * Pairs of pipes inside one process, with a clock that the test moves: the tests' transport, and the proof that an
 * adapter needs nothing but the seam. No runtime API is used, so it works wherever the core does.
 */

import { ConnectionError } from "../core/mod.ts";
import type {
  Accept,
  Clock,
  Connector,
  ConnectorOptions,
  ConnectTarget,
  PeerCertificate,
  Transport,
  TransportSink,
} from "../core/node/transport.ts";

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  #now = 0;
  #next = 0;
  readonly #timers: Map<number, { at: number; callback: () => void }> = new Map();

  now(): number {
    return this.#now;
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    const id = this.#next++;
    this.#timers.set(id, { at: this.#now + Math.max(0, delayMs), callback });
    return () => this.#timers.delete(id);
  }

  /** Timers that wait; a test of leaks counts them. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Goes on by `ms`, stopping at every timer on the way, in order, and lets promises run after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      let first: [number, { at: number; callback: () => void }] | undefined;
      for (const entry of this.#timers) if (first === undefined || entry[1].at < first[1].at) first = entry;
      if (first === undefined || first[1].at > end) break;
      this.#timers.delete(first[0]);
      this.#now = Math.max(this.#now, first[1].at);
      first[1].callback();
      await settle();
    }
    this.#now = end;
    await settle();
  }
}

/** Lets everything run that waits for a promise, `rounds` turns deep. @default 50 rounds */
export async function settle(rounds: number = 50): Promise<void> {
  for (let round = 0; round < rounds; round++) await Promise.resolve();
}

/** How a pair of pipes behaves. */
export interface MemoryOptions {
  /** @default a new FakeClock */
  clock?: Clock;
  /** @default "stream" */
  framing?: "stream" | "message";
  /** Octets under way in one direction at which `write` returns false. @default 65536 */
  highWaterBytes?: number;
  /** Cut what is delivered into pieces of at most this many octets ("stream" only). @default no cut */
  maxSegmentBytes?: number;
  /** Overwrite bytes once the receiver has had them, so that a core that keeps them is found out. @default true */
  scrub?: boolean;
  /** Behave as a TLS pipe. @default false */
  secure?: boolean;
  /** Address, port and certificate of the opening end as the accepting end sees them. */
  client?: MemoryPeer;
  /** The same of the accepting end. */
  server?: MemoryPeer;
}

/** One end of a pair, as the other sees it. */
export interface MemoryPeer {
  address?: string;
  port?: number;
  certificate?: PeerCertificate;
}

/** Makes two ends and joins them to their sinks; what one writes the other receives in a later microtask. */
export function memoryPair(
  client: Accept,
  server: Accept,
  options: MemoryOptions = {},
): readonly [client: MemoryTransport, server: MemoryTransport] {
  const settings = { ...options, clock: options.clock ?? new FakeClock() };
  const a = new MemoryTransport(settings, options.client ?? {}, options.server ?? {});
  const b = new MemoryTransport(settings, options.server ?? {}, options.client ?? {});
  a.join(b);
  b.join(a);
  b.attach(server(b));
  a.attach(client(a));
  return [a, b];
}

/** One end of a pair. */
export class MemoryTransport implements Transport {
  readonly clock: Clock;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly secure: boolean;
  readonly peerCertificate: PeerCertificate | undefined;
  readonly framing: "stream" | "message";
  readonly #highWaterBytes: number;
  readonly #maxSegmentBytes: number;
  readonly #scrub: boolean;
  #peer: MemoryTransport | undefined;
  #sink: TransportSink | undefined;
  // What is on its way to this end.
  #inbox: Uint8Array[] = [];
  #inboxBytes = 0;
  #end: { error: Error | undefined } | undefined;
  #paused = false;
  #running = false;
  #closed = false; // this end writes no more
  #over = false; // ended() was called
  #full = false; // a write here returned false

  constructor(options: MemoryOptions & { clock: Clock }, local: MemoryPeer, remote: MemoryPeer) {
    this.clock = options.clock;
    this.framing = options.framing ?? "stream";
    this.secure = options.secure ?? false;
    this.remoteAddress = remote.address ?? "192.0.2.1";
    this.remotePort = remote.port ?? 2855;
    this.localAddress = local.address ?? "192.0.2.2";
    this.localPort = local.port ?? 2855;
    this.peerCertificate = remote.certificate;
    this.#highWaterBytes = options.highWaterBytes ?? 65536;
    this.#maxSegmentBytes = options.maxSegmentBytes ?? Number.POSITIVE_INFINITY;
    this.#scrub = options.scrub ?? true;
  }

  /** Sets the other end; part of `memoryPair`. */
  join(peer: MemoryTransport): void {
    this.#peer = peer;
  }

  /** Sets the sink; part of `memoryPair`. */
  attach(sink: TransportSink): void {
    this.#sink = sink;
    this.#run();
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closed || this.#over || bytes.length === 0) return !this.#full;
    const peer = this.#peer as MemoryTransport;
    peer.#take(bytes);
    if (peer.#inboxBytes >= this.#highWaterBytes) this.#full = true;
    return !this.#full;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#run();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const peer = this.#peer as MemoryTransport;
    peer.#finish(undefined);
    // Both ends are done once the peer has read everything: its end of file is ours.
    this.#finish(undefined);
  }

  abort(): void {
    if (this.#over) return;
    this.#closed = true;
    this.#inbox = [];
    this.#inboxBytes = 0;
    this.#finish(undefined);
    (this.#peer as MemoryTransport).#drop();
  }

  // The other end was cut: what is under way is lost.
  #drop(): void {
    this.#inbox = [];
    this.#inboxBytes = 0;
    this.#finish(new ConnectionError("connection-reset", "Connection was reset by the peer"));
  }

  #take(bytes: Uint8Array): void {
    if (this.#over) return;
    if (this.framing === "message") this.#inbox.push(bytes);
    else {
      for (let at = 0; at < bytes.length; at += this.#maxSegmentBytes) {
        this.#inbox.push(bytes.subarray(at, Math.min(bytes.length, at + this.#maxSegmentBytes)));
      }
    }
    this.#inboxBytes += bytes.length;
    this.#run();
  }

  #finish(error: Error | undefined): void {
    this.#end ??= { error };
    if (error !== undefined) this.#paused = false;
    this.#run();
  }

  #run(): void {
    if (this.#running || this.#over || this.#sink === undefined) return;
    this.#running = true;
    Promise.resolve().then(() => this.#deliver());
  }

  #deliver(): void {
    this.#running = false;
    const sink = this.#sink as TransportSink;
    while (!this.#paused && !this.#over) {
      const bytes = this.#inbox.shift();
      if (bytes === undefined) break;
      this.#inboxBytes -= bytes.length;
      sink.received(bytes);
      if (this.#scrub) bytes.fill(0x21);
    }
    const peer = this.#peer as MemoryTransport;
    if (this.#inbox.length === 0) peer.#emptied();
    const end = this.#end;
    if (end === undefined || this.#over || this.#inbox.length > 0) return;
    this.#over = true;
    this.#closed = true;
    sink.ended(end.error);
    // The peer of a closed end is closed as well: this seam has no half-open state of its own.
    peer.#finish(undefined);
  }

  #emptied(): void {
    if (!this.#full || this.#over) return;
    this.#full = false;
    this.#sink?.drained();
  }
}

/** Hosts inside the process: `listen` here, `connect` from anywhere; all pairs share one clock. */
export class MemoryNetwork {
  readonly clock: Clock;
  readonly #options: MemoryOptions;
  readonly #listeners: Map<string, { accept: Accept; secure: boolean }> = new Map();
  #ports = 49152;
  /** Connections that were opened so far. */
  opened: number = 0;

  constructor(options: MemoryOptions = {}) {
    this.clock = options.clock ?? new FakeClock();
    this.#options = { ...options, clock: this.clock };
  }

  /** Accepts at a host and port; the function returned stops that. */
  listen(host: string, port: number, accept: Accept, secure: boolean = false): () => void {
    const key = `${host.toLowerCase()}:${port}`;
    if (this.#listeners.has(key)) throw new TypeError(`Cannot listen at ${key}: in use`);
    this.#listeners.set(key, { accept, secure });
    return () => this.#listeners.delete(key);
  }

  /** Connects to a host and port of this network. */
  readonly connect: Connector = async (
    target: ConnectTarget,
    accept: Accept,
    options?: ConnectorOptions,
  ): Promise<Transport> => {
    await Promise.resolve();
    if (options?.signal?.aborted) throw new ConnectionError("aborted", "Connecting was aborted");
    const listener = this.#listeners.get(`${target.host.toLowerCase()}:${target.port}`);
    if (listener === undefined) {
      throw new ConnectionError(
        "connect-failed",
        `Cannot connect to ${target.host}:${target.port}: nobody listens`,
      );
    }
    if (listener.secure !== target.secure) {
      throw new ConnectionError(
        "tls",
        `Cannot connect to ${target.host}:${target.port}: TLS on one side only`,
      );
    }
    this.opened++;
    const [client] = memoryPair(accept, listener.accept, {
      ...this.#options,
      secure: target.secure,
      client: { address: "192.0.2.2", port: this.#ports++, ...this.#options.client },
      server: { address: target.host, port: target.port, ...this.#options.server },
    });
    return client;
  };
}
