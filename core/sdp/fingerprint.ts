/**
 * Certificate fingerprints of RFC 8122: read, written and checked. The hash function itself is handed in,
 * because every runtime has its own and the core has none.
 */
import { LocalProtocolError, RemoteProtocolError } from "../errors.ts";
import type { OnOddity } from "./lines.ts";

/** One a=fingerprint line. */
export interface Fingerprint {
  /** Name of the hash function, in lower case: `sha-256`. */
  readonly hash: string;
  /** Upper-case hexadecimal pairs with colons between them. */
  readonly value: string;
}

/** Computes a hash by its SDP name; `undefined` for a function that the runtime does not have. */
export type Digest = (hash: string, octets: Uint8Array) => Uint8Array | undefined;

// RFC 8122 §5, with the octets of each. MD5 and MD2 are recognised so that they can be refused by name.
const lengths: Readonly<Record<string, number>> = {
  "sha-512": 64,
  "sha-384": 48,
  "sha-256": 32,
  "sha-224": 28,
  "sha-1": 20,
  md5: 16,
  md2: 16,
};

/** Hash functions that a peer is trusted by, strongest first; MD5 and MD2 never are (RFC 8122 §5). */
export const trustedHashes: readonly string[] = ["sha-512", "sha-384", "sha-256", "sha-224", "sha-1"];

/** Reads the value of an a=fingerprint line. @throws RemoteProtocolError `bad-fingerprint` */
export function readFingerprint(text: string, onOddity: OnOddity): Fingerprint {
  const [name = "", written = "", ...rest] = text.split(" ");
  const hash = name.toLowerCase();
  const value = written.toUpperCase();
  const length = Object.hasOwn(lengths, hash) ? lengths[hash] : undefined;
  const octets = /^[0-9A-F]{2}(?::[0-9A-F]{2})*$/.test(value) ? (value.length + 1) / 3 : 0;
  if (
    rest.length > 0 ||
    !/^[!#$%&'*+.0-9a-z^_`{|}~-]+$/.test(hash) ||
    octets === 0 ||
    octets !== (length ?? octets)
  ) {
    throw new RemoteProtocolError("bad-fingerprint", `Cannot read a=fingerprint: "${text}"`);
  }
  // The grammar wants capitals; many senders write small letters.
  if (value !== written) onOddity("lower-case-fingerprint", text, "bad-fingerprint");
  return { hash, value };
}

/** Writes the value of an a=fingerprint line. */
export function formatFingerprint(fingerprint: Fingerprint): string {
  return `${fingerprint.hash} ${fingerprint.value}`;
}

/** The fingerprint of a certificate. @param der the certificate in DER @throws LocalProtocolError `bad-hash` for MD5, MD2 or a hash that `digest` lacks */
export function fingerprintOf(der: Uint8Array, hash: string, digest: Digest): Fingerprint {
  const name = hash.toLowerCase();
  const octets = trustedHashes.includes(name) ? digest(name, der) : undefined;
  if (octets === undefined)
    throw new LocalProtocolError("bad-hash", `Cannot make fingerprint with hash "${hash}"`);
  return { hash: name, value: toHex(octets) };
}

/**
 * The fingerprints that an endpoint puts into its SDP: for each certificate SHA-256 and the hash of its own signature,
 * the same set for all of them (RFC 8122 §5.1).
 *
 * @param certificates DER octets and, when it is one of the trusted ones, the SDP name of the signature's hash
 */
export function fingerprintsOf(
  certificates: readonly { readonly der: Uint8Array; readonly signatureHash?: string | undefined }[],
  digest: Digest,
): Fingerprint[] {
  const hashes = new Set(["sha-256"]);
  for (const { signatureHash } of certificates) {
    const name = signatureHash?.toLowerCase();
    if (name !== undefined && trustedHashes.includes(name)) hashes.add(name);
  }
  return certificates.flatMap(({ der }) => [...hashes].map((hash) => fingerprintOf(der, hash, digest)));
}

/**
 * Whether a certificate is one of those that the peer offered: only the fingerprints with the strongest hash among
 * the offered ones count (RFC 8122 §5.1), so a right SHA-1 does not save a wrong SHA-256.
 *
 * @param trusted hash functions to trust, strongest first @default trustedHashes
 */
export function matchesFingerprint(
  offered: readonly Fingerprint[],
  der: Uint8Array,
  digest: Digest,
  trusted: readonly string[] = trustedHashes,
): boolean {
  for (const hash of trusted) {
    const candidates = offered.filter((fingerprint) => fingerprint.hash.toLowerCase() === hash);
    if (candidates.length === 0 || hash.startsWith("md")) continue;
    const octets = digest(hash, der);
    if (octets === undefined) continue;
    const actual = toHex(octets);
    // Every candidate is compared, so that the time does not tell which one was nearly right.
    return candidates.reduce((found, { value }) => sameText(value.toUpperCase(), actual) || found, false);
  }
  return false;
}

function sameText(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let at = 0; at < b.length; at++) difference |= a.charCodeAt(at) ^ b.charCodeAt(at);
  return difference === 0;
}

function toHex(octets: Uint8Array): string {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, "0").toUpperCase()).join(":");
}
