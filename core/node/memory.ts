/**
 * What has to be kept of a node so that another instance of it can go on with the same connections: for hosts that take a
 * quiet program out of memory while its WebSockets stay open. Plain values; where they are kept is the adapter's business.
 */
import type { SessionSettings } from "../session/session_options.ts";
import { MsrpUri } from "../wire/uri.ts";
import type { Driver } from "./driver.ts";
import type { NodeCore } from "./node_core.ts";
import type { Seat } from "./seat.ts";
import type { Transport, TransportSink } from "./transport.ts";

/** A session, as it would be made anew. */
export interface SessionMemory extends SessionSettings {
  readonly local: string;
  /** The peer's path, next hop first; empty when it is not known. */
  readonly remote: readonly string[];
  /** Its peer, when other peers may have sessions at the same URI. */
  readonly peer?: string;
}

/** What is kept of one connection; plain values, as JSON has them. */
export interface ConnectionMemory {
  /** On the clock of the transport, which must go on where it was: milliseconds since 1970. */
  readonly lastReceivedAt: number;
  /** Sessions that are bound to it. */
  readonly sessions: readonly SessionMemory[];
  /** Plain values on its handle, by the names of their keys. */
  readonly values: Readonly<Record<string, unknown>>;
  /** What the forwarder, such as a relay, keeps of it. */
  readonly forward?: unknown;
}

/** The memory of one node. */
export class NodeMemory {
  readonly #node: NodeCore;

  constructor(node: NodeCore) {
    this.#node = node;
  }

  /**
   * True when nothing is under way that would be lost with this instance: no transaction, no incomplete message, no verdict,
   * and no connection that could not be taken up again.
   */
  get quiet(): boolean {
    const { registry, drivers, forwarder } = this.#node;
    if (forwarder !== undefined && forwarder.quiet !== true) return false;
    for (const driver of drivers) if (!restful(driver)) return false;
    for (const seat of registry.values()) if (!seat.quiet) return false;
    return true;
  }

  /** True when success reports are due that would find nobody in another instance. */
  get awaitsReports(): boolean {
    for (const { core } of this.#node.registry.values()) if (core.unreported > 0) return true;
    return false;
  }

  /** Sessions that nobody has bound yet, without those whose peer is to be verified or that this side will open. */
  get expected(): readonly SessionMemory[] {
    const seats = [...this.#node.registry.values()];
    return seats
      .filter(
        (seat) => seat.core.state === "idle" && seat.core.role === "passive" && !this.#node.verifies(seat),
      )
      .map(kept);
  }

  /** Expects sessions again. */
  expect(sessions: readonly SessionMemory[]): void {
    for (const session of sessions) this.#open(session);
  }

  /** What is to be kept of a connection, by its sink; undefined when it is over. */
  of(sink: TransportSink): ConnectionMemory | undefined {
    const driver = sink as Driver;
    const { drivers, registry, forwarder } = this.#node;
    if (!drivers.has(driver)) return undefined;
    const seats = [...registry.values()].filter((seat) => seat.driver === driver);
    const forward = forwarder?.remember?.(driver);
    return {
      lastReceivedAt: driver.lastReceivedAt,
      sessions: seats.map(kept),
      values: Object.fromEntries([...driver.handle.named()].filter(([, value]) => isPlain(value))),
      ...(forward === undefined ? {} : { forward }),
    };
  }

  /** Takes the transport of a connection that was let in before; `resume` follows when all are there. */
  attach(transport: Transport): TransportSink {
    return this.#node.attach(transport, "inbound", true);
  }

  /** Goes on with connections that `attach` has taken. */
  resume(connections: readonly (readonly [sink: TransportSink, memory: ConnectionMemory])[]): void {
    const drivers = connections.map(([sink, memory]) => [sink as Driver, memory] as const);
    for (const [driver, memory] of drivers) {
      driver.lastReceivedAt = memory.lastReceivedAt;
      driver.handle.resume(Object.entries(memory.values));
    }
    this.#node.forwarder?.resume?.(drivers.map(([driver, { forward }]) => [driver, forward]));
    for (const [driver, { sessions }] of drivers) {
      for (const session of sessions) {
        const seat = this.#open(session);
        if (seat !== undefined) driver.bind(seat, false);
      }
    }
  }

  #open({ local, remote, peer, ...settings }: SessionMemory): Seat | undefined {
    return this.#node.letIn(
      MsrpUri.parse(local),
      remote.map((uri) => MsrpUri.parse(uri)),
      settings,
      peer === undefined ? undefined : MsrpUri.parse(peer),
    );
  }
}

function restful({ handle, idle, open, blockedSince, state }: Driver): boolean {
  const { connection, reading } = state;
  if (!open || handle.direction === "outbound" || handle.framing === "stream") return false;
  // Nobody uses it, so it is about to be closed.
  if (idle.running || blockedSince < Number.POSITIVE_INFINITY || reading.holding) return false;
  return connection.openTransactions === 0 && connection.waitingBytes === 0;
}

function kept(seat: Seat): SessionMemory {
  const { local, remote, role: _, ...settings } = seat.core.init;
  const peer = seat.peer === undefined ? {} : { peer: seat.peer.text };
  return { ...settings, local: local.text, remote: remote.map((uri) => uri.text), ...peer };
}

/** Whether JSON gives a value back as it was. */
function isPlain(value: unknown): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isPlain);
  if (typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) return false;
  return Object.values(value).every((one) => one === undefined || isPlain(one));
}
