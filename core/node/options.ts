/**
 * Options of a node with their defaults, and the reason for each number. Times are milliseconds, sizes octets.
 */
import type { ConnectionOptions } from "../connection/options.ts";
import type { InboxOptions } from "../session/inbox_options.ts";
import type { Session } from "../session/session.ts";
import type { SessionSettings, SessionUpdate } from "../session/session_options.ts";
import type { MsrpUri } from "../wire/uri.ts";
import type { ConnectionHandle } from "./context.ts";
import type { PathMatching } from "./registry.ts";
import type { Clock, ConnectTarget, TlsOptions, Transport } from "./transport.ts";

/** What a peer asked for that no session is expected at. */
export interface UnknownSession {
  /** To-Path: the URI that would be the session's own. */
  readonly local: MsrpUri;
  /** From-Path: the path to the peer. */
  readonly remote: readonly MsrpUri[];
  readonly connection: ConnectionHandle;
}

/** Options of a node. */
export interface MsrpOptions {
  /**
   * Lets a peer open a session that nobody announced; settings for it may be returned. Strangers reach it, so decide by
   * the URI and the connection. Each peer behind a relay, by the last URI of its From-Path, gets a session of its own; of
   * those that come straight the first has the URI, and another connection is answered 506 (RFC 4975 §5.4).
   * @default never: such requests are answered 481
   */
  acceptUnknown?: (request: UnknownSession) => boolean | SessionSettings;
  /** How To-Paths find their session. @default "strict" */
  pathMatching?: PathMatching;
  /** Settings of every session, unless its own say otherwise. */
  session?: SessionSettings;
  /** Limits of the reassembly that sessions have without a `reassembly()` plugin. */
  inbox?: InboxOptions;
  /** Limits and timeouts of every connection. */
  connection?: Omit<ConnectionOptions, "framing">;
  /** A gate still pending after so long: the request is answered 200 (RFC 4975 §5.3); the peer gives up at 30 s. @default 10000 */
  answerWithinMs?: number;
  /** A gate still pending after so long is given up: 413; 403 for what is no request that came in. @default 60000 */
  gateTimeoutMs?: number;
  /** Frames that may wait for verdicts on one connection before it stops reading. @default 256 */
  maxHeldFrames?: number;
  /** Octets of them, likewise: sixteen of the largest slices. @default 1048576 */
  maxHeldBytes?: number;
  /** A connection that nobody bound a session to is closed: as long as a sender waits for an answer. @default 30000 */
  maxUnboundMs?: number;
  /**
   * How long a request for a session that is bound to another connection waits before it is answered 506: a peer that
   * reconnects is often here before the end of its old connection is. 0 = at once. @default 100
   */
  rebindGraceMs?: number;
  /** A connection whose last session ended is closed; a new session may use it until then. @default 10000 */
  idleCloseMs?: number;
  /** The same for connections to relays of a peer, which are worth keeping: the time of RFC 4976 §5.4. @default 300000 */
  relayIdleCloseMs?: number;
  /** Time for a connection that closes: what is written must be taken and answered by then. @default 35000 */
  closeTimeoutMs?: number;
  /** Sessions of the node. A session of little traffic costs some 2 KiB. @default 100000 */
  maxSessions?: number;
  /** Sessions on one connection; a relay's is the busiest. @default 10000 */
  maxSessionsPerConnection?: number;
  /** Connections of the node. @default 20000 */
  maxConnections?: number;
  /** Let sessions of `msrps` URIs run over connections without TLS, behind something that ends TLS. @default false */
  allowPlainMsrps?: boolean;
  /** Clock for timers of sessions that have no connection yet. @default that of the first connection */
  clock?: Clock;
}

/** The numbers with defaults filled in. */
export type NodeLimits = Required<
  Pick<
    MsrpOptions,
    | "answerWithinMs"
    | "gateTimeoutMs"
    | "maxHeldFrames"
    | "maxHeldBytes"
    | "maxUnboundMs"
    | "rebindGraceMs"
    | "idleCloseMs"
    | "relayIdleCloseMs"
    | "closeTimeoutMs"
    | "maxSessions"
    | "maxSessionsPerConnection"
    | "maxConnections"
  >
>;

