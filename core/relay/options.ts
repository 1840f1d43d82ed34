/**
 * Options of a relay: who it is, whom it trusts, where it may connect to, and its limits. Everything
 * but the limits is fixed for the life of the relay.
 */
import type { Connector, TlsOptions } from "../node/transport.ts";
import type { Authenticator } from "./authenticator.ts";
import type { Credentials } from "./credentials.ts";
import type { DialPolicy, DialPolicyOptions } from "./dial_policy.ts";
import type { DigestAlgorithm, DigestHashes } from "./digest_hash.ts";
import type { RelayLimits } from "./limits.ts";
import type { NonceOptions } from "./nonces.ts";

/** Options of `relay()`. */
export interface RelayOptions {
  /** Names of the relay, fully qualified; the first one stands in URIs for clients that used no name (RFC 4976 §4.2). */
  readonly domains: readonly string[];
  /**
   * Name of this one member of a farm whose members share `domains` (RFC 4976 §8). It stands in the URIs that are given
   * out, because what belongs to a connection here cannot be reached through another member. The certificate must have
   * it too. @default the domain that an AUTH is addressed to
   */
  readonly member?: string;
  /**
   * The URIs that it is reached by, as the listeners have them: `"msrps://0.0.0.0:2855;tcp"`. Scheme, port and transport
   * count, the host is that of `domains`. More can be added by `announce()`.
   */
  readonly listen?: readonly string[];
  /** Where users are looked up; or `authenticator`. */
  readonly credentials?: Credentials;
  /** The realm, for `credentials`. @default the domain that an AUTH is addressed to */
  readonly realm?: string;
  /** Hash functions offered, for `credentials`. @default those of `Authenticator` */
  readonly algorithms?: readonly DigestAlgorithm[];
  /** What computes hashes, for `credentials`: an adapter has its runtime's functions. @default portable ones */
  readonly hashes?: DigestHashes;
  /** How long a nonce may be used, for `credentials`, in milliseconds. @default that of `Authenticator` */
  readonly nonceLifetimeMs?: number;
  /** Key of the nonces and how old they may be, for `credentials`, where instances of one relay follow one another. */
  readonly nonces?: Pick<NonceOptions, "secret" | "since">;
  /**
   * Checks AUTHs, in place of `credentials`. `"plugin"`: one of the `request` stage does, such as `auth()`, and puts the
   * user under `handshakeUser` on the context of the AUTH; without that an AUTH is refused with 403.
   */
  readonly authenticator?: Authenticator | "plugin";
  /** Whether a user with good credentials may use this relay (403 if not). @default every user */
  readonly permitUser?: (user: string) => boolean;
  /** Names of other relays that may bring AUTHs of their clients, and share connections (RFC 4976 §6.3). @default none */
  readonly relays?: readonly string[];
  /** Opens connections to next hops: that of an adapter, whose `permit` should be `permitConnect`. @default none are opened */
  readonly connector?: Connector;
  /** Own certificate and key for connections that the relay opens, and the authorities to trust (RFC 4976 §9.2). */
  readonly tls?: TlsOptions;
  /** Which next hops may be connected to: rules, or who is asked each time. @default public addresses, ports from 1024 on but for well-known services */
  readonly dial?: DialPolicyOptions | Pick<DialPolicy, "mayDial">;
  /** Answer AUTH over connections without TLS: for development, credentials can be guessed by whoever listens. @default false */
  readonly allowPlainAuth?: boolean;
  /** Limits. */
  readonly limits?: RelayLimits;
}
