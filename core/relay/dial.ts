/**
 * Connections that the relay opens to next hops: one for each place, shared by all who want to go there (RFC 4976 §6.4.2).
 * They stay within the limits that keep a client from making the relay knock at many doors.
 */
import type { MsrpUri } from "../wire/uri.ts";
import type { Flow } from "./flow.ts";
import type { RelayHop } from "./hop.ts";

/** A connection that is being opened. */
export class Dial {
  readonly #waiting: Set<Flow> = new Set();

  /** Tells the way when it is open, or not to be had. */
  wait(flow: Flow): void {
    this.#waiting.add(flow);
  }

  /** It is open, or not to be had. */
  settle(target: RelayHop | undefined): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const flow of waiting) flow.dialled(target);
  }
}

/** What the table of dials needs of its relay. */
export interface DialHost {
  /** Most attempts at a time. */
  readonly maxDials: number;
  /** How long a target that could not be reached is left alone. */
  readonly redialMs: number;
  /** Most connections to one host and port. */
  readonly maxPerTarget: number;
  now(): number;
  /** Opens a connection to the authority of a URI. */
  open(uri: MsrpUri): Promise<RelayHop>;
}

/** All connections that were opened or are being opened, by where they go. */
export class Dials {
  readonly #host: DialHost;
  readonly #open = new Map<string, RelayHop>();
  readonly #pending = new Map<string, Dial>();
  readonly #failed = new Map<string, number>();
  readonly #perTarget = new Map<string, number>();

  constructor(host: DialHost) {
    this.#host = host;
  }

  /** Attempts under way. */
  get pending(): number {
    return this.#pending.size;
  }

  /** A connection to where a URI leads: open, or being opened; undefined when there is none. */
  existing(uri: MsrpUri): RelayHop | Dial | undefined {
    const hop = this.#open.get(uri.authorityKey);
    if (hop?.link.open) return hop;
    return this.#pending.get(uri.authorityKey);
  }

  /** Opens one; a number is the status to refuse with. */
  begin(uri: MsrpUri): Dial | number {
    const { maxDials, redialMs, maxPerTarget } = this.#host;
    const key = uri.authorityKey;
    const failedAt = this.#failed.get(key);
    if (failedAt !== undefined && this.#host.now() - failedAt < redialMs) return 408;
    const target = `${uri.host.toLowerCase()}:${uri.port ?? ""}`;
    const perTarget = this.#perTarget.get(target) ?? 0;
    if (this.#pending.size >= maxDials || perTarget >= maxPerTarget) return 403;
    const dial = new Dial();
    this.#pending.set(key, dial);
    this.#perTarget.set(target, perTarget + 1);
    this.#host.open(uri).then(
      (hop) => {
        this.#pending.delete(key);
        this.#failed.delete(key);
        this.#open.set(key, hop);
        hop.onEnded = () => {
          if (this.#open.get(key) === hop) this.#open.delete(key);
          this.#released(target);
        };
        if (!hop.link.open) hop.onEnded();
        dial.settle(hop.link.open ? hop : undefined);
      },
      () => {
        this.#pending.delete(key);
        this.#released(target);
        this.#remember(key);
        dial.settle(undefined);
      },
    );
    return dial;
  }

  #released(target: string): void {
    const left = (this.#perTarget.get(target) ?? 1) - 1;
    if (left <= 0) this.#perTarget.delete(target);
    else this.#perTarget.set(target, left);
  }

  #remember(key: string): void {
    this.#failed.delete(key);
    this.#failed.set(key, this.#host.now());
    const [oldest] = this.#failed.keys();
    if (this.#failed.size > 1024 && oldest !== undefined) this.#failed.delete(oldest);
  }
}
