// One URI: until when it holds, whose side a connection is, and what goes when it ends.
// Hops are plain objects here.
import { describe, expect, test } from "#test";
import { Binding } from "../../../../core/relay/binding.ts";
import type { RelayHop } from "../../../../core/relay/hop.ts";
import { Rate } from "../../../../core/relay/rate.ts";
import { uris } from "../../../support/relay_bench.ts";

const hop = (...relays: string[]): RelayHop =>
  ({ isRelay: (name: string) => relays.includes(name) }) as unknown as RelayHop;

function binding(of: RelayHop | undefined, relay?: string): Binding {
  const rate = new Rate(1, 0);
  const [uri, client] = uris("msrps://relay.example:2855/t;tcp", "msrps://a.invalid:1/a;tcp");
  if (uri === undefined || client === undefined) throw new Error("no URI");
  const user = { key: "k", name: "n", realm: "r", bindings: 1, chunks: rate, bytes: rate };
  return new Binding({
    uri,
    user,
    clientPath: [client],
    hop: of,
    relay,
    expiresAt: 100,
    chunks: rate,
    bytes: rate,
  });
}

describe("a binding", () => {
  test("RFC 4976 §6.3: belongs to one connection, or to a relay whatever the connection [4976-6.3-11] [4976-6.3-13]", () => {
    const own = hop();
    expect([binding(own).ownedBy(own), binding(own).ownedBy(hop())]).toEqual([true, false]);
    const ofRelay = binding(undefined, "inner.example");
    expect([ofRelay.ownedBy(hop("inner.example")), ofRelay.ownedBy(hop("other.example"))]).toEqual([
      true,
      false,
    ]);
  });

  test("ends once, and forgets its peers", () => {
    const one = binding(hop());
    let ended = 0;
    one.peers.set("peer", hop());
    one.session = { end: () => ended++ } as unknown as NonNullable<Binding["session"]>;
    expect([one.valid(99), one.valid(100)]).toEqual([true, false]);
    one.end(undefined);
    one.end(undefined);
    expect([one.valid(0), one.peers.size, ended]).toEqual([false, 0, 1]);
  });
});
