/**
 * The relay's side of Digest (RFC 4976 §9.1): challenges that old clients survive, and the check of an AUTH's
 * credentials. It tells failed tries from first requests and stale nonces; the limits on them are the relay's.
 */
import { RemoteProtocolError } from "../errors.ts";
import type { HeaderFields } from "../node/verdict.ts";
import { MsrpUri } from "../wire/uri.ts";
import type { AuthFailure, AuthOutcome, AuthRefusal } from "./auth_outcome.ts";
import type { Credentials, MaybePromise, UserCredentials } from "./credentials.ts";
import { combineDigest, type DigestParts, equalDigests } from "./digest.ts";
import { type DigestAuthorization, parseAuthorization } from "./digest_authorization.ts";
import { formatChallenge } from "./digest_challenge.ts";
import {
  type DigestAlgorithm,
  type DigestHashes,
  digestLength,
  parseDigestAlgorithm,
  portableHashes,
} from "./digest_hash.ts";
import { formatAuthenticationInfo } from "./digest_info.ts";
import { type NonceOptions, Nonces } from "./nonces.ts";

/** Most realms, challenges and hashes of URIs that are remembered; a client may spell the relay's in any number of ways. */
const maxRemembered = 64;

/** How a relay authenticates. */
export interface AuthenticatorOptions extends NonceOptions {
  /**
   * The realm: one text, or a function that gives the realm of the URI that an AUTH is addressed to, for a relay of
   * several domains. Part of every HA1, so it cannot change later.
   */
  readonly realm: string | ((digestUri: string) => string);
  /** Where users are looked up. */
  readonly credentials: Credentials;
  /**
   * The hash functions offered, each in a challenge of its own, in this order; those that not every user has are left
   * out. The best goes first (RFC 7616 §3.7); MD5 goes last, where a client that keeps only one header field of a
   * name finds it. A client that answers the first challenge with MD5 whatever it names is accepted too.
   * @default ["SHA-256", "MD5"]
   */
  readonly algorithms?: readonly DigestAlgorithm[] | undefined;
  /** Give the next nonce along with each success, which saves the next AUTH a round trip. @default true */
  readonly nextNonce?: boolean | undefined;
  /**
   * Offer to take hashes for user names (RFC 7616 §3.4.4). Off, because old clients do not know it and TLS hides the
   * name anyway; needs credentials with `userOf`.
   * @default false
   */
  readonly userhash?: boolean | undefined;
}

/** One AUTH, as far as Digest is concerned. */
export interface AuthRequest {
  /** The method: MSRP authenticates only AUTH, a WebSocket's handshake is HTTP's GET (RFC 7977 §7). @default "AUTH" */
  readonly method?: "AUTH" | "GET" | undefined;
  /** The rightmost URI of To-Path, octet for octet as received (RFC 4976 §9.1); of GET, path and query. */
  readonly digestUri: string;
  /** Value of Authorization, when there is one. */
  readonly authorization: string | undefined;
}

/** Challenges clients and checks their answers. */
export class Authenticator {
  readonly #realm: string | ((digestUri: string) => string);
  readonly #credentials: Credentials;
  readonly #algorithms: readonly DigestAlgorithm[];
  readonly #nonces: Nonces;
  readonly #nextNonce: boolean;
  readonly #userhash: boolean;
  readonly #opaque: string;
  readonly #decoy: string;
  readonly #hash: DigestHashes["hash"];
  // H(A2) by algorithm and A2: a relay is addressed by few names, so two of four hashes of a login are known.
  readonly #ha2s = new Map<string, string>();
  readonly #challenges = new Map<string, readonly [string, string]>();
  readonly #realms = new Map<string, string>();

  /** @throws RangeError for no algorithm or the same one twice, and for limits below 1 */
  constructor(options: AuthenticatorOptions) {
    this.#realm = options.realm;
    this.#credentials = options.credentials;
    this.#algorithms = options.algorithms ?? ["SHA-256", "MD5"];
    this.#nextNonce = options.nextNonce ?? true;
    this.#userhash = options.userhash === true && options.credentials.userOf !== undefined;
    this.#nonces = new Nonces(options);
    this.#hash = (options.hashes ?? portableHashes).hash;
    if (this.#algorithms.length === 0 || new Set(this.#algorithms).size !== this.#algorithms.length) {
      throw new RangeError("algorithms must name at least one hash function, and none twice");
    }
    // Deployed clients return opaque without looking whether there was one, so there always is one. It says nothing.
    this.#opaque = this.#randomHash().slice(0, 16);
    this.#decoy = this.#randomHash();
  }

