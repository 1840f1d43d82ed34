/**
 * The client's side of Digest (RFC 4976 §5.1, §9.1): answers a relay's challenges, keeps the nonces of each relay, and
 * checks that the relay knows the password too. It does no I/O; whoever sends the AUTHs asks it for each next step.
 */
import { bytesToHex } from "@noble/hashes/utils.js";
import { LocalProtocolError, RemoteProtocolError } from "../errors.ts";
import { MsrpUri } from "../wire/uri.ts";
import type { Ha1, MaybePromise } from "./credentials.ts";
import {
  createHa1,
  createUserhash,
  type DigestParts,
  digestResponse,
  digestRspauth,
  equalDigests,
} from "./digest.ts";
import { formatAuthorization } from "./digest_authorization.ts";
import { type DigestChallenge, parseChallenges } from "./digest_challenge.ts";
import { type DigestAlgorithm, digestAlgorithms } from "./digest_hash.ts";
import { type AuthenticationInfo, parseAuthenticationInfo } from "./digest_info.ts";

/** A user at a relay. */
export interface ClientCredentials {
  /** Name of the user. */
  readonly username: string;
  /** The password; give it or `ha1`. */
  readonly password?: string | undefined;
  /** HA1 of the password in the relay's realm, for a client that must not know the password. */
  readonly ha1?: Ha1 | undefined;
}

/** How a client logs in. */
export interface ClientAuthOptions {
  /** Who the user is: for every realm, or a function of the realm; `undefined` = no account there. */
  readonly credentials: ClientCredentials | ((realm: string) => MaybePromise<ClientCredentials | undefined>);
  /** Hash functions to answer with, the most wanted first. @default SHA-512-256, SHA-256, MD5 */
  readonly algorithms?: readonly DigestAlgorithm[] | undefined;
  /** Say in Authorization which URI was hashed: optional in MSRP, asked for by some deployed relays. @default true */
  readonly sendUri?: boolean | undefined;
  /**
   * Refuse a 200 without a proof that the relay knows the password. RFC 4976 §9.1 demands the proof, yet deployed
   * relays leave it out; a wrong one is refused always.
   * @default false
   */
  readonly requireProof?: boolean | undefined;
  /**
   * Answer a challenge for MD5 alone from a relay that has asked for a better hash before. Without it such a challenge is
   * refused: somebody who can forge it would get hashes that are easy to guess passwords from (RFC 7616 §5.8).
   * @default false
   */
  readonly allowWeaker?: boolean | undefined;
  /** Most relays whose nonces are kept; the one not used for longest goes first. A user has one relay or two. @default 64 */
  readonly maxRelays?: number | undefined;
  /** Log in over connections without TLS, or to relays whose certificate was not verified. Tests only. @default false */
  readonly allowUnverified?: boolean | undefined;
}

/** What the caller knows of the connection to its first relay. */
export interface RelayChannel {
  /** True with TLS. */
  readonly secure: boolean;
  /** True when the certificate was verified for the name that was asked for (RFC 4976 §9.2). */
  readonly verified: boolean;
}

/** What is known of a protection space: an authority and its realm (RFC 4976 §9.1). */
interface Space {
  challenge: DigestChallenge;
  readonly username: string;
  readonly ha1: string;
  count: number;
}

interface Sent {
  readonly parts: DigestParts & { readonly cnonce: string; readonly nc: string };
  readonly space: Space;
  /** True when the nonce was known before this exchange. */
  readonly remembered: boolean;
}

/** Logs in at any number of relays; one object for each user of an application. */
export class ClientAuth {
  readonly #options: ClientAuthOptions;
  readonly #spaces = new Map<string, Space>();
  /** Relays that have asked for better than MD5. */
  readonly #strong = new Set<string>();

  constructor(options: ClientAuthOptions) {
    this.#options = options;
  }

  /** Number of relays whose nonces are kept. */
  get relays(): number {
    return this.#spaces.size;
  }

