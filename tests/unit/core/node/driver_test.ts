// One connection under load and over time: one write per turn, back-pressure both ways, limits, timers, and the end.
import { describe, expect, test } from "#test";
import { FakeClock, memoryPair, settle } from "../../../../adapters/memory.ts";
import type { ConnectionError } from "../../../../core/errors.ts";
import { Msrp } from "../../../../core/node/node.ts";
import { definePlugin } from "../../../../core/node/plugin.ts";
import type { Transport, TransportSink } from "../../../../core/node/transport.ts";
import { ACCEPTED, type Verdict } from "../../../../core/node/verdict.ts";
import { request } from "../../../../testing/wire.ts";
import { NodePair, rejection } from "../../../support/nodes.ts";

const local = "msrp://bob.example:12051/driverTests;tcp";
const from = "msrp://alice.example:7313/driverTests;tcp";

// A transport whose every call is logged, and whose room is set by the test.
class Bench implements Transport {
  readonly clock: FakeClock & { afterTurn?(callback: () => void): void } = new FakeClock();
  readonly remoteAddress = "192.0.2.1";
  readonly secure = false;
  readonly framing = "stream" as const;
  readonly log: string[] = [];
  readonly writes: string[] = [];
  room = true;
  sink!: TransportSink;

  write(bytes: Uint8Array): boolean {
    this.writes.push(new TextDecoder().decode(bytes));
    return this.room;
  }
  pause(): void {
    this.log.push("pause");
  }
  resume(): void {
    this.log.push("resume");
  }
  close(): void {
    this.log.push("close");
  }
  abort(): void {
    this.log.push("abort");
  }

  static async start(app: Msrp): Promise<Bench> {
    const bench = new Bench();
    bench.sink = app.accept(bench);
    await settle();
    return bench;
  }

  receive(...texts: string[]): void {
    this.sink.received(new TextEncoder().encode(texts.join("").replace(/\n/g, "\r\n")));
  }

  /** From now on its clock tells when a turn ends: when the test says so. */
  turns(): (() => void)[] {
    const ends: (() => void)[] = [];
    this.clock.afterTurn = (callback) => ends.push(callback);
    return ends;
  }

  get statuses(): string[] {
    return [...this.writes.join("").matchAll(/^MSRP (\S+) (\d{3})/gm)].map(
      ([, id, status]) => `${id} ${status}`,
    );
  }
}

const send = (id: string, fields: object = {}): string =>
  request({ id, to: local, from, body: id, ...fields });

describe("a turn of a connection", () => {
  test("writes once, whatever came in with it", async () => {
    const app = new Msrp({ acceptUnknown: () => true });
    const bench = await Bench.start(app);
    bench.receive(send("aaaa"), send("bbbb"), send("cccc"));
    expect(bench.writes.length).toBe(1);
    expect(bench.statuses).toEqual(["aaaa 200", "bbbb 200", "cccc 200"]);
    await app.close({ drainMs: 0 });
  });

  test("outside of an event one write takes all that was sent in it", async () => {
    const app = new Msrp();
    const session = app.session({ local, remote: from });
    const bench = await Bench.start(app);
    bench.receive(request({ id: "bind", to: local, from }));
    const before = bench.writes.length;
    for (let round = 0; round < 5; round++) session.send(`message ${round}`);
    expect(bench.writes.length).toBe(before);
    await settle();
    expect(bench.writes.length).toBe(before + 1);
    await app.close({ drainMs: 0 });
  });

  test("where the end of a turn of the loop is known, what came in during it is answered in one write", async () => {
    const app = new Msrp({ acceptUnknown: () => true });
    const bench = await Bench.start(app);
    const ends = bench.turns();
    bench.receive(send("aaaa"));
    bench.receive(send("bbbb"));
    await settle();
    expect([bench.writes, ends.length]).toEqual([[], 1]);
    ends.shift()?.();
    expect(bench.writes.length).toBe(1);
    expect(bench.statuses).toEqual(["aaaa 200", "bbbb 200"]);
    await app.close({ drainMs: 0 });
  });

  test("16 KiB of answers do not wait for the end of the turn", async () => {
    const app = new Msrp({ acceptUnknown: () => true });
    const bench = await Bench.start(app);
    bench.turns();
    const bytes = (): number => bench.writes.join("").length;
    const one = send("aaaa");
    for (let round = 0; bytes() === 0 && round < 1000; round++) bench.receive(one);
    expect(bytes()).toBeGreaterThanOrEqual(16_384);
    expect(bytes()).toBeLessThan(17_000);
    await app.close({ drainMs: 0 });
  });

  test("writes nothing while the transport is full, and goes on when it drains", async () => {
    const app = new Msrp({ acceptUnknown: () => true });
    const bench = await Bench.start(app);
    bench.room = false;
    bench.receive(send("aaaa"));
    bench.receive(send("bbbb"));
    bench.receive(send("cccc"));
    expect(bench.statuses).toEqual(["aaaa 200"]);
    bench.room = true;
    bench.sink.drained();
    expect(bench.statuses).toEqual(["aaaa 200", "bbbb 200", "cccc 200"]);
    expect(bench.writes.length).toBe(2);
    await app.close({ drainMs: 0 });
  });

  test("stops reading when answers pile up that cannot be written, and reads on when they are out", async () => {
    const app = new Msrp({ acceptUnknown: () => true, connection: { congestionBytes: 2000 } });
    const bench = await Bench.start(app);
    bench.room = false;
    for (let round = 0; round < 40; round++) bench.receive(send(`id${1000 + round}`));
    expect(bench.log).toEqual(["pause"]);
    bench.room = true;
    bench.sink.drained();
    expect(bench.log).toEqual(["pause", "resume"]);
    expect(bench.statuses.length).toBe(40);
    await app.close({ drainMs: 0 });
  });
});

