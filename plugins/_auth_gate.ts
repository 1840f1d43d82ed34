/**
 * Who somebody is, for one node: the handshake of a WebSocket, the certificate of a TLS connection, and AUTH requests. It
 * puts the user where relays and other plugins look, counts failures and locks out.
 */
import {
  type Authenticator,
  type AuthOutcome,
  type ChunkContext,
  type ConnectContext,
  type ConnectionHandle,
  defineKey,
  type HandshakeUser,
  type HeaderFields,
  type Hooks,
  handshakeUser,
  type Key,
  type MaybePromise,
  type MaybeVerdict,
  type Next,
  type PeerCertificate,
  type PluginHost,
  type RequestContext,
  type UpgradeContext,
  Verdict,
} from "../core/mod.ts";
import { addressKey } from "./_address_key.ts";
import { KeysAway, type TokenCheck } from "./_auth_tokens.ts";
import { LockOut, type LockOutOptions } from "./_lock_out.ts";
import { isRelayed } from "./_relayed.ts";
import { tell } from "./_tell.ts";

/** How somebody has proved who it is. */
export type AuthMethod = "digest" | "bearer" | "cookie" | "certificate";

/** What became of an attempt, for an audit. */
export interface AuthAttempt {
  readonly method: AuthMethod;
  /** `"locked"`: refused without a look, for earlier failures. */
  readonly outcome: "accepted" | "refused" | "locked";
  /** The user; when refused, the one that was claimed, as a stranger wrote it. */
  readonly user: string | undefined;
  /** Why it was refused. */
  readonly reason: string | undefined;
  readonly remoteAddress: string;
}

/** Asked whether somebody who has proved who it is may come in. */
export type AuthPermit = (
  who: HandshakeUser,
  by: { readonly method: AuthMethod; readonly remoteAddress: string },
) => MaybePromise<boolean>;

/** What the gate is made of. */
export interface AuthGateParts {
  readonly authenticator: Authenticator | undefined;
  readonly allowPlain: boolean;
  readonly bearer: { readonly check: TokenCheck; readonly query: string | undefined } | undefined;
  readonly cookie:
    | {
        readonly name: string;
        readonly check: (value: string, c: UpgradeContext) => MaybePromise<HandshakeUser | undefined>;
        readonly origins: readonly string[] | undefined;
      }
    | undefined;
  readonly certificate: ((certificate: PeerCertificate) => HandshakeUser | undefined) | undefined;
  readonly permit: AuthPermit;
  readonly required: boolean;
  readonly lockOut: Required<LockOutOptions>;
  readonly onAttempt: ((attempt: AuthAttempt) => void) | undefined;
}

/** State for one session. */
export interface AuthSession {
  /** Its user is known, or need not be. */
  open: boolean;
}

type Found = { readonly method: AuthMethod; readonly look: () => MaybePromise<HandshakeUser | undefined> };

const failuresOf: Key<number> = defineKey("auth.failures");
const bearerChallenge: HeaderFields = [["WWW-Authenticate", "Bearer"]];

/** One node's gate. */
export class AuthGate {
  readonly #parts: AuthGateParts;
  readonly #host: PluginHost;
  readonly #locks: LockOut;

  constructor(parts: AuthGateParts, host: PluginHost) {
    this.#parts = parts;
    this.#host = host;
    this.#locks = new LockOut(parts.lockOut);
  }

