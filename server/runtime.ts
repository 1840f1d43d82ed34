/**
 * Which runtime the command runs on, and that runtime's adapter. Programs choose the adapter by importing a
 * subpath; only this file, of the command alone, looks at globals for it.
 */
import type {
  Acceptor,
  DialSettings,
  Listener,
  ListenOptions,
  ServiceRecord,
  WebSocketOptions,
} from "../adapters/node.ts";
import type {
  Clock,
  ConnectOptions,
  Connector,
  DigestHashes,
  Msrp,
  NegotiatorAdapter,
  Session,
} from "../core/mod.ts";

export type { Acceptor, Listener, ListenOptions, WebSocketOptions };

/** The runtimes that the command knows. */
export type RuntimeName = "bun" | "deno" | "node";

/** What the command needs of an adapter; `msrpkit/bun`, `msrpkit/deno` and `msrpkit/node` all have it. */
export interface Adapter extends NegotiatorAdapter {
  /** Listens on a URI's host and port and gives each connection to the node. */
  listen(app: Acceptor, uri: string, options?: ListenOptions): Promise<Listener>;
  /** Opens a session as the active endpoint. */
  connect(app: Msrp, options: ConnectOptions): Promise<Session>;
  /** Makes a connector with its own resolver and limits. */
  createConnector(settings?: DialSettings): Connector;
  /** The addresses of a host by the system's resolver. */
  resolveHost(host: string): Promise<readonly string[]>;
  /** The SRV records of a service, by DNS; empty when there are none. */
  resolveServices(name: string): Promise<readonly ServiceRecord[]>;
  /** The hashes of Digest by this runtime's own functions. */
  readonly digestHashes: DigestHashes;
  /** The clock of this runtime. */
  readonly systemClock: Clock;
}

/** The runtime of this process. Bun and Deno name themselves; everything else behaves like Node. */
export function runtimeName(): RuntimeName {
  if ("Bun" in globalThis) return "bun";
  if ("Deno" in globalThis) return "deno";
  return "node";
}

/** Loads the adapter of this process's runtime, and only that one. */
export function loadAdapter(): Promise<Adapter> {
  switch (runtimeName()) {
    case "bun":
      return import("../adapters/bun.ts");
    case "deno":
      return import("../adapters/deno.ts");
    case "node":
      return import("../adapters/node.ts");
  }
}
