/**
 * Limits of a relay with their defaults, and the reason for each number: whatever a stranger or a user can fill. Times
 * are milliseconds, lifetimes seconds as on the wire, sizes octets.
 */

/** Limits of a relay; each has a default. */
export interface RelayLimits {
  /** Shortest lifetime of a URI that a client may ask for, in seconds. @default 60 */
  minExpires?: number;
  /** Longest lifetime, in seconds. @default 3600 */
  maxExpires?: number;
  /** Lifetime for a client that asks for none, in seconds. @default 600 */
  defaultExpires?: number;
  /** URIs that the relay keeps at a time; one costs about 1 KiB. @default 100000 */
  maxBindings?: number;
  /** URIs given out on one connection of a client; over it AUTH is answered 403. @default 256 */
  maxBindingsPerConnection?: number;
  /** URIs given out to one user, over all connections. @default 256 */
  maxBindingsPerUser?: number;
  /** Failed AUTHs on one connection, after which it is closed (RFC 4976 §6.3). @default 5 */
  maxAuthFailures?: number;
  /** Failed AUTHs from one address within a minute, after which AUTHs from there are answered 403. @default 60 */
  maxAuthFailuresPerAddress?: number;
  /** Failed AUTHs for one user within a minute, after which each further one waits for a second. @default 30 */
  maxAuthFailuresPerUser?: number;
  /** AUTHs of one connection that wait for the credentials' backend; over it the connection is dropped. @default 8 */
  maxPendingAuths?: number;
  /** Likewise on a link to another relay, which brings the AUTHs of many clients; over it they are answered 408. @default 1024 */
  maxPendingAuthsPerRelay?: number;
  /**
   * Requests that came in one read and are refused, on a connection on which nothing has succeeded yet, or logins on any; at
   * one more it is closed, unless it is a relay's. Whoever waits for answers has only a few at once. @default 128
   */
  maxStrangerRefusalsAtOnce?: number;
  /**
   * Octets that come of a request after it was refused, on a connection on which nothing has succeeded yet; at more it is
   * closed, unless it is a relay's. Whoever hears of the refusal stops. @default 262144
   */
  maxStrangerWasteBytes?: number;
  /** Connections from one address. A company behind one address shares it. @default 1000 */
  maxConnectionsPerAddress?: number;
  /** Connections in all, after which the one not used for longest is closed for a new one. @default 15000 */
  maxConnections?: number;
  /**
   * A request whose next octets, or next 2048 octets of body, do not come for so long ends its connection, unless it is
   * the relay that does not read. @default 30000
   */
  slowMs?: number;
  /**
   * SENDs that may be unanswered on a link to another relay, where many sessions share 1024 otherwise: enough for 80,000 a
   * second at 100 ms. @default 8192
   */
  maxOpenTransactionsPerRelay?: number;
  /** A connection that nobody used for so long may be closed (RFC 4976 §6.5). @default 3600000 */
  idleMs?: number;
  /** Octets of a session that may wait for its next hop; then its sender is slowed down, or refused. @default 1048576 */
  maxFlowBytes?: number;
  /** Frames of a session that may wait, likewise. @default 1024 */
  maxFlowFrames?: number;
  /**
   * Octets of a session that may be unanswered on a link to another relay that several sessions share, before the rest waits
   * here: half of what may wait there, and enough for 5 MB/s of each at 100 ms. @default 524288
   */
  maxUnansweredBytes?: number;
  /**
   * On such a link the 200 to a SEND comes when it goes on, where the next hop is slow, but no later than this: the relay at
   * the other end waits for 30 s, and a receiver of 1 MB/s may take nothing for some seconds, then megabytes. @default 10000
   */
  maxAnswerDelayMs?: number;
  /**
   * Octets that may wait for next hops in all; beyond it whatever would have to wait is refused (413), so that many slow
   * receivers cannot fill the memory together. @default 134217728
   */
  maxWaitingBytes?: number;
  /** A next hop that takes nothing for so long while something waits for it is given up. @default 60000 */
  stalledMs?: number;
  /** Sessions of a client's connection make each other wait for a slow next hop no longer than this. @default 1000 */
  sharedStallMs?: number;
  /** Time to open a connection to a next hop, names and TLS included. @default 10000 */
  connectTimeoutMs?: number;
  /** Connections that may be opened at a time. @default 256 */
  maxDials?: number;
  /** Connections opened for one URI's client within a minute: a brake on port scans. @default 60 */
  maxDialsPerMinute?: number;
  /** Connections that the relay has open to one address and port. @default 16 */
  maxConnectionsPerTarget?: number;
  /** A target that could not be reached is not tried again for so long. @default 1000 */
  redialMs?: number;
  /** SENDs a second of one session, slices of long ones included; a burst of as many is free. @default Infinity */
  maxChunksPerSecond?: number;
  /** Octets of content a second of one session. @default Infinity */
  maxBytesPerSecond?: number;
  /**
   * Chunks below 256 octets that are not the end of a message, a second, to one URI of the relay; more are refused (413),
   * and who sends more than `maxStrangerRefusalsAtOnce` too many at once is not kept. Each costs the relay a head and an
   * answer, and only an interruption makes one. @default 1000
   */
  maxTinyChunksPerSecond?: number;
  /** SENDs a second of all sessions of one user. @default Infinity */
  maxUserChunksPerSecond?: number;
  /** Octets of content a second of all sessions of one user. @default Infinity */
  maxUserBytesPerSecond?: number;
  /** Ways (To-Path and From-Path) of one connection that are kept; the oldest is found anew when it is used. @default 20000 */
  maxFlowsPerConnection?: number;
  /** Ways of all connections, likewise: one costs about 2 KiB. @default 100000 */
  maxFlows?: number;
}

