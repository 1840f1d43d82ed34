// MsrpClient with the WebSocket of the runtime, our relay behind the runtime's own listeners, and a peer over TCP: what only
// real sockets show. Everything else is in memory, in tests/unit.
import { describe, expect, test } from "#test";
import type { Listener, ListenOptions } from "../../adapters/_listen.ts";
import { type Incoming, MsrpClient, type MsrpClientOptions } from "../../adapters/websocket.ts";
import { Msrp } from "../../core/node/node.ts";
import type { Connector } from "../../core/node/transport.ts";
import { hashPassword, StaticCredentials } from "../../core/relay/credentials.ts";
import { type RelayPlugin, relay } from "../../core/relay/relay.ts";
import { untilTrue } from "../harness/poll.ts";

/** A runtime. */
export interface WebSocketClientRuntime {
  readonly name: string;
  readonly connect: Connector;
  listen(app: Msrp, uri: string, options?: ListenOptions): Promise<Listener>;
}

class Scene {
  readonly runtime: WebSocketClientRuntime;
  readonly nodes: Msrp[] = [];
  readonly clients: MsrpClient[] = [];
  url = "";
  port = 0;
  #listener: Listener | undefined;

  constructor(runtime: WebSocketClientRuntime) {
    this.runtime = runtime;
  }

  /** Starts the relay, on the same port as before if there was one. */
  async start(): Promise<void> {
    const plugin: RelayPlugin = relay({
      domains: ["localhost"],
      credentials: StaticCredentials.of("localhost", { alice: "one", bob: "two" }),
      realm: "localhost",
      connector: this.runtime.connect,
      dial: { allow: ["127.0.0.0/8"] },
      allowPlainAuth: true,
    });
    const app = new Msrp().use(plugin);
    this.nodes.push(app);
    this.#listener = await this.#listen(app);
    this.port = this.#listener.uri.port ?? 0;
    this.url = `ws://localhost:${this.port}/msrp`;
    for (const uri of [`msrp://localhost:${this.port};ws`, "msrp://localhost:2855;tcp"]) plugin.announce(uri);
  }

  // Deno gives a port back some time after close() has resolved.
  async #listen(app: Msrp): Promise<Listener> {
    for (let tries = 0; ; tries++) {
      try {
        return await this.runtime.listen(app, `ws://127.0.0.1:${this.port}/msrp`);
      } catch (error) {
        if (this.port === 0 || tries === 20) throw error;
        await untilTrue(() => false, 50);
      }
    }
  }

  async stop(): Promise<void> {
    await this.#listener?.close({ connections: "abort" });
    await this.nodes.pop()?.close({ drainMs: 0 });
  }

  client(username: "alice" | "bob", options: Partial<MsrpClientOptions> = {}): MsrpClient {
    const password = { alice: "one", bob: "two" }[username];
    const client = new MsrpClient({
      url: this.url,
      credentials: { username, password },
      allowPlain: true,
      reconnect: { minMs: 20, maxMs: 100 },
      ...options,
    });
    this.clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.close();
    await this.stop();
    for (const node of this.nodes) await node.close({ drainMs: 0 });
  }
}

const body = new Uint8Array(4_000_000).map((_, index) => index % 251);

function same(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a?.length === b.length && a.every((octet, index) => octet === b[index]);
}

/** Runs the suite on a runtime. */
export function webSocketClientSuite(runtime: WebSocketClientRuntime): void {
  describe(`MsrpClient on ${runtime.name}`, () => {
    test("RFC 7977: two clients chat, and a file goes over whole", async () => {
      const scene = new Scene(runtime);
      await scene.start();
      const alice = await scene.client("alice").session();
      const bob = await scene.client("bob").session();
      const got: Incoming[] = [];
      bob.onMessage((message) => got.push(message));
      bob.bind({ remote: alice.path, role: "passive" });
      alice.bind({ remote: bob.path });
      await alice.send("hello").delivered;
      await alice.send(new Blob([body], { type: "image/png" })).delivered;
      expect(await got[0]?.text()).toBe("hello");
      expect(same(await got[1]?.bytes(), body)).toBe(true);
      expect(got[1]?.contentType).toBe("image/png");
      await scene.close();
    });

    test("RFC 7977 §5.1: a page and an endpoint over TCP, both ways", async () => {
      const scene = new Scene(runtime);
      await scene.start();
      const echo = new Msrp({ acceptUnknown: () => true });
      echo.onMessage(
        (message, session) => void session.send(message.body, { contentType: message.contentType }),
      );
      const listener = await runtime.listen(echo, "msrp://127.0.0.1:0;tcp");
      const session = await scene.client("alice").connect(`msrp://127.0.0.1:${listener.uri.port}/any;tcp`);
      const back = new Promise<Incoming>((resolve) => session.onMessage(resolve));
      await session.send(body.subarray(0, 300_000)).accepted;
      expect(same(await (await back).bytes(), body.subarray(0, 300_000))).toBe(true);
      await listener.close();
      await echo.close({ drainMs: 0 });
      await scene.close();
    });

    test("the relay ends in the middle of a file and starts again: nothing is lost, nothing comes twice", async () => {
      const scene = new Scene(runtime);
      await scene.start();
      const alice = await scene.client("alice").session();
      const bob = await scene.client("bob").session();
      const got: Incoming[] = [];
      bob.onMessage((message) => got.push(message));
      bob.bind({ remote: alice.path, role: "passive" });
      alice.bind({ remote: bob.path });
      const half = new Promise<void>((resolve) => {
        bob.onIncoming((message) => {
          message.onProgress = (received) => void (received > 2_000_000 && resolve());
        });
      });
      const sent = alice.send(new Blob([body]));
      await half;
      const paths = [alice, bob].map((session) => new Promise((resolve) => session.onPath(resolve)));
      await scene.stop();
      const text = alice.send("kept");
      await scene.start();
      await Promise.all(paths);
      bob.bind({ remote: alice.path, role: "passive", kept: true });
      alice.bind({ remote: bob.path, kept: true });
      await Promise.all([sent.delivered, text.delivered]);
      expect(got.length).toBe(2);
      const file = got.find(({ messageId }) => messageId === sent.messageId);
      expect(same(await file?.bytes(), body)).toBe(true);
      await scene.close();
    });

    test("a wrong password is told, and the connection is closed", async () => {
      const scene = new Scene(runtime);
      await scene.start();
      const client = scene.client("alice", { credentials: { username: "alice", password: "no" } });
      const code = await client.open().then(
        () => "open",
        (error: { code?: string }) => error.code,
      );
      expect([code, client.state]).toEqual(["auth-refused", "idle"]);
      expect(await untilTrue(() => scene.nodes[0]?.connectionCount === 0)).toBe(true);
      await scene.close();
    });

    test("a hash of the password is as good as the password", async () => {
      const scene = new Scene(runtime);
      await scene.start();
      const ha1 = hashPassword("alice", "localhost", "one");
      const client = scene.client("alice", { credentials: { username: "alice", ha1 } });
      await client.open();
      expect(client.state).toBe("open");
      await scene.close();
    });
  });
}
