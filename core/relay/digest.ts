/**
 * The computations of Digest (RFC 2617 §3.2.2, RFC 7616 §3.4): HA1, the response of the client and the answer of the
 * server. MSRP itself uses `qop=auth` only; the other forms are those that an HTTP handshake in front of it may meet.
 */
import { type DigestAlgorithm, type DigestHashes, digestHash } from "./digest_hash.ts";

/** What response and rspauth are computed from, besides HA1, method and URI. */
export interface DigestParts {
  /** The hash function of the challenge. */
  readonly algorithm: DigestAlgorithm;
  /** The server's nonce, unquoted. */
  readonly nonce: string;
  /** The client's nonce, unquoted; absent only without `qop`. */
  readonly cnonce?: string | undefined;
  /** The count of uses of the nonce as written: 8 hex digits; absent only without `qop`. */
  readonly nc?: string | undefined;
  /** Quality of protection; absent is the form of RFC 2069, which MSRP forbids. */
  readonly qop?: string | undefined;
  /** Hash of the entity body, for `auth-int` only. */
  readonly entityHash?: string | undefined;
}

/**
 * HA1 of a user: H(user:realm:password), the form that credentials are stored in. As secret as the password, but for
 * this realm only (RFC 2617 §4.13).
 */
export function createHa1(algorithm: DigestAlgorithm, user: string, realm: string, password: string): string {
  return digestHash(algorithm, `${user}:${realm}:${password}`);
}

/** HA1 of the `-sess` algorithms, over the hex form of the plain HA1 as all implementations do (RFC 7616 §3.4.2). */
export function createSessionHa1(
  algorithm: DigestAlgorithm,
  ha1: string,
  nonce: string,
  cnonce: string,
): string {
  return digestHash(algorithm, `${ha1}:${nonce}:${cnonce}`);
}

/** What stands for the user name on the wire with `userhash=true` (RFC 7616 §3.4.4). */
export function createUserhash(algorithm: DigestAlgorithm, user: string, realm: string): string {
  return digestHash(algorithm, `${user}:${realm}`);
}

/**
 * The `response` of a request.
 *
 * @param uri in MSRP the rightmost URI of To-Path, octet for octet as on the wire (RFC 4976 §9.1)
 */
export function digestResponse(parts: DigestParts, ha1: string, method: string, uri: string): string {
  const { algorithm, entityHash } = parts;
  const a2 = entityHash === undefined ? `${method}:${uri}` : `${method}:${uri}:${entityHash}`;
  return combineDigest(parts, ha1, digestHash(algorithm, a2));
}

/** The last step of response and rspauth, for whoever has H(A2) already (RFC 2617 §3.2.2.1). */
export function combineDigest(
  parts: DigestParts,
  ha1: string,
  ha2: string,
  hash: DigestHashes["hash"] = digestHash,
): string {
  const { algorithm, nonce, nc, cnonce, qop } = parts;
  const middle = qop === undefined ? nonce : `${nonce}:${nc}:${cnonce}:${qop}`;
  return hash(algorithm, `${ha1}:${middle}:${ha2}`);
}

/** The `rspauth` with which the server proves that it knows HA1 too: A2 has no method (RFC 2617 §3.2.3). */
export function digestRspauth(parts: DigestParts, ha1: string, uri: string): string {
  return digestResponse(parts, ha1, "", uri);
}

/** Compares two hex digests in a time that depends on their lengths only. */
export function equalDigests(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let index = 0; index < a.length; index++) {
    // Past the end of b NaN becomes 0; the lengths have decided by then.
    difference |= a.charCodeAt(index) ^ b.charCodeAt(index);
  }
  return difference === 0;
}
