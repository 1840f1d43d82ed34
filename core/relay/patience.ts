/**
 * How much a connection may ask in vain. Every refusal costs the relay a head to read and one to write, and what came in one
 * read is answered in one turn, for which everybody else waits; the rest of a refused request has to be read too.
 */
import type { ResolvedRelayLimits } from "./limits.ts";

/** What has the limits, which may change. */
export interface PatienceHost {
  readonly limits: Pick<ResolvedRelayLimits, "maxStrangerRefusalsAtOnce" | "maxStrangerWasteBytes">;
}

/** What it needs of the connection. */
export interface PatienceHop {
  /** A link between relays carries the mistakes of many, and is not ended for them. */
  readonly shared: boolean;
  readonly link: { readonly lastReceivedAt: number };
}

/** What one connection has asked in vain: refusals since something came in over it last, and octets at all. */
export class Patience {
  readonly #host: PatienceHost;
  #at = Number.NEGATIVE_INFINITY;
  #refused = 0;
  #wasted = 0;

  constructor(host: PatienceHost) {
    this.#host = host;
  }

  /** Counts octets of a request that was refused to a stranger; true when they are too many. */
  wasted({ shared }: Pick<PatienceHop, "shared">, octets: number): boolean {
    if (shared) return false;
    this.#wasted += octets;
    return this.#wasted > this.#host.limits.maxStrangerWasteBytes;
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
