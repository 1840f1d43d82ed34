// trace() in an endpoint, an echo and a relay: which frames go into which trace, how much of them, and when it ends.
// The captures are read by the tests' own reader; tshark reads them in tests/interop/trace_tshark_test.ts.
import { describe, expect, test } from "#test";
import { settle } from "../../../adapters/memory.ts";
import type { Plugin } from "../../../core/mod.ts";
import { type TraceOptions, type TraceStart, trace } from "../../../plugins/trace.ts";
import { readCapture, type TcpPacket } from "../../support/pcapng.ts";
import { RelayBench } from "../../support/relay_bench.ts";
import { nodePair } from "./_pair.ts";

const wall = 1_790_000_000_000;

interface Recorded {
  readonly start: TraceStart;
  readonly writes: Uint8Array[];
  readonly texts: Uint8Array[];
  closed: number;
}

/** trace() into memory. */
function recorder(options: Partial<TraceOptions> = {}): { plugin: Plugin; traces: Recorded[] } {
  const traces: Recorded[] = [];
  const plugin = trace({
    wallClock: () => wall,
    open: (start) => {
      const recorded: Recorded = { start, writes: [], texts: [], closed: 0 };
      traces.push(recorded);
      const close = (): void => {
        recorded.closed++;
      };
      return {
        capture: { write: (bytes) => void recorded.writes.push(bytes), close },
        ladder: { write: (bytes) => void recorded.texts.push(bytes), close },
      };
    },
    ...options,
  });
  return { plugin, traces };
}

