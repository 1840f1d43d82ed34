/**
 * Checks JSON Web Tokens (RFC 7519) for the handshake: signature, issuer, audience and time, by the jose library. What is
 * wrong with a token is for the audit, not for its bearer.
 */
import {
  type CryptoKey,
  createLocalJWKSet,
  createRemoteJWKSet,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from "jose";
import type { HandshakeUser, MaybePromise } from "../core/mod.ts";
import { TokenBucket } from "./_token_bucket.ts";

/** How bearer tokens are checked. Give one of `jwksUrl`, `jwks`, `key` and `verify`. */
export interface AuthBearer {
  /** Where the issuer publishes its keys; fetched when needed, and again when a token names an unknown key. */
  readonly jwksUrl?: string;
  /** The issuer's public keys. */
  readonly jwks?: JSONWebKeySet;
  /** One key: a public one, or the octets of a shared secret, at least 32. */
  readonly key?: CryptoKey | Uint8Array;
  /** Checks tokens of another kind; undefined = refused. */
  readonly verify?: (token: string) => MaybePromise<HandshakeUser | undefined>;
  /** What `iss` must be. @default anything */
  readonly issuer?: string | readonly string[];
  /** What `aud` must hold. @default anything, unwise where the issuer serves others too */
  readonly audience?: string | readonly string[];
  /** Signature algorithms. @default HS256, HS384 and HS512 for a shared secret, else RSA, ECDSA and EdDSA ones */
  readonly algorithms?: readonly string[];
  /** The claim that names the user. @default "sub" */
  readonly userClaim?: string;
  /** Realm of the users. @default the relay's */
  readonly realm?: string;
  /** Seconds by which clocks may differ. @default 5 */
  readonly clockToleranceSeconds?: number;
  /**
   * Parameter of the query that may carry the token, for browsers, whose WebSocket sends no Authorization. Queries end up in
   * logs of proxies: use short-lived tokens.
   * @default none
   */
  readonly query?: string;
}

const shared: readonly string[] = ["HS256", "HS384", "HS512"];
const asymmetric: readonly string[] = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

const leastSecretBytes = 32;
// No answer, one that is none, and one that holds no keys; other faults are the token's.
const away: ReadonlySet<string> = new Set(["ERR_JOSE_GENERIC", "ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID"]);
const refreshRate = { perSecond: 0.1, burst: 5 };

/** The issuer's keys cannot be had: a token may be good or not. */
export class KeysAway extends Error {
  readonly code: string;

  constructor(code: string, cause: unknown) {
    super("The keys of the issuer cannot be had", { cause });
    this.code = code;
  }
}

/** Tells whose a token is, or throws with the reason. */
export type TokenCheck = (token: string) => Promise<HandshakeUser | undefined>;

/** @throws {TypeError} not exactly one way to check, a URL that is none, or a key that protects nothing */
export function tokenCheck(options: AuthBearer): TokenCheck {
  const { jwksUrl, jwks, key, verify, userClaim = "sub", realm } = options;
  if ([jwksUrl, jwks, key, verify].filter((way) => way !== undefined).length !== 1)
    throw new TypeError('Cannot make plugin "auth": bearer needs one of jwksUrl, jwks, key and verify');
  if (options.algorithms?.some((name) => name.toLowerCase() === "none") === true)
    throw new TypeError(
      'Cannot make plugin "auth": bearer.algorithms: a token without a signature proves nothing',
    );
  // RFC 7518 §3.2: a shorter secret can be guessed from one token.
  if (key instanceof Uint8Array && key.length < leastSecretBytes)
    throw new TypeError(
      `Cannot make plugin "auth": bearer.key: at least ${leastSecretBytes} octets are wanted`,
    );
  if (verify !== undefined) return async (token) => verify(token);
  const find: JWTVerifyGetKey | CryptoKey | Uint8Array =
    jwksUrl !== undefined
      ? remoteKeys(new URL(jwksUrl))
      : jwks !== undefined
        ? createLocalJWKSet(jwks)
        : (key as CryptoKey | Uint8Array);
  const checks: JWTVerifyOptions = {
    algorithms: [...(options.algorithms ?? (key instanceof Uint8Array ? shared : asymmetric))],
    clockTolerance: options.clockToleranceSeconds ?? 5,
    requiredClaims: [userClaim, "exp"],
    ...(options.issuer === undefined ? {} : { issuer: listOf(options.issuer) }),
    ...(options.audience === undefined ? {} : { audience: listOf(options.audience) }),
  };
  return async (token) => {
    const { payload } =
      typeof find === "function"
        ? await jwtVerify(token, find, checks)
        : await jwtVerify(token, find, checks);
    return userOf(payload, userClaim, realm);
  };
}

/**
 * The keys of an issuer, fetched when needed. A token that names an unknown key has them fetched again, so often that a new key is
 * taken at once, and so seldom that nobody can make this side hammer the issuer.
 */
function remoteKeys(url: URL): JWTVerifyGetKey {
  const remote = createRemoteJWKSet(url, { cooldownDuration: Number.POSITIVE_INFINITY });
  const refreshes = new TokenBucket(refreshRate, Date.now());
  const find: JWTVerifyGetKey = async (header, token) => {
    try {
      return await remote(header, token);
    } catch (error) {
      if ((error as { code?: string }).code !== "ERR_JWKS_NO_MATCHING_KEY") throw error;
      if (refreshes.wait(1, Date.now()) > 0) throw error;
      refreshes.take(1);
      await remote.reload();
      return await remote(header, token);
    }
  };
  return async (header, token) => {
    try {
      return await find(header, token);
    } catch (cause) {
      const { code } = cause as { code?: unknown };
      const ofJose = typeof code === "string" && code.startsWith("ERR_J");
      if (ofJose && !away.has(code)) throw cause;
      throw new KeysAway(ofJose ? code : "ERR_FETCH", cause);
    }
  };
}

function userOf(payload: JWTPayload, claim: string, realm: string | undefined): HandshakeUser | undefined {
  const user = payload[claim];
  if (typeof user !== "string" || user === "") return undefined;
  return realm === undefined ? { user } : { user, realm };
}

function listOf(value: string | readonly string[]): string[] {
  return typeof value === "string" ? [value] : [...value];
}