  /**
   * Begins one AUTH. AUTHs to one relay are not pipelined: end one before beginning the next (RFC 4976 §9.1).
   *
   * @param digestUri the rightmost URI of the AUTH's To-Path, as it will be written
   * @throws LocalProtocolError `"relay-not-verified"`: nothing may be sent over this connection (RFC 4976 §9.4)
   * @throws RemoteProtocolError when `digestUri` is no MSRP URI
   */
  begin(digestUri: string, channel: RelayChannel): AuthExchange {
    if (this.#options.allowUnverified !== true && !(channel.secure && channel.verified)) {
      const what = channel.secure ? "its certificate was not verified" : "the connection has no TLS";
      throw new LocalProtocolError("relay-not-verified", `Cannot log in at the relay: ${what}`);
    }
    return new AuthExchange(digestUri, this.#options, this.#spaces, this.#strong);
  }

  /** Forgets every nonce and hash. */
  clear(): void {
    this.#spaces.clear();
    this.#strong.clear();
  }
}

/** One login: the first AUTH, its repetition after a challenge, and the check of the answer. Made by `ClientAuth`. */
export class AuthExchange {
  /** The URI that is hashed. */
  readonly digestUri: string;
  readonly #options: ClientAuthOptions;
  readonly #spaces: Map<string, Space>;
  readonly #strong: Set<string>;
  readonly #key: string;
  #sent: Sent | undefined;
  #authorization: string | undefined;
  #staleTries = 0;

  constructor(
    digestUri: string,
    options: ClientAuthOptions,
    spaces: Map<string, Space>,
    strong: Set<string> = new Set(),
  ) {
    this.digestUri = digestUri;
    this.#options = options;
    this.#spaces = spaces;
    this.#strong = strong;
    this.#key = MsrpUri.parse(digestUri).authorityKey;
    const space = spaces.get(this.#key);
    if (space !== undefined) this.#authorize(space, true);
  }

  /** Authorization for the next AUTH; `undefined` for a first one to a relay that has given no nonce yet. */
  get authorization(): string | undefined {
    return this.#authorization;
  }

  /**
   * The relay answered 401.
   *
   * @param headers the header fields of the response
   * @returns Authorization for the same request under a new transaction id
   * @throws RemoteProtocolError `"auth-refused"`: the credentials were refused, or the relay says `stale` for ever;
   *   `"no-usable-challenge"`: Basic, an unknown algorithm, or no `qop=auth`; `"weaker-challenge"`: MD5 alone, from a relay
   *   that has asked for better before (see `allowWeaker`)
   * @throws LocalProtocolError `"no-credentials"`: no account in the realms asked for, or no hash for it
   */
  async challenged(headers: Iterable<readonly [name: string, value: string]>): Promise<string> {
    const challenges = parseChallenges(valuesOf(headers, "www-authenticate"));
    // A remembered nonce may have ended with the relay's process: that is no refusal yet.
    if (this.#sent !== undefined && !this.#sent.remembered) {
      const stale = challenges.some((one) => one.stale === true);
      if (!stale || ++this.#staleTries > 2) {
        this.#spaces.delete(this.#key);
        throw new RemoteProtocolError("auth-refused", "Cannot log in: the relay refused the credentials", {
          status: 401,
        });
      }
    }
    const space = await this.#choose(challenges);
    this.#keep(space);
    return this.#authorize(space, false);
  }

  /**
   * The relay answered 200. Takes its next nonce and checks its proof.
   *
   * @returns true when the relay proved that it knows the password, false when it left that out
   * @throws RemoteProtocolError `"rspauth-mismatch"`: drop the Use-Path (RFC 4976 §9.1); also without any proof when
   *   `requireProof` is set
   */
  accepted(headers: Iterable<readonly [name: string, value: string]>): boolean {
    const sent = this.#sent;
    // A relay may know its client by other means, such as a certificate; then nothing was proved either way.
    const info = sent === undefined ? undefined : infoOf(headers);
    const proven = sent !== undefined && info !== undefined && this.#proves(sent, info);
    if (!proven && this.#options.requireProof === true) throw this.#mismatch("no proof");
    if (sent !== undefined && info?.nextnonce !== undefined) {
      sent.space.challenge = { ...sent.space.challenge, nonce: info.nextnonce, stale: false };
      sent.space.count = 0;
    }
    return proven;
  }

  #proves(sent: Sent, info: AuthenticationInfo): boolean {
    if (info.rspauth === undefined) return false;
    const { parts, space } = sent;
    const expected = digestRspauth(parts, space.ha1, this.digestUri);
    const same = (info.cnonce ?? parts.cnonce) === parts.cnonce && (info.nc ?? parts.nc) === parts.nc;
    if (!same || !equalDigests(info.rspauth, expected)) throw this.#mismatch("a wrong proof");
    return true;
  }

  #mismatch(what: string): RemoteProtocolError {
    this.#spaces.delete(this.#key);
    return new RemoteProtocolError(
      "rspauth-mismatch",
      `Cannot trust the relay: it gave ${what} of the password`,
    );
  }