  /** Number of nonces in the replay table. */
  get usedNonces(): number {
    return this.#nonces.used;
  }

  /** The realm of the URI that an AUTH is addressed to. */
  realmOf(digestUri: string): string {
    const realm = this.#realm;
    return typeof realm === "string" ? realm : remembered(this.#realms, digestUri, () => realm(digestUri));
  }

  /**
   * WWW-Authenticate for a 401, one field for each hash function.
   *
   * @param now milliseconds that never run backwards
   * @param stale the credentials were right and only the nonce was not
   */
  challenge(digestUri: string, now: number, stale = false): HeaderFields {
    const realm = this.realmOf(digestUri);
    const nonce = this.#nonces.issue(realm, now);
    return this.#offered(realm).map((algorithm) => {
      const [before, after] = this.#around(realm, algorithm, stale);
      return ["WWW-Authenticate", `${before}${nonce}${after}`];
    });
  }

  /** A challenge without its nonce, in two parts. */
  #around(realm: string, algorithm: DigestAlgorithm, stale: boolean): readonly [string, string] {
    return remembered(this.#challenges, `${algorithm} ${stale} ${realm}`, () => {
      const common = { opaque: this.#opaque, stale, userhash: this.#userhash };
      const text = formatChallenge({ ...common, realm, algorithm, nonce: "" });
      const cut = text.indexOf('nonce=""') + 'nonce="'.length;
      return [text.slice(0, cut), text.slice(cut)];
    });
  }

  /**
   * Checks one AUTH. The answer is a promise only when the backend's is.
   *
   * @param now milliseconds that never run backwards
   */
  verify(request: AuthRequest, now: number): MaybePromise<AuthOutcome> {
    const { digestUri, method = "AUTH" } = request;
    if (request.authorization === undefined) return this.#ask(digestUri, now, "no-credentials");
    let given: DigestAuthorization;
    try {
      given = parseAuthorization(request.authorization);
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error;
      return error.code === "not-digest" ? this.#ask(digestUri, now, "not-digest") : malformed("malformed");
    }
    const { username: user, userhash } = given;
    if (given.uri !== undefined && !sameUri(given.uri, digestUri)) return malformed("uri-mismatch", user);
    if (userhash === true && !this.#userhash) return malformed("malformed", user);
    const realm = this.realmOf(digestUri);
    if (given.realm !== realm) return this.#ask(digestUri, now, "wrong-realm", user);
    const algorithm = this.#algorithmOf(given, realm);
    if (algorithm === undefined) return this.#ask(digestUri, now, "wrong-algorithm", user);
    // Without a nonce of ours there is nothing to prove, and the backend is spared.
    const nonce = this.#nonces.check(given.nonce, realm, now);
    if (nonce === "unknown") return this.#ask(digestUri, now, "unknown-nonce", user);
    const attempt: Attempt = { method, digestUri, given, realm, algorithm, now, stale: nonce === "stale" };
    try {
      const found = this.#lookup(attempt);
      if (!(found instanceof Promise)) return this.#judge(attempt, found);
      return found.then(
        (one) => this.#judge(attempt, one),
        (cause: unknown) => failed(cause, user),
      );
    } catch (cause) {
      return failed(cause, user);
    }
  }

  #lookup({ given, realm, algorithm }: Attempt): MaybePromise<Found | undefined> {
    if (given.userhash !== true) return this.#find(given.username, realm);
    const name = this.#credentials.userOf?.(given.username, realm, algorithm);
    if (name instanceof Promise) return name.then((user) => this.#find(user, realm));
    return this.#find(name, realm);
  }

  #find(user: string | undefined, realm: string): MaybePromise<Found | undefined> {
    if (user === undefined) return undefined;
    const stored = this.#credentials.lookup(user, realm);
    const named = (one: UserCredentials | undefined) => (one === undefined ? undefined : { user, ...one });
    return stored instanceof Promise ? stored.then(named) : named(stored);
  }

  #judge(attempt: Attempt, found: Found | undefined): AuthOutcome {
    const { method, digestUri, given, realm, algorithm, now } = attempt;
    const claimed = given.username;
    const { nonce, cnonce, nc } = given;
    const parts: DigestParts = { algorithm, nonce, cnonce, nc, qop: "auth" };
    // An unknown user is checked like a known one, against a hash that nobody has: same answer, same time.
    const known = found?.ha1[algorithm];
    const ha1 = known ?? this.#decoy.slice(0, digestLength(algorithm));
    const expected = combineDigest(parts, ha1, this.#ha2(algorithm, `${method}:${digestUri}`), this.#hash);
    const right = equalDigests(given.response, expected);
    if (!right || known === undefined || found === undefined) {
      return this.#ask(digestUri, now, "wrong-credentials", claimed);
    }
    if (attempt.stale) return this.#ask(digestUri, now, "stale-nonce", claimed);
    if (!this.#nonces.use(given.nonce, given.nc, now)) return this.#ask(digestUri, now, "replay", claimed);
    if (found.allowed === false) {
      return { ok: false, status: 403, headers: [], reason: "not-allowed", counted: false, user: found.user };
    }
    const info = formatAuthenticationInfo({
      nextnonce: this.#nextNonce ? this.#nonces.issue(realm, now) : undefined,
      rspauth: combineDigest(parts, ha1, this.#ha2(algorithm, `:${digestUri}`), this.#hash),
      cnonce: given.cnonce,
      nc: given.nc,
      qop: "auth",
    });
    return { ok: true, user: found.user, realm, headers: [["Authentication-Info", info]] };
  }

  #ha2(algorithm: DigestAlgorithm, a2: string): string {
    return remembered(this.#ha2s, `${algorithm} ${a2}`, () => this.#hash(algorithm, a2));
  }

  #randomHash(): string {
    return this.#hash("SHA-256", String(crypto.getRandomValues(new Uint8Array(32))));
  }

  #offered(realm: string): readonly DigestAlgorithm[] {
    const stored = this.#credentials.algorithms?.(realm);
    const offered = this.#algorithms.filter((one) => stored?.includes(one) ?? one !== "SHA-512-256");
    // A 401 must have a challenge (RFC 2617 §1.2), even where nobody can answer it.
    return offered.length > 0 ? offered : this.#algorithms;
  }

  /**
   * The function that a client used. Old clients compute MD5 whatever the challenge names, and some leave the name out
   * of their answer: the length of the response shows what they did. It is never one that was not offered.
   */
  #algorithmOf(given: DigestAuthorization, realm: string): DigestAlgorithm | undefined {
    const offered = this.#offered(realm);
    const fits = (one: DigestAlgorithm): boolean => digestLength(one) === given.response.length;
    const named = parseDigestAlgorithm(given.algorithm);
    if (named === undefined) return undefined;
    if (offered.includes(named) && fits(named)) return named;
    if (given.algorithm === undefined) return offered.find(fits);
    return offered.includes("MD5") && offered.includes(named) && fits("MD5") ? "MD5" : undefined;
  }

  #ask(digestUri: string, now: number, reason: AuthRefusal, user?: string): AuthFailure {
    const stale = reason === "stale-nonce" || reason === "replay";
    return {
      ok: false,
      status: 401,
      headers: this.challenge(digestUri, now, stale),
      reason,
      // RFC 4976 §6.3: a 401 without stale=true to a request with credentials is a failed try.
      counted: !stale && reason !== "no-credentials",
      user,
    };
  }
}

