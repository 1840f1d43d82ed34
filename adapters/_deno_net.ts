// Listening and connecting with Deno.listen and Deno.connect; TLS is node:tls over those connections. Deno's own TLS is not
// used: it keeps Nagle's delay on accepted connections (40 ms on the first answer), holds a connection whose handshake was
// given up, and neither shows the peer's certificate nor asks for one.
import tls from "node:tls";
import { ConnectionError } from "../core/mod.ts";
import type {
  Accept,
  ConnectTarget,
  PeerCertificate,
  TlsOptions,
  Transport,
} from "../core/node/transport.ts";
import { systemClock } from "./_clock.ts";
import { DenoPipe } from "./_deno_pipe.ts";
import { DenoSocketTransport } from "./_deno_socket.ts";
import { authority, errorCode, listenFailure, tlsFailure } from "./_failure.ts";
import { Handshakes } from "./_handshakes.ts";
import {
  type ResolvedLimits,
  resolveListenLimits,
  type TransportListener,
  type TransportListenOptions,
} from "./_limits.ts";
import { NodeSocketTransport } from "./_node_socket.ts";
import { clientHandshake, clientTls, tlsServer } from "./_node_tls.ts";
import { OpenTransports } from "./_open_transports.ts";
import type { Candidate } from "./_resolve.ts";

// After an accept that failed for want of files, the next one would fail as well.
const acceptPauseMs = 100;

function setUp(conn: Deno.TcpConn): void {
  conn.setNoDelay(true);
  conn.setKeepAlive(true);
}

function closeQuietly(conn: Deno.Conn | Deno.Listener): void {
  try {
    conn.close();
  } catch {
    // Closed already.
  }
}

/** One attempt to connect, see `Attempt` in _dial.ts. */
export async function denoAttempt(
  { address, port }: Candidate,
  target: ConnectTarget,
  accept: Accept,
  limits: ResolvedLimits,
  signal: AbortSignal,
): Promise<Transport> {
  const conn = await Deno.connect({ hostname: address, port, signal }).catch((error) => {
    throw signal.aborted ? signal.reason : error;
  });
  setUp(conn);
  if (!target.secure) return joinPlain(conn, accept, limits, () => {});
  const pipe = new DenoPipe(conn, false);
  const socket = tls.connect({ ...clientTls(target), socket: pipe });
  try {
    const peer = await clientHandshake(socket, target, signal);
    return joinSecure(socket, pipe, conn, peer, accept, limits, () => {});
  } catch (error) {
    pipe.destroy();
    throw signal.aborted ? signal.reason : tlsFailure(authority(target.host, target.port), error);
  }
}

function joinPlain(
  conn: Deno.TcpConn,
  accept: Accept,
  limits: ResolvedLimits,
  onEnd: () => void,
): DenoSocketTransport {
  const transport = new DenoSocketTransport(conn, limits);
  transport.bind(accept, onEnd);
  transport.start();
  return transport;
}

function joinSecure(
  socket: tls.TLSSocket,
  pipe: DenoPipe,
  { remoteAddr, localAddr }: Deno.TcpConn,
  peerCertificate: PeerCertificate | undefined,
  accept: Accept,
  limits: ResolvedLimits,
  onEnd: () => void,
): NodeSocketTransport {
  const facts = {
    remoteAddress: remoteAddr.hostname,
    remotePort: remoteAddr.port,
    localAddress: localAddr.hostname,
    localPort: localAddr.port,
    secure: true,
    peerCertificate,
  };
  const transport = new NodeSocketTransport(socket, facts, limits, pipe);
  transport.start();
  transport.bind(accept, onEnd);
  return transport;
}

/** Listens; see `transportListen` of the adapters. */
export function denoListen(accept: Accept, options: TransportListenOptions): TransportListener {
  const { limits, maxConnections, handshakeTimeoutMs, maxHandshakes, backlog, onError } =
    resolveListenLimits(options);
  const handshakes = new Handshakes(maxHandshakes);
  const listener = openListener(options, backlog);
  const open = new OpenTransports();
  let connections = 0;
  let closed = false;

  // Undefined: `accept` threw before the transport was anybody's.
  const leave = (transport: Transport | undefined): void => {
    connections -= 1;
    if (transport) open.delete(transport);
  };

  const servePlain = (conn: Deno.TcpConn): void => {
    let transport: Transport | undefined;
    transport = joinPlain(conn, accept, limits, () => leave(transport));
    open.add(transport);
  };

  const serveSecure = (conn: Deno.TcpConn, tlsOptions: TlsOptions): void => {
    const pipe = new DenoPipe(conn, true);
    const pending = { close: () => pipe.destroy(), abort: () => pipe.destroy() };
    open.add(pending);
    let over = false;
    const finish = (): boolean => {
      if (over) return false;
      over = true;
      ended();
      open.delete(pending);
      return true;
    };
    const refuse = (error: Error): void => {
      pipe.destroy();
      if (!finish()) return;
      connections -= 1;
      onError(error);
    };
    const ended = handshakes.begin(refuse);
    const onSecure = (socket: tls.TLSSocket, peer: PeerCertificate | undefined): void => {
      if (!finish()) return;
      if (closed) {
        connections -= 1;
        pipe.destroy();
        return;
      }
      try {
        let transport: Transport | undefined;
        transport = joinSecure(socket, pipe, conn, peer, accept, limits, () => leave(transport));
        open.add(transport);
      } catch (error) {
        onError(error as Error);
      }
    };
    pipe.on("error", (error) => refuse(tlsFailure(peerOf(conn), error)));
    pipe.on("close", () => refuse(tlsFailure(peerOf(conn), new Error("the connection was closed"))));
    // One server for each connection: nothing else ties the socket that comes out to the pipe that went in.
    const handshake = {
      timeoutMs: handshakeTimeoutMs,
      onSecure,
      onError: refuse,
      refuseResumed: true,
      peerName: peerOf(conn),
    };
    tlsServer(tlsOptions, handshake, {}).emit("connection", pipe);
  };

  const acceptAll = async (): Promise<void> => {
    while (!closed) {
      let conn: Deno.TcpConn;
      try {
        conn = await listener.accept();
      } catch (error) {
        if (closed || errorCode(error) === "BadResource") return;
        onError(error as Error);
        await new Promise<void>((resolve) => systemClock.setTimer(resolve, acceptPauseMs));
        continue;
      }
      if (connections >= maxConnections) {
        closeQuietly(conn);
        const limit = `More than ${maxConnections} connections (maxConnections)`;
        onError(new ConnectionError("too-many-connections", limit));
        continue;
      }
      connections += 1;
      setUp(conn);
      try {
        if (options.tls) serveSecure(conn, options.tls);
        else servePlain(conn);
      } catch (error) {
        onError(error as Error);
      }
    }
  };

  void acceptAll();
  return {
    host: options.host,
    port: (listener.addr as Deno.NetAddr).port,
    get connections() {
      return connections;
    },
    close: async (closeOptions) => {
      closed = true;
      closeQuietly(listener);
      await open.close(closeOptions?.connections ?? "close");
    },
  };
}

function peerOf({ remoteAddr }: Deno.TcpConn): string {
  return authority(remoteAddr.hostname, remoteAddr.port);
}

function openListener(
  { host: hostname, port, reusePort }: TransportListenOptions,
  tcpBacklog: number,
): Deno.TcpListener {
  try {
    return Deno.listen({ hostname, port, tcpBacklog, ...(reusePort ? { reusePort: true } : {}) });
  } catch (error) {
    throw listenFailure(hostname, port, error);
  }
}
