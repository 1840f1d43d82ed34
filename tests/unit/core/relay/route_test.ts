// The rule of RFC 4976 §6.4, by itself: who may use a URI, from which side, towards which next hop.
// Hops and bindings are plain objects here.
import { describe, expect, test } from "#test";
import { FakeClock } from "../../../../adapters/memory.ts";
import { Timers } from "../../../../core/node/timers.ts";
import type { Binding } from "../../../../core/relay/binding.ts";
import { Bindings } from "../../../../core/relay/bindings.ts";
import type { RelayHop } from "../../../../core/relay/hop.ts";
import { relayLimits } from "../../../../core/relay/limits.ts";
import { OwnNames } from "../../../../core/relay/names.ts";
import { findRoute } from "../../../../core/relay/route.ts";
import type { MsrpUri } from "../../../../core/wire/uri.ts";
import { uris } from "../../../support/relay_bench.ts";

const timers = new Timers(new FakeClock());
const names = new OwnNames(["relay.example"], uris("msrps://0.0.0.0:2855;tcp"));
const fakeHop = (...relays: string[]): RelayHop =>
  ({ bindings: [], isRelay: (name: string) => relays.includes(name) }) as unknown as RelayHop;

function setup() {
  const bindings = new Bindings(relayLimits());
  const grant = (hop: RelayHop, client: string, relay?: string): Binding => {
    const common = { host: "relay.example", port: 2855, user: "u", realm: "r", lifetimeMs: 60_000 };
    const made = bindings.grant({ ...common, clientPath: uris(...client.split(" ")), hop, relay }, timers);
    if (made === undefined) throw new Error("no binding");
    return made;
  };
  const route = (from: RelayHop, to: readonly (string | MsrpUri)[]): string[] | undefined => {
    const path = to.map((uri) => (typeof uri === "string" ? (uris(uri)[0] as MsrpUri) : uri));
    const found = findRoute(path, uris("msrps://origin.example:1/o;tcp"), from, bindings, names, 0);
    return found && [...found.toPath.map((uri) => uri.text), "|", ...found.fromPath.map((uri) => uri.text)];
  };
  return { bindings, grant, route };
}

const alice = "msrps://alice.invalid:7001/aa;tcp";
const bob = "msrps://bob.invalid:7002/bb;tcp";
const peer = "msrp://peer.example:9000/pp;tcp";
const origin = "msrps://origin.example:1/o;tcp";

describe("the rule of forwarding", () => {
  test("RFC 4976 §6.4: to the client from anybody, from the client to anywhere [4976-6.4-01] [4976-6.4-02] [4976-6.4-03]", () => {
    const { grant, route } = setup();
    const [client, stranger] = [fakeHop(), fakeHop()];
    const { uri } = grant(client, alice);
    expect(route(stranger, [uri, alice])).toEqual([alice, "|", uri.text, origin]);
    expect(route(client, [uri, peer])).toEqual([peer, "|", uri.text, origin]);
    expect(route(stranger, [uri, peer])).toBe(undefined);
    expect(route(client, ["msrps://relay.example:2855;tcp", peer])).toBe(undefined);
    expect(route(client, [uri])).toBe(undefined);
  });

  test("RFC 4976 §6.4: two own URIs in a row, three never [4976-6.4-08] [4976-6.4-09] [SEC-16]", () => {
    const { grant, route } = setup();
    const [one, two] = [fakeHop(), fakeHop()];
    const [a, b] = [grant(one, alice).uri, grant(two, bob).uri];
    expect(route(one, [a, b, bob])).toEqual([bob, "|", b.text, a.text, origin]);
    expect(route(one, [a, b, peer])).toBe(undefined);
    expect(route(one, [a, a, alice])).toEqual([alice, "|", a.text, a.text, origin]);
    expect(route(one, [a, a, a, alice])).toBe(undefined);
    expect(route(one, [a, peer, b])).toEqual([peer, b.text, "|", a.text, origin]);
  });

  test("RFC 4976 §6.3: a relay's client may be sent for from any connection of that relay [4976-6.3-13]", () => {
    const { grant, route } = setup();
    const inner = "msrps://inner.example:9000/ii;tcp";
    const { uri } = grant(fakeHop("inner.example"), `${inner} ${alice}`, "inner.example");
    expect(route(fakeHop("inner.example"), [uri, peer])).toEqual([peer, "|", uri.text, origin]);
    expect(route(fakeHop("other.example"), [uri, peer])).toBe(undefined);
    expect(route(fakeHop(), [uri, inner, alice])).toEqual([inner, alice, "|", uri.text, origin]);
    expect(route(fakeHop(), [uri, alice])).toBe(undefined);
  });

  test("RFC 4975 §6.1: session-ids are compared with their letter case [4976-6.4-07]", () => {
    const { grant, route } = setup();
    const { uri } = grant(fakeHop(), alice);
    const id = uri.sessionId ?? "";
    const flipped = id.replace(/[a-zA-Z]/, (letter) =>
      letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
    );
    expect(route(fakeHop(), [uri.text.replace(id, flipped), alice])).toBe(undefined);
  });
});
