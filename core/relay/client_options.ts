/**
 * Options of the client's side of relays (RFC 4976 §5), and what it tells of the paths that it has. A relay that may not be
 * used is refused here, before anything is connected.
 */
import { LocalProtocolError } from "../errors.ts";
import type { TlsOptions } from "../node/transport.ts";
import { MsrpUri } from "../wire/uri.ts";
import type { ClientAuthOptions } from "./client_auth.ts";
import type { RelayPath } from "./client_path.ts";

/** How an endpoint uses its relays. */
export interface RelayClientOptions extends Omit<ClientAuthOptions, "allowUnverified" | "maxRelays"> {
  /**
   * The own relay, `"msrps://relay.example.com;tcp"`: without a port it is found by SRV `_msrps._tcp`, else at port 2855
   * (RFC 4976 §8). Several are a chain, the nearest first; each is logged in at through those before it.
   */
  readonly relay: MsrpUri | string | readonly (MsrpUri | string)[];
  /** Host in own URIs. Nobody connects to it, so it need not tell where this endpoint is. @default "anonymous.invalid" */
  readonly host?: string;
  /** Authorities to trust for the nearest relay, or its fingerprints. */
  readonly tls?: TlsOptions;
  /** Seconds that paths are asked to hold; the relay may refuse, and its bound is then taken. @default the relay decides */
  readonly expires?: number;
  /** Log in over a connection without TLS, or unverified. For development: whoever listens can guess the password. @default false */
  readonly allowPlainAuth?: boolean;
  /** Time to connect. @default the adapter's */
  readonly connectTimeoutMs?: number;
  /** The connection is closed when no session and no path has used it for so long: the hour of RFC 4976 §5.4. @default 3600000 */
  readonly idleCloseMs?: number;
  /** First wait before a failed log-in is tried again; it doubles with each failure, less a random part. @default 1000 */
  readonly retryMinMs?: number;
  /** Longest such wait: a relay that comes back is used again within a minute. @default 60000 */
  readonly retryMaxMs?: number;
  /** Paths in use at a time; a session needs one, and each costs the relay an entry. @default 1000 */
  readonly maxPaths?: number;
}

/** A path was replaced: sessions on the old one are to be offered anew with the new one (RFC 4976 §9.4). */
export interface PathRenewal {
  /** The new path. */
  readonly path: RelayPath;
  /** The one that it stands for. */
  readonly replaces: RelayPath;
  /** `"expiry"`: the old path holds until `replaces.expiresAt`. `"reconnected"`: it was lost with its connection. */
  readonly reason: "expiry" | "reconnected";
}

/** A log-in that was to renew paths has failed. */
export interface RenewalProblem {
  readonly error: Error;
  /** Milliseconds until the next try; undefined = there is none, and the paths that wait for it are released. */
  readonly retryInMs: number | undefined;
}

/** The numbers with defaults filled in. */
export type RelayClientLimits = Required<
  Pick<RelayClientOptions, "idleCloseMs" | "retryMinMs" | "retryMaxMs" | "maxPaths">
>;

const defaults: RelayClientLimits = {
  idleCloseMs: 3_600_000,
  retryMinMs: 1000,
  retryMaxMs: 60_000,
  maxPaths: 1000,
};

/** @throws {RangeError} a limit that is no number above 0, `expires` that is no whole number of seconds above 0 */
export function relayClientLimits(options: RelayClientOptions): RelayClientLimits {
  const limits = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof RelayClientLimits)[]) {
    const value = options[name] ?? defaults[name];
    if (!(value > 0)) throw new RangeError(`Cannot use ${name}: ${value} (must be above 0)`);
    limits[name] = value;
  }
  const { expires } = options;
  if (expires !== undefined && !(Number.isSafeInteger(expires) && expires > 0)) {
    throw new RangeError(`Cannot use expires: ${expires} (whole seconds above 0)`);
  }
  return limits;
}

/**
 * The own relays, the nearest first.
 *
 * @throws {LocalProtocolError} `relay-not-verified`; {TypeError} no relay; {RemoteProtocolError} a URI that cannot be read
 */
export function ownRelays({ relay, tls, allowPlainAuth }: RelayClientOptions): readonly MsrpUri[] {
  const list = (Array.isArray(relay) ? relay : [relay]) as readonly (MsrpUri | string)[];
  const relays = list.map((uri) => (typeof uri === "string" ? MsrpUri.parse(uri) : uri));
  if (relays.length === 0) throw new TypeError("Cannot use relays: there is none");
  if (relays.some(({ sessionId }) => sessionId !== undefined)) {
    throw new TypeError("Cannot use a relay whose URI has a session-id: that is a path, not a relay");
  }
  if (allowPlainAuth === true) return relays;
  // RFC 4976 §9.2, §9.4: always TLS, and the name checked, before anything is sent that could help to guess a password.
  if (relays.some(({ scheme }) => scheme !== "msrps")) throw notVerified("its URI is not msrps:");
  if (tls?.rejectUnauthorized === false) throw notVerified("its certificate would not be checked");
  return relays;
}

function notVerified(why: string): LocalProtocolError {
  return new LocalProtocolError("relay-not-verified", `Cannot log in at the relay: ${why}`);
}
