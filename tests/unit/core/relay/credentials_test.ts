// Credentials in memory: HA1 by user and realm, and what all users of a realm have in common.
import { describe, expect, test } from "#test";
import { hashPassword, isHa1, StaticCredentials } from "../../../../core/relay/credentials.ts";

describe("hashPassword()", () => {
  test("RFC 2617 §3.3: HA1 per realm, MD5 and SHA-256 unless told otherwise [2617-3.3-01]", () => {
    // The values of vectors MSRP-MD5-01 and MSRP-SHA256-01.
    expect(hashPassword("alice", "relay.example.com", "correct horse battery")).toEqual({
      MD5: "bc4f54f1e9bf890fa70c9d47113f51b4",
      "SHA-256": "b06fc05c3569369f7e951491605e95388b06e9fbd11aa3e7b11af4782a0b8d44",
    });
    expect(Object.keys(hashPassword("a", "r", "p", ["SHA-512-256"]))).toEqual(["SHA-512-256"]);
  });
});

describe("isHa1()", () => {
  test("knows a hash by its length and digits", () => {
    expect(isHa1("MD5", "0".repeat(32))).toBe(true);
    expect(isHa1("SHA-256", "f".repeat(64))).toBe(true);
    expect(isHa1("MD5", "0".repeat(64))).toBe(false);
    expect(isHa1("MD5", "G".repeat(32))).toBe(false);
  });
});

describe("StaticCredentials", () => {
  test("keeps hashes, not passwords [2617-4.13-01]", () => {
    const credentials = StaticCredentials.of("r", { alice: "open sesame" });
    expect(credentials.lookup("alice", "r")?.ha1).toEqual(hashPassword("alice", "r", "open sesame"));
    expect(JSON.stringify([...credentials])).not.toContain("open sesame");
  });

  test("RFC 2617 §1.2: users and realms are compared with their letter case [2617-1.2-01]", () => {
    const credentials = StaticCredentials.of("Example.com", { alice: "p" });
    expect(credentials.lookup("alice", "example.com")).toBe(undefined);
    expect(credentials.lookup("Alice", "Example.com")).toBe(undefined);
    // Names of object members are no users.
    expect(credentials.lookup("constructor", "Example.com")).toBe(undefined);
    expect(credentials.lookup("alice", "__proto__")).toBe(undefined);
  });

  test("offers what every user of a realm can be checked with", () => {
    const credentials = StaticCredentials.of("r", { alice: "p" });
    expect(credentials.algorithms("r")).toEqual(["SHA-256", "MD5"]);
    credentials.set("old", "r", { ha1: { MD5: "0".repeat(32) } });
    expect(credentials.algorithms("r")).toEqual(["MD5"]);
    expect(credentials.algorithms("nobody.example")).toEqual(["MD5", "SHA-256"]);
    credentials.set("old", "r", { ha1: hashPassword("old", "r", "q") });
    expect(credentials.algorithms("r")).toEqual(["SHA-256", "MD5"]);
    credentials.set("old", "r", { ha1: { MD5: "0".repeat(32) } });
    expect(credentials.delete("old", "r")).toBe(true);
    expect(credentials.delete("old", "r")).toBe(false);
    expect(credentials.algorithms("r")).toEqual(["SHA-256", "MD5"]);
    expect(credentials.size).toBe(1);
  });

  test("RFC 7616 §3.4.4: finds the user behind a hash, also after changes", () => {
    const credentials = StaticCredentials.of("relay.example.com", { alice: "p", bob: "q" });
    // The value of vector MSRP-SHA256-05-userhash.
    const hash = "4ab200e34a8fcc00593b1c6256014b2983c613b01b4ae811506850ed4da83a75";
    expect(credentials.userOf(hash, "relay.example.com", "SHA-256")).toBe("alice");
    expect(credentials.userOf(hash, "relay.example.com", "MD5")).toBe(undefined);
    expect(credentials.userOf(hash, "elsewhere", "SHA-256")).toBe(undefined);
    credentials.delete("alice", "relay.example.com");
    expect(credentials.userOf(hash, "relay.example.com", "SHA-256")).toBe(undefined);
  });
});
