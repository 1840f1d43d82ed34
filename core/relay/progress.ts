/**
 * Whether what has begun to come in over a connection still comes (SEC-12). Looked at now and then, so that steady traffic
 * pays nothing for it but a count of its frames.
 */
import type { LinkState } from "../node/forwarding.ts";

/** What it needs of the connection. */
export interface ProgressLink {
  readonly state: Pick<LinkState, "paused"> & { readonly connection: { readonly receiving: boolean } };
  /** When the last octets came in. */
  readonly lastReceivedAt: number;
}

/** The watch over one connection. */
export class Progress {
  #frames = -1; // how many there were when one was found half received
  #since = 0;
  #pausedAt = 0;

  /**
   * Looks again.
   *
   * @param frames frames and slices that have come so far
   * @returns true when one was begun `slowMs` ago, nothing has come of it since, and this side would have read it
   */
  stalled({ state, lastReceivedAt }: ProgressLink, frames: number, now: number, slowMs: number): boolean {
    const { connection, paused } = state;
    if (paused) this.#pausedAt = now;
    if (!connection.receiving || paused) {
      this.#frames = -1;
      return false;
    }
    if (this.#frames === frames) return now - this.#since >= slowMs;
    this.#frames = frames;
    this.#since = Math.max(lastReceivedAt, this.#pausedAt);
    return false;
  }
}
