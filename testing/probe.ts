/**
 * A sink for transports under test: it counts and keeps what it is told, and lets a test wait for the next thing to happen.
 * Nothing here sleeps; every wait ends with an event of the transport.
 */
import type { Accept, Transport, TransportSink } from "../core/node/transport.ts";
import { joinBytes } from "../core/wire/join_bytes.ts";

/** A promise and the function that resolves it. */
export interface Latch<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
}

/** Makes a latch. */
export function latch<T = void>(): Latch<T> {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** What a probe does with bytes, beside counting them. */
export interface ProbeOptions {
  /** Keep the bytes, for `content`. @default true */
  keep?: boolean;
  /** Write everything back, with regard to back-pressure. @default false */
  echo?: boolean;
  /** Called with each piece. */
  onReceived?: (bytes: Uint8Array, probe: Probe) => void;
}

/** The sink itself. */
export class Probe implements TransportSink {
  readonly transport: Transport;
  received_ = 0;
  drains = 0;
  endings = 0;
  callsAfterEnd = 0;
  error: Error | undefined;
  readonly ended_: Promise<Error | undefined>;
  readonly #kept: Uint8Array[] = [];
  readonly #options: ProbeOptions;
  readonly #end: Latch<Error | undefined> = latch();
  #drain: Latch<void> | undefined;
  #waits: { bytes: number; done: Latch<void> }[] = [];
  #echoQueue: Uint8Array[] = [];

  constructor(transport: Transport, options: ProbeOptions = {}) {
    this.transport = transport;
    this.#options = options;
    this.ended_ = this.#end.promise;
  }

  received(bytes: Uint8Array): void {
    if (this.endings > 0) this.callsAfterEnd += 1;
    this.received_ += bytes.byteLength;
    // The bytes are the adapter's again after this call: copy.
    if (this.#options.keep !== false) this.#kept.push(bytes.slice());
    if (this.#options.echo) this.#echo(bytes.slice());
    this.#options.onReceived?.(bytes, this);
    this.#check();
  }

  drained(): void {
    if (this.endings > 0) this.callsAfterEnd += 1;
    this.drains += 1;
    const waiting = this.#drain;
    this.#drain = undefined;
    waiting?.resolve();
    if (this.#options.echo) {
      this.transport.resume();
      this.#flushEcho();
    }
  }

  ended(error?: Error): void {
    this.endings += 1;
    this.error = error;
    this.#end.resolve(error);
    this.#drain?.resolve();
    this.#check();
  }

  /** Everything received, in one piece. */
  get content(): Uint8Array {
    return joinBytes(this.#kept);
  }

  /** Waits until so many bytes came in all, or the end. */
  bytes(count: number): Promise<void> {
    const done = latch();
    this.#waits.push({ bytes: count, done });
    this.#check();
    return done.promise;
  }

  /** Waits for the next `drained`, or the end. */
  drain(): Promise<void> {
    this.#drain ??= latch();
    return this.#drain.promise;
  }

  /** Writes `total` bytes made by {@link pattern}, in pieces, as fast as the transport takes them. */
  async pump(
    total: number,
    pieceBytes: number = 65_536,
    source: Uint8Array = pattern(pieceBytes, 0),
  ): Promise<void> {
    for (let sent = 0; sent < total && this.endings === 0; sent += pieceBytes) {
      const piece = total - sent < pieceBytes ? source.subarray(0, total - sent) : source;
      if (!this.transport.write(piece)) await this.drain();
    }
  }

  #echo(bytes: Uint8Array): void {
    this.#echoQueue.push(bytes);
    if (this.#echoQueue.length === 1) this.#flushEcho();
  }

  #flushEcho(): void {
    while (this.#echoQueue.length > 0) {
      const bytes = this.#echoQueue.shift()!;
      if (!this.transport.write(bytes)) {
        this.transport.pause();
        return;
      }
    }
  }

  #check(): void {
    const over = this.endings > 0;
    this.#waits = this.#waits.filter(({ bytes, done }) => {
      if (this.received_ < bytes && !over) return true;
      done.resolve();
      return false;
    });
  }
}

/** Bytes that differ from place to place, so that lost, doubled or swapped pieces show. */
export function pattern(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  for (let index = 0; index < length; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

/** An `accept` that makes probes and hands them out in order. */
export class Probes {
  readonly all: Probe[] = [];
  readonly accept: Accept;
  #waiting: Latch<Probe>[] = [];
  #next = 0;

  constructor(options: ProbeOptions = {}, onAccept?: (probe: Probe) => void) {
    this.accept = (transport) => {
      const probe = new Probe(transport, options);
      this.all.push(probe);
      onAccept?.(probe);
      const waiting = this.#waiting.shift();
      if (waiting) {
        this.#next += 1;
        waiting.resolve(probe);
      }
      return probe;
    };
  }

  /** The next probe that nobody has asked for yet. */
  next(): Promise<Probe> {
    const ready = this.all[this.#next];
    if (ready) {
      this.#next += 1;
      return Promise.resolve(ready);
    }
    const waiting = latch<Probe>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }
}
