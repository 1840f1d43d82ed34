/**
 * The peers that are reached over one connection (RFC 4976 §6.4). Each is a way for the one URI that its request named, as
 * long as the connection lives.
 */
import type { Binding } from "./binding.ts";
import type { RelayHop } from "./hop.ts";

// Peers of one URI; who comes later is found by its own address, or not at all.
const maxPeers = 256;

const none: ReadonlySet<readonly [binding: Binding, key: string]> = new Set();

/** The ways back over one connection. */
export class PeerWays {
  readonly #hop: RelayHop;
  #ways: Set<readonly [binding: Binding, key: string]> | undefined;

  constructor(hop: RelayHop) {
    this.#hop = hop;
  }

  /** A request of the peer came over the connection: whoever is bound stays bound as long as its connection lives. */
  bind(binding: Binding, key: string): void {
    if (binding.peers.get(key)?.link.open || binding.peers.size >= maxPeers) return;
    binding.peers.set(key, this.#hop);
    this.#ways ??= new Set();
    this.#ways.add([binding, key]);
  }

  /** The URIs whose peers they are, each with the key of the peer's own URI. */
  [Symbol.iterator](): IterableIterator<readonly [binding: Binding, key: string]> {
    return (this.#ways ?? none).values();
  }

  /** The connection is over. */
  clear(): void {
    for (const [binding, key] of this.#ways ?? none) {
      if (binding.peers.get(key) === this.#hop) binding.peers.delete(key);
    }
    this.#ways = undefined;
  }
}
