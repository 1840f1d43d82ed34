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

/** How bearer tokens are checked. Give one of `jwksUrl`, `jwks`, `key` and `verify`. */
export interface AuthBearer {
  /** Where the issuer publishes its keys; fetched when needed, and again when a token names an unknown key. */
  readonly jwksUrl?: string;
  /** The issuer's public keys. */
  readonly jwks?: JSONWebKeySet;
  /** One key: a public one, or the octets of a shared secret. */
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

/** Tells whose a token is, or throws with the reason. */
export type TokenCheck = (token: string) => Promise<HandshakeUser | undefined>;

/** @throws {TypeError} not exactly one way to check, or a URL that is none */
export function tokenCheck(options: AuthBearer): TokenCheck {
  const { jwksUrl, jwks, key, verify, userClaim = "sub", realm } = options;
  if ([jwksUrl, jwks, key, verify].filter((way) => way !== undefined).length !== 1)
    throw new TypeError("bearer needs one of jwksUrl, jwks, key and verify");
  if (verify !== undefined) return async (token) => verify(token);
  const find: JWTVerifyGetKey | CryptoKey | Uint8Array =
    jwksUrl !== undefined
      ? createRemoteJWKSet(new URL(jwksUrl))
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

function userOf(payload: JWTPayload, claim: string, realm: string | undefined): HandshakeUser | undefined {
  const user = payload[claim];
  if (typeof user !== "string" || user === "") return undefined;
  return realm === undefined ? { user } : { user, realm };
}

function listOf(value: string | readonly string[]): string[] {
  return typeof value === "string" ? [value] : [...value];
}
