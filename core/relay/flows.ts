/**
 * The ways of one connection, by what came in To-Path and From-Path. The table is bounded, and dead ways are found a few at
 * a time, in turn, so that the work does not grow with the number of sessions.
 */
import type { ResolvedRelayLimits } from "./limits.ts";

/** Ways that are looked at each time. */
const atOnce = 8;

/** What it needs of a way. */
export interface FlowEntry {
  /** Something waits on it. */
  readonly waiting: boolean;
  /** Whether its URIs hold; a dead one must not count among those that share a connection. */
  valid(now: number): boolean;
  /** The table knows it no more. */
  forget(): void;
}

/** What it needs of the relay. */
export interface FlowsHost {
  readonly limits: Pick<ResolvedRelayLimits, "maxFlows" | "maxFlowsPerConnection">;
  /** Ways of all connections. */
  flowCount: number;
}

/** The table. */
export class Flows<F extends FlowEntry> {
  readonly #host: FlowsHost;
  readonly #forgotten: (flow: F) => void;
  readonly #byKey: Map<string, F> = new Map();

  /** @param forgotten told of each that the table knows no more */
  constructor(host: FlowsHost, forgotten: (flow: F) => void) {
    this.#host = host;
    this.#forgotten = forgotten;
  }

  /** All of them. */
  all(): Iterable<F> {
    return this.#byKey.values();
  }

  /** The way of a key, as long as it holds. */
  find(key: string, now: number): F | undefined {
    const known = this.#byKey.get(key);
    if (known === undefined || known.valid(now)) return known;
    this.#forget(key, known);
    return undefined;
  }

  /** A new way; another that is dead, or that was idle for longest, makes room for it. */
  add(key: string, flow: F, now: number): void {
    this.#clean(now);
    this.#makeRoom(now);
    this.#byKey.set(key, flow);
    this.#host.flowCount++;
  }

  /** The connection is over. */
  clear(): void {
    for (const [key, flow] of this.#byKey) this.#forget(key, flow);
  }

  // The living ones go to the end of the table, so that others are looked at next time.
  #clean(now: number): void {
    const next: [string, F][] = [];
    for (const entry of this.#byKey) if (next.push(entry) === atOnce) break;
    for (const [key, flow] of next) {
      if (flow.valid(now)) {
        this.#byKey.delete(key);
        this.#byKey.set(key, flow);
      } else this.#forget(key, flow);
    }
  }

  #makeRoom(now: number): void {
    const { maxFlowsPerConnection, maxFlows } = this.#host.limits;
    if (this.#byKey.size < maxFlowsPerConnection && this.#host.flowCount < maxFlows) return;
    for (const [key, flow] of this.#byKey) {
      if (flow.waiting && flow.valid(now)) continue;
      this.#forget(key, flow);
      return;
    }
  }

  #forget(key: string, flow: F): void {
    flow.forget();
    this.#byKey.delete(key);
    this.#host.flowCount--;
    this.#forgotten(flow);
  }
}
