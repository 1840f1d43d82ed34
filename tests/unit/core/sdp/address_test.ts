// Canonical addresses: one text for every spelling of one address, and names through an injected resolver.
import { describe, expect, test } from "#test";
import { canonicalHost, isAddress, isDomainName, isIpv6, sameHost } from "../../../../core/sdp/address.ts";

describe("addresses", () => {
  test("RFC 5952 §4: IPv6 is shortened at the longest run of zeros, in small letters [6714-4.4-03]", () => {
    const pairs: [string, string][] = [
      ["2001:DB8:0:0:0::10", "2001:db8::10"],
      ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
      ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
      ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
      ["0:0:0:0:0:0:0:0", "::"],
      ["1::", "1::"],
      ["0:0:0:0:0:0:0:1", "::1"],
      ["[::1]", "::1"],
      ["::FFFF:192.0.2.1", "::ffff:192.0.2.1"],
      ["::ffff:c000:201", "::ffff:192.0.2.1"],
    ];
    for (const [written, canonical] of pairs) expect(canonicalHost(written)).toBe(canonical);
  });

  test("RFC 4975 §6.1: names compare without case, without needless escapes and without the dot of the root", () => {
    expect(canonicalHost("Alice.EXAMPLE.")).toBe("alice.example");
    expect(canonicalHost("%61lice.example")).toBe("alice.example");
    expect(canonicalHost("a%2Fb")).toBe("a%2fb");
  });

  test("RFC 6714 §4.4: names are resolved, and one common address is enough [6714-4.4-02]", () => {
    const resolved = (name: string): string[] | undefined =>
      name === "bob.example" ? ["203.0.113.9", "2001:DB8::1"] : undefined;
    expect(sameHost("Bob.example", "2001:db8:0::1", resolved)).toBe(true);
    expect(sameHost("bob.example", "203.0.113.9", resolved)).toBe(true);
    expect(sameHost("bob.example", "203.0.113.8", resolved)).toBe(false);
    expect(sameHost("bob.example", "BOB.example")).toBe(true);
    expect(sameHost("bob.example", "203.0.113.9")).toBe(false);
    expect(sameHost("192.0.2.1", "192.0.2.1")).toBe(true);
  });

  test("addresses and names are told apart", () => {
    expect([isAddress("192.0.2.1"), isAddress("::1"), isAddress("256.0.0.1"), isAddress("a.b")]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(isIpv6("fe80::1%eth0")).toBe(false);
    expect(["alice.example", "xn--bcher-kva.example", "a_b.example."].map(isDomainName)).toEqual([
      true,
      true,
      true,
    ]);
    expect(
      ["b\u00fccher.example", "1.2.3.4", "-a", "", "a..b", "a b", "x".repeat(64)].map(isDomainName),
    ).toEqual(new Array(7).fill(false));
  });
});
