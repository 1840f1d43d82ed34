/**
 * From the TLS identity that SDP settled to what the runtime and the node check. A server is checked in the handshake by
 * the side that connects, a client when its connection wants to bind the session.
 */
import { canonicalHost } from "../sdp/address.ts";
import { type Digest, matchesFingerprint } from "../sdp/fingerprint.ts";
import type { NegotiatedMedia, TlsIdentity } from "../sdp/negotiated.ts";
import type { ConnectionHandle } from "./context.ts";
import type { PeerCertificate, TlsOptions } from "./transport.ts";

/** TLS of an outgoing connection: the own certificate, and how the server is checked. */
export function tlsToward(
  identity: TlsIdentity | undefined,
  own: TlsOptions | undefined,
): TlsOptions | undefined {
  if (identity === undefined) return undefined;
  if (identity.by === "name") return { ...own, serverName: identity.name };
  return { ...own, fingerprints: identity.fingerprints };
}

/** Decides whether a connection comes from, or goes to, the peer that was negotiated. */
export type PeerVerifier = (connection: ConnectionHandle) => boolean;

/**
 * The check of a connection that wants to bind a session, or of one that was opened for it; `undefined` = none is due.
 * The verifier throws when it cannot tell, with the reason.
 */
export function verifierOf(
  media: NegotiatedMedia,
  digest: Digest | undefined,
  verifyClientName: boolean,
): PeerVerifier | undefined {
  const { identity, role } = media;
  if (identity?.by === "fingerprint") {
    const { fingerprints } = identity;
    return ({ peerCertificate, direction }) => {
      if (peerCertificate === undefined) throw new Error(noCertificate(direction));
      // The adapter has compared it in the handshake; without hashes there is nothing to add.
      if (digest === undefined && direction === "outbound") return true;
      if (digest === undefined)
        throw new Error("the adapter has no hash functions to check a fingerprint with");
      return matchesFingerprint(fingerprints, peerCertificate.der, digest);
    };
  }
  if (identity === undefined || role === "active" || !verifyClientName) return undefined;
  return ({ peerCertificate, direction }) => {
    if (peerCertificate === undefined) throw new Error(noCertificate(direction));
    return peerCertificate.verified === true && namesHost(peerCertificate, identity.name);
  };
}

/** Whether a certificate names a host in its subjectAltName: whole, no wildcards (RFC 8122 §6.1). */
export function namesHost(certificate: PeerCertificate, host: string): boolean {
  const wanted = canonicalHost(host);
  return (certificate.subjectAltNames ?? []).some((entry) => {
    const colon = entry.indexOf(":");
    const kind = entry.slice(0, colon).toUpperCase();
    return (kind === "DNS" || kind === "IP") && canonicalHost(entry.slice(colon + 1)) === wanted;
  });
}

function noCertificate(direction: "inbound" | "outbound"): string {
  return direction === "outbound"
    ? "the server showed no certificate"
    : "the client showed no certificate (a listener asks for one with requestCert)";
}
