// The ways back to peers: who was first stays, as long as the connection lives.
import { describe, expect, test } from "#test";
import type { Binding } from "../../../../core/relay/binding.ts";
import type { RelayHop } from "../../../../core/relay/hop.ts";
import { PeerWays } from "../../../../core/relay/peer_ways.ts";

const hop = (open = true): RelayHop => ({ link: { open } }) as unknown as RelayHop;
const binding = (): Binding => ({ peers: new Map() }) as unknown as Binding;

describe("the ways back over a connection", () => {
  test("RFC 4976 §6.4: whoever is bound stays bound as long as the connection lives [4976-T36]", () => {
    const [one, two, gone, uri] = [hop(), hop(), hop(false), binding()];
    new PeerWays(gone).bind(uri, "peer");
    const ways = new PeerWays(one);
    ways.bind(uri, "peer");
    new PeerWays(two).bind(uri, "peer");
    expect(uri.peers.get("peer")).toBe(one);
    expect([...ways]).toEqual([[uri, "peer"]]);
    ways.clear();
    expect([uri.peers.size, [...ways]]).toEqual([0, []]);
  });

  test("a URI has 256 of them, and their end leaves those of others", () => {
    const [ways, others, uri] = [new PeerWays(hop()), new PeerWays(hop()), binding()];
    for (let index = 0; index < 255; index++) ways.bind(uri, `peer ${index}`);
    others.bind(uri, "last");
    others.bind(uri, "too many");
    expect([uri.peers.size, uri.peers.has("too many")]).toEqual([256, false]);
    ways.clear();
    expect([...uri.peers.keys()]).toEqual(["last"]);
  });
});
