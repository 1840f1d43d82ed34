// How the relay's command finds the relays of other domains: SRV in its order, the policy for each address, and names of
// the configuration before DNS.
import { describe, expect, test } from "#test";
import { makeConnector } from "../../../../adapters/_dial.ts";
import type { DialSettings } from "../../../../adapters/node.ts";
import { systemClock } from "../../../../adapters/node.ts";
import type { Transport } from "../../../../core/node/transport.ts";
import { relayConnector } from "../../../../server/relay/connector.ts";

/** A connector whose attempts are written down; those at `down` fail. */
function connectorOf(down: readonly string[] = [], hosts: Readonly<Record<string, readonly string[]>> = {}) {
  const tried: string[] = [];
  const asked: string[] = [];
  const adapter = {
    resolveHost: async (host: string) => {
      asked.push(host);
      return host === "one.example"
        ? ["192.0.2.1", "192.0.2.2"]
        : host === "two.example"
          ? ["192.0.2.3"]
          : [];
    },
    resolveServices: async (name: string) => {
      asked.push(name);
      return [
        { priority: 20, weight: 0, port: 4002, target: "two.example." },
        { priority: 10, weight: 0, port: 4001, target: "one.example." },
      ];
    },
    createConnector: (settings: DialSettings = {}) =>
      makeConnector(async ({ address, port }) => {
        tried.push(`${address}:${port}`);
        if (down.includes(address)) throw new Error("refused");
        return {} as Transport;
      }, settings),
  };
  const policy = { mayConnect: (address: string) => address !== "192.0.2.2" };
  return { connector: relayConnector(adapter, policy, hosts, systemClock), tried, asked };
}

const accept = () => ({ received: () => {}, drained: () => {}, ended: () => {} });

describe("the relay's connector", () => {
  test("RFC 4976 §8: a relay of another domain is found by SRV; the next member is tried when one is down [4976-8-05] [4976-8-11]", async () => {
    const { connector, tried, asked } = connectorOf(["192.0.2.1"]);
    await connector({ host: "example.com", port: 0, secure: true }, accept, {});
    expect(asked).toEqual(["_msrps._tcp.example.com", "one.example", "two.example"]);
    // 192.0.2.2 is what the policy forbids.
    expect(tried).toEqual(["192.0.2.1:4001", "192.0.2.3:4002"]);
  });

  test("RFC 4975 §6.2: a name with a port is never looked up as a service [4976-8-04]", async () => {
    const { connector, tried, asked } = connectorOf();
    await connector({ host: "two.example", port: 9000, secure: true }, accept, {});
    expect([asked, tried]).toEqual([["two.example"], ["192.0.2.3:9000"]]);
  });

  test("names of the configuration go before DNS, and their addresses are permitted", async () => {
    const { connector, tried, asked } = connectorOf([], { "Example.com": ["192.0.2.2"] });
    await connector({ host: "example.com", port: 0, secure: true }, accept, {});
    expect([asked, tried]).toEqual([[], ["192.0.2.2:2855"]]);
  });
});
