// Options of the client's side of relays: limits on both sides, and relays that may not be used.
import { expect, test } from "#test";
import type { MsrpError } from "../../../../core/errors.ts";
import {
  ownRelays,
  type RelayClientOptions,
  relayClientLimits,
} from "../../../../core/relay/client_options.ts";
import { thrown } from "../../../support/nodes.ts";

const base: RelayClientOptions = {
  relay: "msrps://relay.example;tcp",
  credentials: { username: "alice", password: "secret" },
};

test("limits have defaults, and must be above 0", () => {
  expect(relayClientLimits(base)).toEqual({
    idleCloseMs: 3_600_000,
    retryMinMs: 1000,
    retryMaxMs: 60_000,
    maxPaths: 1000,
  });
  expect(relayClientLimits({ ...base, maxPaths: 1 }).maxPaths).toBe(1);
  for (const wrong of [{ maxPaths: 0 }, { retryMinMs: Number.NaN }, { idleCloseMs: -1 }]) {
    expect(thrown(() => relayClientLimits({ ...base, ...wrong }))).toBeInstanceOf(RangeError);
  }
});

test("RFC 4976 §4.6: Expires is a whole number of seconds [4976-4.6-01]", () => {
  expect(relayClientLimits({ ...base, expires: 1 }).maxPaths).toBe(1000);
  for (const expires of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(thrown(() => relayClientLimits({ ...base, expires }))).toBeInstanceOf(RangeError);
  }
});

test("one relay or a chain; a path, nothing, and what is not verified are refused", () => {
  expect(ownRelays(base).map(({ host }) => host)).toEqual(["relay.example"]);
  const chain = ["msrps://a.example;tcp", "msrps://b.example:1;tcp"];
  expect(ownRelays({ ...base, relay: chain }).map(({ text }) => text)).toEqual(chain);
  expect(thrown(() => ownRelays({ ...base, relay: [] }))).toBeInstanceOf(TypeError);
  expect(thrown(() => ownRelays({ ...base, relay: "msrps://a.example:1/x;tcp" }))).toBeInstanceOf(TypeError);
  const plain = { ...base, relay: "msrp://relay.example:2855;tcp" };
  expect(thrown<MsrpError>(() => ownRelays(plain)).code).toBe("relay-not-verified");
  expect(ownRelays({ ...plain, allowPlainAuth: true }).length).toBe(1);
});
