// Listening and connecting with Bun.listen and Bun.connect.
// One set of callbacks serves all sockets; what belongs to one socket hangs on its `data`.
import type { Socket, SocketHandler, TLSOptions } from "bun";
import { ConnectionError } from "../core/mod.ts";
import type {
  Accept,
  ConnectTarget,
  PeerCertificate,
  TlsOptions,
  Transport,
} from "../core/node/transport.ts";
import { type BunSocketState, BunSocketTransport } from "./_bun_socket.ts";
import { systemClock } from "./_clock.ts";
import { authority, listenFailure, tlsFailure } from "./_failure.ts";
import { Handshakes } from "./_handshakes.ts";
import type { ResolvedLimits, TransportListener, TransportListenOptions } from "./_limits.ts";
import { resolveListenLimits } from "./_limits.ts";
import { OpenTransports } from "./_open_transports.ts";
import type { Candidate } from "./_resolve.ts";
import {
  describePeer,
  fingerprintFault,
  sentName,
  serverFault,
  usesAuthority,
  usesFingerprints,
} from "./_tls.ts";

type BunSocket = Socket<BunSocketState>;

const keepAliveDelayMs = 60_000;

function handlers(opened: (socket: BunSocket) => void): SocketHandler<BunSocketState, "uint8array"> {
  return {
    binaryType: "uint8array",
    open: opened,
    handshake: (socket, authorized, error) => socket.data?.secured?.(authorized, error),
    data: (socket, bytes) => socket.data?.transport?.onData(bytes),
    drain: (socket) => socket.data?.transport?.onDrain(),
    end: (socket) => {
      const { transport, failed } = socket.data ?? {};
      if (transport) transport.onEnd();
      else failed?.(new Error("the peer closed the connection"));
    },
    error: (socket, error) => {
      const { transport, failed } = socket.data ?? {};
      if (transport) transport.onError(error);
      else failed?.(error);
    },
    close: (socket, error) => {
      const { transport, failed } = socket.data ?? {};
      if (transport) transport.onClose(error);
      else failed?.(error ?? new Error("the peer closed the connection"));
    },
  };
}

function setUp(socket: BunSocket): void {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, keepAliveDelayMs);
}

/** What is wrong with the peer of a finished handshake; undefined when it may come in. */
function handshakeFault(
  tls: TlsOptions | undefined,
  checked: boolean,
  socket: BunSocket,
  error: Error | null,
): {
  fault: Error | undefined;
  peer: PeerCertificate | undefined;
} {
  const certificate = socket.getPeerX509Certificate() as
    | { raw: Uint8Array; subjectAltName?: string }
    | undefined;
  const mustVerify = checked && usesAuthority(tls);
  const peer = describePeer(certificate?.raw, certificate?.subjectAltName, checked && error === null);
  if (mustVerify && error) return { fault: error, peer };
  if (mustVerify && !peer) return { fault: new Error("the peer sent no certificate"), peer };
  return { fault: fingerprintFault(tls, certificate?.raw), peer };
}

// Bun reports a refused certificate and a broken handshake through the same callback; these are the broken ones.
const brokenHandshake = new Set(["ECONNRESET", "EPROTO"]);

function isBroken(error: Error | null): error is Error {
  return error !== null && brokenHandshake.has((error as { code?: string }).code ?? "");
}

/** One attempt to connect, see `Attempt` in _dial.ts. */
export function bunAttempt(
  { address, port }: Candidate,
  target: ConnectTarget,
  accept: Accept,
  limits: ResolvedLimits,
  signal: AbortSignal,
): Promise<Transport> {
  return new Promise((resolve, reject) => {
    let socket: BunSocket | undefined;
    let settled = false;
    const state: BunSocketState = {};
    const fail = (error: unknown): void => {
      if (settled) return;
      settled = true;
      signal.removeEventListener("abort", onAbort);
      const handshaking = socket !== undefined && target.secure && !signal.aborted;
      socket?.terminate();
      reject(handshaking ? tlsFailure(authority(target.host, target.port), error) : error);
    };
    const onAbort = (): void => fail(signal.reason);
    const join = (peer?: PeerCertificate): void => {
      settled = true;
      signal.removeEventListener("abort", onAbort);
      const transport = new BunSocketTransport(socket!, target.secure, limits, peer);
      state.transport = transport;
      try {
        transport.bind(accept, () => {});
        resolve(transport);
      } catch (error) {
        reject(error as Error);
      }
    };
    state.failed = fail;
    state.secured = (_authorized, error) => {
      if (settled) return;
      const { fault, peer } = isBroken(error)
        ? { fault: error }
        : handshakeFault(target.tls, true, socket!, error);
      const refused = fault ?? serverFault(target.tls, peer);
      if (refused) fail(refused);
      else join(peer);
    };
    const opened = (connected: BunSocket): void => {
      socket = connected;
      // Bun cannot call a connect off, so one that comes too late is dropped here.
      if (settled) connected.terminate();
      else {
        setUp(connected);
        if (!target.secure) join();
      }
    };
    signal.addEventListener("abort", onAbort, { once: true });
    const tls = target.secure ? { tls: clientTls(target) } : {};
    const socketHandlers = { ...handlers(opened), connectError: (_: BunSocket, error: Error) => fail(error) };
    Bun.connect<BunSocketState>({
      hostname: address,
      port,
      ...tls,
      data: state,
      allowHalfOpen: true,
      socket: socketHandlers as unknown as SocketHandler<BunSocketState>,
    }).catch(fail);
  });
}

