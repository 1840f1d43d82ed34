/**
 * Remembers by which fingerprints a peer was known, for signalling that nobody vouches for (RFC 8122 §7, RFC 6714 §7.7).
 * A new peer is worth a notice, a peer with a new certificate a strong warning; what is done then is the caller's choice.
 */
import type { Fingerprint } from "./fingerprint.ts";

/** What is known about a peer that shows fingerprints. */
export interface PeerSighting {
  /** `new`: never seen; `known`: at least one fingerprint is among the remembered ones; `changed`: none is. */
  readonly verdict: "new" | "known" | "changed";
  /** Fingerprints that were remembered until now. */
  readonly before: readonly Fingerprint[];
}

/** The fingerprints of peers, by whatever names them (a SIP address of record, say). */
export class KnownPeers {
  readonly #limit: number;
  readonly #peers = new Map<string, readonly Fingerprint[]>();

  /** @param limit most peers that are remembered; the one unseen for the longest time makes room @default 10000 */
  constructor(limit: number = 10_000) {
    if (!Number.isInteger(limit) || limit < 1) throw new RangeError(`Cannot remember ${limit} peers`);
    this.#limit = limit;
  }

  /** Compares what a peer shows with what is remembered. A change is not remembered until `remember` is called. */
  see(peer: string, fingerprints: readonly Fingerprint[]): PeerSighting {
    const before = this.#peers.get(peer);
    if (before === undefined) return { verdict: "new", before: [] };
    const known = fingerprints.some((one) =>
      before.some((old) => old.hash === one.hash && old.value === one.value),
    );
    return { verdict: known ? "known" : "changed", before };
  }

  /** Remembers what a peer showed, in the place of what it showed before. */
  remember(peer: string, fingerprints: readonly Fingerprint[]): void {
    this.#peers.delete(peer);
    this.#peers.set(peer, [...fingerprints]);
    for (const oldest of this.#peers.keys()) {
      if (this.#peers.size <= this.#limit) break;
      this.#peers.delete(oldest);
    }
  }

  /** Number of peers that are remembered. */
  get size(): number {
    return this.#peers.size;
  }
}
