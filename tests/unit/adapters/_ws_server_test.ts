// Handshakes on own listeners: their limits in number and time, the `upgrade` stage, and what becomes of all sockets when
// the listener closes. Over a pipe in memory whose clock stands still.
import { describe, expect, test } from "#test";
import { FakeClock, settle } from "../../../adapters/memory.ts";
import { defineKey, definePlugin, Msrp, type UpgradeRequest, Verdict } from "../../../core/mod.ts";
import type { ConnectionHandle } from "../../../core/node/context.ts";
import {
  handshakeText,
  MemoryWebSocket,
  memoryServer,
  RecordingAcceptor,
} from "../../support/memory_web_socket.ts";

describe("a WebSocket server", () => {
  test("gives an accepted handshake to the application, once its answer is out", async () => {
    const app = new RecordingAcceptor();
    const client = await MemoryWebSocket.open(memoryServer(app));
    expect(client.answer).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    client.frame(2, "hello");
    app.transport?.write(new TextEncoder().encode("and back"));
    expect(await client.take()).toEqual(["and back"]);
    expect(app.received).toEqual(["hello"]);
  });

  test("RFC 7977 §7: the stage before the 101 sees the request, and its values are the connection's [7977-7-01]", async () => {
    const key = defineKey<string>("test.who");
    const seen: Partial<UpgradeRequest>[] = [];
    const handles: ConnectionHandle[] = [];
    const app = new Msrp().use(
      definePlugin({
        name: "who",
        upgrade: async (c, next) => {
          const { url, path, protocols, remoteAddress, secure } = c;
          seen.push({ url, path, protocols, remoteAddress, secure } as Partial<UpgradeRequest>);
          await Promise.resolve();
          c.set(key, c.cookie("sid"));
          return next();
        },
        connect: (c, next) => {
          if (c.connection !== undefined) handles.push(c.connection);
          return next();
        },
      }),
    );
    const client = MemoryWebSocket.connect(memoryServer(app), { secure: true });
    const headers = { Cookie: "a=b; sid=good", "Sec-WebSocket-Protocol": "msrp, token.x" };
    client.raw(handshakeText(headers, "/chat?room=1"));
    await settle();
    expect(client.status).toBe(101);
    expect(seen).toEqual([
      {
        url: "/chat?room=1",
        path: "/chat",
        protocols: ["msrp", "token.x"],
        remoteAddress: "192.0.2.1",
        secure: true,
      },
    ]);
    expect(handles.map((handle) => handle.get(key))).toEqual(["good"]);
    await app.close({ drainMs: 0 });
  });

  test("RFC 6455 §4.2.2: a refusal is an HTTP answer with the fields of the verdict, and its reason", async () => {
    const errors: string[] = [];
    const upgrade = (): { verdict: Verdict; accept: RecordingAcceptor["accept"] } => ({
      verdict: new Verdict(401, "Who is there?", [
        ["WWW-Authenticate", 'Digest realm="r"'],
        ["X-Split", "a\r\nX-Injected: b"],
      ]),
      accept: app.accept,
    });
    const app = new RecordingAcceptor();
    const server = memoryServer(
      { accept: app.accept, upgrade },
      { onError: ({ message }) => errors.push(message) },
    );
    const client = await MemoryWebSocket.open(server);
    expect(client.answer).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/);
    expect(client.answer).toContain('WWW-Authenticate: Digest realm="r"\r\n');
    expect(client.answer).not.toContain("Injected");
    expect(client.ended_).toBe(true);
    expect(app.transport).toBe(undefined);
    expect(errors).toEqual(["A handshake was refused: Who is there?"]);
  });

  test("a status that is no HTTP is 403, an application that throws is 500", async () => {
    const cases: [() => { verdict: Verdict; accept: RecordingAcceptor["accept"] }, number][] = [
      [() => ({ verdict: new Verdict(603), accept }), 403],
      [
        () => {
          throw new Error("a bug");
        },
        500,
      ],
    ];
    const { accept } = new RecordingAcceptor();
    for (const [upgrade, status] of cases) {
      expect((await MemoryWebSocket.open(memoryServer({ accept, upgrade }))).status).toBe(status);
      const late = async (): Promise<ReturnType<typeof upgrade>> => upgrade();
      expect((await MemoryWebSocket.open(memoryServer({ accept, upgrade: late }))).status).toBe(status);
    }
  });

  test("SEC-25: who does not finish its request in time gets 408, a stage that does not decide 503", async () => {
    const clock = new FakeClock();
    const app = new RecordingAcceptor();
    const slow = MemoryWebSocket.connect(memoryServer(app), { clock });
    slow.raw(handshakeText().slice(0, 50));
    await clock.advance(9999);
    expect(slow.ended_).toBe(false);
    await clock.advance(1);
    expect([slow.status, slow.ended_]).toEqual([408, true]);
    const undecided = memoryServer({ accept: app.accept, upgrade: () => new Promise(() => undefined) });
    const waiting = await MemoryWebSocket.open(undecided, { clock });
    await clock.advance(9999);
    expect(waiting.status).toBe(Number.NaN);
    await clock.advance(1);
    expect([waiting.status, waiting.ended_]).toEqual([503, true]);
  });

  test("SEC-25: handshakes at a time are bounded; those that are over make room", async () => {
    const errors: string[] = [];
    const app = new RecordingAcceptor();
    const options = {
      webSocket: { maxPendingUpgrades: 2 },
      onError: ({ message }: Error) => errors.push(message),
    };
    const server = memoryServer(app, options);
    const first = MemoryWebSocket.connect(server);
    const second = MemoryWebSocket.connect(server);
    const third = MemoryWebSocket.connect(server);
    await settle();
    expect([first.ended_, second.ended_, third.ended_]).toEqual([false, false, true]);
    expect(errors).toEqual(["More than 2 handshakes at a time (maxPendingUpgrades)"]);
    second.transport.abort();
    await settle();
    expect((await MemoryWebSocket.open(server)).status).toBe(101);
  });

  test("behind a proxy its word counts, the last entry of each field, and without the option nobody's does", async () => {
    const seen: unknown[] = [];
    const app = {
      accept: new RecordingAcceptor().accept,
      upgrade: ({ remoteAddress, secure }: UpgradeRequest) => {
        seen.push([remoteAddress, secure]);
        return { verdict: new Verdict(200), accept: app.accept };
      },
    };
    const headers = { "X-Forwarded-For": "203.0.113.9, 198.51.100.7", "X-Forwarded-Proto": "http, https" };
    await MemoryWebSocket.open(memoryServer(app), { headers });
    await MemoryWebSocket.open(memoryServer(app, { webSocket: { behindProxy: true } }), { headers });
    await MemoryWebSocket.open(memoryServer(app, { webSocket: { behindProxy: true } }));
    expect(seen).toEqual([
      ["192.0.2.1", false],
      ["198.51.100.7", true],
      ["192.0.2.1", false],
    ]);
  });

  test("RFC 6455 §10.2: origins of the listener are an allow list; who has none is no page [6455-10.2-01] [7977-7-05]", async () => {
    const server = memoryServer(new RecordingAcceptor(), { webSocket: { origins: ["https://ok.test"] } });
    const statuses: number[] = [];
    for (const headers of [
      { Origin: "https://ok.test" },
      { Origin: "https://ok.test.evil.test" },
      { Origin: "null" },
      {},
    ])
      statuses.push(
        (await MemoryWebSocket.open(server, { headers: headers as Record<string, string> })).status,
      );
    expect(statuses).toEqual([101, 403, 403, 101]);
  });

  test("RFC 6455 §7.4.1: a listener that closes says 1001, and drops handshakes [6455-7.4-01]", async () => {
    const app = new RecordingAcceptor();
    const server = memoryServer(app);
    const client = await MemoryWebSocket.open(server);
    const pending = MemoryWebSocket.connect(server);
    await settle();
    await server.close("close");
    await settle();
    expect([client.closed, client.ended_, pending.ended_, app.ends.length]).toEqual([1001, true, true, 1]);
    const kept = await MemoryWebSocket.open(server);
    await server.close("keep");
    expect(kept.ended_).toBe(false);
    await server.close("abort");
    await settle();
    expect([kept.closed, kept.ended_]).toEqual([undefined, true]);
  });
});
