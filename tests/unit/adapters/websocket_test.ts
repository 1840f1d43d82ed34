// MsrpClient with our own relay and its peers, all in memory: what it puts on the wire, how it comes back, and what becomes
// of messages that were on their way.
import { describe, expect, test } from "#test";
import { FakeClock, MemoryNetwork, settle } from "../../../adapters/memory.ts";
import {
  type ClientSession,
  type Incoming,
  MsrpClient,
  type MsrpClientOptions,
  readDescription,
  webSocketConnector,
  writeDescription,
} from "../../../adapters/websocket.ts";
import { Msrp } from "../../../core/node/node.ts";
import { connectThroughRelay } from "../../../core/relay/client.ts";
import { StaticCredentials } from "../../../core/relay/credentials.ts";
import { relay } from "../../../core/relay/relay.ts";
import { rejection } from "../../support/nodes.ts";
import { type MemorySocket, MemoryWebSockets } from "../../support/web_sockets.ts";

const passwords = { alice: "one", bob: "two" };

class Scene {
  readonly clock: FakeClock = new FakeClock();
  readonly network: MemoryNetwork = new MemoryNetwork({ clock: this.clock });
  readonly sockets: MemoryWebSockets = new MemoryWebSockets(this.clock);
  readonly clients: MsrpClient[] = [];
  readonly errors: unknown[] = [];
  relay!: Msrp;
  #stop: (() => void) | undefined;

  constructor() {
    this.start();
  }

  start(): void {
    const plugin = relay({
      domains: ["relay.example"],
      listen: ["msrps://relay.example:2855;tcp", "msrps://relay.example:443;ws"],
      credentials: StaticCredentials.of("relay.example", passwords),
      realm: "relay.example",
      connector: this.network.connect,
      limits: { minExpires: 60, defaultExpires: 900 },
    });
    this.relay = new Msrp({ clock: this.clock }).use(plugin);
    this.#stop?.();
    this.#stop = this.network.listen("relay.example", 2855, this.relay.accept, true);
    this.sockets.accept = this.relay.accept;
  }

  client(username: keyof typeof passwords, options: Partial<MsrpClientOptions> = {}): MsrpClient {
    const client = new MsrpClient({
      url: "wss://relay.example/msrp",
      credentials: { username, password: passwords[username] },
      WebSocket: this.sockets.WebSocket,
      clock: this.clock,
      ...options,
    });
    client.onError((error) => this.errors.push(error));
    this.clients.push(client);
    return client;
  }

  /** Alice, who offered, and Bob. */
  async pair(): Promise<[ClientSession, ClientSession]> {
    const alice = await this.client("alice").session();
    const bob = await this.client("bob").session();
    bob.bind({ ...readDescription(writeDescription(alice)) });
    alice.bind(readDescription(writeDescription(bob, "passive")));
    await this.until(() => alice.state === "open" && bob.state === "open");
    return [alice, bob];
  }

  /** The texts that a session gives, as they come. */
  texts(session: ClientSession): string[] {
    const texts: string[] = [];
    session.onMessage(async (message) => {
      if (message.contentType.startsWith("text/plain")) texts.push(await message.text());
    });
    return texts;
  }

  /** Lets promises run until it is so. */
  async until(holds: () => boolean): Promise<void> {
    for (let round = 0; round < 10_000 && !holds(); round++) await settle(1);
    if (!holds()) throw new Error("it never was so");
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.close();
    await this.relay.close({ drainMs: 0 });
    await settle();
  }
}

/** Element by element, which `toEqual` takes seconds for. */
function same(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a?.length === b.length && a.every((octet, index) => octet === b[index]);
}

const body = new Uint8Array(3_000_000).map((_, index) => index % 251);

