// Where a relay may connect to: names, addresses in every spelling, ports.
// Addresses are asked about after the look-up, so a name cannot stand for one that is forbidden.
import { describe, expect, test } from "#test";
import { DialPolicy } from "../../../../core/relay/dial_policy.ts";

describe("a dial policy", () => {
  test("permits public addresses and names, and their ports from 1024 on [SEC-02] [SEC-03]", () => {
    const policy = new DialPolicy();
    for (const host of ["93.184.216.34", "2606:2800:220:1::1", "peer.example"]) {
      expect([policy.mayDial(host, 2855), policy.mayDial(host, 65_535)]).toEqual([true, true]);
      for (const port of [25, 80, 443, 1023, 6379, 11_211, 70_000])
        expect(policy.mayDial(host, port)).toBe(false);
    }
    expect(policy.mayConnect("93.184.216.34", 2855)).toBe(true);
  });

  test("forbids what is not public, in every spelling [SEC-02]", () => {
    const policy = new DialPolicy();
    const addresses = [
      "127.0.0.1",
      "127.255.255.254",
      "10.1.2.3",
      "172.16.0.1",
      "172.31.255.255",
      "192.168.1.1",
      "169.254.169.254",
      "100.64.0.1",
      "0.0.0.0",
      "224.0.0.1",
      "255.255.255.255",
      "::",
      "::1",
      "0:0:0:0:0:0:0:1",
      "::ffff:127.0.0.1",
      "::ffff:7f00:1",
      "64:ff9b::10.0.0.1",
      "2002:7f00:1::",
      "fe80::1",
      "fe80::1%eth0",
      "fd00::1",
      "ff02::1",
    ];
    for (const address of addresses) {
      expect(`${address} ${policy.mayConnect(address, 2855)}`).toBe(`${address} false`);
    }
    expect(policy.mayDial("127.0.0.1", 2855)).toBe(false);
    expect(policy.mayConnect("172.32.0.1", 2855)).toBe(true);
    expect(policy.mayConnect("no-address", 2855)).toBe(false);
  });

  test("allow opens ranges, addresses and names, with a port or for all", () => {
    const policy = new DialPolicy({
      allow: ["10.0.0.0/8", "127.0.0.1:2855", "[fd00::1]:9000", "pbx.example", "mail.example:25"],
    });
    expect(policy.mayConnect("10.200.0.1", 5000)).toBe(true);
    expect([policy.mayDial("127.0.0.1", 2855), policy.mayDial("127.0.0.1", 2856)]).toEqual([true, false]);
    expect([policy.mayConnect("fd00::1", 9000), policy.mayConnect("fd00::1", 9001)]).toEqual([true, false]);
    expect(policy.mayConnect("192.168.0.9", 2855, "pbx.example")).toBe(true);
    expect(policy.mayConnect("192.168.0.9", 2855, "other.example")).toBe(false);
    expect([policy.mayDial("mail.example", 25), policy.mayDial("mail.example", 26)]).toEqual([true, false]);
  });

  test("deny and the relay's own addresses go before allow [SEC-02]", () => {
    const policy = new DialPolicy({
      allow: ["10.0.0.0/8"],
      deny: ["10.9.0.0/16", "bad.example"],
      own: ["10.0.0.1:2855"],
    });
    expect(policy.mayConnect("10.9.1.1", 5000)).toBe(false);
    expect([policy.mayConnect("10.0.0.1", 2855), policy.mayConnect("10.0.0.1", 2856)]).toEqual([false, true]);
    expect([policy.mayDial("bad.example", 2855), policy.mayDial("BAD.example.", 2855)]).toEqual([
      false,
      false,
    ]);
  });

  test("ports below 1024 are permitted one by one", () => {
    const policy = new DialPolicy({ lowPorts: [443], deniedPorts: [9000] });
    expect([443, 80, 6379, 9000].map((port) => policy.mayDial("peer.example", port))).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  test("refuses entries that mean nothing", () => {
    for (const entry of ["", "10.0.0.0/33", "a b", "host:99999", "pbx.example/8"]) {
      expect(() => new DialPolicy({ allow: [entry] })).toThrow(RangeError);
    }
  });
});
