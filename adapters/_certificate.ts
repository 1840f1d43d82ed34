// What an own certificate looks like in SDP: its fingerprints (RFC 8122 §5.1), and the hash functions that they need.
// The hash of the certificate's own signature is read from its DER, since not every runtime tells it.
import { createHash } from "node:crypto";
import { type Digest, type Fingerprint, fingerprintsOf, LocalProtocolError } from "../core/mod.ts";

const nodeNames: Readonly<Record<string, string>> = {
  "sha-1": "sha1",
  "sha-224": "sha224",
  "sha-256": "sha256",
  "sha-384": "sha384",
  "sha-512": "sha512",
};

/** The hash functions of SDP fingerprints; MD5 and MD2 are left out, since nobody may trust them (RFC 8122 §5). */
export const digest: Digest = (hash, octets) => {
  const name = nodeNames[hash.toLowerCase()];
  return name === undefined ? undefined : new Uint8Array(createHash(name).update(octets).digest());
};

// Object identifiers of signature algorithms as DER content in hex, with the hash in each (RFC 8017 §A.2, RFC 5758 §3).
const signatureHashes: Readonly<Record<string, string>> = {
  "2a864886f70d010105": "sha-1",
  "2a864886f70d01010e": "sha-224",
  "2a864886f70d01010b": "sha-256",
  "2a864886f70d01010c": "sha-384",
  "2a864886f70d01010d": "sha-512",
  "2a8648ce3d0401": "sha-1",
  "2a8648ce3d040301": "sha-224",
  "2a8648ce3d040302": "sha-256",
  "2a8648ce3d040303": "sha-384",
  "2a8648ce3d040304": "sha-512",
};

/**
 * The fingerprints of the first certificate of a PEM text, for `a=fingerprint`: SHA-256, and the hash of its signature when
 * that is another one.
 * @throws LocalProtocolError `"bad-certificate"`
 */
export function certificateFingerprints(pem: string): readonly Fingerprint[] {
  const base64 = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(pem)?.[1];
  if (base64 === undefined)
    throw new LocalProtocolError("bad-certificate", "Cannot make a fingerprint: no PEM certificate");
  const binary = atob(base64.replace(/\s+/g, ""));
  const der = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  return fingerprintsOf([{ der, signatureHash: signatureHashOf(der) }], digest);
}

/** The SDP name of the hash in a certificate's signature; undefined when it has none of its own, as with Ed25519. */
export function signatureHashOf(der: Uint8Array): string | undefined {
  // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { OBJECT IDENTIFIER, … }, … } (RFC 5280 §4.1)
  const certificate = element(der, 0);
  const signed = certificate && element(der, certificate.start);
  const algorithm = signed && element(der, signed.end);
  const identifier = algorithm && element(der, algorithm.start);
  if (identifier === undefined) return undefined;
  const octets = der.subarray(identifier.start, identifier.end);
  return signatureHashes[Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("")];
}

/** Where the content of the DER element at `at` begins and ends; undefined when it does not fit. */
function element(der: Uint8Array, at: number): { start: number; end: number } | undefined {
  const first = der[at + 1];
  if (first === undefined) return undefined;
  const count = first < 0x80 ? 0 : first & 0x7f;
  let length = count === 0 ? first : 0;
  for (let index = 0; index < count; index++) length = length * 256 + (der[at + 2 + index] ?? 0);
  const start = at + 2 + count;
  return start + length <= der.length ? { start, end: start + length } : undefined;
}
