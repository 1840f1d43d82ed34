/**
 * Failures that one connection's senders are still to be told of (RFC 4976 §6.4.1). When a next hop is lost there may be
 * more of them at once than the connection takes requests: a 200 must not be followed by silence, so they wait here.
 */
import type { ForwardLink } from "../node/forwarding.ts";
import type { Flow } from "./flow.ts";
import type { RelayedSend } from "./relayed_request.ts";

/** A SEND that has failed. */
export interface Failure {
  readonly flow: Flow;
  readonly sent: RelayedSend;
  readonly status: number;
}

// Well below what a connection lets wait of requests, so that those of others find room.
const roomBytes = 524_288;

// Of connections without any, which are nearly all.
const none: Failure[] = [];

/** The failures of one connection, in order; there are no more than there were SENDs under way. */
export class Untold {
  readonly #link: ForwardLink;
  #failures: Failure[] = none;
  #told = 0;

  constructor(link: ForwardLink) {
    this.#link = link;
  }

  /** How many wait. */
  get size(): number {
    return this.#failures.length - this.#told;
  }

  /** Tells of a failure, now or when there is room. */
  add(failure: Failure): void {
    if (this.#failures === none) this.#failures = [];
    this.#failures.push(failure);
    if (this.size === 1) this.tell();
  }

  /** Goes on, as far as there is room. */
  tell(): void {
    while (this.size > 0 && this.#link.open) {
      if (this.#link.state.connection.waitingBytes >= roomBytes) return;
      const { flow, sent, status } = this.#failures[this.#told++] as Failure;
      if (this.size === 0) this.clear();
      flow.tell(this.#link, sent, status);
    }
  }

  /** Nobody is there to be told any more. */
  clear(): void {
    this.#failures = none;
    this.#told = 0;
  }
}