const defaults: NodeLimits = {
  answerWithinMs: 10_000,
  gateTimeoutMs: 60_000,
  maxHeldFrames: 256,
  maxHeldBytes: 1_048_576,
  maxUnboundMs: 30_000,
  rebindGraceMs: 100,
  idleCloseMs: 10_000,
  relayIdleCloseMs: 300_000,
  closeTimeoutMs: 35_000,
  maxSessions: 100_000,
  maxSessionsPerConnection: 10_000,
  maxConnections: 20_000,
};

/** @throws {RangeError} a limit that is no number above 0; `rebindGraceMs` may be 0 */
export function nodeLimits(options: MsrpOptions): NodeLimits {
  const limits = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof NodeLimits)[]) {
    const value = options[name];
    if (value === undefined) continue;
    if (!(value > 0 || (value === 0 && name === "rebindGraceMs")))
      throw new RangeError(`Cannot use ${name}: ${value} (must be above 0)`);
    limits[name] = value;
  }
  return limits;
}

/** The options of one connection: frames as its transport has them, and no longer than its other end takes. */
export function connectionOptions(
  options: MsrpOptions["connection"],
  { framing, maxFrameBytes = Number.POSITIVE_INFINITY }: Pick<Transport, "framing" | "maxFrameBytes">,
): ConnectionOptions {
  if (framing === "stream" || maxFrameBytes === Number.POSITIVE_INFINITY) return { ...options, framing };
  const own = options?.maxFrameBytes ?? Number.POSITIVE_INFINITY;
  return { ...options, framing, maxFrameBytes: Math.min(own, maxFrameBytes) };
}

/** A session that is expected: somebody else opens the connection. */
export interface ExpectOptions extends SessionSettings {
  /** Own URI, as it was given to the peer. */
  local: MsrpUri | string;
  /** The peer's path; may come later, by `session.update()`. */
  remote?: MsrpUri | string | readonly (MsrpUri | string)[];
  /** @default "passive"; "active": it is opened later, by `connect({ session })` */
  role?: "active" | "passive";
  /**
   * Requests for the session wait, unanswered, until `app.release(session)`: for a URI in an offer whose answer, and with
   * it the peer's identity, is not here yet (RFC 8122 §6.2). @default false
   */
  held?: boolean;
  /**
   * Asked when a connection wants to be bound to the session; false refuses it and drops the connection, for example when
   * the certificate is not the negotiated one (RFC 4975 §14.4). @default every connection
   */
  verifyPeer?: (connection: ConnectionHandle) => boolean;
}

/** What the answer says about a session that was held. */
export interface ReleaseOptions extends SessionUpdate {
  /** Which side connects. @default that of `session()` */
  role?: "active" | "passive";
  /** See `ExpectOptions`. */
  verifyPeer?: (connection: ConnectionHandle) => boolean;
}

/** A session that this side opens. */
export interface ConnectOptions extends SessionSettings {
  /** Own URI; or `session`. */
  local?: MsrpUri | string;
  /** The peer's path: the leftmost URI is the hop to connect to. */
  remote: MsrpUri | string | readonly (MsrpUri | string)[];
  /** A session made before by `session()`, in place of `local`. */
  session?: Session;
  /** Where to connect to instead of the leftmost URI (RFC 6714). To-Path stays what it is. */
  address?: { readonly host: string; readonly port: number };
  /** TLS for `msrps`. Connections are used again only for equal settings. */
  tls?: TlsOptions;
  /** Gives up connecting when it fires. */
  signal?: AbortSignal;
  /** @default the adapter's */
  connectTimeoutMs?: number;
  /** Use an open connection to the same place (RFC 4975 §5.4). @default true */
  reuse?: boolean;
  /** Wait until the peer has answered the first SEND, so that its refusal is an error of `connect`. @default true */
  confirm?: boolean;
  /** Asked before a session is bound to a connection that exists; see `ExpectOptions`. */
  verifyPeer?: (connection: ConnectionHandle) => boolean;
}

/** A connection for requests that belong to no session. */
export interface LinkOptions extends Pick<ConnectOptions, "tls" | "signal" | "connectTimeoutMs"> {
  /** Where it goes; without a port the connector finds it by SRV (RFC 4976 §8). */
  to: MsrpUri;
  /** Time without a session or another use after which it is closed. @default that of the node */
  idleCloseMs?: number;
}

/** What `connect` dials. */
export type { ConnectTarget };
