// Addresses as keys of limits: one IPv4 address, or 64 bits of IPv6 in whatever spelling.
// Spellings are those of RFC 4291 and RFC 5952.
import { expect, test } from "#test";
import { addressKey } from "../../../plugins/_address_key.ts";

test("RFC 4291 §2.5.4: the first 64 bits of an IPv6 address are one sender's", () => {
  const same = [
    "2001:db8:0:1::1",
    "2001:DB8:0:1:ffff::2",
    "2001:0db8:0000:0001:0:0:0:3",
    "2001:db8:0:1::1%eth0",
  ];
  expect(new Set(same.map(addressKey))).toEqual(new Set(["2001:db8:0:1::/64"]));
  expect(addressKey("2001:db8:0:2::1")).toBe("2001:db8:0:2::/64");
  expect([addressKey("::1"), addressKey("fe80::1")]).toEqual(["0:0:0:0::/64", "fe80:0:0:0::/64"]);
  expect([addressKey("192.0.2.1"), addressKey("::ffff:192.0.2.1"), addressKey("")]).toEqual([
    "192.0.2.1",
    "192.0.2.1",
    "",
  ]);
});
