/**
 * The hash functions of Digest by their names on the wire, over UTF-8 text and as lower-case hex.
 * WebCrypto has no MD5, which every deployed MSRP relay and client still speaks, and none of it is synchronous.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { md5 } from "@noble/hashes/legacy.js";
import { sha256, sha512_256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** A hash function of Digest, named as in the parameter `algorithm` (RFC 7616 §6.1). */
export type DigestAlgorithm = "MD5" | "SHA-256" | "SHA-512-256";

/** Every function that can be computed, the strongest first. */
export const digestAlgorithms: readonly DigestAlgorithm[] = ["SHA-512-256", "SHA-256", "MD5"];

/** What computes the hashes of a relay: a runtime's own functions are several times faster than portable ones. */
export interface DigestHashes {
  /** The hash of a text's UTF-8 octets in lower-case hex. */
  hash(algorithm: DigestAlgorithm, text: string): string;
  /** HMAC-SHA-256 (RFC 2104) with a key: a function from a message to lower-case hex. */
  hmac(key: Uint8Array): (message: Uint8Array) => string;
}

const functions: Readonly<Record<DigestAlgorithm, (message: Uint8Array) => Uint8Array>> = {
  MD5: md5,
  "SHA-256": sha256,
  "SHA-512-256": sha512_256,
};

/** Hashes that need nothing of a runtime. */
export const portableHashes: DigestHashes = {
  hash: digestHash,
  hmac: (key) => {
    const keyed = hmac.create(sha256, key);
    return (message) => bytesToHex(keyed.clone().update(message).digest());
  },
};

/** The hash of a text's UTF-8 octets in lower-case hex. */
export function digestHash(algorithm: DigestAlgorithm, text: string): string {
  return bytesToHex(functions[algorithm](utf8ToBytes(text)));
}

/** Number of hex digits of a hash: 32 for MD5, 64 for the others. */
export function digestLength(algorithm: DigestAlgorithm): 32 | 64 {
  return algorithm === "MD5" ? 32 : 64;
}

/**
 * The function that a parameter `algorithm` names, in any letter case; no parameter means MD5 (RFC 2617 §3.2.1).
 *
 * @returns `undefined` for the `-sess` forms, which have no place in MSRP (RFC 4976 §9.1), and for unknown names
 */
export function parseDigestAlgorithm(name: string | undefined): DigestAlgorithm | undefined {
  const upper = name?.toUpperCase() ?? "MD5";
  return digestAlgorithms.find((algorithm) => algorithm === upper);
}
