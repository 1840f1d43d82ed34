/**
 * How much a connection may ask in vain at once. Every refusal costs the relay a head to read and one to write, and what came in
 * one read is answered in one turn, for which everybody else waits.
 */
import type { ResolvedRelayLimits } from "./limits.ts";

/** What has the limits, which may change. */
export interface PatienceHost {
  readonly limits: Pick<ResolvedRelayLimits, "maxStrangerRefusalsAtOnce">;
}

/** What it needs of the connection. */
export interface PatienceHop {
  /** A link between relays carries the mistakes of many, and is not ended for them. */
  readonly shared: boolean;
  readonly link: { readonly lastReceivedAt: number };
}

/** Refusals of one connection since something came in over it last. */
export class Patience {
  readonly #host: PatienceHost;
  #at = Number.NEGATIVE_INFINITY;
  #refused = 0;

  constructor(host: PatienceHost) {
    this.#host = host;
  }

  /** Counts a refusal of a stranger's request, or of a login; true when it is one too many. */
  spent({ shared, link }: PatienceHop): boolean {
    if (shared) return false;
    if (link.lastReceivedAt !== this.#at) {
      this.#at = link.lastReceivedAt;
      this.#refused = 0;
    }
    return ++this.#refused > this.#host.limits.maxStrangerRefusalsAtOnce;
  }
}
