// Checks a certificate against the fingerprints of a session description (RFC 8122), instead of name and authority.
// node:crypto rather than WebCrypto: the answer is needed inside the handshake's callback, before any octet is read.
import { createHash } from "node:crypto";
import type { Fingerprint } from "../core/node/transport.ts";

// RFC 8122 §5: MD2 and MD5 are never trusted, so they are not here; strongest first.
const hashes: readonly (readonly [sdp: string, node: string])[] = [
  ["sha-512", "sha512"],
  ["sha-384", "sha384"],
  ["sha-256", "sha256"],
  ["sha-224", "sha224"],
  ["sha-1", "sha1"],
];

/**
 * True when `der` has one of the fingerprints. Only those with the strongest of the hashes offered count, so that a
 * weak hash that happens to fit cannot outvote a strong one that does not (RFC 8122 §5.1).
 */
export function matchesFingerprint(der: Uint8Array, fingerprints: readonly Fingerprint[]): boolean {
  for (const [sdpName, nodeName] of hashes) {
    const offered = fingerprints.filter((fingerprint) => fingerprint.hash.toLowerCase() === sdpName);
    if (offered.length === 0) continue;
    const actual = createHash(nodeName).update(der).digest("hex");
    return offered.some(({ value }) => value.replaceAll(":", "").toLowerCase() === actual);
  }
  return false;
}

/**
 * Splits a subjectAltName in the form of OpenSSL's text (`"DNS:a, IP Address:127.0.0.1"`) into its entries. A value
 * that holds a comma comes quoted, and stays one entry: to cut it would let a certificate claim a second name.
 */
export function parseSubjectAltNames(text: string | undefined): string[] {
  if (!text) return [];
  return (text.match(/[^,"\s](?:[^,"]|"(?:[^"\\]|\\.)*")*/g) ?? []).map((entry) =>
    entry.trim().replace(/^IP Address:/, "IP:"),
  );
}
