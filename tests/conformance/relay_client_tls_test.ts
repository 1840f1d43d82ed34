// A client knows its relay by the certificate, before it says anything: over the sockets of the runtime that runs this.
import { afterAll, beforeAll, describe, expect, test } from "#test";
import type { Resolver, TransportListener } from "../../adapters/node.ts";
import { ConnectionError } from "../../core/errors.ts";
import { Msrp } from "../../core/node/node.ts";
import { connectThroughRelay } from "../../core/relay/client.ts";
import type { RelayClientOptions } from "../../core/relay/client_options.ts";
import { type Certificates, type Identity, makeCertificates } from "../../testing/certificates.ts";
import { Peer } from "../../testing/wire.ts";
import { rejection } from "../support/nodes.ts";
import { type Adapter, ownAdapter } from "../support/own_adapter.ts";

let adapter: Adapter;
let certificates: Certificates;

beforeAll(async () => {
  adapter = await ownAdapter();
  certificates = await makeCertificates();
});

const closers: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closers) await close();
});

/** A place that shows a certificate, and keeps what it is told. */
async function place(
  identity: Identity,
): Promise<{ listener: TransportListener; peers: Peer[]; first: Promise<Peer> }> {
  const peers: Peer[] = [];
  let arrived: (peer: Peer) => void = () => undefined;
  const first = new Promise<Peer>((resolve) => {
    arrived = resolve;
  });
  const listener = await adapter.transportListen(
    (transport) => {
      const peer = new Peer(transport);
      peers.push(peer);
      arrived(peer);
      return peer;
    },
    { host: "127.0.0.1", port: 0, tls: { cert: identity.cert, key: identity.key } },
  );
  closers.push(() => listener.close({ connections: "abort" }));
  return { listener, peers, first };
}

/** Logs in at msrp.test, which SRV says is served by a host of another name. */
function logIn(port: number, options: Partial<RelayClientOptions> = {}): Promise<unknown> {
  const resolver: Resolver = {
    services: async () => [{ priority: 0, weight: 0, port, target: "node7.farm.test" }],
    addresses: async (host) => (host === "node7.farm.test" ? ["127.0.0.1"] : []),
  };
  const app = new Msrp();
  closers.push(() => app.close({ drainMs: 0 }));
  const credentials = { username: "alice", password: "secret" };
  const whole = { relay: "msrps://msrp.test;tcp", credentials, tls: { ca: certificates.ca }, ...options };
  return connectThroughRelay(app, whole, adapter.createConnector({ resolver }));
}

describe("the certificate of the relay", () => {
  test("RFC 4976 §8, §9.2: is that of the name that was asked for, whoever SRV says serves it [4976-8-09, 4976-9.2-07, 4976-9.2-01]", async () => {
    const { listener, first } = await place(certificates.server);
    logIn(listener.port).catch(() => undefined);
    const auth = await (await first).frame();
    expect([auth.what, auth.toPath]).toEqual(["AUTH", ["msrps://msrp.test;tcp"]]);
  });

  for (const [what, name] of [
    ["for another name", "wrongName"],
    ["out of date", "expired"],
    ["of an unknown authority", "unknownServer"],
    ["signed by itself", "selfSigned"],
  ] as const) {
    test(`RFC 4976 §3.1, §9.2: when it is ${what}, no byte of MSRP goes out [4976-3.1-04, 4976-9.2-07]`, async () => {
      const { listener, peers } = await place(certificates[name]);
      const error = await rejection<ConnectionError>(logIn(listener.port));
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error.code).toBe("tls");
      for (const peer of peers) await peer.ended_;
      expect(peers.flatMap(({ octets }) => octets)).toEqual([]);
    });
  }

  test("a relay that signed its own certificate is known by its fingerprint", async () => {
    const { listener, first } = await place(certificates.selfSigned);
    const fingerprints = [{ hash: "sha-256", value: certificates.selfSigned.fingerprint }];
    logIn(listener.port, { tls: { fingerprints } }).catch(() => undefined);
    expect((await (await first).frame()).what).toBe("AUTH");
  });
});
