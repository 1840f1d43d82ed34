// Look-up of sessions by To-Path: the three ways of matching, and the bounds.
import { describe, expect, test } from "#test";
import type { MsrpError } from "../../../../core/errors.ts";
import { type PathMatching, Registry } from "../../../../core/node/registry.ts";
import { MsrpUri } from "../../../../core/wire/uri.ts";
import { thrown } from "../../../support/nodes.ts";

const uri = MsrpUri.parse("msrp://bob.example:12051/hT5xV9eRy7uQ1c;tcp");

function find(matching: PathMatching, text: string): string | undefined {
  const registry = new Registry<string>(matching, 10);
  registry.add(uri, "bob");
  return registry.find(MsrpUri.parse(text));
}

describe("a registry", () => {
  test("RFC 4975 §6.1: strict compares whole URIs, by the rules [4975-6.1-07, 4975-6.1-10]", () => {
    expect(find("strict", "MSRP://someone@BOB.example:12051/hT5xV9eRy7uQ1c;TCP")).toBe("bob");
    expect(find("strict", "msrp://bob.example:12051/ht5xV9eRy7uQ1c;tcp")).toBe(undefined);
    expect(find("strict", "msrp://10.0.0.1:12051/hT5xV9eRy7uQ1c;tcp")).toBe(undefined);
    expect(find("strict", "msrps://bob.example:12051/hT5xV9eRy7uQ1c;tcp")).toBe(undefined);
  });

  test("session-id and cema find a session behind a rewritten address", () => {
    for (const matching of ["session-id", "cema"] as const) {
      expect(find(matching, "msrp://10.0.0.1:9/hT5xV9eRy7uQ1c;tcp")).toBe("bob");
      expect(find(matching, "msrp://10.0.0.1:9/another;tcp")).toBe(undefined);
      expect(find(matching, "msrp://bob.example:12051/hT5xV9eRy7uQ1c;ws")).toBe(undefined);
    }
  });

  test("RFC 4975 §6: a URI without session-id is never a session [4975-6-06]", () => {
    const registry = new Registry<string>("session-id", 10);
    expect(thrown<MsrpError>(() => registry.add(MsrpUri.parse("msrp://bob.example:1;tcp"), "x")).code).toBe(
      "no-session-id",
    );
    expect(registry.find(MsrpUri.parse("msrp://bob.example:1;tcp"))).toBe(undefined);
  });

  test("RFC 4975 §6: a URI is in use once, and free again when its session is over [4975-6-13]", () => {
    const registry = new Registry<string>("strict", 10);
    registry.add(uri, "one");
    expect(thrown<MsrpError>(() => registry.add(uri, "two")).code).toBe("uri-in-use");
    const { generation } = registry;
    registry.remove(uri);
    registry.remove(uri);
    expect(registry.generation).toBe(generation + 1);
    registry.add(uri, "two");
    expect(registry.find(uri)).toBe("two");
  });

  test("several peers may have a session each at one URI, and one that is announced is for all others", () => {
    for (const matching of ["strict", "session-id", "cema"] as const) {
      const registry = new Registry<string>(matching, 10);
      const [amy, ben] = ["a", "b"].map((id) => MsrpUri.parse(`msrp://h.example:9/${id};tcp`));
      registry.add(uri, "amy", amy);
      registry.add(uri, "ben", ben);
      expect(thrown<MsrpError>(() => registry.add(uri, "again", amy)).code).toBe("uri-in-use");
      expect([registry.find(uri), registry.find(uri, amy), registry.find(uri, ben)]).toEqual([
        undefined,
        "amy",
        "ben",
      ]);
      registry.remove(uri, amy);
      expect([registry.find(uri, amy), registry.find(uri, ben), registry.size]).toEqual([
        undefined,
        "ben",
        1,
      ]);
      registry.add(uri, "all");
      expect([registry.find(uri, amy), registry.find(uri, ben)]).toEqual(["all", "ben"]);
    }
  });

  test("holds as many as its limit and no more", () => {
    const registry = new Registry<number>("cema", 3);
    for (let index = 0; index < 3; index++)
      registry.add(MsrpUri.parse(`msrp://h.example:1/s${index};tcp`), index);
    expect(registry.full).toBe(true);
    expect(thrown<MsrpError>(() => registry.add(uri, 4)).code).toBe("too-many-sessions");
    registry.remove(MsrpUri.parse("msrp://h.example:1/s1;tcp"));
    registry.add(uri, 4);
    expect([...registry.values()].sort()).toEqual([0, 2, 4]);
    expect(registry.size).toBe(3);
  });
});
