// The plugin as its operator sees it: what it is made of, and what can be changed while it runs.
// The ways through it are tested with their parts.
import { describe, expect, test } from "#test";
import { Msrp, relay, StaticCredentials } from "../../../../core/mod.ts";
import { RelayBench } from "../../../support/relay_bench.ts";

const credentials = StaticCredentials.of("relay.example", { alice: "a" });

describe("relay()", () => {
  test("RFC 4976 §4.2: refuses what cannot be a relay [4976-4.2-01]", () => {
    expect(() => relay({ domains: [], credentials })).toThrow(RangeError);
    expect(() => relay({ domains: ["192.0.2.1"], credentials })).toThrow("not an address");
    expect(() => relay({ domains: ["relay.example"] })).toThrow(TypeError);
    expect(() => relay({ domains: ["relay.example"], credentials, limits: { maxDials: -1 } })).toThrow(
      "maxDials",
    );
  });

  test("takes its place in a node alone", () => {
    const app = new Msrp().use(relay({ domains: ["relay.example"], credentials }));
    expect(app.describe()).toContain("forward   relay");
    const two = new Msrp().use(
      relay({ domains: ["a.example"], credentials }),
      relay({ domains: ["b.example"], credentials }),
    );
    expect(() => two.describe()).toThrow("takes one plugin");
  });

  test("gives out the port of a listener that was announced", async () => {
    const bench = new RelayBench({ listen: [] });
    bench.plugin.announce("msrps://0.0.0.0:4444;tcp");
    const alice = await bench.peer();
    expect(await bench.login(alice, "alice", { to: "msrps://relay.example:4444;tcp" })).toMatch(
      /^msrps:\/\/relay\.example:4444\//,
    );
    await bench.close();
  });

  test("counts, and changes its limits while it runs", async () => {
    const bench = new RelayBench();
    const alice = await bench.peer();
    await bench.login(alice, "alice");
    const { plugin } = bench;
    expect([plugin.bindingCount, plugin.connectionCount, plugin.counted("authorized")]).toEqual([1, 1, 1]);
    plugin.setLimits({ maxBindingsPerUser: 1 });
    expect((await bench.auth(alice, "alice")).what).toBe("403");
    expect(plugin.bindingCount).toBe(1);
    expect(() => plugin.setLimits({ minExpires: 1e9 })).toThrow(RangeError);
    await bench.close();
    expect([plugin.bindingCount, plugin.connectionCount]).toEqual([0, 0]);
  });

  test("serves several domains, each with its realm [4976-5.1-10]", async () => {
    const both = new StaticCredentials();
    for (const realm of ["relay.example", "second.example"]) {
      for (const [user, realmOf, one] of StaticCredentials.of(realm, { alice: "a" }))
        both.set(user, realmOf, one);
    }
    const bench = new RelayBench({ domains: ["relay.example", "second.example"], credentials: both });
    const alice = await bench.peer();
    expect(await bench.login(alice, "alice", { to: "msrps://SECOND.example:2855;tcp" })).toMatch(
      /^msrps:\/\/second\.example:2855\//,
    );
    await bench.close();
  });

  test("RFC 4976 §5.1: the realm is the domain as its operator spells it, for a member of a farm as well [4976-5.1-10]", async () => {
    const credentials = StaticCredentials.of("Relay.Example", { alice: "a" });
    const bench = new RelayBench({ domains: ["Relay.Example"], member: "node1.relay.example", credentials });
    for (const name of ["relay.example", "RELAY.EXAMPLE", "node1.relay.example"]) {
      const alice = await bench.peer();
      expect(await bench.login(alice, "alice", { to: `msrps://${name}:2855;tcp` })).toMatch(
        /^msrps:\/\/node1\.relay\.example:2855\//,
      );
    }
    await bench.close();
  });
});
