// Which names of a description are looked up: those that CEMA must compare, each once, and never without bound.
import { describe, expect, test } from "#test";
import type { MsrpError } from "../../../../core/errors.ts";
import { resolveNames } from "../../../../core/node/negotiator_names.ts";
import { rejection } from "../../../support/nodes.ts";
import { sdp, stream } from "../sdp/texts.ts";

function recorder(answers: Record<string, readonly string[]> = {}) {
  const asked: string[] = [];
  const resolve = async (name: string): Promise<readonly string[]> => {
    asked.push(name);
    const found = answers[name];
    if (found === undefined) throw new Error(`no such name: ${name}`);
    return found;
  };
  return { asked, resolve };
}

const at = (host: string, port = 7313): string => `msrp://${host}:${port}/Ks83nqPz0w2LmA;tcp`;

describe("names of a description", () => {
  test("RFC 6714 §4.4: a name in path or c= is looked up in canonical form, and what it gave is known [6714-4.4-02]", async () => {
    const { asked, resolve } = recorder({ "alice.example": ["192.0.2.10", "2001:db8::1"] });
    const resolved = await resolveNames(sdp([stream({ path: at("Alice.Example") })]), false, resolve);
    expect(asked).toEqual(["alice.example"]);
    expect(resolved("ALICE.example")).toEqual(["192.0.2.10", "2001:db8::1"]);
    expect(resolved("bob.example")).toBe(undefined);
  });

  test("addresses, equal texts and refused streams cost no query", async () => {
    const { asked, resolve } = recorder();
    await resolveNames(sdp(), false, resolve);
    await resolveNames(sdp([stream({ port: 7313, path: at("192.0.2.99") })]), false, resolve);
    await resolveNames(sdp([stream({ path: at("alice.example") })], "alice.example"), false, resolve);
    await resolveNames(sdp([stream({ port: 0, path: at("alice.example") })]), false, resolve);
    expect(asked).toEqual([]);
  });

  test("a name that nobody knows stays a name", async () => {
    const { asked, resolve } = recorder();
    const resolved = await resolveNames(sdp([stream({ path: at("nobody.example") })]), false, resolve);
    expect([asked, resolved("nobody.example")]).toEqual([["nobody.example"], undefined]);
  });

  test("each name is asked for once, and no more than 32 of them", async () => {
    for (const [streams, queries] of [
      [32, 32],
      [40, 32],
    ] as const) {
      const { asked, resolve } = recorder();
      const one = Array.from({ length: streams }, (_, n) => stream({ path: at(`host${n}.example`) }));
      await resolveNames(sdp([...one, ...one]), false, resolve);
      expect([asked.length, new Set(asked).size]).toEqual([queries, queries]);
    }
  });

  test("text that is no SDP is refused before any query", async () => {
    const { asked, resolve } = recorder();
    const error = await rejection<MsrpError>(resolveNames("v=1\r\n", false, resolve));
    expect([typeof error.code, asked]).toEqual(["string", []]);
  });
});