  /** The hooks. */
  hooks(): Hooks<AuthSession> {
    const { required, certificate } = this.#parts;
    return {
      name: "auth",
      session: () => ({ open: !required }),
      upgrade: (c, next) => this.#upgrade(c, next),
      request: (c, next, own) => this.#request(c, next, own),
      ...(certificate === undefined
        ? {}
        : { connect: (c: ConnectContext, next: Next) => this.#connect(c, next) }),
      ...(required
        ? { chunk: (c: ChunkContext, next: Next, own: AuthSession) => this.#chunk(c, next, own) }
        : {}),
    };
  }

  // Handshakes

  #upgrade(c: UpgradeContext, next: Next): MaybeVerdict {
    const { required, authenticator } = this.#parts;
    const { remoteAddress } = c;
    const found = this.#offered(c);
    if (found === undefined) {
      // Another plugin has found out, or AUTH may tell later who it is.
      if (!required || authenticator !== undefined || c.get(handshakeUser) !== undefined) return next();
      return c.reject(401, undefined, bearerChallenge);
    }
    if (found instanceof Verdict) return found;
    if (this.#locks.locked(addressKey(remoteAddress), this.#host.now())) {
      this.#tell(found.method, "locked", undefined, undefined, remoteAddress);
      return c.reject(403);
    }
    return this.#shaken(c, next, found);
  }

  // What the request offers as a proof: a token goes before a cookie, because it was put there on purpose.
  #offered(c: UpgradeContext): Found | Verdict | undefined {
    const { bearer, cookie } = this.#parts;
    if (bearer !== undefined) {
      const token =
        /^bearer +(\S+) *$/i.exec(c.headers.get("authorization") ?? "")?.[1] ??
        (bearer.query === undefined ? undefined : c.query(bearer.query));
      if (token !== undefined) return { method: "bearer", look: () => bearer.check(token) };
    }
    const value = cookie === undefined ? undefined : c.cookie(cookie.name);
    if (cookie !== undefined && value !== undefined) {
      if (!mayComeFrom(c, cookie.origins)) {
        this.#tell("cookie", "refused", undefined, "origin", c.remoteAddress);
        return c.reject(403);
      }
      return { method: "cookie", look: () => cookie.check(value, c) };
    }
    const who = c.peerCertificate === undefined ? undefined : this.#certified(c.peerCertificate);
    return who === undefined ? undefined : { method: "certificate", look: () => who };
  }

  async #shaken(c: UpgradeContext, next: Next, { method, look }: Found): Promise<Verdict> {
    const { remoteAddress } = c;
    let who: HandshakeUser | undefined;
    let reason = "unknown";
    try {
      who = this.#known(await look(), "upgrade");
    } catch (error) {
      reason = (error as { code?: string }).code ?? "error";
      if (error instanceof KeysAway) {
        // Nobody is to blame, and nobody is locked out for it.
        this.#host.error(error.cause, "upgrade");
        this.#tell(method, "refused", undefined, reason, remoteAddress);
        return c.reject(503);
      }
      // What is no fault of the token is the operator's to know: its keys cannot be had, for example.
      if (!/^ERR_J(?:WT|WS)|^ERR_JOSE_ALG|NO_MATCHING_KEY/.test(reason)) this.#host.error(error, "upgrade");
    }
    if (who === undefined) {
      this.#failed(undefined, remoteAddress);
      this.#tell(method, "refused", undefined, reason, remoteAddress);
      return c.reject(
        401,
        undefined,
        method === "bearer" ? [["WWW-Authenticate", 'Bearer error="invalid_token"']] : bearerChallenge,
      );
    }
    const known = who;
    return await this.#permitted(known, method, remoteAddress, (yes) => {
      if (!yes) return c.reject(403);
      c.set(handshakeUser, known);
      return next();
    });
  }

  // Asks whether somebody who is known may come in, and tells the answer.
  #permitted(
    who: HandshakeUser,
    method: AuthMethod,
    remoteAddress: string,
    decide: (yes: boolean) => MaybeVerdict,
  ): MaybeVerdict {
    const answered = (answer: boolean): MaybeVerdict => {
      // Somebody else's function may give anything: only a plain yes is one.
      if (answer === true) this.#tell(method, "accepted", who.user, undefined, remoteAddress);
      else this.#tell(method, "refused", who.user, "not permitted", remoteAddress);
      return decide(answer === true);
    };
    const permitted = this.#parts.permit(who, { method, remoteAddress });
    return typeof permitted === "boolean" ? answered(permitted) : Promise.resolve(permitted).then(answered);
  }

  // Certificates

  #connect(c: ConnectContext, next: Next): MaybeVerdict {
    const { connection } = c;
    const certificate = connection?.peerCertificate;
    if (connection === undefined || certificate === undefined || connection.get(handshakeUser) !== undefined)
      return next();
    const who = this.#certified(certificate);
    if (who === undefined) return next();
    const decide = (yes: boolean): MaybeVerdict => {
      if (!yes) return c.reject(403);
      connection.set(handshakeUser, who);
      return next();
    };
    return this.#permitted(who, "certificate", connection.remoteAddress, decide);
  }

  #certified(certificate: PeerCertificate): HandshakeUser | undefined {
    return this.#known(this.#parts.certificate?.(certificate), "connect");
  }

  // What has no name is nobody, whatever the function that gave it meant.
  #known(who: HandshakeUser | undefined, stage: string): HandshakeUser | undefined {
    if (typeof who?.user === "string" && who.user !== "") return who;
    if (who !== undefined && who !== null)
      this.#host.error(new TypeError("Cannot take this for a user: a name is missing"), stage);
    return undefined;
  }

  // AUTH

  #request(c: RequestContext, next: Next, own: AuthSession | undefined): MaybeVerdict {
    if (c.method !== "AUTH" || c.frame.toPath.length !== 1) {
      return own === undefined || this.#open(c, own) ? next() : c.reject(403);
    }
    const { authenticator, allowPlain } = this.#parts;
    const { connection } = c;
    const authorization = c.headers.get("Authorization");
    const shaken = authorization === undefined ? connection.get(handshakeUser) : undefined;
    // RFC 7977 §5.3.1: no challenge for whom the handshake has made known.
    if (shaken !== undefined) return this.#pass(c, next, shaken, []);
    if (authenticator === undefined) return next();
    const { remoteAddress } = connection;
    const now = this.#host.now();
    // RFC 4976 §8: a challenge would invite credentials, so there is none over a connection without TLS.
    if (!connection.secure && !allowPlain) return c.reject(403);
    if (this.#locks.locked(addressKey(remoteAddress), now)) {
      this.#tell("digest", "locked", undefined, undefined, remoteAddress);
      return c.reject(403);
    }
    const digestUri = c.frame.toPath[0]?.text ?? "";
    const outcome = authenticator.verify({ digestUri, authorization }, now);
    if (outcome instanceof Promise) return outcome.then((late) => this.#judge(c, next, late));
    return this.#judge(c, next, outcome);
  }

  #judge(c: RequestContext, next: Next, outcome: AuthOutcome): MaybeVerdict {
    const { connection } = c;
    const { remoteAddress } = connection;
    const { user } = outcome;
    if (user !== undefined && this.#locks.locked(userKey(user, remoteAddress), this.#host.now())) {
      this.#tell("digest", "locked", user, undefined, remoteAddress);
      return c.reject(403);
    }
    if (!outcome.ok) {
      if (outcome.cause !== undefined) this.#host.error(outcome.cause, "credentials");
      if (outcome.counted) this.#failed(user, remoteAddress, connection);
      if (outcome.reason !== "no-credentials")
        this.#tell("digest", "refused", user, outcome.reason, remoteAddress);
      return c.reject(outcome.status, undefined, outcome.headers);
    }
    const who: HandshakeUser = { user: outcome.user, realm: outcome.realm };
    this.#locks.succeeded(userKey(outcome.user, remoteAddress));
    const decide = (yes: boolean): MaybeVerdict =>
      yes ? this.#pass(c, next, who, outcome.headers) : c.reject(403);
    return this.#permitted(who, "digest", remoteAddress, decide);
  }

  // A relay further inside gives out a URI; where there is none, the connection has a user from now on.
  #pass(c: RequestContext, next: Next, who: HandshakeUser, headers: HeaderFields): MaybeVerdict {
    c.set(handshakeUser, who);
    const answer = (verdict: Verdict): Verdict => {
      if (verdict.accepted)
        return headers.length === 0 ? verdict : c.accept([...(verdict.headers ?? []), ...headers]);
      if (verdict.status !== 481 && verdict.status !== 501) return verdict;
      c.connection.set(handshakeUser, who);
      return c.accept(headers);
    };
    const verdict = next();
    return verdict instanceof Verdict ? answer(verdict) : verdict.then(answer);
  }

  // Sessions

  #chunk(c: ChunkContext, next: Next, own: AuthSession): MaybeVerdict {
    return own.open || this.#open(c, own) ? next() : c.reject(403, "Authentication Required");
  }

  // What is relayed is permitted by its URI; what this side has opened needs nobody's permission.
  #open(c: Pick<ChunkContext | RequestContext, "session" | "connection">, own: AuthSession): boolean {
    const { session, connection } = c;
    own.open ||=
      session === undefined ||
      isRelayed(session) ||
      connection.direction === "outbound" ||
      (connection.get(handshakeUser) ?? session.get(handshakeUser)) !== undefined;
    return own.open;
  }

  #failed(user: string | undefined, remoteAddress: string, connection?: ConnectionHandle): void {
    const { userFailures, addressFailures, connectionFailures } = this.#parts.lockOut;
    const now = this.#host.now();
    this.#locks.failed(addressKey(remoteAddress), addressFailures, now);
    if (user !== undefined) this.#locks.failed(userKey(user, remoteAddress), userFailures, now);
    if (connection === undefined) return;
    const failures = (connection.get(failuresOf) ?? 0) + 1;
    connection.set(failuresOf, failures);
    // After the answer, which is still to be written.
    if (failures >= connectionFailures) this.#host.setTimer(() => connection.close(), 0);
  }

  #tell(
    method: AuthMethod,
    outcome: AuthAttempt["outcome"],
    user: string | undefined,
    reason: string | undefined,
    remoteAddress: string,
  ): void {
    tell(this.#host, "onAttempt", () =>
      this.#parts.onAttempt?.({ method, outcome, user, reason, remoteAddress }),
    );
  }
}

// A name is a stranger's, and may be long.
function userKey(user: string, remoteAddress: string): string {
  return `${addressKey(remoteAddress)} ${user.slice(0, 128)}`;
}

// Browsers send cookies along with whatever page asks for the socket, and say which page it was.
function mayComeFrom(c: UpgradeContext, origins: readonly string[] | undefined): boolean {
  const origin = c.headers.get("origin");
  if (origin === undefined) return true;
  if (origins !== undefined) return origins.includes(origin);
  return origin === `${c.secure ? "https" : "http"}://${c.headers.get("host") ?? ""}`;
}
