// What a realm offers: everything, until somebody lacks it.
import { describe, expect, test } from "#test";
import { RealmAlgorithms } from "../../../../server/credentials/realm_algorithms.ts";

describe("RealmAlgorithms", () => {
  test("offers all, the strongest first, and learns what somebody lacks, realm by realm", () => {
    const algorithms = new RealmAlgorithms();
    expect(algorithms.of("a")).toEqual(["SHA-256", "MD5"]);
    algorithms.learn("a", { MD5: "x", "SHA-256": "y" });
    expect(algorithms.of("a")).toEqual(["SHA-256", "MD5"]);
    algorithms.learn("a", { MD5: "x" });
    expect([algorithms.of("a"), algorithms.of("b")]).toEqual([["MD5"], ["SHA-256", "MD5"]]);
    algorithms.lack("a", "MD5");
    expect(algorithms.of("a")).toEqual([]);
    algorithms.clear();
    expect(algorithms.of("a")).toEqual(["SHA-256", "MD5"]);
    expect(new RealmAlgorithms(["MD5", "SHA-512-256"]).of("a")).toEqual(["SHA-512-256", "MD5"]);
  });
});
