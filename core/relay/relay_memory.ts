/**
 * What is kept of a relay's connections for another instance of it: the URIs given out over each, with their time, and the
 * ways back to peers. What is counted, such as rates and failed logins, begins anew.
 */
import type { ForwardLink } from "../node/forwarding.ts";
import type { BindingMemory, Bindings } from "./bindings.ts";
import type { RelayHop } from "./hop.ts";

/** What is kept of one connection. */
export interface HopMemory {
  /** When something was last passed on over it, on the clock of the link. */
  readonly usedAt: number;
  /** URIs that were given out over it. */
  readonly bindings: readonly BindingMemory[];
  /** Peers that are reached over it: session-id of the URI, and the peer's own URI. */
  readonly peers: readonly (readonly [sessionId: string, peer: string])[];
}

/** What is to be kept of a connection; undefined for one that nobody has made use of. */
export function rememberHop(hop: RelayHop): HopMemory | undefined {
  if (!hop.trusted) return undefined;
  const bindings = [...hop.bindings].map(({ uri, user, clientPath, expiresAt }) => ({
    uri: uri.text,
    user: user.name,
    realm: user.realm,
    clientPath: clientPath.map((part) => part.text),
    expiresAt,
  }));
  const peers = [...hop.peers]
    .filter(([binding, key]) => binding.peers.get(key) === hop)
    .map(([{ uri }, key]) => [uri.sessionId ?? "", key] as const);
  return { usedAt: Math.max(hop.lastUsedAt, hop.link.lastReceivedAt), bindings, peers };
}

/** Goes on with connections that were kept. */
export function resumeHops(
  kept: readonly (readonly [link: ForwardLink, memory: unknown])[],
  hops: Iterable<RelayHop>,
  bindings: Bindings,
): void {
  const byLink = new Map([...hops].map((hop) => [hop.link, hop]));
  const found: (readonly [RelayHop, HopMemory])[] = [];
  for (const [link, memory] of kept) {
    const hop = byLink.get(link);
    if (hop !== undefined && memory !== undefined) found.push([hop, memory as HopMemory]);
  }
  for (const [hop, memory] of found) {
    hop.lastUsedAt = memory.usedAt;
    hop.succeeded(memory.usedAt);
    for (const binding of memory.bindings) bindings.resume(binding, hop, hop.link.timers);
  }
  // Peers of a URI may be on connections that come before that of its client.
  for (const [hop, { peers }] of found) {
    for (const [sessionId, peer] of peers) {
      const binding = bindings.named(sessionId);
      if (binding !== undefined) hop.peers.bind(binding, peer);
    }
  }
}