describe("MsrpClient with our relay", () => {
  test("two pages chat both ways, and a file comes whole, with progress and reports", async () => {
    const scene = new Scene();
    const [alice, bob] = await scene.pair();
    const texts = scene.texts(bob);
    const answers = scene.texts(alice);
    await alice.send("hello").delivered;
    await bob.send("and to you").delivered;
    expect([texts, answers]).toEqual([["hello"], ["and to you"]]);
    const files: Incoming[] = [];
    bob.onMessage((message) => files.push(message));
    const progress: number[] = [];
    const sent = alice.send(new Blob([body]), { onProgress: (count) => progress.push(count) });
    await sent.delivered;
    expect(same(await files[0]?.bytes(), body)).toBe(true);
    expect(progress.at(-1)).toBe(body.length);
    expect(sent.deliveredBytes).toBe(body.length);
    expect(scene.errors).toEqual([]);
    await scene.close();
  });

  test("RFC 4975 §5.4: a file goes on behind what was reported when the sender's connection was lost in the middle", async () => {
    const scene = new Scene();
    const [alice, bob] = await scene.pair();
    const messages: Incoming[] = [];
    bob.onMessage((message) => messages.push(message));
    const client = scene.sockets.clients[0] as MemorySocket;
    const sent = alice.send(new Blob([body]), {
      onProgress: () => {
        if (sent.deliveredBytes >= 1_048_576 && client.readyState === 1) client.break();
      },
    });
    const renewed = new Promise((resolve) => alice.onPath(resolve));
    await scene.until(() => alice.state === "waiting");
    await scene.clock.advance(1000);
    await renewed;
    bob.bind({ remote: alice.path, role: "passive", kept: true });
    alice.bind({ remote: bob.path, kept: true });
    await sent.delivered;
    expect(messages.length).toBe(1);
    expect(same(await messages[0]?.bytes(), body)).toBe(true);
    // Not all of it again: a mebioctet had been reported.
    const again = (scene.sockets.clients.at(-1) as MemorySocket).sent.reduce(
      (sum, { length }) => sum + length,
      0,
    );
    expect(again < body.length - 1_000_000).toBe(true);
    await scene.close();
  });

  test("a file begins anew when the receiver's page was loaded anew, and texts come once each", async () => {
    const scene = new Scene();
    const [alice, bob] = await scene.pair();
    const texts = scene.texts(bob);
    await alice.send("before").delivered;
    const file = alice.send(new Blob([body]));
    scene.sockets.clients[1]?.break();
    scene.clients[1]?.close();
    const text = alice.send("kept");
    const page = await scene.client("bob").session();
    const messages: Incoming[] = [];
    page.onMessage((message) => messages.push(message));
    page.bind({ remote: alice.path, role: "passive" });
    alice.bind({ remote: page.path });
    await Promise.all([file.delivered, text.delivered]);
    expect(texts).toEqual(["before"]);
    const kept = messages.map(({ messageId }) => messageId).sort();
    expect(kept).toEqual([file.messageId, text.messageId].sort());
    expect(same(await messages.find(({ messageId }) => messageId === file.messageId)?.bytes(), body)).toBe(
      true,
    );
    await scene.close();
  });

  test("RFC 4975 §5.4: what was delivered and whose report was lost is sent again and not given again", async () => {
    const scene = new Scene();
    const [alice, bob] = await scene.pair();
    const texts = scene.texts(bob);
    const mute = scene.sockets.clients[1] as MemorySocket;
    const sent = alice.send("once");
    bob.onMessage(() => {
      mute.mute = true;
    });
    await scene.until(() => texts.length > 0);
    mute.break();
    await scene.clock.advance(1000);
    bob.bind({ remote: alice.path, role: "passive", kept: true });
    alice.bind({ remote: bob.path, kept: true });
    await sent.delivered;
    expect(texts).toEqual(["once"]);
    await scene.close();
  });

  test("the relay ends and comes back: both clients log in again and go on", async () => {
    const scene = new Scene();
    const [alice, bob] = await scene.pair();
    const texts = scene.texts(bob);
    const old = scene.relay;
    scene.start();
    for (const socket of scene.sockets.clients) socket.break();
    await old.close({ drainMs: 0 });
    const sent = alice.send("over the gap");
    await scene.clock.advance(2000);
    expect(scene.clients.map(({ state }) => state)).toEqual(["open", "open"]);
    bob.bind({ remote: alice.path, role: "passive", kept: true });
    alice.bind({ remote: bob.path, kept: true });
    await sent.delivered;
    expect(texts).toEqual(["over the gap"]);
    await scene.close();
  });

  test("a wrong password is told at once", async () => {
    const scene = new Scene();
    const client = scene.client("alice", { credentials: { username: "alice", password: "wrong" } });
    expect((await rejection<Error & { code: string }>(client.open())).code).toBe("auth-refused");
    await scene.close();
  });

  test("the keep-alive is answered by the relay itself", async () => {
    const scene = new Scene();
    const client = scene.client("alice");
    await client.open();
    await scene.clock.advance(100_000);
    expect(client.state).toBe("open");
    expect(scene.errors).toEqual([]);
    await scene.close();
  });
});

describe("webSocketConnector", () => {
  test("the whole toolkit reaches a relay over a WebSocket: RelayClient and a node behind TCP", async () => {
    const scene = new Scene();
    const app = new Msrp({ clock: scene.clock });
    const echo = new Msrp({ clock: scene.clock, acceptUnknown: () => true });
    echo.onMessage((message, session) => void session.send(message.body, { contentType: "text/plain" }));
    scene.network.listen("echo.example", 2855, echo.accept, true);
    const connector = webSocketConnector({
      path: "/msrp",
      WebSocket: scene.sockets.WebSocket,
      clock: scene.clock,
    });
    const client = await connectThroughRelay(
      app,
      { relay: "msrps://relay.example:443;ws", credentials: { username: "alice", password: "one" } },
      connector,
    );
    expect(scene.sockets.urls).toEqual(["wss://relay.example:443/msrp"]);
    const session = await client.connect({ remote: "msrps://echo.example:2855/any;tcp" });
    expect(session.local.transport).toBe("ws");
    await session.send("there and back").accepted;
    for await (const message of session) {
      expect(await message.text()).toBe("there and back");
      break;
    }
    client.close();
    for (const node of [app, echo]) await node.close({ drainMs: 0 });
    await scene.close();
  });
});