function remembered<V>(known: Map<string, V>, key: string, make: () => V): V {
  let value = known.get(key);
  if (value === undefined) {
    value = make();
    if (known.size >= maxRemembered) known.clear();
    known.set(key, value);
  }
  return value;
}

interface Attempt {
  readonly method: string;
  readonly digestUri: string;
  readonly given: DigestAuthorization;
  readonly realm: string;
  readonly algorithm: DigestAlgorithm;
  readonly now: number;
  /** The nonce is ours, but too old. */
  readonly stale: boolean;
}

interface Found extends UserCredentials {
  readonly user: string;
}

function malformed(reason: "malformed" | "uri-mismatch", user?: string): AuthFailure {
  return { ok: false, status: 400, headers: [], reason, counted: true, user };
}

/** MSRP has no status for a broken server: closed, and not held against the user. */
function failed(cause: unknown, user: string): AuthFailure {
  return { ok: false, status: 403, headers: [], reason: "backend-failed", counted: false, user, cause };
}

/** RFC 2617 §3.2.2.5: the parameter must designate the target; its spelling may differ, because it is not what is hashed. */
function sameUri(given: string, digestUri: string): boolean {
  if (given === digestUri) return true;
  const [a, b] = [MsrpUri.read(given).uri, MsrpUri.read(digestUri).uri];
  return a !== undefined && b !== undefined && a.equals(b);
}