/** The numbers with defaults filled in. */
export type ResolvedRelayLimits = Readonly<Required<RelayLimits>>;

const defaults: ResolvedRelayLimits = {
  minExpires: 60,
  maxExpires: 3600,
  defaultExpires: 600,
  maxBindings: 100_000,
  maxBindingsPerConnection: 256,
  maxBindingsPerUser: 256,
  maxAuthFailures: 5,
  maxAuthFailuresPerAddress: 60,
  maxAuthFailuresPerUser: 30,
  maxPendingAuths: 8,
  maxStrangerRefusalsAtOnce: 128,
  maxStrangerWasteBytes: 262_144,
  maxPendingAuthsPerRelay: 1024,
  maxConnectionsPerAddress: 1000,
  maxConnections: 15_000,
  slowMs: 30_000,
  maxOpenTransactionsPerRelay: 8192,
  idleMs: 3_600_000,
  maxFlowBytes: 1_048_576,
  maxFlowFrames: 1024,
  maxUnansweredBytes: 524_288,
  maxAnswerDelayMs: 10_000,
  maxWaitingBytes: 134_217_728,
  stalledMs: 60_000,
  sharedStallMs: 1000,
  connectTimeoutMs: 10_000,
  maxDials: 256,
  maxDialsPerMinute: 60,
  maxConnectionsPerTarget: 16,
  redialMs: 1000,
  maxChunksPerSecond: Number.POSITIVE_INFINITY,
  maxBytesPerSecond: Number.POSITIVE_INFINITY,
  maxTinyChunksPerSecond: 1000,
  maxUserChunksPerSecond: Number.POSITIVE_INFINITY,
  maxUserBytesPerSecond: Number.POSITIVE_INFINITY,
  maxFlowsPerConnection: 20_000,
  maxFlows: 100_000,
};

const lifetimes: readonly (keyof RelayLimits)[] = ["minExpires", "maxExpires", "defaultExpires"];

/** Fills in the defaults. @throws {RangeError} a limit that is no number above 0, or lifetimes in fractions or out of order */
export function relayLimits(limits: RelayLimits = {}): ResolvedRelayLimits {
  const resolved: Record<keyof RelayLimits, number> = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof RelayLimits)[]) {
    const value = limits[name] ?? defaults[name];
    if (!(value > 0)) throw new RangeError(`Cannot use ${name}: ${value} (must be above 0)`);
    // RFC 4976 §7: digits on the wire.
    if (lifetimes.includes(name) && !Number.isSafeInteger(value))
      throw new RangeError(`Cannot use ${name}: ${value} (must be whole seconds)`);
    resolved[name] = value;
  }
  const { minExpires, defaultExpires, maxExpires } = resolved;
  if (minExpires > defaultExpires || defaultExpires > maxExpires) {
    throw new RangeError("Cannot use these lifetimes: minExpires <= defaultExpires <= maxExpires must hold");
  }
  return resolved;
}
