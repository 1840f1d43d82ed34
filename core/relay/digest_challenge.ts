/**
 * The challenge of a relay: WWW-Authenticate as RFC 4976 §9.1 restricts it (`qop` always there and never `auth-int`,
 * no `-sess` algorithm, no `domain`). A client reads from it only what it can answer.
 */
import { parseDigestFields, quoted } from "./digest_fields.ts";
import { type DigestAlgorithm, parseDigestAlgorithm } from "./digest_hash.ts";

/** One challenge that can be answered with Digest and `qop=auth`. */
export interface DigestChallenge {
  /** The protection space; credentials are chosen by it. */
  readonly realm: string;
  /** The server's nonce. */
  readonly nonce: string;
  /** Returned unchanged with the answer. */
  readonly opaque?: string | undefined;
  /** True when the credentials of the request were right and only its nonce was too old. @default false */
  readonly stale?: boolean | undefined;
  /** The hash function. */
  readonly algorithm: DigestAlgorithm;
  /** Spelling of `algorithm` in the challenge, repeated in the answer; absent when there was none. */
  readonly algorithmText?: string | undefined;
  /** True when the server takes a hash in place of the user name (RFC 7616 §3.4.4). @default false */
  readonly userhash?: boolean | undefined;
}

/** The value of WWW-Authenticate for a challenge: `qop` quoted, `stale` and `algorithm` not (RFC 4976 §7). */
export function formatChallenge(challenge: DigestChallenge): string {
  const { realm, nonce, opaque, stale, algorithm, userhash } = challenge;
  let text = `Digest realm=${quoted(realm)}, nonce=${quoted(nonce)}, qop="auth"`;
  if (opaque !== undefined) text += `, opaque=${quoted(opaque)}`;
  text += `, algorithm=${algorithm}`;
  if (stale === true) text += ", stale=true";
  if (userhash === true) text += ", userhash=true";
  return text;
}

/**
 * The challenges in the values of WWW-Authenticate that a client can answer, in order. Left out are Basic and other
 * schemes, unknown and `-sess` algorithms, and challenges without `qop=auth` (RFC 4976 §9.1).
 */
export function parseChallenges(values: Iterable<string>): DigestChallenge[] {
  const challenges: DigestChallenge[] = [];
  for (const value of values) {
    for (const { scheme, values: fields } of readable(value)) {
      const challenge = scheme?.toLowerCase() === "digest" ? challengeOf(fields) : undefined;
      if (challenge !== undefined) challenges.push(challenge);
    }
  }
  return challenges;
}

/**
 * True when one of these WWW-Authenticate values says `stale=true`, in any letter case: then a 401 to a request with
 * credentials is no failed try (RFC 4976 §6.3).
 */
export function isStaleChallenge(values: Iterable<string>): boolean {
  for (const value of values) {
    if (readable(value).some(({ values: fields }) => isTrue(fields.get("stale")))) return true;
  }
  return false;
}

function readable(value: string): ReturnType<typeof parseDigestFields> {
  try {
    return parseDigestFields(value);
  } catch {
    // What cannot be read cannot be answered; another challenge may be better.
    return [];
  }
}

function challengeOf(fields: ReadonlyMap<string, string>): DigestChallenge | undefined {
  const realm = fields.get("realm");
  const nonce = fields.get("nonce");
  const algorithmText = fields.get("algorithm");
  const algorithm = parseDigestAlgorithm(algorithmText);
  const qop = fields.get("qop")?.toLowerCase().split(",") ?? [];
  if (realm === undefined || nonce === undefined || algorithm === undefined) return undefined;
  if (!qop.some((one) => one.trim() === "auth")) return undefined;
  return {
    realm,
    nonce,
    opaque: fields.get("opaque"),
    stale: isTrue(fields.get("stale")),
    algorithm,
    algorithmText,
    userhash: isTrue(fields.get("userhash")),
  };
}

function isTrue(text: string | undefined): boolean {
  return text?.toLowerCase() === "true";
}
