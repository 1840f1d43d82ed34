// Which addresses are counted together: the networks that one household or server gets.
// IPv4 has several spellings, which are one address.
import { describe, expect, test } from "#test";
import { addressGroup } from "../../../../core/relay/address_group.ts";

describe("addressGroup()", () => {
  test("IPv4 addresses stand for themselves, in each form", () => {
    expect(["192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201"].map(addressGroup)).toEqual([
      "192.0.2.1",
      "192.0.2.1",
      "192.0.2.1",
    ]);
  });

  test("IPv6 addresses of one /64 are one, those of another are not", () => {
    expect(
      ["2001:db8:1:2::1", "2001:DB8:1:2:ffff::9", "2001:db8:1:2:3:4:5:6%eth0"].map(addressGroup),
    ).toEqual(["2001:db8:1:2::/64", "2001:db8:1:2::/64", "2001:db8:1:2::/64"]);
    expect(addressGroup("2001:db8:1:3::1")).toBe("2001:db8:1:3::/64");
  });

  test("what is no network is itself", () => {
    expect(addressGroup("::1")).not.toBe(addressGroup("::2"));
    expect(["memory", "unix:/x"].map(addressGroup)).toEqual(["memory", "unix:/x"]);
  });
});
