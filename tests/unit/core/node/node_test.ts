// Msrp as applications use it: whole conversations between two nodes, many sessions, connecting in every way, closing.
import { describe, expect, test } from "#test";
import type { ConnectionError, MsrpError } from "../../../../core/errors.ts";
import { Msrp } from "../../../../core/node/node.ts";
import { definePlugin } from "../../../../core/node/plugin.ts";
import type { Connector } from "../../../../core/node/transport.ts";
import type { Session } from "../../../../core/session/session.ts";
import { NodePair, rejection, settle, thrown } from "../../../support/nodes.ts";

describe("two nodes", () => {
  test("exchange text, bytes and reports in both directions", async () => {
    const pair = new NodePair();
    const [here, there] = await pair.sessions();
    const file = new Uint8Array(3_000_000).map((_, index) => (index * 31) % 256);
    const sent = [
      here.send("hello", { successReport: true }),
      there.send(file, { contentType: "image/png", successReport: true }),
    ];
    await Promise.all(sent.flatMap(({ accepted, delivered }) => [accepted, delivered]));
    for await (const message of there) {
      expect(await message.text()).toBe("hello");
      break;
    }
    for await (const message of here) {
      expect([message.contentType, message.body.length]).toEqual(["image/png", file.length]);
      expect(message.body.every((value, index) => value === file[index])).toBe(true);
      break;
    }
    expect(pair.errors).toEqual([]);
    await pair.close();
  });

  test("hold a thousand sessions on one connection: every message once and in order", async () => {
    const pair = new NodePair();
    const got: Map<Session, string[]> = new Map();
    pair.server.onMessage(async (message, session) => {
      const list = got.get(session) ?? [];
      got.set(session, list);
      list.push(await message.text());
    });
    const sessions = await Promise.all(Array.from({ length: 1000 }, () => pair.connect()));
    const all = sessions.flatMap((session, index) =>
      [0, 1, 2].map((round) => session.send(`${index} ${round}`).accepted),
    );
    await Promise.all(all);
    await settle();
    expect([pair.network.opened, pair.server.sessionCount, got.size]).toEqual([1, 1000, 1000]);
    const texts = pair.accepted.map((session) => got.get(session)?.join(","));
    expect(texts).toEqual(sessions.map((_, index) => `${index} 0,${index} 1,${index} 2`));
    await pair.close();
    expect([pair.client.sessionCount, pair.server.sessionCount, pair.clock.pending]).toEqual([0, 0, 0]);
  });

  test("hold a thousand sessions on a thousand connections", async () => {
    const pair = new NodePair();
    let messages = 0;
    pair.server.onMessage(() => {
      messages++;
    });
    const sessions = await Promise.all(Array.from({ length: 1000 }, () => pair.connect({ reuse: false })));
    await Promise.all(sessions.map((session) => session.send("x").accepted));
    expect([pair.network.opened, pair.server.connectionCount, messages]).toEqual([1000, 1000, 1000]);
    await pair.close();
    expect([pair.client.connectionCount, pair.server.connectionCount, pair.clock.pending]).toEqual([0, 0, 0]);
  });

  test("over frames of one message each, as on a WebSocket", async () => {
    const pair = new NodePair({ network: { framing: "message" } });
    const [here, there] = await pair.sessions();
    await here.send(new Uint8Array(300_000).fill(7), { successReport: true }).delivered;
    for await (const message of there) {
      expect(message.body.length).toBe(300_000);
      break;
    }
    await pair.close();
  });

  test("whatever way the bytes are cut", async () => {
    for (const maxSegmentBytes of [1, 7, 1000]) {
      const pair = new NodePair({ network: { maxSegmentBytes } });
      const [here, there] = await pair.sessions();
      const body = new Uint8Array(20_000).map((_, index) => index % 256);
      await here.send(body, { successReport: true }).delivered;
      for await (const message of there) {
        expect(message.body).toEqual(body);
        break;
      }
      await pair.close();
    }
  });
});

describe("connect", () => {
  test("fails with the reason, and leaves nothing behind", async () => {
    const pair = new NodePair();
    const refused = await rejection<ConnectionError>(
      pair.connect({ remote: "msrp://nobody.example:1/x;tcp" }),
    );
    expect(refused.code).toBe("connect-failed");
    const noPort = await rejection<ConnectionError>(pair.connect({ remote: "msrp://bob.example/x;tcp" }));
    expect(noPort.code).toBe("no-port");
    const broken = await rejection<MsrpError>(pair.connect({ remote: "http://bob.example" }));
    expect(broken.code).toBe("bad-uri");
    const stopped = await rejection<ConnectionError>(pair.connect({ signal: AbortSignal.abort("no more") }));
    expect(stopped.code).toBe("aborted");
    expect(
      (await rejection(pair.client.connect({ remote: pair.serverUri() }, pair.network.connect))).name,
    ).toBe("TypeError");
    await settle();
    expect(pair.client.sessionCount).toBe(0);
    await pair.close();
  });

  test("RFC 4975 §14.5: policy is asked before anything is sent to the address [4975-14.5-03]", async () => {
    const targets: string[] = [];
    const policy = definePlugin({
      name: "policy",
      connect: (c, next) => {
        targets.push(`${c.direction} ${c.target?.host}:${c.target?.port}`);
        return c.target?.host === "bob.example" ? c.reject(403) : next();
      },
    });
    const pair = new NodePair({ clientPlugins: [policy] });
    expect((await rejection<ConnectionError>(pair.connect())).code).toBe("connect-refused");
    expect([targets, pair.network.opened]).toEqual([["outbound bob.example:12051"], 0]);
    await pair.close();
  });

  test("without confirmation is ready at once, and a refusal ends the session later", async () => {
    const pair = new NodePair({ server: { acceptUnknown: () => false } });
    const session = await pair.connect({ confirm: false });
    expect(session.state).toBe("bound");
    expect(((await session.closed) as ConnectionError).code).toBe("no-such-session");
    await pair.close();
  });

  test("opens a session that was made before its path was known", async () => {
    const pair = new NodePair();
    const local = pair.clientUri();
    const session = pair.client.session({ local, role: "active" });
    expect(thrown<MsrpError>(() => session.send("too early")).code).toBe("no-remote-path");
    await pair.client.connect({ session, remote: pair.serverUri() }, pair.network.connect);
    await session.send("now").accepted;
    const again = pair.client.connect({ session, remote: pair.serverUri() }, pair.network.connect);
    expect((await rejection<MsrpError>(again)).code).toBe("session-not-idle");
    await pair.close();
  });

  test("a passive session whose path comes later takes it from the peer, or from update()", async () => {
    const pair = new NodePair();
    const open = pair.serverUri("noPathYet");
    const session = pair.server.session({ local: open });
    const here = await pair.connect({ remote: open });
    await session.ready;
    expect(session.remote.map((uri) => uri.text)).toEqual([here.local.text]);
    await session.send("back").accepted;
    const other = pair.server.session({ local: pair.serverUri() });
    other.update({ remote: [pair.clientUri()], peerAcceptTypes: ["text/plain"], peerMaxBytes: 5 });
    expect(thrown<MsrpError>(() => other.send("longer")).code).toBe("message-too-large");
    expect(thrown<MsrpError>(() => other.send("x", { contentType: "a/b" })).code).toBe("type-not-accepted");
    await pair.close();
  });
});