function clientTls(target: ConnectTarget): TLSOptions {
  const { cert, key, ca } = target.tls ?? {};
  return {
    // Empty: no SNI. Left out, Bun would send even an address (RFC 6066 §3 forbids that).
    serverName: sentName(target),
    rejectUnauthorized: usesAuthority(target.tls),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

/** Listens; see `transportListen` of the adapters. */
export function bunListen(accept: Accept, options: TransportListenOptions): TransportListener {
  const { limits, maxConnections, handshakeTimeoutMs, maxHandshakes, onError } = resolveListenLimits(options);
  const handshakes = new Handshakes(maxHandshakes);
  const { tls } = options;
  const requested = tls?.requestCert === true || usesFingerprints(tls);
  const open = new OpenTransports();
  let connections = 0;

  const join = (socket: BunSocket, peer?: PeerCertificate): void => {
    const transport = new BunSocketTransport(socket, tls !== undefined, limits, peer);
    socket.data.transport = transport;
    open.add(transport);
    try {
      transport.bind(accept, () => {
        connections -= 1;
        open.delete(transport);
      });
    } catch (error) {
      onError(error as Error);
    }
  };

  const handshake = (socket: BunSocket): void => {
    let over = false;
    const peerName = authority(socket.remoteAddress, socket.remotePort);
    const finish = (fault?: Error): boolean => {
      if (over) return false;
      over = true;
      cancelTimer();
      ended();
      open.delete(pending);
      if (!fault) return true;
      connections -= 1;
      socket.terminate();
      onError(tlsFailure(peerName, fault));
      return false;
    };
    const drop = (): void => void finish(new Error("the listener was closed"));
    const pending = { close: drop, abort: drop };
    const late = (): void => void finish(new Error(`no handshake within ${handshakeTimeoutMs} ms`));
    const cancelTimer = systemClock.setTimer(late, handshakeTimeoutMs);
    const ended = handshakes.begin(finish);
    open.add(pending);
    socket.data.failed = finish;
    socket.data.secured = (authorized, error) => {
      if (over) return;
      // Where no certificate was asked for, Bun still reports that there is none.
      const broken = isBroken(error) || (!authorized && !requested && error) ? error : undefined;
      const { fault, peer } = broken ? { fault: broken } : handshakeFault(tls, requested, socket, error);
      if (finish(fault)) join(socket, peer);
    };
  };

  const opened = (socket: BunSocket): void => {
    socket.data = {};
    if (connections >= maxConnections) {
      socket.terminate();
      onError(
        new ConnectionError(
          "too-many-connections",
          `More than ${maxConnections} connections (maxConnections)`,
        ),
      );
      return;
    }
    connections += 1;
    setUp(socket);
    if (tls) handshake(socket);
    else join(socket);
  };

  const listener = openListener(options, tls ? serverTls(tls, requested) : undefined, handlers(opened));
  return {
    host: options.host,
    port: listener.port,
    get connections() {
      return connections;
    },
    close: async (closeOptions) => {
      listener.stop(false);
      await open.close(closeOptions?.connections ?? "close");
    },
  };
}

function openListener(
  options: TransportListenOptions,
  tls: TLSOptions | undefined,
  socket: SocketHandler<BunSocketState, "uint8array">,
): { port: number; stop(force: boolean): void } {
  const wanted = {
    hostname: options.host,
    port: options.port,
    ...(tls ? { tls } : {}),
    allowHalfOpen: true,
    // Typed for connect only, but it works for listen.
    ...(options.reusePort ? { reusePort: true } : {}),
    socket: socket as unknown as SocketHandler<BunSocketState>,
  };
  try {
    return Bun.listen<BunSocketState>(wanted);
  } catch (error) {
    throw listenFailure(options.host, options.port, error);
  }
}

function serverTls(options: TlsOptions, requestCert: boolean): TLSOptions {
  return {
    requestCert,
    rejectUnauthorized: requestCert && usesAuthority(options),
    ...(options.cert === undefined ? {} : { cert: options.cert }),
    ...(options.key === undefined ? {} : { key: options.key }),
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  };
}
