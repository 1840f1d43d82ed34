// IP literals: one canonical text for all spellings of an address, and nothing that only looks like one.
import { describe, expect, test } from "#test";
import { canonicalIpv6, isIpv4 } from "../../../../core/wire/ip.ts";

describe("IP literals", () => {
  test("RFC 3986 §3.2.2: four numbers of 0 to 255 without leading zeros", () => {
    for (const text of ["0.0.0.0", "192.0.2.14", "255.255.255.255"])
      expect([text, isIpv4(text)]).toEqual([text, true]);
    for (const text of ["192.0.2", "192.0.2.256", "192.0.2.014", "1.2.3.4.5", "1.2.3.x", ""]) {
      expect([text, isIpv4(text)]).toEqual([text, false]);
    }
  });

  test("RFC 4975 §6.1 rule 2: spellings of one IPv6 address are one text [4975-6.1-02]", () => {
    const same = ["2001:db8::17", "2001:DB8:0:0:0:0:0:17", "2001:0db8::0:0017", "2001:db8::0.0.0.23"];
    expect(new Set(same.map(canonicalIpv6))).toEqual(new Set(["2001:db8:0:0:0:0:0:17"]));
    expect(canonicalIpv6("::")).toBe("0:0:0:0:0:0:0:0");
    expect(canonicalIpv6("::1")).toBe("0:0:0:0:0:0:0:1");
    expect(canonicalIpv6("64:ff9b::192.0.2.33")).toBe("64:ff9b:0:0:0:0:c000:221");
  });

  test("RFC 4975 §9: what is no IPv6 address, zone ids included [4975-6-09]", () => {
    for (const text of [
      "",
      ":",
      "1::2::3",
      "12345::1",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "1:2:3:4:5:6:7::8",
      "::g",
      "::1%25eth0",
      "1.2.3.4::",
      ":::",
      "::1.2.3",
    ]) {
      expect([text, canonicalIpv6(text)]).toEqual([text, undefined]);
    }
  });
});
