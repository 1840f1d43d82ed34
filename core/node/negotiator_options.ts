/**
 * What a session negotiator is given and what it gives back: the runtime's part, its options, and the sessions that an
 * exchange of SDP has made. Types only.
 */
import type { Digest } from "../sdp/fingerprint.ts";
import type { NegotiatedMedia, Negotiation } from "../sdp/negotiated.ts";
import type { AnswerOptions, NegotiatorOptions, OfferResult } from "../sdp/negotiator.ts";
import type { Session } from "../session/session.ts";
import type { SessionSettings } from "../session/session_options.ts";
import type { MsrpUri } from "../wire/uri.ts";
import type { Connector, Fingerprint, TlsOptions } from "./transport.ts";

/** What a negotiator needs of a runtime; the modules `msrpkit/bun`, `/deno` and `/node` are one each. */
export interface NegotiatorAdapter {
  /** Opens connections. */
  readonly transportConnect: Connector;
  /** Addresses of a name, A and AAAA; without it CEMA compares names as text. */
  readonly resolveHost?: (host: string) => Promise<readonly string[]>;
  /** The runtime's hash functions; needed to check a client by fingerprint. */
  readonly digest?: Digest;
  /** Fingerprints of a certificate (PEM) for the own SDP. */
  readonly certificateFingerprints?: (pem: string) => readonly Fingerprint[];
}

/** A listener that gives connections to the node: what `listen` of an adapter returns. */
export interface NegotiatorListener {
  /** Where it listens, with the real port. */
  readonly uri: MsrpUri;
}

/** Options of a session negotiator. Those of `StreamOptions` are the defaults of its streams. */
export interface SessionNegotiatorOptions extends Omit<NegotiatorOptions, "host" | "port" | "fingerprints"> {
  /** Own address or name as peers reach it. @default the listener's, unless that is 0.0.0.0 or :: */
  readonly host?: string;
  /**
   * Open listeners of the node, at most one for each scheme; without any this side always connects (RFC 6135 §4.2.2).
   * One for `msrps` must ask for certificates, `tls: { …, requestCert: true, rejectUnauthorized: false }`, or peers that
   * are checked by fingerprint are refused (RFC 8122 §6.2).
   */
  readonly listener?: NegotiatorListener | readonly NegotiatorListener[];
  /** Port that peers see instead of the listener's, behind a port forwarding. @default the listener's */
  readonly port?: number;
  /** Own certificate and key, shown whichever side connects, and the authorities that are trusted. */
  readonly tls?: TlsOptions;
  /** Fingerprints of `tls.cert`. @default computed by the adapter */
  readonly fingerprints?: readonly Fingerprint[];
  /**
   * A client without a fingerprint in its SDP must show a certificate that an authority vouches for and that names the
   * host of its URI (RFC 4975 §5.4). @default false
   */
  readonly verifyClientName?: boolean;
  /** Settings of the sessions, beside what is negotiated. */
  readonly session?: Omit<SessionSettings, "acceptTypes" | "peerAcceptTypes" | "peerMaxBytes" | "direction">;
  /** Time to connect. @default the adapter's */
  readonly connectTimeoutMs?: number;
}

/** A stream that both sides agreed on, with its session. */
export interface NegotiatedStream {
  /** Position among the m= lines, from 0. */
  readonly index: number;
  /** The session: bound already, being opened, or waiting for the peer; `session.ready` tells when it can be used. */
  readonly session: Session;
  /** What was negotiated. */
  readonly media: NegotiatedMedia;
}

/** What an exchange has come to. */
export interface NegotiationOutcome extends Omit<Negotiation, "media"> {
  /** The agreed streams, in the order of their m= lines. */
  readonly streams: readonly NegotiatedStream[];
  /** Session of the first stream, for the usual case of one. */
  readonly session: Session | undefined;
}

/** What has come of a received offer. */
export type OfferOutcome =
  | (NegotiationOutcome & { readonly ok: true /** SDP to send back. */; readonly answer: string })
  | Extract<OfferResult, { readonly ok: false }>;

/** Choices for one answer. */
export type SessionAnswerOptions = Omit<AnswerOptions, "resolved">;
