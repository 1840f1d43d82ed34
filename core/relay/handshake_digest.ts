/**
 * `handshakeDigest()`: HTTP Digest in the handshake of a WebSocket (RFC 7977 §7), for clients that are no browsers and
 * want to be known from the first octet. A relay then answers their AUTH without a challenge.
 */
import { definePlugin, type Plugin } from "../node/plugin.ts";
import { handshakeUser } from "../node/upgrade.ts";
import type { Verdict } from "../node/verdict.ts";
import type { AuthOutcome } from "./auth_outcome.ts";
import { Authenticator, type AuthenticatorOptions } from "./authenticator.ts";
import { MinuteCounter } from "./rate.ts";

/** Options of `handshakeDigest()`. */
export interface HandshakeDigestOptions extends AuthenticatorOptions {
  /** The realm, the same for every path. */
  readonly realm: string;
  /** The only path that asks for credentials. @default every path */
  readonly path?: string | undefined;
  /** Failed tries of one address in a minute; then it gets 429. @default 20 */
  readonly maxFailuresPerAddress?: number | undefined;
}

/**
 * Makes the plugin.
 *
 * @throws RangeError for impossible limits and algorithms
 */
export function handshakeDigest(options: HandshakeDigestOptions): Plugin {
  const { path, maxFailuresPerAddress = 20 } = options;
  if (!(maxFailuresPerAddress >= 1)) {
    throw new RangeError(`maxFailuresPerAddress must be at least 1: ${maxFailuresPerAddress}`);
  }
  void new Authenticator(options);
  return definePlugin("handshake-digest", (host) => {
    const authenticator = new Authenticator(options);
    const failures = new MinuteCounter();
    return {
      name: "handshake-digest",
      upgrade: (c, next) => {
        if (path !== undefined && c.path !== path) return next();
        const now = host.now();
        if (failures.count(c.remoteAddress, now) >= maxFailuresPerAddress) return c.reject(429, "Try later");
        const settle = (outcome: AuthOutcome): Verdict | Promise<Verdict> => {
          if (!outcome.ok) {
            if (outcome.cause !== undefined) host.error(outcome.cause, "credentials");
            if (outcome.counted) failures.add(c.remoteAddress, now);
            return c.reject(outcome.status, undefined, outcome.headers);
          }
          c.set(handshakeUser, { user: outcome.user, realm: outcome.realm });
          return next();
        };
        const authorization = c.headers.get("authorization");
        const outcome = authenticator.verify({ method: "GET", digestUri: c.url, authorization }, now);
        return outcome instanceof Promise ? outcome.then(settle) : settle(outcome);
      },
    };
  });
}
