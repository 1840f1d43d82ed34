// Listening and connecting with node:net and node:tls: the sockets of the Node adapter.
// What becomes of a socket once it is open is _node_socket.ts; how TLS is judged is _node_tls.ts.
import net from "node:net";
import process from "node:process";
import tls from "node:tls";
import { ConnectionError, LocalProtocolError } from "../core/mod.ts";
import type { Accept, ConnectTarget, PeerCertificate, Transport } from "../core/node/transport.ts";
import { authority, listenFailure, tlsFailure } from "./_failure.ts";
import { Handshakes } from "./_handshakes.ts";
import {
  type ResolvedLimits,
  resolveListenLimits,
  type TransportListener,
  type TransportListenOptions,
} from "./_limits.ts";
import { opened } from "./_node_opened.ts";
import { adopt, type Reads, secureReads, sharedReads } from "./_node_read.ts";
import { NodeSocketTransport } from "./_node_socket.ts";
import { clientHandshake, clientTls, tlsServer } from "./_node_tls.ts";
import { OpenTransports } from "./_open_transports.ts";
import type { Candidate } from "./_resolve.ts";

const socketOptions = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 };

/** One attempt to connect, see `Attempt` in _dial.ts. */
export async function nodeAttempt(
  { address, port }: Candidate,
  target: ConnectTarget,
  accept: Accept,
  limits: ResolvedLimits,
  signal: AbortSignal,
): Promise<Transport> {
  const reads = target.secure ? undefined : sharedReads();
  const plain = net.connect({
    ...socketOptions,
    host: address,
    port,
    autoSelectFamily: false,
    ...(reads === undefined ? {} : { onread: reads.onread }),
  });
  await opened(plain, "connect", signal);
  if (!target.secure) return join(plain, accept, limits, reads === undefined ? {} : { reads });
  const socket = tls.connect({ ...clientTls(target), socket: plain });
  let peer: PeerCertificate | undefined;
  try {
    peer = await clientHandshake(socket, target, signal);
  } catch (error) {
    plain.destroy();
    throw signal.aborted ? signal.reason : tlsFailure(authority(target.host, target.port), error);
  }
  return join(socket, accept, limits, { peer });
}

/** What a socket comes with. */
interface Joining {
  readonly peer?: PeerCertificate | undefined;
  readonly reads?: Reads | undefined;
  readonly onOpen?: (transport: NodeSocketTransport) => () => void;
}

function join(
  socket: net.Socket,
  accept: Accept,
  limits: ResolvedLimits,
  { peer, reads, onOpen }: Joining,
): NodeSocketTransport {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  const secure = socket instanceof tls.TLSSocket;
  const facts = {
    remoteAddress: remoteAddress ?? "",
    remotePort,
    localAddress,
    localPort,
    secure,
    peerCertificate: peer,
  };
  const transport = new NodeSocketTransport(socket, facts, limits);
  transport.start(secure ? secureReads(socket) : reads);
  transport.bind(accept, onOpen?.(transport) ?? (() => {}));
  return transport;
}

/** Listens; see `transportListen` of the adapters. */
export async function nodeListen(
  accept: Accept,
  options: TransportListenOptions,
): Promise<TransportListener> {
  const { limits, maxConnections, handshakeTimeoutMs, maxHandshakes, backlog, onError } =
    resolveListenLimits(options);
  const handshakes = new Handshakes(maxHandshakes);
  // By the peer, because nothing else ties the socket that comes out of a handshake to the one that went in.
  const underWay = new Map<string, () => void>();
  if (options.reusePort && !canReusePort()) {
    throw new LocalProtocolError(
      "option-unsupported",
      "reusePort needs Node 23.1 or later: use node:cluster",
    );
  }
  const open = new OpenTransports();
  let connections = 0;
  let closed = false;
  const serve = (socket: net.Socket, peer?: PeerCertificate, reads?: Reads): void => {
    if (socket.destroyed) return;
    underWay.get(peerName(socket))?.();
    if (closed) {
      // Its handshake was still going on when the listener closed.
      socket.destroy();
      return;
    }
    try {
      const onOpen = (transport: NodeSocketTransport): (() => void) => {
        open.add(transport);
        return () => open.delete(transport);
      };
      join(socket, accept, limits, { peer, reads, onOpen });
    } catch (error) {
      onError(error as Error);
    }
  };
  const begin = (socket: net.Socket): void => {
    const name = peerName(socket);
    const over = handshakes.begin((error) => {
      socket.destroy();
      onError(error);
    });
    const end = (): void => {
      over();
      if (underWay.get(name) === end) underWay.delete(name);
    };
    underWay.set(name, end);
    socket.once("close", end);
  };
  const admit = (socket: net.Socket): boolean => {
    connections += 1;
    socket.once("close", () => {
      connections -= 1;
    });
    if (connections <= maxConnections) {
      if (options.tls) begin(socket);
      return true;
    }
    socket.destroy();
    onError(
      new ConnectionError("too-many-connections", `More than ${maxConnections} connections (maxConnections)`),
    );
    return false;
  };
  const server = options.tls
    ? tlsServer(options.tls, { timeoutMs: handshakeTimeoutMs, onSecure: serve, onError }, socketOptions)
    : net.createServer({ ...socketOptions, pauseOnConnect: true });
  // Before the listener that begins the handshake, which must not see a connection too many.
  if (options.tls) server.prependListener("connection", admit);
  else {
    server.on("connection", (accepted: net.Socket) => {
      const { socket, reads } = adopt(accepted);
      if (admit(socket)) serve(socket, undefined, reads);
    });
  }
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(listenFailure(options.host, options.port, error)));
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
      closed = true;
      server.close();
      await open.close(closeOptions?.connections ?? "close");
    },
  };
}

function peerName(socket: net.Socket): string {
  return authority(socket.remoteAddress ?? "", socket.remotePort ?? 0);
}

function canReusePort(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return major > 23 || (major === 23 && minor >= 1);
}
