/**
 * The face of a connection for plugins and applications: where it comes from, what was put on it, and how to end it.
 * It lets nobody send or read.
 */
import type { Key } from "../session/key.ts";
import type { ConnectionHandle } from "./context.ts";
import type { PeerCertificate, Transport } from "./transport.ts";

/** What a handle can ask of its connection. */
export interface HandleTarget {
  readonly sessionCount: number;
  readonly state: {
    readonly connection: { readonly openTransactions: number; readonly waitingBytes: number };
  };
  close(): void;
  abort(error?: Error): void;
}

/** One connection as others see it. */
export class Handle implements ConnectionHandle {
  readonly id: number;
  readonly direction: "inbound" | "outbound";
  readonly #transport: Transport;
  readonly #target: HandleTarget;
  // A list: there are few, and a table costs an idle connection half a kilobyte.
  #values: [key: Key<unknown>, value: unknown][] | undefined;
  #kept: Map<string, unknown> | undefined;

  constructor(id: number, direction: "inbound" | "outbound", transport: Transport, target: HandleTarget) {
    this.id = id;
    this.direction = direction;
    this.#transport = transport;
    this.#target = target;
  }

  get remoteAddress(): string {
    return this.#transport.remoteAddress;
  }
  get remotePort(): number | undefined {
    return this.#transport.remotePort;
  }
  get localAddress(): string | undefined {
    return this.#transport.localAddress;
  }
  get localPort(): number | undefined {
    return this.#transport.localPort;
  }
  get secure(): boolean {
    return this.#transport.secure;
  }
  get peerCertificate(): PeerCertificate | undefined {
    return this.#transport.peerCertificate;
  }
  get framing(): "stream" | "message" {
    return this.#transport.framing;
  }
  get sessionCount(): number {
    return this.#target.sessionCount;
  }
  get openTransactions(): number {
    return this.#target.state.connection.openTransactions;
  }
  get waitingBytes(): number {
    return this.#target.state.connection.waitingBytes;
  }

  get<T>(key: Key<T>): T | undefined {
    const found = this.#values?.find(([one]) => one === key);
    return (found === undefined ? this.#kept?.get(key.name) : found[1]) as T | undefined;
  }

  set<T>(key: Key<T>, value: T | undefined): void {
    this.#kept?.delete(key.name);
    const others = this.#values?.filter(([one]) => one !== key) ?? [];
    this.#values = value === undefined ? others : [...others, [key, value]];
  }

  /** What was put on it, by the names of the keys; a name of two keys tells neither. */
  named(): ReadonlyMap<string, unknown> {
    const found = new Map(this.#kept);
    for (const [{ name }, value] of this.#values ?? []) found.set(name, found.has(name) ? undefined : value);
    return found;
  }

  /** Puts on it what was on the handle of the same connection in another instance of the node. */
  resume(values: Iterable<readonly [name: string, value: unknown]>): void {
    for (const [name, value] of values) {
      this.#kept ??= new Map();
      this.#kept.set(name, value);
    }
  }

  close(): void {
    this.#target.close();
  }

  abort(): void {
    this.#target.abort();
  }
}