describe("a node", () => {
  test("takes plugins until it has begun", () => {
    const app = new Msrp().use(definePlugin({ name: "early" }));
    expect(app.describe().includes("taps      -")).toBe(true);
    expect(thrown<MsrpError>(() => app.use(definePlugin({ name: "late" }))).code).toBe("node-started");
    expect(() => new Msrp().use({} as never)).toThrow("plugin");
  });

  test("a tap set before the node began can be taken back before and after", () => {
    const app = new Msrp();
    const log: string[] = [];
    const stopEarly = app.tap("closed", () => log.push("early"));
    const stop = app.tap("closed", () => log.push("kept"));
    stopEarly();
    const session = app.session({ local: "msrp://a.example:1/s1;tcp" });
    session.abort();
    stop();
    app.session({ local: "msrp://a.example:1/s2;tcp" }).abort();
    expect(log).toEqual(["kept"]);
  });

  test("closes in order: what was sent is answered, then sessions and connections end", async () => {
    const pair = new NodePair();
    const [here] = await pair.sessions();
    const sent = here.send(new Uint8Array(500_000));
    const closing = pair.client.close();
    await sent.accepted;
    await closing;
    expect([here.state, pair.client.sessionCount, pair.client.connectionCount]).toEqual(["closed", 0, 0]);
    expect(thrown<MsrpError>(() => pair.client.session({ local: pair.clientUri() })).code).toBe(
      "node-closed",
    );
    await pair.close();
  });

  test("does not wait for ever when it closes", async () => {
    const pair = new NodePair();
    const gate = new Promise<void>(() => undefined);
    const [here] = await pair.sessions();
    async function* stuck(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(10);
      await gate;
    }
    const sent = here.send(stuck());
    const closing = pair.client.close({ drainMs: 2000 });
    await pair.clock.advance(1999);
    expect(pair.client.sessionCount).toBe(1);
    await pair.clock.advance(1);
    await closing;
    expect((await rejection<ConnectionError>(sent.accepted)).code).toBe("node-closed");
    expect(pair.client.sessionCount).toBe(0);
    await pair.close();
  });

  test("is closed when the last octets are with the network, and not before", async () => {
    const pair = new NodePair();
    let flush: (() => void) | undefined;
    const slow: Connector = (target, accept, options) =>
      pair.network.connect(
        target,
        (transport) =>
          accept(
            new Proxy(transport, {
              get: (whole, name) => {
                if (name === "close") return () => (flush = () => whole.close());
                const value: unknown = Reflect.get(whole, name, whole);
                return typeof value === "function" ? value.bind(whole) : value;
              },
            }),
          ),
        options,
      );
    await pair.client.connect({ local: pair.clientUri(), remote: pair.serverUri() }, slow);
    let closed = false;
    const closing = pair.client.close().then(() => (closed = true));
    await settle();
    expect([typeof flush, pair.client.connectionCount, closed]).toEqual(["function", 0, false]);
    flush?.();
    await closing;
    await pair.close();
  });

  test("lists its sessions, and drops connections that come after its end", async () => {
    const pair = new NodePair();
    await pair.sessions();
    expect([pair.server.sessions.length, pair.server.sessions[0]?.role]).toEqual([1, "passive"]);
    await pair.server.close({ drainMs: 0 });
    await rejection(pair.connect());
    await settle();
    expect(pair.server.connectionCount).toBe(0);
    await pair.close();
  });

  test("runs the upgrade stage for an adapter", async () => {
    const plugin = definePlugin({
      name: "origin",
      upgrade: (c, next) => (c.headers.get("origin") === "https://good.example" ? next() : c.reject(403)),
    });
    const app = new Msrp().use(plugin);
    const request = { url: "/chat", remoteAddress: "192.0.2.1", secure: true };
    const results = await Promise.all([
      app.upgrade({ ...request, headers: new Map([["origin", "https://good.example"]]) }),
      app.upgrade({ ...request, headers: new Map() }),
    ]);
    expect(results.map(({ verdict }) => verdict.status)).toEqual([200, 403]);
  });
});
