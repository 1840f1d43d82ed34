/**
 * A listener and connections to it for the transport suite, torn down in one call.
 * Raw peers are node:net sockets, which all three runtimes have, because a test of a transport needs the other side bare.
 */
import net from "node:net";
import type { SocketLimits, TransportListenOptions } from "../adapters/node.ts";
import type { ConnectTarget } from "../core/node/transport.ts";
import { Probe, type ProbeOptions, Probes } from "./probe.ts";
import type { TransportSubject } from "./transport_suite.ts";

/** A listener whose connections are probes. */
export interface Harness {
  readonly port: number;
  readonly servers: Probes;
  readonly errors: Error[];
  connections(): number;
  /** Opens a connection and gives both ends. */
  pair(options?: ProbeOptions, target?: Partial<ConnectTarget>): Promise<{ client: Probe; server: Probe }>;
  /** Opens a bare socket to the listener. */
  raw(): Promise<net.Socket>;
  close(): Promise<void>;
}

/** How a harness is set up. */
export interface HarnessOptions extends ProbeOptions {
  listen?: Partial<TransportListenOptions>;
  client?: SocketLimits;
  onAccept?: (probe: Probe) => void;
}

/** Starts a listener on loopback. */
export async function startHarness(
  subject: TransportSubject,
  options: HarnessOptions = {},
): Promise<Harness> {
  const servers = new Probes(options, options.onAccept);
  const errors: Error[] = [];
  const listener = await subject.transportListen(servers.accept, {
    host: "127.0.0.1",
    port: 0,
    onError: (error) => errors.push(error),
    ...options.listen,
  });
  const connector = subject.createConnector({ ...options.client });
  const sockets: net.Socket[] = [];
  return {
    port: listener.port,
    servers,
    errors,
    connections: () => listener.connections,
    async pair(probeOptions = {}, target = {}) {
      let client: Probe | undefined;
      const wanted = {
        host: "127.0.0.1",
        port: listener.port,
        secure: options.listen?.tls !== undefined,
        ...target,
      };
      await connector(wanted, (transport) => {
        client = new Probe(transport, probeOptions);
        return client;
      });
      return { client: client!, server: await servers.next() };
    },
    async raw() {
      const socket = await rawConnect(listener.port);
      sockets.push(socket);
      return socket;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await listener.close({ connections: "abort" });
    },
  };
}

/** Opens a bare TCP socket that may be half open. */
export function rawConnect(port: number): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    socket.on("error", reject);
    socket.once("connect", () => resolve(socket));
  });
}

/** Starts a bare TCP server; `serve` gets each socket. */
export async function rawServer(
  serve: (socket: net.Socket) => void,
): Promise<{ port: number; close(): void }> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return {
    port: (server.address() as net.AddressInfo).port,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Everything that a bare socket receives until the peer ends. */
export function readAll(socket: net.Socket): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = [];
    socket.on("data", (piece: Uint8Array) => pieces.push(piece));
    socket.once("end", () => resolve(new Uint8Array(Buffer.concat(pieces))));
    socket.once("error", reject);
  });
}

/** Runs `count` small exchanges on a connection of their own: a measure of turns that have passed, without a clock. */
export async function turns(subject: TransportSubject, count: number): Promise<void> {
  const harness = await startHarness(subject);
  const { client, server } = await harness.pair();
  for (let index = 1; index <= count; index += 1) {
    client.transport.write(new Uint8Array([index]));
    await server.bytes(index);
  }
  await harness.close();
}
