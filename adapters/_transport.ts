// What the socket transports of all runtimes have in common: the sink and its promises (`ended` exactly once and last).
// Also the wait for a peer that does not close, and the order of things when the peer ends first.
import type { Accept, Clock, PeerCertificate, Transport, TransportSink } from "../core/node/transport.ts";
import { systemClock } from "./_clock.ts";
import { sinkFailure } from "./_failure.ts";
import type { ResolvedLimits } from "./_limits.ts";

/** Addresses and identity of a connection, read once when it is made. */
export interface SocketFacts {
  readonly remoteAddress: string;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly secure: boolean;
  readonly peerCertificate?: PeerCertificate | undefined;
}

// The addresses that came last: connections of one listener have theirs in common, and mostly many have one peer's.
const lastAddresses: string[] = [];

function known(address: string): string {
  const index = lastAddresses.indexOf(address);
  if (index >= 0) return lastAddresses[index]!;
  if (lastAddresses.length >= 8) lastAddresses.shift();
  lastAddresses.push(address);
  return address;
}

/**
 * Base of the socket transports. A subclass moves bytes and calls `deliver`, `roomAgain`, `peerEnded` and `finish`;
 * it implements how to flush and end (`startClose`), how to drop (`drop`) and how far the flush has got.
 */
export abstract class SocketTransport implements Transport {
  readonly clock: Clock = systemClock;
  readonly framing = "stream" as const;
  readonly #facts: SocketFacts;
  protected readonly limits: ResolvedLimits;
  #sink: TransportSink | undefined;
  #onEnd: (() => void) | undefined;
  #timer: (() => void) | undefined;
  #closing = false;
  #finished = false;
  #discarding = false;
  #error: Error | undefined;

  constructor(facts: SocketFacts, limits: ResolvedLimits) {
    this.#facts = {
      ...facts,
      remoteAddress: known(facts.remoteAddress),
      localAddress: known(facts.localAddress ?? ""),
    };
    this.limits = limits;
  }

  get remoteAddress(): string {
    return this.#facts.remoteAddress;
  }
  get remotePort(): number {
    return this.#facts.remotePort ?? 0;
  }
  get localAddress(): string {
    return this.#facts.localAddress ?? "";
  }
  get localPort(): number {
    return this.#facts.localPort ?? 0;
  }
  get secure(): boolean {
    return this.#facts.secure;
  }
  get peerCertificate(): PeerCertificate | undefined {
    return this.#facts.peerCertificate;
  }

  abstract write(bytes: Uint8Array): boolean;
  abstract pause(): void;
  abstract resume(): void;
  /** Flush what was written, then end the write side; reading goes on until the peer ends too. */
  protected abstract startClose(): void;
  /** Drop the connection now; `finish` must follow. */
  protected abstract drop(): void;
  /** Bytes that the system has taken so far; only its growth counts. */
  protected abstract get flushedBytes(): number;
  /** True while the core does not want to be given anything. */
  protected abstract get paused(): boolean;

  /** True once nothing more may be written. */
  protected get closing(): boolean {
    return this.#closing;
  }
  /** True once the sink has been told of the end, or is about to be. */
  protected get finished(): boolean {
    return this.#finished;
  }

  /** Joins the transport to the core. `onEnd` is called once, when the connection is over. */
  bind(accept: Accept, onEnd: () => void): void {
    this.#onEnd = onEnd;
    try {
      this.#sink = accept(this);
    } catch (error) {
      this.#sink = { received() {}, drained() {}, ended() {} };
      this.abort();
      throw error;
    }
  }

  close(): void {
    if (this.#closing || this.#finished) return;
    this.#closing = true;
    if (this.paused) {
      // The peer's end comes behind what it sent, so that has to be read; the core has said that it has no room.
      this.#discarding = true;
      this.resume();
    }
    this.#awaitProgress();
    this.startClose();
  }

  abort(): void {
    if (this.#finished) return;
    this.#closing = true;
    this.#discarding = true;
    this.drop();
  }

  /** The connection broke: it is dropped, and the sink hears why. */
  protected fail(error: Error): void {
    if (this.#finished) return;
    this.#error ??= error;
    this.#closing = true;
    this.#discarding = true;
    this.drop();
  }

  protected deliver(bytes: Uint8Array): void {
    if (this.#discarding || this.#finished) return;
    try {
      this.#sink?.received(bytes);
    } catch (error) {
      this.fail(sinkFailure(error));
    }
  }

  protected roomAgain(): void {
    if (this.#closing || this.#finished) return;
    try {
      this.#sink?.drained();
    } catch (error) {
      this.fail(sinkFailure(error));
    }
  }

  /** The peer has ended its side. Answers to its last bytes may still be in the making, at least until the next turn. */
  protected peerEnded(): void {
    if (this.#closing || this.#finished) return;
    this.#timer?.();
    this.#timer = this.clock.setTimer(() => this.close(), this.limits.halfOpenMs);
  }

  /** The connection is over. Told to the sink in a microtask, because `abort` may be called from inside `received`. */
  protected finish(error?: Error): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#timer?.();
    const reason = this.#error ?? error;
    queueMicrotask(() => {
      this.#onEnd?.();
      this.#sink?.ended(reason);
      this.#sink = undefined;
    });
  }

  #awaitProgress(): void {
    const before = this.flushedBytes;
    this.#timer?.();
    this.#timer = this.clock.setTimer(() => {
      if (this.flushedBytes > before) this.#awaitProgress();
      else this.drop();
    }, this.limits.lingerMs);
  }
}
