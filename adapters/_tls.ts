// What TLS options mean, decided once for all runtimes: which name is sent and checked, and who checks the peer.
// The runtimes' own TLS does the rest.
import type { ConnectTarget, PeerCertificate, TlsOptions } from "../core/node/transport.ts";
import { matchesFingerprint, parseSubjectAltNames } from "./_fingerprint.ts";
import { isAddress } from "./_resolve.ts";

/** The name that the server's certificate must have: RFC 4976 §8: the one asked for, not an SRV target's. */
export function expectedName(target: ConnectTarget): string {
  return target.tls?.serverName ?? target.serverName ?? target.host;
}

/** The name for SNI, empty for addresses (RFC 6066 §3: literal addresses are not permitted there). */
export function sentName(target: ConnectTarget): string {
  const name = expectedName(target);
  return isAddress(name) ? "" : name;
}

/** True when the peer is checked by hashes of its certificate. */
export function usesFingerprints(tls: TlsOptions | undefined): boolean {
  return tls?.fingerprints !== undefined;
}

/** True when a name and an authority must vouch for the peer; a listener asks for that with `requestCert`. */
export function usesAuthority(tls: TlsOptions | undefined): boolean {
  return !usesFingerprints(tls) && tls?.rejectUnauthorized !== false;
}

/** Wraps a certificate as the core wants it. */
export function describePeer(
  der: Uint8Array | undefined,
  names: string | undefined,
  verified: boolean,
): PeerCertificate | undefined {
  if (!der) return undefined;
  // A plain Uint8Array of its own: a Buffer's slice() does not copy, and its pool would stay pinned.
  return { der: new Uint8Array(der), subjectAltNames: parseSubjectAltNames(names), verified };
}

/** Why the fingerprints refuse this peer; undefined when they accept it, or when there are none to check. */
export function fingerprintFault(
  tls: TlsOptions | undefined,
  der: Uint8Array | undefined,
): Error | undefined {
  if (!tls?.fingerprints) return undefined;
  if (!der) return new Error("the peer sent no certificate");
  if (matchesFingerprint(der, tls.fingerprints)) return undefined;
  return new Error("the peer's certificate has none of the fingerprints expected");
}

/**
 * Why a server is refused although its authority vouches for it. RFC 4976 §9.2: its name stands in subjectAltName; runtimes
 * take the common name where there is none.
 */
export function serverFault(
  tls: TlsOptions | undefined,
  peer: PeerCertificate | undefined,
): Error | undefined {
  const named = peer?.subjectAltNames?.some((name) => /^(?:DNS|IP):/.test(name)) === true;
  if (usesAuthority(tls) && !named) return new Error("the peer's certificate has no subjectAltName");
  return fingerprintFault(tls, peer?.der);
}
