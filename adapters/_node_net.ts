// Listening and connecting with node:net and node:tls. Node's adapter is these functions; Deno's uses them for what its
// own TLS cannot do.
import net from "node:net";
import tls from "node:tls";
import { ConnectionError, LocalProtocolError } from "../core/errors.ts";
import type {
  Accept,
  ConnectTarget,
  PeerCertificate,
  TlsOptions,
  Transport,
} from "../core/node/transport.ts";
import { authority, errorCode, tlsFailure } from "./_failure.ts";
import type { ResolvedLimits, TransportListener, TransportListenOptions } from "./_limits.ts";
import { resolveListenLimits } from "./_limits.ts";
import { NodeSocketTransport } from "./_node_socket.ts";
import { OpenTransports } from "./_open_transports.ts";
import type { Candidate } from "./_resolve.ts";
import {
  describePeer,
  expectedName,
  fingerprintFault,
  sentName,
  usesAuthority,
  usesFingerprints,
} from "./_tls.ts";

const socketOptions = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 };

/** One attempt to connect, see `Attempt` in _dial.ts. */
export function nodeAttempt(
  { address, port }: Candidate,
  target: ConnectTarget,
  accept: Accept,
  limits: ResolvedLimits,
  signal: AbortSignal,
): Promise<Transport> {
  return new Promise((resolve, reject) => {
    let connected = false;
    const where = { ...socketOptions, host: address, port, autoSelectFamily: false };
    const socket = target.secure ? tls.connect({ ...where, ...clientTls(target) }) : net.connect(where);
    const done = (): void => {
      signal.removeEventListener("abort", onAbort);
      socket.removeListener("error", onError);
    };
    const onError = (error: Error): void => {
      done();
      // Node may still report an error on the way out.
      socket.on("error", () => {});
      socket.destroy();
      reject(connected ? tlsFailure(authority(target.host, target.port), error) : error);
    };
    const onAbort = (): void => {
      connected = false;
      onError(signal.reason as Error);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("error", onError);
    socket.once("connect", () => {
      connected = true;
    });
    socket.once("close", () => onError(new Error("the peer closed the connection")));
    socket.once(target.secure ? "secureConnect" : "connect", () => {
      const peer = socket instanceof tls.TLSSocket ? peerOf(socket, usesAuthority(target.tls)) : undefined;
      const fault = fingerprintFault(target.secure ? target.tls : undefined, peer?.der);
      if (fault) {
        onError(fault);
        return;
      }
      done();
      socket.removeAllListeners("close");
      const transport = new NodeSocketTransport(socket, limits, peer);
      try {
        transport.bind(accept, () => {});
      } catch (error) {
        reject(error);
        return;
      }
      transport.start();
      resolve(transport);
    });
  });
}

function clientTls(target: ConnectTarget): tls.ConnectionOptions {
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

function peerOf(socket: tls.TLSSocket, requested: boolean): PeerCertificate | undefined {
  const certificate = socket.getPeerCertificate() as tls.PeerCertificate | undefined | null;
  // Node gives an empty object where there is none.
  return describePeer(certificate?.raw, certificate?.subjectaltname, requested && socket.authorized);
}

/** Listens; see `transportListen` of the adapters. */
export async function nodeListen(
  accept: Accept,
  options: TransportListenOptions,
): Promise<TransportListener> {
  const { limits, maxConnections, handshakeTimeoutMs, backlog, onError } = resolveListenLimits(options);
  if (options.reusePort && !canReusePort()) {
    throw new LocalProtocolError(
      "option-unsupported",
      "reusePort needs Node 23.1 or later: use node:cluster",
    );
  }
  const open = new OpenTransports();
  let connections = 0;
  const server = options.tls
    ? tls.createServer({ ...socketOptions, ...serverTls(options.tls), handshakeTimeout: handshakeTimeoutMs })
    : net.createServer(socketOptions);
  server.prependListener("connection", (socket: net.Socket) => {
    connections += 1;
    socket.once("close", () => {
      connections -= 1;
    });
    if (connections <= maxConnections) return;
    socket.destroy();
    onError(
      new ConnectionError("too-many-connections", `More than ${maxConnections} connections (maxConnections)`),
    );
  });
  server.on("tlsClientError", (error, socket) => {
    onError(tlsFailure(authority(socket.remoteAddress ?? "", socket.remotePort ?? 0), error));
  });
  server.on(options.tls ? "secureConnection" : "connection", (socket: net.Socket) => {
    if (socket.destroyed) return;
    const requested = options.tls?.requestCert === true || usesFingerprints(options.tls);
    const peer = socket instanceof tls.TLSSocket ? peerOf(socket, requested) : undefined;
    const fault = fingerprintFault(options.tls, peer?.der);
    if (fault) {
      socket.on("error", () => {});
      socket.destroy();
      onError(tlsFailure(authority(socket.remoteAddress ?? "", socket.remotePort ?? 0), fault));
      return;
    }
    const transport = new NodeSocketTransport(socket, limits, peer);
    open.add(transport);
    try {
      transport.bind(accept, () => open.delete(transport));
    } catch (error) {
      socket.on("error", () => {});
      open.delete(transport);
      onError(error as Error);
      return;
    }
    transport.start();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(listenFailure(options, error)));
    const reusePort = options.reusePort ? { reusePort: true } : {};
    server.listen({ host: options.host, port: options.port, backlog, ...reusePort }, () => resolve());
  });
  server.on("error", onError);
  const { port } = server.address() as net.AddressInfo;
  return {
    host: options.host,
    port,
    get connections() {
      return connections;
    },
    close: async (closeOptions) => {
      server.close();
      await open.close(closeOptions?.connections ?? "close");
    },
  };
}

function serverTls(options: TlsOptions): tls.TlsOptions {
  const requestCert = options.requestCert === true || usesFingerprints(options);
  return {
    minVersion: "TLSv1.2",
    requestCert,
    rejectUnauthorized: requestCert && usesAuthority(options),
    ...(options.cert === undefined ? {} : { cert: options.cert }),
    ...(options.key === undefined ? {} : { key: options.key }),
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  };
}

/** The port could not be had: code `"listen-failed"`. */
export function listenFailure(options: TransportListenOptions, cause: unknown): ConnectionError {
  const where = authority(options.host, options.port);
  const why = errorCode(cause) || String(cause);
  return new ConnectionError("listen-failed", `Cannot listen on ${where}: ${why}`, { cause });
}

function canReusePort(): boolean {
  const [major = 0, minor = 0] = (globalThis.process?.versions?.node ?? "0.0").split(".").map(Number);
  return major > 23 || (major === 23 && minor >= 1);
}
