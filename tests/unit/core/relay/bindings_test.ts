// URIs that are given out: fresh, bounded in number, and void at their time or by decree.
// The clock stands still until a test moves it.
import { describe, expect, test } from "#test";
import { FakeClock } from "../../../../adapters/memory.ts";
import { Timers } from "../../../../core/node/timers.ts";
import { Bindings } from "../../../../core/relay/bindings.ts";
import type { RelayHop } from "../../../../core/relay/hop.ts";
import { type RelayLimits, relayLimits } from "../../../../core/relay/limits.ts";
import { uris } from "../../../support/relay_bench.ts";

function setup(limits: RelayLimits = {}) {
  const clock = new FakeClock();
  const timers = new Timers(clock);
  const bindings = new Bindings(relayLimits(limits));
  const hop = { bindings: [] } as unknown as RelayHop;
  const grant = (user = "alice", lifetimeMs = 60_000, relay?: string) =>
    bindings.grant(
      {
        host: "relay.example",
        port: 2855,
        user,
        realm: "r",
        clientPath: uris("msrps://a.invalid:1/a;tcp"),
        hop,
        relay,
        lifetimeMs,
      },
      timers,
    );
  return { clock, timers, bindings, hop, grant };
}

describe("bindings", () => {
  test("RFC 4976 §6.3: every URI is new, random, and tells nothing [4976-6.3-17] [4976-6.3-23] [4976-6.3-26] [4976-A-01] [4976-T30]", () => {
    const { grant, bindings } = setup({ maxBindingsPerConnection: 10_000, maxBindingsPerUser: 10_000 });
    const ids = Array.from({ length: 2000 }, () => grant()?.uri.sessionId ?? "");
    expect(new Set(ids).size).toBe(2000);
    expect(ids.every((id) => /^[A-Za-z0-9]{22,}$/.test(id) && !id.includes("alice"))).toBe(true);
    expect(new Set(ids.map((id) => id.slice(0, 4))).size).toBeGreaterThan(1900);
    expect(bindings.size).toBe(2000);
  });

  test("RFC 4976 §6.3: they are void at their time, and leave nothing behind [4976-6.3-16]", async () => {
    const { clock, timers, bindings, hop, grant } = setup();
    const binding = grant();
    if (binding === undefined) throw new Error("no binding");
    await clock.advance(59_999);
    expect([bindings.find(binding.uri, clock.now()), bindings.generation]).toEqual([binding, 0]);
    await clock.advance(1);
    expect([
      bindings.find(binding.uri, clock.now()),
      bindings.size,
      hop.bindings.length,
      timers.size,
    ]).toEqual([undefined, 0, 0, 0]);
    expect(bindings.generation).toBe(1);
  });

  test("are bounded by connection, by user and in all [SEC-08]", () => {
    const many = setup({ maxBindingsPerConnection: 2 });
    expect([many.grant(), many.grant("bob"), many.grant("carol")].map(Boolean)).toEqual([true, true, false]);
    expect(Boolean(many.grant("carol", 1, "inner.example"))).toBe(true);
    const user = setup({ maxBindingsPerUser: 1 });
    expect([user.grant(), user.grant(), user.grant("bob")].map(Boolean)).toEqual([true, false, true]);
    const all = setup({ maxBindings: 1 });
    expect([all.grant(), all.grant("bob")].map(Boolean)).toEqual([true, false]);
  });

  test("what ends makes room for what comes", () => {
    const { bindings, grant } = setup({ maxBindingsPerUser: 1 });
    const first = grant();
    if (first === undefined) throw new Error("no binding");
    bindings.end(first, undefined);
    bindings.end(first, undefined);
    expect([first.valid(0), Boolean(grant()), bindings.size]).toEqual([false, true, 1]);
  });
});
