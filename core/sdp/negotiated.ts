/**
 * What an offer/answer exchange has settled for a stream: all that is needed to open or to expect its session.
 * Nothing is opened here; the layer above turns a NegotiatedMedia into a session.
 */
import type { MsrpUri } from "../wire/uri.ts";
import { canonicalHost } from "./address.ts";
import { type ConnectTo, targetOf } from "./cema.ts";
import { type Direction, fitDirection } from "./direction.ts";
import type { Fingerprint } from "./fingerprint.ts";
import type { MsrpMedia } from "./msrp_media.ts";
import type { SessionDescription } from "./session_description.ts";
import { type LocalStream, localPath, pathsKey, toPath, typesOf, usesRelay } from "./stream.ts";

/** How the certificate of the other end of the connection is checked. */
export type TlsIdentity =
  | { readonly by: "fingerprint"; readonly fingerprints: readonly Fingerprint[] }
  | { readonly by: "name"; readonly name: string };

/** A stream that both sides agreed on. */
export interface NegotiatedMedia {
  /** Position among the m= lines, from 0. */
  readonly index: number;
  /** `active` opens the connection and sends the first SEND at once; `passive` is found by that SEND (RFC 6135 §4.2.2). */
  readonly role: "active" | "passive";
  /** Own path as the SDP says it: relays first, the own URI last. */
  readonly localPath: readonly MsrpUri[];
  /** Own URI: the From-Path of requests. */
  readonly localUri: MsrpUri;
  /** The peer's path as its SDP says it. */
  readonly remotePath: readonly MsrpUri[];
  /** To-Path of requests: own relays, then `remotePath`, whatever `connectTo` is (RFC 6714 §4.4). */
  readonly toPath: readonly MsrpUri[];
  /** Where to connect: the own relay if there is one, whatever the role (RFC 6135 §4.5); `undefined` is to wait. */
  readonly connectTo: ConnectTo | undefined;
  /** Whether CEMA was agreed on, so that c= and m= decide and not the path. */
  readonly cema: boolean;
  /** How the other end of the connection is authenticated; `undefined` without TLS. */
  readonly identity: TlsIdentity | undefined;
  /** Fingerprints that the peer offered; empty when its SDP is not trusted. */
  readonly fingerprints: readonly Fingerprint[];
  /** Types that may be the root of a message to the peer. */
  readonly peerAcceptTypes: readonly string[];
  /** Types that may stand inside a container in a message to the peer. */
  readonly peerAcceptWrappedTypes: readonly string[];
  /** Largest message in octets that the peer wishes to get. */
  readonly peerMaxSize: number | undefined;
  /** Types that we declared for the root. */
  readonly acceptTypes: readonly string[];
  /** Types that we declared for the inside of containers. */
  readonly acceptWrappedTypes: readonly string[];
  /** Largest message in octets that we asked for; enforce it with a limit of your own (RFC 4975 §8.6). */
  readonly maxSize: number | undefined;
  /** Direction, seen from here. */
  readonly direction: Direction;
  /** Value of a=setup that we wrote. */
  readonly setup: "active" | "passive" | "actpass";
  /** Whether both paths are those agreed before: the session and its connection stay (RFC 4975 §8.4). */
  readonly continued: boolean;
  /** The peer's stream, for attributes of extensions. */
  readonly peer: MsrpMedia;
}

/** What one exchange has settled. */
export interface Negotiation {
  /** Streams that both sides agreed on. */
  readonly media: readonly NegotiatedMedia[];
  /** MSRP streams that came to nothing, with the reason: `rejected`, `setup-conflict`, `no-common-type`, … */
  readonly refused: readonly { readonly index: number; readonly code: string }[];
  /** Whether a new offer must follow: without CEMA (RFC 6714 §4.2), or to end a stream that was answered wrongly. */
  readonly needsOffer: boolean;
  /** The peer's description. */
  readonly description: SessionDescription;
}

/** What `negotiated` puts together. */
export interface Outcome {
  readonly stream: LocalStream;
  readonly remote: MsrpMedia;
  readonly role: "active" | "passive";
  /** Where this side connects if it is active and has no relay. */
  readonly target: ConnectTo | undefined;
  readonly cema: boolean;
  /** Whether the peer's SDP came over integrity-protected signalling (RFC 4145 §9, RFC 6714 §7.7). */
  readonly signallingTrusted: boolean;
}

/** The settled stream of an outcome. */
export function negotiated(outcome: Outcome): NegotiatedMedia {
  const { stream, remote, role, cema } = outcome;
  const relay = stream.options.usePath?.[0];
  const connectTo = relay === undefined ? (role === "active" ? outcome.target : undefined) : targetOf(relay);
  const fingerprints = outcome.signallingTrusted ? remote.fingerprints : [];
  const { acceptTypes, acceptWrappedTypes } = typesOf(stream.options);
  return {
    index: remote.index,
    role,
    localPath: localPath(stream),
    localUri: stream.uri,
    remotePath: remote.path,
    toPath: toPath(stream, remote),
    connectTo,
    cema,
    identity: identityOf(outcome, connectTo, fingerprints),
    fingerprints,
    peerAcceptTypes: remote.acceptTypes,
    peerAcceptWrappedTypes: remote.acceptWrappedTypes,
    peerMaxSize: remote.maxSize,
    acceptTypes,
    acceptWrappedTypes,
    maxSize: stream.options.maxSize,
    direction: fitDirection(stream.direction, remote.direction),
    setup: stream.setup,
    continued: stream.agreed === pathsKey(stream, remote),
    peer: remote,
  };
}

function identityOf(
  outcome: Outcome,
  connectTo: ConnectTo | undefined,
  fingerprints: readonly Fingerprint[],
): TlsIdentity | undefined {
  const { stream, remote } = outcome;
  // A relay never saw the SDP, so no fingerprint in it can be the relay's (RFC 6135 §4.3): its name must do.
  if (usesRelay(stream.options))
    return connectTo?.tls === true ? { by: "name", name: connectTo.host } : undefined;
  const tls = outcome.role === "active" ? connectTo?.tls === true : stream.uri.scheme === "msrps";
  if (!tls) return undefined;
  // Nor can the fingerprint of a peer behind relays be that of the relay that is connected to.
  if (fingerprints.length > 0 && remote.path.length === 1) return { by: "fingerprint", fingerprints };
  // RFC 8122 §6.1: unprotected SDP is believed no further than its c= line; RFC 4975 §5.4: else the host of the URI.
  const name = outcome.signallingTrusted ? (remote.path[0]?.host ?? "") : remote.address;
  return { by: "name", name: canonicalHost(name) };
}
