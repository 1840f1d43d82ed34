// From a target to the places to try, with a resolver that answers from a table: RFC 4975 §6.2, RFC 4976 §8, RFC 2782.
import { describe, expect, test } from "#test";
import {
  type Candidate,
  candidates,
  isAddress,
  orderServices,
  type Resolver,
  resolveHost,
  type ServiceRecord,
  secureRandom,
  systemResolver,
} from "../../../adapters/_resolve.ts";
import type { MsrpError } from "../../../core/errors.ts";
import type { ConnectTarget } from "../../../core/node/transport.ts";
import { rejection } from "../../support/nodes.ts";

interface Table {
  hosts?: Record<string, readonly string[]>;
  services?: Record<string, readonly ServiceRecord[]>;
}

function table({ hosts = {}, services = {} }: Table): Resolver & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    addresses: async (host) => {
      asked.push(host);
      const found = hosts[host];
      if (found === undefined) throw new Error(`no such host: ${host}`);
      return found;
    },
    services: async (name) => {
      asked.push(name);
      return services[name] ?? [];
    },
  };
}

async function all(
  target: Partial<ConnectTarget>,
  resolver: Resolver,
  random = () => 0,
): Promise<Candidate[]> {
  const found: Candidate[] = [];
  const wanted = { host: "bob.example", port: 0, secure: true, ...target };
  for await (const group of candidates(wanted, resolver, random)) found.push(...group);
  return found;
}

const record = (target: string, priority = 0, weight = 0, port = 5061): ServiceRecord => ({
  target,
  priority,
  weight,
  port,
});

describe("the places to try", () => {
  test("RFC 4975 §6.2: a numeric address and its port are used as written, IPv4 and IPv6 [4975-6.2-01]", async () => {
    const resolver = table({});
    for (const host of ["192.0.2.1", "2001:db8::1", "::1"])
      expect(await all({ host, port: 7313 }, resolver)).toEqual([{ address: host, port: 7313 }]);
    expect(resolver.asked).toEqual([]);
    expect((await rejection<MsrpError>(all({ host: "192.0.2.1" }, resolver))).code).toBe("port-missing");
  });

  test("RFC 4975 §6.2: a name with a port is A and AAAA, never SRV, in the order that they came [4975-6.2-02, 4975-6.2-03]", async () => {
    const resolver = table({
      hosts: { "bob.example": ["2001:db8::7", "192.0.2.7", "192.0.2.8"] },
      services: { "_msrps._tcp.bob.example": [record("elsewhere.example")] },
    });
    for (const secure of [true, false]) {
      expect(await all({ port: 7313, secure }, resolver)).toEqual([
        { address: "2001:db8::7", port: 7313 },
        { address: "192.0.2.7", port: 7313 },
        { address: "192.0.2.8", port: 7313 },
      ]);
    }
    expect(resolver.asked).toEqual(["bob.example", "bob.example"]);
  });

  test("RFC 4976 §8: without a port SRV says where, one server after the other, looked up as they are tried", async () => {
    const resolver = table({
      hosts: { "one.example": ["192.0.2.1"], "two.example": ["192.0.2.2", "2001:db8::2"] },
      services: {
        "_msrps._tcp.bob.example": [
          record("two.example", 20, 0, 5062),
          record("one.example.", 10),
          record("192.0.2.9", 30, 0, 5063),
        ],
      },
    });
    const groups = candidates({ host: "bob.example", port: 0, secure: true }, resolver, () => 0);
    expect((await groups.next()).value).toEqual([{ address: "192.0.2.1", port: 5061 }]);
    expect(resolver.asked).toEqual(["_msrps._tcp.bob.example", "one.example"]);
    expect((await groups.next()).value).toEqual([
      { address: "192.0.2.2", port: 5062 },
      { address: "2001:db8::2", port: 5062 },
    ]);
    expect((await groups.next()).value).toEqual([{ address: "192.0.2.9", port: 5063 }]);
    expect((await groups.next()).done).toBe(true);
  });

  test("RFC 4976 §8: no SRV record means port 2855; msrp without a port has no rule; a record of . means no service", async () => {
    const hosts = { "bob.example": ["192.0.2.7"] };
    expect(await all({}, table({ hosts }))).toEqual([{ address: "192.0.2.7", port: 2855 }]);
    expect((await rejection<MsrpError>(all({ secure: false }, table({ hosts })))).code).toBe("port-missing");
    const services = { "_msrps._tcp.bob.example": [record(".")] };
    expect(await all({}, table({ hosts, services }))).toEqual([]);
  });

  test("what the resolver says is wrong comes through", async () => {
    expect((await rejection(all({ port: 1 }, table({})))).message).toBe("no such host: bob.example");
  });
});

describe("the order of SRV records (RFC 2782)", () => {
  const names = (records: readonly ServiceRecord[]): string => records.map(({ target }) => target).join("");

  test("lower priorities come first, whatever their weight", () => {
    const records = [record("c", 3, 100), record("a", 1, 1), record("b", 2, 50)];
    expect(names(orderServices(records, () => 0.99))).toBe("abc");
    expect(names(orderServices([], () => 0))).toBe("");
  });

  test("among equals the draw falls by weight, and weight 0 is still drawn at times", () => {
    const records = [record("a", 0, 1), record("b", 0, 3), record("z", 0, 0)];
    expect(names(orderServices(records, () => 0))).toBe("zab");
    expect(names(orderServices(records, () => 0.999))).toBe("baz");
    const firsts = new Map<string, number>();
    for (let draw = 0; draw < 1000; draw++) {
      const [first] = orderServices(records, () => draw / 1000);
      firsts.set(first?.target ?? "", (firsts.get(first?.target ?? "") ?? 0) + 1);
    }
    // Of the draws 0 to 4: 0 is z, 1 is a, 2 to 4 are b.
    expect([firsts.get("z"), firsts.get("a"), firsts.get("b")]).toEqual([200, 200, 600]);
  });

  test("every record stands in the order once, whatever is drawn", () => {
    const records = Array.from({ length: 20 }, (_, n) => record(`s${n}`, n % 3, (n * 7) % 5));
    for (let round = 0; round < 50; round++) {
      const ordered = orderServices(records, secureRandom);
      expect(new Set(ordered).size).toBe(20);
      expect(ordered.map(({ priority }) => priority)).toEqual(
        records.map(({ priority }) => priority).sort((a, b) => a - b),
      );
    }
  });
});

describe("the system's resolver", () => {
  test("knows localhost, and has no address for a name that is none", async () => {
    const found = await resolveHost("localhost");
    expect(found.length > 0 && found.every((address) => address === "127.0.0.1" || address === "::1")).toBe(
      true,
    );
    expect((await systemResolver.addresses("localhost"))[0]).toBe(found[0] as string);
    expect(await resolveHost("no-such-name.invalid").catch(() => [])).toEqual([]);
  });

  test("addresses are told from names, and draws lie below 1", () => {
    expect(["127.0.0.1", "::1", "localhost", "1.2.3", "[::1]"].map(isAddress)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    for (let draw = 0; draw < 100; draw++) expect(secureRandom() >= 0 && secureRandom() < 1).toBe(true);
  });
});
