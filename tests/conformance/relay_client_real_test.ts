// The client's side of RFC 4976 with our own relay, in memory: negotiated sessions, both sides behind the relay, renewal
// by a new offer, and what happens when the relay ends.
import { describe, expect, test } from "#test";
import { FakeClock, MemoryNetwork, settle } from "../../adapters/memory.ts";
import { SessionNegotiator } from "../../core/node/negotiator.ts";
import { Msrp } from "../../core/node/node.ts";
import { connectThroughRelay, type RelayClient } from "../../core/relay/client.ts";
import type { PathRenewal } from "../../core/relay/client_options.ts";
import { StaticCredentials } from "../../core/relay/credentials.ts";
import { relay } from "../../core/relay/relay.ts";
import type { Session } from "../../core/session/session.ts";

const passwords = { alice: "one", bob: "two" };

interface Side {
  readonly app: Msrp;
  readonly client: RelayClient;
  readonly texts: string[];
}

class Scene {
  readonly clock: FakeClock = new FakeClock();
  readonly network: MemoryNetwork = new MemoryNetwork({ clock: this.clock });
  readonly nodes: Msrp[] = [];
  relay!: Msrp;

  constructor() {
    this.start();
  }

  start(): void {
    const credentials = StaticCredentials.of("relay.example", passwords);
    const plugin = relay({
      domains: ["relay.example"],
      listen: ["msrps://relay.example:2855;tcp"],
      credentials,
      realm: "relay.example",
      limits: { minExpires: 60, defaultExpires: 900 },
    });
    this.relay = new Msrp({ clock: this.clock }).use(plugin);
    this.stop = this.network.listen("relay.example", 2855, this.relay.accept, true);
  }

  stop!: () => void;

  async side(username: keyof typeof passwords): Promise<Side> {
    const app = new Msrp({ clock: this.clock });
    this.nodes.push(app);
    const texts: string[] = [];
    app.onMessage(async (message) => {
      texts.push(await message.text());
    });
    const credentials = { username, password: passwords[username] };
    const options = { relay: "msrps://relay.example:2855;tcp", credentials };
    return { app, client: await connectThroughRelay(app, options, this.network.connect), texts };
  }

  negotiator({ app }: Side): SessionNegotiator {
    return new SessionNegotiator(app, { transportConnect: this.network.connect }, { host: "192.0.2.1" });
  }

  async close(): Promise<void> {
    for (const node of [...this.nodes, this.relay]) await node.close({ drainMs: 0 });
    await settle();
  }
}

async function agreed(
  offerer: SessionNegotiator,
  answerer: SessionNegotiator,
  stream?: SideStream,
): Promise<[Session, Session]> {
  const decide = stream === undefined ? {} : { decide: () => stream };
  const answered = await answerer.acceptOffer(offerer.createOffer(), decide);
  if (!answered.ok) throw new Error(answered.code);
  const { session } = await offerer.acceptAnswer(answered.answer);
  if (session === undefined || answered.session === undefined) throw new Error("no session");
  await Promise.all([session.ready, answered.session.ready]);
  return [session, answered.session];
}

type SideStream = Awaited<ReturnType<RelayClient["path"]>>["stream"];