describe("frames that wait for verdicts", () => {
  test("pause reading at the bound and not before, and let other sessions go on", async () => {
    const gates: ((verdict: Verdict) => void)[] = [];
    const slow = definePlugin({
      name: "slow",
      chunk: (c, next) =>
        c.messageId?.startsWith("m.slow") ? new Promise<Verdict>((resolve) => gates.push(resolve)) : next(),
    });
    const app = new Msrp({ acceptUnknown: () => true, maxHeldFrames: 4 }).use(slow);
    const bench = await Bench.start(app);
    for (const id of ["slow1", "slow2", "slow3"]) bench.receive(send(id));
    expect([bench.log, bench.statuses]).toEqual([[], []]);
    const other = "msrp://bob.example:12051/otherSession;tcp";
    bench.receive(request({ id: "other", to: other, from, body: "x" }));
    expect(bench.statuses).toEqual(["other 200"]);
    bench.receive(send("slow4"));
    expect(bench.log).toEqual(["pause"]);
    for (let round = 0; round < 4; round++) {
      gates.shift()?.(ACCEPTED);
      await settle();
    }
    expect(bench.log).toEqual(["pause", "resume"]);
    expect(bench.statuses.slice(1)).toEqual(["slow1 200", "slow2 200", "slow3 200", "slow4 200"]);
    await app.close({ drainMs: 0 });
  });

  test("are bounded in octets as well", async () => {
    const slow = definePlugin({ name: "slow", chunk: () => new Promise<Verdict>(() => undefined) });
    const app = new Msrp({ acceptUnknown: () => true, maxHeldBytes: 10_000 }).use(slow);
    const bench = await Bench.start(app);
    bench.receive(send("aaaa", { body: "x".repeat(5000) }));
    expect(bench.log).toEqual([]);
    bench.receive(send("bbbb", { body: "x".repeat(5000) }));
    expect(bench.log).toEqual(["pause"]);
    await app.close({ drainMs: 0 });
    expect(bench.clock.pending).toBe(0);
  });

  test("RFC 4975 §5.3: a gate that takes long is answered in time, and its refusal follows as a REPORT with the exact range [4975-5.3-01, 4975-7.1.4-02, 4975-7.1.4-06]", async () => {
    let decide: ((verdict: Verdict) => void) | undefined;
    const slow = definePlugin({
      name: "slow",
      chunk: (c, next) =>
        c.messageId === "m.late"
          ? new Promise<Verdict>((resolve) => {
              decide = () => resolve(c.reject(403, "On Second Thought"));
            })
          : next(),
    });
    const app = new Msrp({ acceptUnknown: () => true }).use(slow);
    const bench = await Bench.start(app);
    bench.receive(
      send("late", { messageId: "m.late", range: "1-*/9000", body: "x".repeat(2048), flag: "+" }),
    );
    await bench.clock.advance(9999);
    expect(bench.statuses).toEqual([]);
    await bench.clock.advance(1);
    expect(bench.statuses).toEqual(["late 200"]);
    decide?.(ACCEPTED);
    await settle();
    const report = bench.writes.at(-1) ?? "";
    for (const line of [
      "Message-ID: m.late",
      "Byte-Range: 1-2048/9000",
      "Status: 000 403 On Second Thought",
    ]) {
      expect(`${line}: ${report.includes(`${line}\r\n`)}`).toBe(`${line}: true`);
    }
    await app.close({ drainMs: 0 });
  });

  test("RFC 4975 §10.5: a gate that never decides is given up with 413, never 408, and nothing is delivered afterwards [4975-10-408]", async () => {
    let go: (() => void) | undefined;
    const delivered: string[] = [];
    const slow = definePlugin({
      name: "stuck",
      chunk: async (_c, next) => {
        await new Promise<void>((resolve) => {
          go = resolve;
        });
        return next();
      },
    });
    const app = new Msrp({ acceptUnknown: () => true, gateTimeoutMs: 5000, answerWithinMs: 9000 }).use(slow);
    app.onMessage((message) => void delivered.push(message.messageId));
    const bench = await Bench.start(app);
    bench.receive(send("aaaa"));
    await bench.clock.advance(5000);
    expect(bench.statuses).toEqual(["aaaa 413"]);
    go?.();
    await settle();
    expect(delivered).toEqual([]);
    await app.close({ drainMs: 0 });
  });
});

