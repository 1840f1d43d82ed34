/**
 * From a negotiated stream to a session: connects or waits as the offer/answer exchange decided, to the address that it
 * decided on, and checks the peer's certificate against the fingerprints of the SDP.
 */
import { createHash } from "node:crypto";
import type { ConnectionHandle, Msrp, Session, TlsOptions } from "../core/mod.ts";
import { matchesFingerprint, type NegotiatedMedia } from "../core/sdp/mod.ts";
import type { Adapter } from "./runtime.ts";

/** What opening a session needs beside the negotiated stream. */
export interface NegotiatedSessionOptions {
  /** Own certificate for TLS. */
  readonly certificate?: { readonly cert: string; readonly key: string } | undefined;
  /** A session that was expected at the own URI already, before it was known who would be active. */
  readonly expected?: Session | undefined;
  /** Gives up connecting when it fires. */
  readonly signal?: AbortSignal;
}

/**
 * The session of a stream that was agreed on; when this resolves it is bound, from either side.
 *
 * @throws {ConnectionError} the peer cannot be reached, or is not the one that was negotiated
 */
export async function openNegotiated(
  app: Msrp,
  adapter: Adapter,
  media: NegotiatedMedia,
  options: NegotiatedSessionOptions = {},
): Promise<Session> {
  const { expected, signal } = options;
  const settings = {
    local: media.localUri,
    remote: media.toPath,
    acceptTypes: media.acceptTypes,
    acceptWrappedTypes: media.acceptWrappedTypes,
    peerAcceptTypes: media.peerAcceptTypes,
    ...(media.peerMaxSize === undefined ? {} : { peerMaxBytes: media.peerMaxSize }),
  };
  if (media.connectTo === undefined) {
    if (expected !== undefined) {
      expected.update({ remote: media.toPath, peerAcceptTypes: media.peerAcceptTypes });
      await expected.ready;
      return expected;
    }
    const session = app.session({
      ...settings,
      role: "passive",
      verifyPeer: (peer) => isNegotiated(peer, media),
    });
    await session.ready;
    return session;
  }
  // This side connects after all, under the same URI.
  await expected?.close({ drain: false });
  return await adapter.connect(app, {
    ...settings,
    address: media.connectTo,
    ...(media.connectTo.tls ? { tls: clientTls(media, options.certificate) } : {}),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Expects the session of a stream before its offer goes out, so that no peer finds the door closed. */
export function expectNegotiated(app: Msrp, media: NegotiatedMedia): Session {
  return app.session({
    local: media.localUri,
    remote: media.toPath,
    acceptTypes: media.acceptTypes,
    peerAcceptTypes: media.peerAcceptTypes,
    role: "passive",
    verifyPeer: (peer) => isNegotiated(peer, media),
  });
}

/** How the other end is checked by the side that connects: by fingerprint, or else by name. */
function clientTls(media: NegotiatedMedia, own: NegotiatedSessionOptions["certificate"]): TlsOptions {
  const identity = media.identity;
  return {
    ...(own === undefined ? {} : { cert: own.cert, key: own.key }),
    ...(identity?.by === "fingerprint" ? { fingerprints: identity.fingerprints } : {}),
    ...(identity?.by === "name" ? { serverName: identity.name } : {}),
  };
}

/** True when a connection that came in is from the peer of the SDP (RFC 4975 §14.4, RFC 8122 §6.2). */
function isNegotiated(peer: ConnectionHandle, media: NegotiatedMedia): boolean {
  if (media.identity?.by !== "fingerprint") return true;
  const der = peer.peerCertificate?.der;
  return der !== undefined && matchesFingerprint(media.identity.fingerprints, der, digest);
}

/** Hash by its SDP name. */
function digest(hash: string, octets: Uint8Array): Uint8Array {
  return createHash(hash.replace("-", "")).update(octets).digest();
}