const whole = (parts: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(parts.flatMap((part) => [...part]));
const packets = (one: Recorded | undefined): readonly TcpPacket[] =>
  readCapture(whole(one?.writes ?? [])).packets;
const ladder = (one: Recorded | undefined): string => new TextDecoder().decode(whole(one?.texts ?? []));
/** First line of each frame, without ids. */
const frames = (one: Recorded | undefined): string[] =>
  packets(one)
    .filter(({ text }) => text.startsWith("MSRP "))
    .map(({ text }) => text.split("\r\n")[0]?.split(" ").slice(2).join(" ") ?? "");

describe("trace()", () => {
  test("refuses options that are unknown or wrong", () => {
    expect(() => trace({} as TraceOptions)).toThrow('Cannot make plugin "trace": open: a function is wanted');
    expect(() => recorder({ maxOpenTraces: 0 })).toThrow("maxOpenTraces");
    expect(() => recorder({ per: "day" } as unknown as TraceOptions)).toThrow("per");
  });

  test("shows every frame of a session of an echo, both ways, from the one that binds it", async () => {
    const { plugin, traces } = recorder();
    const pair = nodePair([plugin]);
    pair.receiver.onMessage((message, session) => {
      session.send(message.body, { contentType: message.contentType });
    });
    const session = await pair.connect();
    await session.send("hello").delivered;
    await settle();
    await session.close();
    await pair.close();
    expect(frames(traces[0])).toEqual([
      "SEND",
      "200 OK",
      "SEND",
      "200 OK",
      "REPORT",
      "SEND",
      "200 OK",
      "REPORT",
    ]);
    const list = packets(traces[0]);
    expect(list.slice(0, 3).map(({ flags }) => flags)).toEqual(["S", "SA", "A"]);
    expect(list.at(-1)?.flags).toBe("A");
    expect(list.filter(({ text }) => text.includes("\r\n\r\nhello\r\n")).map(({ flags }) => flags)).toEqual([
      "PA",
      "PA",
    ]);
    expect(list.every(({ at }) => at >= wall)).toBe(true);
    expect([traces.length, traces[0]?.closed, traces[0]?.start.id]).toEqual([1, 2, 1]);
    expect(traces[0]?.start.uri).toBe("msrp://bob.example:2855/bobSession1;tcp");
    expect(ladder(traces[0])).toContain("text/plain;charset=utf-8, 5 octets");
    expect(ladder(traces[0])).not.toContain("Session1");
  });

  test("times are those of the frames", async () => {
    const { plugin, traces } = recorder();
    const pair = nodePair([plugin]);
    pair.receiver.onMessage(() => undefined);
    const session = await pair.connect();
    await pair.clock.advance(1_500);
    await session.send("later").accepted;
    await pair.close();
    const at = packets(traces[0]).find(({ text }) => text.includes("later"))?.at;
    expect(at).toBe(wall + 1_500);
    expect(ladder(traces[0])).toContain("    1.500  |");
  });

  test("sessions that share a connection have a trace each", async () => {
    const { plugin, traces } = recorder({ sessions: ({ uri }) => !uri.includes("Session2") });
    const pair = nodePair([plugin]);
    pair.receiver.onMessage(() => undefined);
    const [one, two, three] = [await pair.connect(), await pair.connect(), await pair.connect()];
    await Promise.all([
      one.send("first").accepted,
      two.send("second").accepted,
      three.send("third").accepted,
    ]);
    expect(pair.receiver.connectionCount).toBe(1);
    await pair.close();
    expect(traces.map(({ start }) => start.id)).toEqual([1, 2]);
    expect(
      traces.map((recorded) => packets(recorded).filter(({ text }) => /first|second/.test(text)).length),
    ).toEqual([1, 0]);
    expect(frames(traces[1])).toEqual(["SEND", "200 OK", "SEND", "200 OK", "REPORT"]);
  });

  test("a session that ends alone has its trace closed, a moment later", async () => {
    const { plugin, traces } = recorder();
    const pair = nodePair([plugin]);
    pair.receiver.onMessage(() => undefined);
    const [one, two] = [await pair.connect(), await pair.connect()];
    await one.send("x").accepted;
    for (const session of pair.receiver.sessions) await session.close();
    expect(traces.map(({ closed }) => closed)).toEqual([0, 0]);
    await pair.clock.advance(1_000);
    expect(traces.map(({ closed }) => closed)).toEqual([2, 2]);
    expect([one.state, two.state]).toEqual(["bound", "bound"]);
    await pair.close();
  });

  test("strangers open no trace", async () => {
    const { plugin, traces } = recorder({ maxPendingBytes: 300 });
    const pair = nodePair([plugin], { acceptUnknown: ({ local }) => local.sessionId === "bobSession3" });
    await expect(pair.connect()).rejects.toMatchObject({ code: "no-such-session" });
    await expect(pair.connect()).rejects.toMatchObject({ code: "no-such-session" });
    expect(traces.length).toBe(0);
    await pair.connect();
    await pair.close();
    expect(traces.length).toBe(1);
    expect(frames(traces[0])).toEqual(["SEND", "200 OK"]);
  });

  test("per connection: all of it in one trace", async () => {
    const { plugin, traces } = recorder({ per: "connection" });
    const pair = nodePair([plugin], { acceptUnknown: ({ local }) => local.sessionId === "bobSession2" });
    await pair.connect().catch(() => undefined);
    await pair.connect();
    await pair.close();
    expect(traces.flatMap(frames).sort()).toEqual(["200 OK", "481 No Such Session", "SEND", "SEND"].sort());
    expect(traces.every(({ start, closed }) => start.uri === "" && closed === 2)).toBe(true);
  });

  test("bodies: false leaves them out", async () => {
    const { plugin, traces } = recorder({ bodies: false });
    const pair = nodePair([plugin]);
    pair.receiver.onMessage(() => undefined);
    const session = await pair.connect();
    await session.send("secret text").accepted;
    await session.send(new Uint8Array(200_000).fill(0x7a), { contentType: "application/x-z" }).accepted;
    await pair.close();
    const list = packets(traces[0]);
    expect(list.some(({ text }) => /secret text|z{40}/.test(text))).toBe(false);
    expect(list.some(({ comment }) => comment === "11 octets of the body are left out")).toBe(true);
    expect(whole(traces[0]?.writes ?? []).length).toBeLessThan(10_000);
  });

  test("maxTraceBytes ends one trace, maxTotalBytes all of them", async () => {
    const { plugin, traces } = recorder({ maxTraceBytes: 5_000, maxTotalBytes: 12_000 });
    const pair = nodePair([plugin]);
    pair.receiver.onMessage(() => undefined);
    const sessions = [await pair.connect(), await pair.connect(), await pair.connect(), await pair.connect()];
    for (const session of sessions) {
      for (let index = 0; index < 10; index++) await session.send("x".repeat(500)).accepted;
    }
    await pair.close();
    const sizes = traces.map(({ writes, texts }) => whole(writes).length + whole(texts).length);
    // One frame may go above; then it is over.
    expect(sizes[0]).toBeGreaterThan(4_999);
    expect(sizes[0]).toBeLessThan(6_500);
    expect(traces[0]?.closed).toBe(2);
    expect(ladder(traces[0])).toContain("the limit of the trace is reached");
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(14_500);
  });

  test("maxOpenTraces: further sessions are not traced until one has ended", async () => {
    const { plugin, traces } = recorder({ maxOpenTraces: 2 });
    const pair = nodePair([plugin]);
    pair.receiver.onMessage(() => undefined);
    await pair.connect();
    await pair.connect();
    await pair.connect();
    expect(traces.length).toBe(2);
    await pair.receiver.sessions[0]?.close();
    await pair.connect();
    expect(traces.length).toBe(3);
    expect(traces.map(({ closed }) => closed)).toEqual([2, 0, 0]);
    await pair.close();
  });

  test("a sink that throws is an error of the plugin, and hurts no session", async () => {
    const errors: unknown[] = [];
    const plugin = trace({
      open: () => ({
        capture: {
          write() {
            throw new Error("disk full");
          },
          close: () => undefined,
        },
      }),
    });
    const pair = nodePair([plugin]);
    pair.receiver.tap("error", ({ error, stage }) => errors.push([(error as Error).message, stage]));
    pair.receiver.onMessage(() => undefined);
    const session = await pair.connect();
    await session.send("x").accepted;
    await session.send("y").accepted;
    expect(errors).toEqual([["disk full", "trace"]]);
    await pair.close();
  });

  test("a relay's session: both sides of it in one trace, without AUTH", async () => {
    const { plugin, traces } = recorder();
    const bench = new RelayBench({}, plugin);
    const alice = await bench.peer();
    const token = await bench.login(alice, "alice");
    const peer = await bench.peer();
    peer.send(`${token} ${alice.uri}`);
    expect(await alice.heard()).toEqual(["SEND"]);
    await settle();
    expect(traces.length).toBe(1);
    await bench.close();
    // At its end the relay reports that nobody has answered.
    expect(frames(traces[0])).toEqual(["SEND", "200 OK", "SEND", "REPORT"]);
    expect(packets(traces[0]).filter(({ flags }) => flags === "S").length).toBe(2);
    expect(
      ladder(traces[0])
        .split("\n")
        .filter((line) => line.includes("SEND")).length,
    ).toBe(2);
  });

  test("per connection in a relay: AUTH is there, credentials are not", async () => {
    for (const credentials of [false, true]) {
      const { plugin, traces } = recorder({ per: "connection", credentials });
      const bench = new RelayBench({}, plugin);
      const alice = await bench.peer();
      await bench.login(alice, "alice");
      await bench.close();
      expect(frames(traces[0])).toEqual(["AUTH", "401 Unauthorized", "AUTH", "200 OK"]);
      expect(packets(traces[0]).some(({ text }) => text.includes("nonce="))).toBe(credentials);
    }
  });
});