describe("through our relay", () => {
  test("RFC 4976 §5.1: two sides behind it negotiate and talk, whoever of them offers [4976-5.1-06, 4976-5.1-07, 4976-5.1-05]", async () => {
    const scene = new Scene();
    const [alice, bob] = [await scene.side("alice"), await scene.side("bob")];
    for (const [one, other] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      const [offerer, answerer] = [scene.negotiator(one), scene.negotiator(other)];
      offerer.addStream((await one.client.path()).stream);
      const [here, there] = await agreed(offerer, answerer, (await other.client.path()).stream);
      expect(here.remote.length).toBe(3);
      await Promise.all([here.send("there").delivered, there.send("back").delivered]);
      expect([one.texts.splice(0), other.texts.splice(0)]).toEqual([["back"], ["there"]]);
    }
    expect([alice.app.connectionCount, bob.app.connectionCount]).toEqual([1, 1]);
    await scene.close();
  });

  test("a session without SDP: one side tells its path, the other connects to it", async () => {
    const scene = new Scene();
    const [alice, bob] = [await scene.side("alice"), await scene.side("bob")];
    const path = await bob.client.path();
    const waiting = bob.client.expect(path);
    const session = await alice.client.connect({ remote: path.sdpPath });
    await session.send("x".repeat(300_000)).delivered;
    await waiting.send("yes").delivered;
    expect([bob.texts[0]?.length, alice.texts]).toEqual([300_000, ["yes"]]);
    await scene.close();
  });

  test("RFC 4976 §9.4: a new offer with the new path moves the session before the old one expires [4976-9.4-03]", async () => {
    const scene = new Scene();
    const [alice, bob] = [await scene.side("alice"), await scene.side("bob")];
    const [offerer, answerer] = [scene.negotiator(alice), scene.negotiator(bob)];
    const renewals: PathRenewal[] = [];
    alice.client.onRenewed((renewal) => renewals.push(renewal));
    offerer.addStream((await alice.client.path()).stream);
    const [first] = await agreed(offerer, answerer, (await bob.client.path()).stream);
    await first.send("one").delivered;
    await scene.clock.advance(841_000);
    expect(renewals.map(({ reason }) => reason)).toEqual(["expiry"]);
    offerer.updateStream(0, renewals[0]!.path.stream);
    offerer.renewPath(0);
    const [second] = await agreed(offerer, answerer, (await bob.client.path()).stream);
    expect(second).not.toBe(first);
    await settle(200);
    expect(first.state).toBe("closed");
    await scene.clock.advance(120_000);
    await second.send("two").delivered;
    expect(bob.texts).toEqual(["one", "two"]);
    await scene.close();
  });

  test("RFC 4976 §6.3: a relay that ends and comes back gives new paths [4976-5.4-03]", async () => {
    const scene = new Scene();
    const [alice, bob] = [await scene.side("alice"), await scene.side("bob")];
    const renewals: PathRenewal[] = [];
    bob.client.onRenewed((renewal) => renewals.push(renewal));
    const path = await bob.client.path();
    scene.stop();
    await scene.relay.close({ drainMs: 0 });
    await settle();
    expect(path.valid).toBe(false);
    await scene.clock.advance(10_000);
    scene.start();
    await scene.clock.advance(60_000);
    expect(renewals.map(({ reason, replaces }) => [reason, replaces === path])).toEqual([
      ["reconnected", true],
    ]);
    const next = renewals[0]!.path;
    bob.client.expect(next);
    const session = await alice.client.connect({ remote: next.sdpPath });
    await session.send("again").delivered;
    expect(bob.texts).toEqual(["again"]);
    await scene.close();
  });

  test("RFC 4976 §8: users of a farm's member that ends log in at another one, and go on there [4976-5.4-03, 4976-8-11, SEC-32]", async () => {
    const clock = new FakeClock();
    const network = new MemoryNetwork({ clock });
    const member = (name: string): Msrp => {
      const plugin = relay({
        domains: ["farm.example"],
        member: name,
        listen: ["msrps://0.0.0.0:2855;tcp"],
        credentials: StaticCredentials.of("farm.example", passwords),
      });
      return new Msrp({ clock }).use(plugin);
    };
    const [one, two] = [member("node1.farm.example"), member("node2.farm.example")];
    const stop = network.listen("node1.farm.example", 2855, one.accept, true);
    network.listen("node2.farm.example", 2855, two.accept, true);
    // What an adapter makes of the domain's SRV records.
    const connect: typeof network.connect = async (target, accept, options) => {
      for (const host of ["node1.farm.example", "node2.farm.example"]) {
        try {
          return await network.connect({ ...target, host, port: 2855 }, accept, options);
        } catch {
          // the next one
        }
      }
      throw new Error("nobody is there");
    };
    const app = new Msrp({ clock });
    const client = await connectThroughRelay(
      app,
      { relay: "msrps://farm.example;tcp", credentials: { username: "alice", password: passwords.alice } },
      connect,
    );
    const renewals: PathRenewal[] = [];
    client.onRenewed((renewal) => renewals.push(renewal));
    const path = await client.path();
    expect(path.usePath[0]?.host).toBe("node1.farm.example");
    stop();
    await one.close({ drainMs: 5000 });
    await settle();
    await clock.advance(2000);
    expect(renewals.map(({ reason, replaces }) => [reason, replaces === path])).toEqual([
      ["reconnected", true],
    ]);
    expect(renewals[0]?.path.usePath[0]?.host).toBe("node2.farm.example");
    client.close();
    for (const node of [app, two]) await node.close({ drainMs: 0 });
  });
});
