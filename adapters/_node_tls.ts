// TLS with node:tls, apart from where the bytes go: over Node's own sockets, or over Deno's connections.
// The handshake ends in a judgement on the peer; only then does anybody above hear of the connection.
import tls from "node:tls";
import type { ConnectTarget, PeerCertificate, TlsOptions } from "../core/node/transport.ts";
import { authority, tlsFailure } from "./_failure.ts";
import { opened } from "./_node_opened.ts";
import {
  describePeer,
  expectedName,
  fingerprintFault,
  sentName,
  serverFault,
  usesAuthority,
  usesFingerprints,
} from "./_tls.ts";

/** Options of `tls.connect` for a target, without the place to connect to. */
export function clientTls(target: ConnectTarget): tls.ConnectionOptions {
  const { cert, key, ca } = target.tls ?? {};
  return {
    minVersion: "TLSv1.2",
    servername: sentName(target),
    rejectUnauthorized: usesAuthority(target.tls),
    // The address dialled is not the name asked for.
    checkServerIdentity: (_address, certificate) =>
      tls.checkServerIdentity(expectedName(target), certificate),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

/**
 * Waits for the handshake of a client's socket and judges the server.
 * @throws what the handshake or the socket below failed with, or the signal's reason; the socket is destroyed then
 */
export async function clientHandshake(
  socket: tls.TLSSocket,
  target: ConnectTarget,
  signal: AbortSignal,
): Promise<PeerCertificate | undefined> {
  let peer: PeerCertificate | undefined;
  await opened(socket, "secureConnect", signal, () => {
    peer = peerOf(socket, usesAuthority(target.tls));
    return serverFault(target.tls, peer);
  });
  return peer;
}

function peerOf(socket: tls.TLSSocket, asked: boolean): PeerCertificate | undefined {
  const certificate = socket.getPeerCertificate() as tls.PeerCertificate | undefined | null;
  // Node gives an empty object where there is none; Deno says "authorized" also when nobody was asked.
  return describePeer(certificate?.raw, certificate?.subjectaltname, asked && socket.authorized);
}

/** Who hears what comes of the handshakes of a server. */
export interface ServerHandshake {
  /** Limit of one handshake, in milliseconds. */
  readonly timeoutMs: number;
  /** The peer may come in. */
  readonly onSecure: (socket: tls.TLSSocket, peer: PeerCertificate | undefined) => void;
  /** It may not, or the handshake failed; the socket is destroyed right after. */
  readonly onError: (error: Error) => void;
  /**
   * Refuse a resumed session where a client certificate is asked for. Deno's listeners share one store of sessions, so a
   * client could bring to this one what another listener, which asks for less, gave it. @default false
   */
  readonly refuseResumed?: boolean;
  /** Address of the peer, for errors, where the socket cannot tell. */
  readonly peerName?: string;
}

/** A server that judges the peers of the connections that it accepts, or that are given to it by `emit("connection")`. */
export function tlsServer(
  options: TlsOptions,
  { timeoutMs, onSecure, onError, refuseResumed, peerName }: ServerHandshake,
  socketOptions: object,
): tls.Server {
  const requestCert = options.requestCert === true || usesFingerprints(options);
  const mustVerify = requestCert && usesAuthority(options);
  const server = tls.createServer({
    ...socketOptions,
    allowHalfOpen: true,
    minVersion: "TLSv1.2",
    handshakeTimeout: timeoutMs,
    requestCert,
    rejectUnauthorized: mustVerify,
    ...(options.cert === undefined ? {} : { cert: options.cert }),
    ...(options.key === undefined ? {} : { key: options.key }),
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  });
  const refuse = (error: Error, socket: tls.TLSSocket): void => {
    const peer = peerName ?? authority(socket.remoteAddress ?? "", socket.remotePort ?? 0);
    socket.on("error", () => {});
    onError(tlsFailure(peer, error));
    // Node leaves a socket open whose handshake timed out.
    socket.destroy();
  };
  server.on("tlsClientError", refuse);
  server.on("secureConnection", (socket) => {
    if (socket.destroyed) return;
    const peer = peerOf(socket, requestCert);
    const fault = fingerprintFault(options, peer?.der);
    if (fault) refuse(fault, socket);
    else if (mustVerify && !peer?.verified)
      refuse(new Error("the client has no verified certificate"), socket);
    else if (refuseResumed && requestCert && socket.isSessionReused())
      refuse(new Error("the session is resumed"), socket);
    else onSecure(socket, peer);
  });
  return server;
}
