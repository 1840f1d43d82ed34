// Where a relay listens, as a policy that keeps it from connecting to itself has it.
import { describe, expect, test } from "#test";
import { DialPolicy, MsrpUri } from "../../../../core/mod.ts";
import { ownAddresses } from "../../../../server/relay/own_addresses.ts";

const interfaces = {
  lo: [entry("127.0.0.1"), entry("::1")],
  eth0: [entry("192.0.2.7"), entry("fe80::1%eth0"), entry("2001:db8::7")],
  gone: undefined,
} as unknown as NonNullable<Parameters<typeof ownAddresses>[1]>;

function entry(address: string): { address: string } {
  return { address };
}

describe("the own addresses of a relay", () => {
  test("are those that it listens on, all of them for the wildcard [SEC-02]", () => {
    const uris = ["msrps://0.0.0.0:2855;tcp", "msrp://198.51.100.1:2856;tcp"].map((uri) =>
      MsrpUri.parse(uri),
    );
    expect(ownAddresses(uris, interfaces)).toEqual([
      "127.0.0.1:2855",
      "[::1]:2855",
      "192.0.2.7:2855",
      "[fe80::1]:2855",
      "[2001:db8::7]:2855",
      "198.51.100.1:2856",
    ]);
  });

  test("cannot be dialled under any name, also where the address itself is permitted [SEC-02]", () => {
    const own = ownAddresses([MsrpUri.parse("msrps://0.0.0.0:2855;tcp")], interfaces);
    const policy = new DialPolicy({ allow: ["192.0.2.0/24", "peer.example"], own });
    expect(policy.mayConnect("192.0.2.7", 2855, "peer.example")).toBe(false);
    expect(policy.mayConnect("::ffff:192.0.2.7", 2855)).toBe(false);
    expect(policy.mayConnect("192.0.2.7", 2857, "peer.example")).toBe(true);
    expect(policy.mayConnect("192.0.2.8", 2855)).toBe(true);
  });
});