describe("connections and time", () => {
  test("one that nobody binds a session to is closed", async () => {
    const app = new Msrp({ maxUnboundMs: 1000 });
    const bench = await Bench.start(app);
    bench.receive(send("nope"));
    expect(bench.statuses).toEqual(["nope 481"]);
    await bench.clock.advance(999);
    expect(bench.log).toEqual([]);
    await bench.clock.advance(1);
    expect([bench.log, app.connectionCount]).toEqual([["close"], 0]);
    expect(bench.clock.pending).toBe(0);
  });

  test("RFC 4975 §5.4: one stays while a session uses it, and closes some time after the last [4975-5.4-21]", async () => {
    const pair = new NodePair({ client: { idleCloseMs: 500 } });
    const [one, two] = [await pair.connect(), await pair.connect()];
    await one.close();
    await pair.clock.advance(5000);
    expect(pair.client.connectionCount).toBe(1);
    await two.close();
    await pair.clock.advance(499);
    expect(pair.client.connectionCount).toBe(1);
    const three = await pair.connect();
    expect(pair.network.opened).toBe(1);
    await three.close();
    await pair.clock.advance(500);
    await settle();
    expect([pair.client.connectionCount, pair.server.connectionCount]).toEqual([0, 0]);
    await pair.close();
  });

  test("RFC 4975 §7.1.1: without an answer a message fails 30 s after its last octet left [4975-7.1.1-07, 4975-7.1.1-08]", async () => {
    const app = new Msrp();
    const session = app.session({ local, remote: from });
    const bench = await Bench.start(app);
    bench.receive(request({ id: "bind", to: local, from }));
    bench.room = false;
    const sent = session.send("hello");
    await settle();
    await bench.clock.advance(40_000);
    bench.room = true;
    bench.sink.drained();
    await bench.clock.advance(29_999);
    let failed: { code?: string; status?: number } | undefined;
    sent.accepted.catch((error: unknown) => {
      failed = error as typeof failed;
    });
    await settle();
    expect(failed).toBe(undefined);
    await bench.clock.advance(1);
    expect([failed?.code, failed?.status]).toEqual(["timeout", 408]);
    await app.close({ drainMs: 0 });
  });

  test("one that was told to close but whose peer never answers is dropped in the end", async () => {
    const app = new Msrp({ closeTimeoutMs: 2000 });
    const session = app.session({ local, remote: from });
    const bench = await Bench.start(app);
    let handle: { close(): void } | undefined;
    app.tap("bound", ({ connection }) => {
      handle = connection;
    });
    bench.receive(request({ id: "bind", to: local, from }));
    session.send("never answered");
    await settle();
    handle?.close();
    await bench.clock.advance(1999);
    expect(bench.log).toEqual([]);
    await bench.clock.advance(1);
    expect(bench.log).toEqual(["abort"]);
    expect(((await session.closed) as ConnectionError).code).toBe("close-timeout");
  });
});

