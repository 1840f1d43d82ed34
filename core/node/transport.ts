/**
 * The two seams between the core and a runtime: `Transport`, what an adapter gives, and `TransportSink`, what it
 * gets back. Types only: an adapter implements them over the runtime's own sockets and knows nothing of MSRP.
 */

/** Time as the core sees it; every transport brings one, so that tests can run an hour in a millisecond. */
export interface Clock {
  /** Milliseconds that never go backwards; the origin is of no importance. */
  now(): number;
  /** Calls `callback` once after `delayMs` milliseconds; the function returned cancels it, also when called late. */
  setTimer(callback: () => void, delayMs: number): () => void;
  /**
   * Calls `callback` once, when what is ready to be read on all transports has been handed over, and before the runtime
   * waits for more: short frames wait for it and leave in one write. @default they leave at the end of each call
   */
  afterTurn?(callback: () => void): void;
}

/** What is known of the certificate that the peer presented in the TLS handshake. */
export interface PeerCertificate {
  /** The certificate itself, DER. */
  readonly der: Uint8Array;
  /** Its subjectAltName entries as `"DNS:name"`, `"IP:address"` or `"URI:…"`, where the runtime tells them. */
  readonly subjectAltNames?: readonly string[];
  /** True when an authority that was asked vouches for it; false or absent: nothing but `der` is known of it. @default false */
  readonly verified?: boolean;
}

/** A byte pipe to one peer, made by an adapter. */
export interface Transport {
  /** The clock that times everything on this transport. */
  readonly clock: Clock;
  /** Address of the peer, without port; `""` when the runtime does not tell. */
  readonly remoteAddress: string;
  /** Port of the peer. */
  readonly remotePort?: number;
  /** Own address of this pipe, without port. */
  readonly localAddress?: string;
  /** Own port of this pipe. */
  readonly localPort?: number;
  /** True when the bytes are protected by TLS (an `msrps` hop). */
  readonly secure: boolean;
  /** The peer's certificate, when TLS was used and it sent one. */
  readonly peerCertificate?: PeerCertificate | undefined;
  /** `"message"`: every write is exactly one frame and becomes one message (RFC 7977 §5.1). */
  readonly framing: "stream" | "message";
  /** Longest message that the other end takes, in octets, for `"message"` framing (RFC 8873 §5.4). @default that of the connection */
  readonly maxFrameBytes?: number | undefined;
  /**
   * Hands over bytes, which belong to the adapter from now on; when it is done with them it may say so with `releaseBuffer`,
   * so that bulk needs no fresh memory. False: full, wait for `drained()`.
   */
  write(bytes: Uint8Array): boolean;
  /** Stop reading; `received` may still be called for what was already read. */
  pause(): void;
  /** Read on. */
  resume(): void;
  /** Flushes what was written, then ends the pipe. `ended()` follows. */
  close(): void;
  /**
   * Drops the pipe and what was not yet written. `ended()` follows.
   *
   * @param reason why, for a pipe that can tell its peer, as a WebSocket's close code does
   */
  abort(reason?: Error): void;
}

/** What the core gives to an adapter for one transport. */
export interface TransportSink {
  /** Bytes came in. They are only valid during the call; the adapter may use its buffer again afterwards. */
  received(bytes: Uint8Array): void;
  /** A write returned false before, and now there is room again. */
  drained(): void;
  /** The pipe is at its end, with `error` when it failed. Exactly once, and the last call. */
  ended(error?: Error): void;
}

/** All that an adapter ever sees of the core: called once for each transport, before any other call. */
export type Accept = (transport: Transport) => TransportSink;

/** A hash over the DER certificate of a peer (RFC 8122 §5). */
export interface Fingerprint {
  /** Name of the hash function as in SDP, lower case, for example `"sha-256"`. */
  readonly hash: string;
  /** The hash as upper-case hex pairs joined by colons. */
  readonly value: string;
}

/** How TLS is set up; the versions are fixed at 1.2 and above (RFC 8996). Keys and certificates are PEM. */
export interface TlsOptions {
  /** Own certificate, with its chain. */
  cert?: string;
  /** Private key of `cert`. */
  key?: string;
  /** Trusted authorities instead of the runtime's own list. */
  ca?: string | string[];
  /** Name to send (SNI) and to check. @default the host of the URI, none for an IP address */
  serverName?: string;
  /** A listener asks for the client's certificate. @default false */
  requestCert?: boolean;
  /** Refuse a peer whose certificate does not verify. @default true */
  rejectUnauthorized?: boolean;
  /** Check the peer's certificate by these hashes instead of by name and authority (RFC 4975 §14.4). */
  fingerprints?: readonly Fingerprint[];
}

/** Where to connect to. */
export interface ConnectTarget {
  /** Host name or IP address, no brackets. */
  host: string;
  /** Port. */
  port: number;
  /** True: TLS, with no fall-back to plain TCP (RFC 4975 §5.4). */
  secure: boolean;
  /** Name to check the certificate against when it differs from `host`. */
  serverName?: string;
  /** How TLS is set up. */
  tls?: TlsOptions;
}

/** Options of one attempt to connect. */
export interface ConnectorOptions {
  /** Gives up when it fires. */
  signal?: AbortSignal;
  /** Gives up after this many milliseconds. @default the adapter's */
  timeoutMs?: number;
}

/**
 * Opens a transport and joins it to the sink that `accept` returns for it. Rejects with `ConnectionError`
 * (`"connect-failed"`, `"connect-timeout"`, `"tls"`, `"aborted"`).
 */
export type Connector = (
  target: ConnectTarget,
  accept: Accept,
  options?: ConnectorOptions,
) => Promise<Transport>;