  /** The best challenge that there are credentials for (RFC 2617 §1.2: the strongest scheme understood). */
  async #choose(challenges: readonly DigestChallenge[]): Promise<Space> {
    const wanted = this.#options.algorithms ?? digestAlgorithms;
    const usable = wanted.flatMap((one) => challenges.filter(({ algorithm }) => algorithm === one));
    if (usable.length === 0) {
      throw new RemoteProtocolError("no-usable-challenge", "Cannot log in: no Digest challenge to answer", {
        status: 401,
      });
    }
    this.#mustNotWeaken(usable);
    const known = new Map<string, ClientCredentials | undefined>();
    for (const challenge of usable) {
      const { realm, algorithm } = challenge;
      if (!known.has(realm)) known.set(realm, await this.#credentialsFor(realm));
      const credentials = known.get(realm);
      if (credentials === undefined) continue;
      const { username, password } = credentials;
      const ha1 =
        password === undefined
          ? credentials.ha1?.[algorithm]
          : createHa1(algorithm, username, realm, password);
      if (ha1 !== undefined) return { challenge, username, ha1, count: 0 };
    }
    throw new LocalProtocolError("no-credentials", "Cannot log in: no credentials for the relay's realm");
  }

  #mustNotWeaken(usable: readonly DigestChallenge[]): void {
    const strong = this.#strong;
    if (usable.some(({ algorithm }) => algorithm !== "MD5")) {
      strong.delete(this.#key);
      strong.add(this.#key);
      const [oldest] = strong;
      if (strong.size > (this.#options.maxRelays ?? 64) && oldest !== undefined) strong.delete(oldest);
    } else if (strong.has(this.#key) && this.#options.allowWeaker !== true) {
      throw new RemoteProtocolError(
        "weaker-challenge",
        "Cannot log in: the relay asks for MD5, and has asked for better before",
        { status: 401 },
      );
    }
  }

  #credentialsFor(realm: string): MaybePromise<ClientCredentials | undefined> {
    const { credentials } = this.#options;
    return typeof credentials === "function" ? credentials(realm) : credentials;
  }

  #keep(space: Space): void {
    this.#spaces.delete(this.#key);
    this.#spaces.set(this.#key, space);
    const [oldest] = this.#spaces.keys();
    if (this.#spaces.size > (this.#options.maxRelays ?? 64) && oldest !== undefined)
      this.#spaces.delete(oldest);
  }

  #authorize(space: Space, remembered: boolean): string {
    const { challenge, username, ha1 } = space;
    const { realm, nonce, opaque, algorithm, algorithmText, userhash } = challenge;
    if (remembered) this.#keep(space);
    const nc = (++space.count).toString(16).padStart(8, "0");
    const cnonce = bytesToHex(crypto.getRandomValues(new Uint8Array(16)));
    const parts = { algorithm, nonce, cnonce, nc, qop: "auth" };
    this.#sent = { parts, space, remembered };
    this.#authorization = formatAuthorization({
      username: userhash === true ? createUserhash(algorithm, username, realm) : username,
      realm,
      nonce,
      cnonce,
      nc,
      response: digestResponse(parts, ha1, "AUTH", this.digestUri),
      algorithm: algorithmText,
      opaque,
      uri: this.#options.sendUri === false ? undefined : this.digestUri,
      userhash,
    });
    return this.#authorization;
  }
}

function valuesOf(headers: Iterable<readonly [string, string]>, name: string): string[] {
  return [...headers].filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
}

/** The first Authentication-Info; one that cannot be read counts as none, as deployed relays write broken ones. */
function infoOf(headers: Iterable<readonly [string, string]>): AuthenticationInfo | undefined {
  const [value] = valuesOf(headers, "authentication-info");
  if (value === undefined) return undefined;
  try {
    return parseAuthenticationInfo(value);
  } catch {
    return undefined;
  }
}
