// A server's WebSocket as a transport: batches, back-pressure, pings, and the codes that it closes with. Over a pipe in
// memory whose clock stands still, so that nothing waits.
import { describe, expect, test } from "#test";
import { FakeClock, settle } from "../../../adapters/memory.ts";
import { ConnectionError, RemoteProtocolError, takeBuffer } from "../../../core/mod.ts";
import {
  MemoryWebSocket,
  type MemoryWebSocketOptions,
  memoryServer,
  RecordingAcceptor,
} from "../../support/memory_web_socket.ts";

async function open(options: MemoryWebSocketOptions = {}): Promise<{
  app: RecordingAcceptor;
  client: MemoryWebSocket;
  clock: FakeClock;
}> {
  const app = new RecordingAcceptor();
  const clock = new FakeClock();
  const client = await MemoryWebSocket.open(memoryServer(app, options), { clock, ...options });
  expect(client.status).toBe(101);
  return { app, client, clock };
}

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("a server's WebSocket", () => {
  test("tells what the pipe tells, and that a write is a message", async () => {
    const { app } = await open({ secure: true, client: { address: "192.0.2.7", port: 4711 } });
    const { framing, secure, remoteAddress, remotePort, localPort } = app.transport ?? {};
    expect([framing, secure, remoteAddress, remotePort, localPort]).toEqual([
      "message",
      true,
      "192.0.2.7",
      4711,
      2855,
    ]);
  });

  test("RFC 7977 §5.1: each write is a message of its own, whatever one block of the stream carries [7977-5.1-05] [7977-5.1-08]", async () => {
    const { app, client } = await open();
    const sizes = [0, 1, 125, 126, 65_535, 65_536, 70_000];
    for (const size of sizes) app.transport?.write(new Uint8Array(size).fill(97));
    expect((await client.take()).map((message) => message.length)).toEqual(sizes);
  });

  test("a long message makes room for its head where it lies, and one that fills its memory is copied", async () => {
    const { app, client } = await open();
    const wanted: number[] = [];
    for (const length of [16_383, 16_384, 65_535, 65_536, 98_294, 98_295, 98_304]) {
      const moved = takeBuffer(98_304).subarray(0, length).fill(98);
      moved[0] = 97;
      moved[length - 1] = 99;
      app.transport?.write(moved);
      await settle();
      wanted.push(length);
    }
    const messages = await client.take();
    expect(messages.map((message) => message.length)).toEqual(wanted);
    for (const message of messages) expect(/^ab+c$/.test(message)).toBe(true);
  });

  test("delivers a message however the stream is cut, and drops nothing of what is unmasked in place", async () => {
    for (const maxSegmentBytes of [1, 3, 7, 1000]) {
      const { app, client } = await open({ maxSegmentBytes });
      for (const size of [0, 1, 64, 130, 5000]) client.frame(2, "abcdefgh".repeat(size));
      await client.take();
      expect(app.received.map((text) => text.length)).toEqual([0, 8, 512, 1040, 40_000]);
      expect(app.received.join("").replaceAll("abcdefgh", "")).toBe("");
    }
  });

  test("back-pressure of the stream is that of the WebSocket", async () => {
    const { app, client } = await open({ highWaterBytes: 70_000 });
    client.transport.pause();
    await settle();
    let written = 0;
    while (app.transport?.write(new Uint8Array(60_000)) === true) written++;
    await settle();
    expect(app.transport?.write(new Uint8Array(10))).toBe(false);
    expect([written < 4, app.drains]).toEqual([true, 0]);
    client.transport.resume();
    expect((await client.take()).length).toBe(written + 2);
    expect(app.drains).toBe(1);
  });

  test("a core that pauses is given nothing more than what was read", async () => {
    const { app, client } = await open();
    app.transport?.pause();
    client.frame(2, "one");
    await settle();
    expect(app.received).toEqual([]);
    app.transport?.resume();
    await settle();
    expect(app.received).toEqual(["one"]);
  });

  test("RFC 7977 §6: a quiet client is pinged, one that talks is not [7977-6-01]", async () => {
    const { client, clock } = await open();
    await clock.advance(29_999);
    expect(client.pings).toBe(0);
    await clock.advance(1);
    expect(client.pings).toBe(1);
    for (let round = 0; round < 10; round++) {
      client.frame(2, "still here");
      await settle();
      await clock.advance(20_000);
    }
    expect(client.pings).toBe(1);
    await clock.advance(60_000);
    expect(client.pings > 1).toBe(true);
    expect(client.ended_).toBe(false);
  });

  test("RFC 7977 §6: a client that answers no ping is given up [7977-6-05]", async () => {
    const { app, client, clock } = await open();
    client.deaf = true;
    await clock.advance(49_999);
    expect(app.ends).toEqual([]);
    await clock.advance(1);
    expect(app.ends.map((error) => (error as ConnectionError).code)).toEqual(["connection-timeout"]);
    expect(client.ended_).toBe(true);
  });

  test("pings can be turned off, and never count against a core that has paused", async () => {
    const off = await open({ webSocket: { pingIntervalMs: 0 } });
    await off.clock.advance(1_000_000);
    expect(off.client.pings).toBe(0);
    const { app, client, clock } = await open();
    app.transport?.pause();
    await clock.advance(1_000_000);
    expect([client.pings, app.ends]).toEqual([0, []]);
  });

  test("RFC 6455 §5.5.3: of the pings of a client that does not read only the last is answered [6455-5.5-01]", async () => {
    const { app, client } = await open({ highWaterBytes: 1000 });
    client.transport.pause();
    app.transport?.write(new Uint8Array(2000));
    await settle();
    for (let round = 0; round < 1000; round++) client.frame(9, `ping ${round}`);
    await settle();
    client.transport.resume();
    expect(await client.take()).toEqual(["\0".repeat(2000)]);
    expect(client.pongs).toEqual([Buffer.from("ping 999").toString("hex")]);
  });

  test("RFC 6455 §7.4: the reason of the core chooses the code: 1002, 1008, 1001 [6455-7.4-01]", async () => {
    const cases: [(app: RecordingAcceptor) => void, number | undefined][] = [
      [(app) => app.transport?.abort(new RemoteProtocolError("bad", "no MSRP", { fatal: true })), 1002],
      [(app) => app.transport?.abort(new ConnectionError("not-this-relay", "not here")), 1008],
      [(app) => app.transport?.abort(new ConnectionError("node-closed", "over")), 1001],
      [(app) => app.transport?.close(), 1001],
      [(app) => app.transport?.abort(), undefined],
      [(app) => app.transport?.abort(new Error("a bug")), undefined],
    ];
    for (const [end, code] of cases) {
      const { app, client, clock } = await open();
      app.transport?.write(octets("before"));
      end(app);
      await settle();
      expect(client.closed).toBe(code);
      // What was written before the code is with the client.
      if (code !== undefined) expect(client.messages).toEqual(["before"]);
      await clock.advance(5000);
      expect([client.ended_, app.ends.length]).toEqual([true, 1]);
    }
  });

  test("a client that does not answer the closing frame has three seconds", async () => {
    const { app, client, clock } = await open();
    client.silent = true;
    app.transport?.close();
    expect(app.transport?.write(octets("late"))).toBe(false);
    await clock.advance(2999);
    expect(client.ended_).toBe(false);
    client.frame(2, "late too");
    await clock.advance(1);
    expect([client.ended_, app.received]).toEqual([true, []]);
  });

  test("a client's closing frame ends it without an error, unless its code says so", async () => {
    for (const [code, error] of [
      [1000, undefined],
      [1001, undefined],
      [1011, "connection-failed"],
    ] as const) {
      const { app, client } = await open();
      client.frame(8, String.fromCharCode(code >> 8, code & 255));
      await settle();
      expect(client.closed).toBe(code);
      expect(app.ends.map((end) => (end as ConnectionError | undefined)?.code)).toEqual([error]);
    }
  });

  test("a client that just goes away is an error", async () => {
    const { app, client } = await open();
    client.transport.close();
    await settle();
    expect(app.ends.map((error) => (error as ConnectionError).code)).toEqual(["connection-reset"]);
  });

  test("a core that throws costs this connection alone", async () => {
    const app = {
      accept: () => ({
        received: (): void => {
          throw new Error("a bug");
        },
        drained: (): void => undefined,
        ended: (error?: Error): void => void ends.push(error),
      }),
    };
    const ends: (Error | undefined)[] = [];
    const client = await MemoryWebSocket.open(memoryServer(app));
    client.frame(2, "x");
    await settle();
    expect(ends.map((error) => (error as ConnectionError).code)).toEqual(["sink-failed"]);
    expect(client.ended_).toBe(true);
  });
});