describe("the end of a connection", () => {
  test("settles everything once and leaves no timer, entry or session behind", async () => {
    const pair = new NodePair();
    const [session, there] = await pair.sessions({ keepAliveMs: 1000 });
    const sent = session.send("x", { successReport: true });
    const waiting = there[Symbol.asyncIterator]();
    await sent.accepted;
    await waiting.next();
    const loop = waiting.next();
    await pair.close();
    expect(await loop).toEqual({ done: true, value: undefined });
    expect([pair.client.sessionCount, pair.server.sessionCount, pair.clock.pending]).toEqual([0, 0, 0]);
    expect(pair.errors).toEqual([]);
  });

  test("in the middle of a frame is a failure with the reason", async () => {
    const app = new Msrp({ acceptUnknown: () => true });
    const ends: (Error | undefined)[] = [];
    app.tap("closed", ({ error, session }) => session !== undefined && ends.push(error));
    const bench = await Bench.start(app);
    bench.receive(send("aaaa"), "MSRP abcd SEND\nTo-Pa");
    bench.sink.ended();
    expect((ends[0] as ConnectionError).code).toBe("connection-lost");
    bench.receive(send("bbbb"));
    bench.sink.drained();
    expect(bench.statuses).toEqual(["aaaa 200"]);
  });

  test("a fault that loses the borders of frames drops it; what was asked before is answered first", async () => {
    const app = new Msrp({ acceptUnknown: () => true });
    const bench = await Bench.start(app);
    bench.receive("HELO there\n");
    expect([bench.log, app.connectionCount]).toEqual([["abort"], 0]);
    const polite = await Bench.start(app);
    polite.receive(send("aaaa"), "HELO there\n");
    expect([polite.statuses, polite.log]).toEqual([["aaaa 200"], ["close"]]);
    expect([app.connectionCount, app.sessionCount]).toEqual([0, 0]);
    polite.clock.advance(34_999);
    expect(polite.log).toEqual(["close"]);
    polite.clock.advance(1);
    expect(polite.log).toEqual(["close", "abort"]);
  });
});

describe("the connect stage", () => {
  test("decides before a byte is read; what came early is kept within the bound", async () => {
    let decide: ((accepted: boolean) => void) | undefined;
    const gate = definePlugin({
      name: "gate",
      connect: (c, next) =>
        new Promise((resolve) => {
          decide = (accepted) => resolve(accepted ? next() : c.reject(403));
        }),
    });
    const app = new Msrp({ acceptUnknown: () => true, maxHeldBytes: 1000 }).use(gate);
    const bench = await Bench.start(app);
    bench.receive(send("aaaa"));
    expect([bench.statuses, bench.log]).toEqual([[], []]);
    bench.receive(send("bbbb", { body: "x".repeat(1000) }));
    expect(bench.log).toEqual(["pause"]);
    decide?.(true);
    await settle();
    expect([bench.statuses, bench.log]).toEqual([
      ["aaaa 200", "bbbb 200"],
      ["pause", "resume"],
    ]);
    const refused = await Bench.start(app);
    refused.receive(send("cccc"));
    decide?.(false);
    await settle();
    expect([refused.statuses, refused.log]).toEqual([[], ["abort"]]);
    await app.close({ drainMs: 0 });
  });

  test("refuses connections above the node's number", async () => {
    const app = new Msrp({ maxConnections: 2 });
    const benches = [await Bench.start(app), await Bench.start(app), await Bench.start(app)];
    expect(benches.map(({ log }) => log)).toEqual([[], [], ["abort"]]);
    expect(app.connectionCount).toBe(2);
    await app.close({ drainMs: 0 });
  });
});

test("a comment of a plugin that would break the frame is left out, and the status still goes", async () => {
  const plugin = definePlugin({ name: "rude", chunk: (c) => c.reject(403, "no\r\nway") });
  const app = new Msrp({ acceptUnknown: () => true }).use(plugin);
  const errors: unknown[] = [];
  app.tap("error", ({ plugin, stage }) => errors.push([plugin, stage]));
  const bench = await Bench.start(app);
  bench.receive(send("aaaa"));
  expect([bench.statuses, errors]).toEqual([["aaaa 403"], [["rude", "chunk"]]]);
  await app.close({ drainMs: 0 });
});

test("a plain pair of transports needs nothing but accept", async () => {
  const [a, b] = [new Msrp({ acceptUnknown: () => true }), new Msrp({ acceptUnknown: () => true })];
  const clock = new FakeClock();
  memoryPair(a.accept, b.accept, { clock });
  await settle();
  expect([a.connectionCount, b.connectionCount]).toEqual([1, 1]);
  const error = await rejection(
    a.connect({ local, remote: from }, () => Promise.reject(new Error("no route"))),
  );
  expect(error.message).toBe("no route");
  await a.close({ drainMs: 0 });
  await b.close({ drainMs: 0 });
  await settle();
  expect(clock.pending).toBe(0);
});
