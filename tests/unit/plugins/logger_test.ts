// logger() in an endpoint, an echo and a relay: which records there are at which level, and what is never in them.
// Times are those of a clock that the test gives.
import { describe, expect, test } from "#test";
import { settle } from "../../../adapters/memory.ts";
import { definePlugin, type Plugin } from "../../../core/mod.ts";
import { type LoggerOptions, type LogRecord, logger } from "../../../plugins/logger.ts";
import { RelayBench } from "../../support/relay_bench.ts";
import { nodePair } from "./_pair.ts";

function recorder(options: Partial<LoggerOptions> = {}): {
  plugin: Plugin;
  records: LogRecord[];
  lines: string[];
} {
  const records: LogRecord[] = [];
  const lines: string[] = [];
  const plugin = logger({
    write: (line) => void lines.push(line),
    log: (record) => void records.push(record),
    wallClock: () => 1_790_000_000_000,
    ...options,
  });
  return { plugin, records, lines };
}

const events = (records: readonly LogRecord[]): string[] =>
  records.map(({ level, event }) => `${level} ${event}`);

describe("logger()", () => {
  test("refuses options that are unknown or wrong", () => {
    expect(() => logger({})).toThrow('Cannot make plugin "logger": write or log is needed');
    expect(() => recorder({ level: "loud" as "info" })).toThrow("level");
    expect(() => recorder({ maxRecordsPerSecond: 0 })).toThrow("maxRecordsPerSecond");
  });

  test("one record for each event of a session, one line of JSON for each record", async () => {
    const { plugin, records, lines } = recorder();
    const pair = nodePair([plugin]);
    pair.receiver.onMessage(() => undefined);
    const remote: { address?: string; port?: number | undefined } = {};
    pair.receiver.tap("connected", ({ connection }) => {
      remote.address = connection.remoteAddress;
      remote.port = connection.remotePort;
    });
    const session = await pair.connect();
    await session.send("hello", { messageId: "m.one1" }).accepted;
    await session.close();
    await pair.close();
    expect(records.slice(0, 2)).toEqual([
      {
        time: "2026-09-21T14:13:20.000Z",
        level: "info",
        event: "session-bound",
        connection: 1,
        session: 1,
        role: "passive",
        direction: "inbound",
        remoteAddress: remote.address,
        remotePort: remote.port,
        secure: false,
      },
      {
        time: "2026-09-21T14:13:20.000Z",
        level: "info",
        event: "message-delivered",
        session: 1,
        messageId: "m.one1",
        contentType: "text/plain;charset=utf-8",
        mode: "memory",
        size: 5,
      },
    ]);
    expect(records.at(-1)?.event).toBe("session-closed");
    expect(lines.map((line) => JSON.parse(line))).toEqual(JSON.parse(JSON.stringify(records)));
    expect(lines.every((line) => !line.includes("\n"))).toBe(true);
  });

  test("a refusal says which plugin it was", async () => {
    const { plugin, records } = recorder({ level: "warn" });
    const strict = definePlugin({
      name: "strict",
      chunk: (c, next) => (c.contentType === "image/png" ? c.reject(415, "No pictures") : next()),
    });
    const pair = nodePair([plugin, strict]);
    const session = await pair.connect();
    await session.send("x", { contentType: "image/png" }).accepted.catch(() => undefined);
    expect(records[0]).toMatchObject({
      level: "warn",
      event: "request-refused",
      method: "SEND",
      status: 415,
      comment: "No pictures",
      plugin: "strict",
      answered: "response",
      contentType: "image/png",
    });
    await pair.close();
  });

  test("errors, reports and failures have the numbers of their session", async () => {
    const { plugin, records } = recorder({ level: "warn" });
    const pair = nodePair([]);
    pair.receiver.onMessage((message) => {
      if (message.messageId === "m.bad1") throw new Error("broken");
    });
    const sender = nodePair([plugin]);
    sender.receiver.onMessage((_message, session) => {
      throw new TypeError(`cannot handle ${session.local.text}: password=hunter2`);
    });
    const session = await sender.connect();
    await session.send("x", { messageId: "m.bad1" }).accepted.catch(() => undefined);
    expect(events(records)).toEqual(["error error", "warn request-refused"]);
    expect(records[0]).toMatchObject({
      session: 1,
      plugin: "(application)",
      stage: "onMessage",
      name: "TypeError",
      error: "cannot handle msrp://bob.example:2855/***;tcp: password=***",
    });
    expect(records[1]).toMatchObject({ session: 1, plugin: "(application)", status: 403 });
    await sender.close();
    await pair.close();
  });

  test("what we send: failures at warn, successes at debug", async () => {
    const { plugin, records } = recorder({ level: "debug" });
    const pair = nodePair([plugin]);
    let peer = (): void => {};
    pair.receiver.onSession((session) => {
      peer = () => {
        session.send("fine", { messageId: "m.good1", successReport: true });
        session.send("bad", { messageId: "m.bad1" });
      };
    });
    const session = await pair.connect();
    session.onMessage((message) => {
      if (message.messageId === "m.bad1") throw new Error("no");
    });
    peer();
    await settle();
    const of = (id: string): string[] => events(records.filter(({ messageId }) => messageId === id)).sort();
    expect(of("m.good1")).toEqual(["debug message-accepted", "debug report"]);
    expect(of("m.bad1")).toEqual(["warn message-failed"]);
    expect(records.find(({ event }) => event === "message-failed")).toMatchObject({
      session: 1,
      status: 403,
    });
    await pair.close();
  });

  test("levels: what is below is neither logged nor tapped", async () => {
    const counts: number[] = [];
    for (const level of ["debug", "info", "warn", "error"] as const) {
      const { plugin, records } = recorder({ level });
      const pair = nodePair([plugin]);
      pair.receiver.onMessage(() => undefined);
      const taps = pair.receiver.describe().split("\n").at(-1) ?? "";
      expect(taps.includes("connected")).toBe(level === "debug");
      expect(taps.includes("delivered")).toBe(level === "debug" || level === "info");
      expect(taps.includes("settled")).toBe(level !== "error");
      const session = await pair.connect();
      await session.send("x").accepted;
      await session.close();
      await pair.close();
      const order = ["debug", "info", "warn", "error"];
      expect(records.every((record) => order.indexOf(record.level) >= order.indexOf(level))).toBe(true);
      counts.push(records.length);
    }
    expect(counts[0]).toBeGreaterThan(counts[1] as number);
    expect(counts[1]).toBeGreaterThan(counts[2] as number);
    expect(counts[3]).toBe(0);
  });

  test("maxRecordsPerSecond: the rest is counted, and told in the next second", async () => {
    let now = 5_000;
    const { plugin, records } = recorder({ maxRecordsPerSecond: 3, wallClock: () => now });
    const pair = nodePair([plugin]);
    pair.receiver.onMessage(() => undefined);
    const session = await pair.connect();
    for (let index = 0; index < 10; index++) await session.send("x").accepted;
    expect(records.length).toBe(3);
    now = 6_000;
    await session.send("x").accepted;
    expect(records.slice(3).map(({ event, records: count }) => [event, count])).toEqual([
      ["suppressed", 8],
      ["message-delivered", undefined],
    ]);
    await pair.close();
  });

  test("a relay: AUTH and refusals, without URIs, nonces and answers to them", async () => {
    const { plugin, records, lines } = recorder({ level: "debug" });
    const strict = definePlugin({
      name: "strict",
      chunk: (c, next) => (c.contentType === "text/plain" ? next() : c.reject(415)),
    });
    const bench = new RelayBench({}, plugin, strict);
    const alice = await bench.peer();
    const token = await bench.login(alice, "alice");
    const peer = await bench.peer();
    peer.send(`${token} ${alice.uri}`);
    peer.send(`${token} ${alice.uri}`, { type: "image/png" });
    peer.send("msrps://relay.example:2855/no-such-thing;tcp msrp://x.example:1/deep-secret;tcp");
    expect(await peer.heard()).toEqual(["200", "415", "481"]);
    await bench.close();
    const seen = records.map(({ event, method, status, plugin: by }) => `${event} ${method} ${status} ${by}`);
    expect(seen.filter((text) => text.startsWith("request"))).toEqual([
      "request-refused AUTH 401 (node)",
      "request-accepted AUTH 200 undefined",
      "request-refused SEND 415 strict",
      "request-refused SEND 481 (node)",
    ]);
    expect(seen.filter((text) => text.startsWith("chunk-accepted")).length).toBe(1);
    const all = lines.join("\n");
    for (const secret of [
      token.split("/")[3]?.split(";")[0] ?? "?",
      "nonce",
      "response=",
      "deep-secret",
      "no-such",
    ])
      expect(all).not.toContain(secret);
  });
});
