// What certificates decide at a relay, over the sockets of the runtime that runs this: who is a relay, who is a client, and
// which next hop gets nothing.
import net from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "#test";
import type { DeliveryError } from "../../core/errors.ts";
import { Msrp } from "../../core/node/node.ts";
import { definePlugin } from "../../core/node/plugin.ts";
import { connectThroughRelay, type RelayClient } from "../../core/relay/client.ts";
import { StaticCredentials } from "../../core/relay/credentials.ts";
import { type RelayPlugin, relay } from "../../core/relay/relay.ts";
import type { Session } from "../../core/session/session.ts";
import {
  type Identity,
  makeCertificates,
  makeNamedCertificates,
  type NamedCertificates,
} from "../../testing/certificates.ts";
import { clientHello } from "../../testing/tls_records.ts";
import { rejection } from "../support/nodes.ts";
import { type Adapter, ownAdapter } from "../support/own_adapter.ts";

let adapter: Adapter;
let certificates: NamedCertificates;
let selfSigned: Identity;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  adapter = await ownAdapter();
  certificates = await makeNamedCertificates(["relay.test", "outer.test", "other.test"]);
  ({ selfSigned } = await makeCertificates());
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

interface Place {
  readonly plugin: RelayPlugin;
  readonly port: number;
  /** Names in the certificates of those who have connected; none for a peer without. */
  readonly seen: string[][];
}

async function start(
  name: string,
  relays: readonly string[],
  identity = certificates.of(name),
): Promise<Place> {
  const { cert, key } = identity;
  const tls = { cert, key, ca: certificates.ca };
  const plugin = relay({
    domains: [name],
    credentials: StaticCredentials.of(name, { alice: "a", bob: "b" }),
    relays,
    connector: connector(),
    tls,
    dial: { allow: ["127.0.0.0/8", "relay.test", "outer.test", "localhost"] },
  });
  const seen: string[][] = [];
  const watch = definePlugin("watch", () => ({
    name: "watch",
    connect: ({ connection }, next) => {
      if (connection?.direction === "inbound")
        seen.push([...(connection.peerCertificate?.subjectAltNames ?? [])]);
      return next();
    },
  }));
  const app = new Msrp().use(plugin, watch);
  const listener = await adapter.listen(app, "msrps://127.0.0.1:0;tcp", {
    tls: { ...tls, requestCert: true, rejectUnauthorized: false },
  });
  plugin.announce(listener.uri);
  closers.push(
    () => app.close({ drainMs: 0 }),
    () => listener.close(),
  );
  return { plugin, port: listener.uri.port ?? 0, seen };
}

const connector = () =>
  adapter.createConnector({
    resolver: { addresses: async () => ["127.0.0.1"], services: async () => [] },
  });

async function user(
  name: string,
  domain: string,
  port: number,
): Promise<{ client: RelayClient; texts: string[] }> {
  const app = new Msrp();
  const texts: string[] = [];
  app.onMessage(async (message) => {
    texts.push(await message.text());
  });
  const options = {
    relay: `msrps://${domain}:${port};tcp`,
    credentials: { username: name, password: name.charAt(0) },
    tls: { ca: certificates.ca },
  };
  const client = await connectThroughRelay(app, options, connector());
  closers.push(
    () => app.close({ drainMs: 0 }),
    () => client.close(),
  );
  return { client, texts };
}

/** A session from one user to another. */
async function talk(from: RelayClient, to: RelayClient): Promise<Session> {
  const path = await to.path();
  to.expect(path);
  return await from.connect({ remote: path.sdpPath });
}

describe("certificates at a relay", () => {
  test("RFC 4976 §9.2: relays know each other by theirs, in both directions; clients show none [4976-9.2-05] [4976-9.2-10] [4976-6.3-02] [4976-9.2-08]", async () => {
    const [one, two] = [await start("relay.test", ["outer.test"]), await start("outer.test", ["relay.test"])];
    const alice = await user("alice", "relay.test", one.port);
    const bob = await user("bob", "outer.test", two.port);
    const session = await talk(alice.client, bob.client);
    await session.send("through both").accepted;
    await session.send("and again", { successReport: true }).delivered;
    expect(bob.texts).toEqual(["through both", "and again"]);
    // One link between the relays, whatever goes over it; and no certificate from those who are no relays.
    expect(one.seen).toEqual([[]]);
    expect(two.seen.map(String).sort()).toEqual(["", "DNS:relay.test"]);
  });

  test("a next hop whose certificate nobody vouches for gets no octet [4976-T40] [4976-9.2-12] [4976-9.2-07]", async () => {
    const octets: Uint8Array[] = [];
    const listener = await adapter.transportListen(
      () => ({ received: (bytes) => void octets.push(bytes.slice()), drained: () => {}, ended: () => {} }),
      { host: "127.0.0.1", port: 0, tls: { cert: selfSigned.cert, key: selfSigned.key } },
    );
    closers.push(() => listener.close());
    const one = await start("relay.test", []);
    const alice = await user("alice", "relay.test", one.port);
    const session = await alice.client.connect({ remote: `msrps://localhost:${listener.port}/far99;tcp` });
    // RFC 4976 §6.4.1: the relay has the SEND, and reports that it did not get any further.
    const sent = session.send("to nobody", { successReport: true });
    expect((await rejection<DeliveryError>(sent.delivered)).status).toBe(408);
    expect(octets).toEqual([]);
  });

  test("a name that the relay's certificate has not is not the relay's, for a client as for a relay [SEC-27] [4976-9.2-07]", async () => {
    const impostor = await start("relay.test", [], certificates.of("other.test"));
    const failure = await rejection(user("alice", "relay.test", impostor.port));
    expect((failure as { code?: string }).code).toBe("tls");
    expect(impostor.plugin.bindingCount).toBe(0);
  });

  test("RFC 8996: TLS 1.1 and below are refused, what the runtime speaks today is not [SEC-27]", async () => {
    const { port, plugin } = await start("relay.test", []);
    expect([await answers(port, 0x0301), await answers(port, 0x0302)]).toEqual([false, false]);
    await user("alice", "relay.test", port);
    expect(plugin.bindingCount).toBe(1);
  });
});

/** Whether a server goes on with a ClientHello of this version. */
function answers(port: number, version: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: "127.0.0.1" }, () => socket.write(clientHello(version)));
    let said: number[] = [];
    const settle = (yes: boolean): void => {
      socket.destroy();
      resolve(yes);
    };
    socket.on("data", (bytes: Uint8Array) => {
      said = [...said, ...bytes];
      if (said.length >= 6) settle(said[0] === 22 && said[5] === 2);
    });
    socket.on("error", () => settle(false));
    socket.on("close", () => settle(false));
  });
}
