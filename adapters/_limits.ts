// The limits that every socket adapter keeps, each with its default and the reason for it.
// One place, so that Bun, Deno and Node cannot drift apart.
import type { TlsOptions } from "../core/node/transport.ts";

/** Limits and timing of one connection. */
export interface SocketLimits {
  /**
   * Most bytes that may wait because the peer does not read; beyond it the connection is dropped with
   * `"write-overflow"`. The core stops at `write() === false`, so only a fault gets here.
   * @default 16777216
   */
  maxPendingBytes?: number;
  /**
   * How long a closing connection may stand still, in milliseconds, before it is dropped: while output is being
   * flushed, and while the peer's own end is awaited.
   * @default 10000
   */
  lingerMs?: number;
  /**
   * How long the write side stays open after the peer has ended its own, in milliseconds, for answers that are still
   * being made. What was written by then is flushed in any case.
   * @default 0
   */
  halfOpenMs?: number;
}

/** How a listener is set up; see {@link SocketLimits} for what holds for each of its connections. */
export interface ListenLimits extends SocketLimits {
  /**
   * Most connections open at one time, handshakes included; one more is dropped as soon as it is accepted.
   * The default keeps a process below the usual limit of open files.
   * @default 16384
   */
  maxConnections?: number;
  /**
   * Time for the TLS handshake of an accepted connection, in milliseconds: a peer that dawdles holds a place.
   * @default 10000
   */
  handshakeTimeoutMs?: number;
  /**
   * Most TLS handshakes under way at one time; one more ends the one that has taken longest. They count among
   * `maxConnections` too. @default 1024
   */
  maxHandshakes?: number;
  /** Connections that the system queues before they are accepted. Bun fixes it itself. @default 511 */
  backlog?: number;
  /** Several processes listen on one port. Bun, Deno with `--unstable-net`, Node from 23.1. @default false */
  reusePort?: boolean;
  /** Hears of connections that never got as far as the application: failed handshakes, refused certificates, the limit. */
  onError?: (error: Error) => void;
}

/** Options of `transportListen`. */
export interface TransportListenOptions extends ListenLimits {
  /** Address or name to listen on. */
  host: string;
  /** Port; 0 lets the system choose. */
  port: number;
  /** Present: TLS with this certificate (`cert` and `key` are needed). */
  tls?: TlsOptions;
}

/** What `transportListen` returns. */
export interface TransportListener {
  /** Address that is listened on. */
  readonly host: string;
  /** The real port. */
  readonly port: number;
  /** Connections open now, handshakes included. */
  readonly connections: number;
  /** Stops listening, then deals with the open connections; resolves when they are dealt with. */
  close(options?: CloseOptions): Promise<void>;
}

/** What becomes of the open connections when a listener closes. */
export interface CloseOptions {
  /** `"close"` flushes and ends them, `"abort"` drops them, `"keep"` leaves them alone. @default "close" */
  connections?: "close" | "abort" | "keep";
}

/** {@link SocketLimits} with every default filled in. */
export type ResolvedLimits = Required<SocketLimits>;

/** Fills in the defaults. @throws RangeError when a limit is not a positive number (`halfOpenMs` may be 0) */
export function resolveLimits(limits: SocketLimits): ResolvedLimits {
  return {
    maxPendingBytes: positive("maxPendingBytes", limits.maxPendingBytes, 16_777_216),
    lingerMs: positive("lingerMs", limits.lingerMs, 10_000),
    halfOpenMs: limits.halfOpenMs === 0 ? 0 : positive("halfOpenMs", limits.halfOpenMs, 0),
  };
}

/** What a listener needs of its options, with every default filled in. */
export interface ResolvedListenLimits {
  readonly limits: ResolvedLimits;
  readonly maxConnections: number;
  readonly handshakeTimeoutMs: number;
  readonly maxHandshakes: number;
  readonly backlog: number;
  readonly onError: (error: Error) => void;
}

/** Fills in a listener's defaults. @throws RangeError when a limit is not a positive number */
export function resolveListenLimits(options: ListenLimits): ResolvedListenLimits {
  return {
    limits: resolveLimits(options),
    maxConnections: positive("maxConnections", options.maxConnections, 16_384),
    handshakeTimeoutMs: positive("handshakeTimeoutMs", options.handshakeTimeoutMs, 10_000),
    maxHandshakes: positive("maxHandshakes", options.maxHandshakes, 1024),
    backlog: positive("backlog", options.backlog, 511),
    onError: options.onError ?? (() => {}),
  };
}

function positive(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (!(value > 0)) throw new RangeError(`${name} must be above 0: ${value}`);
  return value;
}
