// archive() in an endpoint, in an echo that streams and in a relay: what is kept, which fate it has, and that a store that
// stalls or fails loses nothing. Time stands still until a test moves it.
import * as framework from "#test";
import { describe, expect, test } from "#test";
import { memoryPair, settle } from "../../../adapters/memory.ts";
import { definePlugin, type Plugin } from "../../../core/mod.ts";
import {
  type ArchiveOptions,
  type ArchiveProblem,
  type ArchiveQuery,
  type ArchiveRecord,
  type ArchiveStore,
  archive,
  memoryArchive,
} from "../../../plugins/archive.ts";
import { reassembly } from "../../../plugins/reassembly.ts";
import { NodePair } from "../../../testing/pair.ts";
import { testPlugin } from "../../../testing/plugin_suite.ts";
import { RelayScene } from "../../../testing/relay_scene.ts";
import { Peer, request } from "../../../testing/wire.ts";

testPlugin(() => archive({ store: memoryArchive() }), framework);
testPlugin(() => archive({ store: memoryArchive(), confirm: true }), framework);
testPlugin(() => archive({ store: memoryArchive(), maxBodyBytes: 0, maxCollectedBytes: 0 }), framework);

/** A store that does what a test says. */
class Store implements ArchiveStore {
  readonly inner: ArchiveStore = memoryArchive();
  calls = 0;
  removed: number[] = [];
  before: () => Promise<void> | void = () => undefined;

  async store(...args: Parameters<ArchiveStore["store"]>): Promise<void> {
    this.calls++;
    await this.before();
    await this.inner.store(...args);
  }

  search(query: ArchiveQuery) {
    return this.inner.search(query);
  }

  async removeBefore(time: number): Promise<number> {
    this.removed.push(time);
    return await this.inner.removeBefore(time);
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  async all(query: ArchiveQuery = {}): Promise<readonly ArchiveRecord[]> {
    return (await this.search(query)).messages;
  }
}

const noTime = { batchMs: 1, wallClock: () => 1_700_000_000_000 };

/** A pair whose server archives. */
async function archived(options: Partial<ArchiveOptions> = {}, others: Plugin[] = [], client: Plugin[] = []) {
  const store = new Store();
  const problems: ArchiveProblem[] = [];
  const onProblem = (problem: ArchiveProblem): void => void problems.push(problem);
  const plugin = archive({ ...noTime, store, onProblem, ...options });
  const pair = new NodePair({ serverPlugins: [plugin, ...others], clientPlugins: client });
  const [session, server] = await pair.sessions();
  server.onMessage(() => undefined);
  return { store, problems, plugin, pair, session, server };
}

const fateOf = (sent: { accepted: Promise<void> }): Promise<number> =>
  sent.accepted.then(
    () => 200,
    (error: { status?: number }) => error.status ?? 0,
  );

describe("archive()", () => {
  test("refuses options that are unknown or wrong", () => {
    const store = memoryArchive();
    const wrong: [unknown, string][] = [
      [{}, "store: a store is wanted"],
      [{ store: {} }, "store: a store is wanted"],
      [{ store, whenfull: "wait" }, "whenfull"],
      [{ store, whenFull: "drop" }, "whenFull"],
      [{ store, maxAgeMs: 0 }, "maxAgeMs"],
      [{ store, status: 200 }, "status"],
    ];
    for (const [options, message] of wrong) expect(() => archive(options as ArchiveOptions)).toThrow(message);
  });

  test("what comes in: octets, type, parties, size, fate; nothing with which one could join the session", async () => {
    const { store, pair, session } = await archived();
    await session.send("Grüße").accepted;
    await session.send(new Uint8Array([0, 255, 13, 10]), { contentType: "image/png" }).accepted;
    await pair.clock.advance(10);
    const [text, image] = await store.all();
    expect(text).toMatchObject({
      direction: "in",
      from: "alice.example",
      to: "bob.example",
      contentType: "text/plain;charset=utf-8",
      text: "Grüße",
      size: 7,
      truncated: false,
      fate: "accepted",
      status: 200,
      at: 1_700_000_000_000,
    });
    expect([...(image?.body ?? [])]).toEqual([0, 255, 13, 10]);
    expect([image?.text, image?.session]).toEqual([undefined, text?.session]);
    const everything = JSON.stringify(await store.all());
    for (const uri of [session.local, ...session.remote])
      expect(everything.includes(uri.sessionId ?? "?")).toBe(false);
    expect(pair.errors).toEqual([]);
    await pair.close();
  });

  test("what goes out: accepted by the peer, then delivered by its REPORTs; refused; streams as they are read", async () => {
    const picky = definePlugin({
      name: "picky",
      chunk: (c, next) => (c.contentType === "image/gif" ? c.reject(415) : next()),
    });
    const { store, pair, session, server } = await archived({}, [], [picky]);
    session.onMessage(() => undefined);
    const quiet = { successReport: false };
    await server.send("accepted", quiet).accepted;
    await server.send("delivered").delivered;
    const stream = new Blob(["a blob"], { type: "text/plain" });
    await server.send(stream).delivered;
    await server.send(stream.stream(), { contentType: "text/plain" }).delivered;
    expect(await fateOf(server.send(new Uint8Array(3), { contentType: "image/gif" }))).toBe(415);
    await pair.clock.advance(10);
    const kept = await store.all({ direction: "out" });
    expect(kept.map(({ fate, status, text, size }) => [fate, status, text, size]).sort()).toEqual([
      ["accepted", 200, "accepted", 8],
      ["delivered", 200, "a blob", 6],
      ["delivered", 200, "a blob", 6],
      ["delivered", 200, "delivered", 9],
      ["refused", 415, undefined, 3],
    ]);
    expect(kept.every(({ from, to }) => from === "bob.example" && to === "alice.example")).toBe(true);
    await pair.close();
  });

  test("a stream that is given up is kept as far as it went, and has failed", async () => {
    const { store, pair, server } = await archived();
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1_000).fill(0x61)),
    });
    const sent = server.send(endless, { contentType: "text/plain" });
    await settle(200);
    sent.abort();
    expect(await fateOf(sent)).toBe(0);
    await pair.clock.advance(10);
    const [kept] = await store.all();
    expect([kept?.fate, kept?.truncated]).toEqual(["failed", true]);
    expect((kept?.size ?? 0) > 0).toBe(true);
    await pair.close();
  });

  test("in an echo that streams both directions are kept", async () => {
    const { store, pair, session, server } = await archived({}, [reassembly({ mode: "stream" })]);
    server.onMessage((message) => {
      server.send(message.stream(), { contentType: message.contentType, total: message.total });
    });
    const body = "0123456789".repeat(1_000);
    const back = new Promise<string>((resolve) => {
      session.onMessage(async (message) => resolve(await message.text()));
    });
    session.send(body, { chunkBytes: 2_048 });
    expect(await back).toBe(body);
    await pair.clock.advance(10);
    const kept = await store.all();
    expect(kept.map(({ direction, text }) => [direction, text === body]).sort()).toEqual([
      ["in", true],
      ["out", true],
    ]);
    await pair.close();
  });

  test("RFC 4976: in a relay what is passed on is kept, with the name of the user who logged in", async () => {
    const store = new Store();
    const scene = await RelayScene.open([archive({ ...noTime, store })]);
    const [alice, bob] = await scene.sessions();
    bob.onMessage(() => undefined);
    await alice.send("through the relay", { chunkBytes: 4 }).accepted;
    await scene.clock.advance(10);
    const [kept] = await store.all();
    expect(kept).toMatchObject({
      direction: "relayed",
      from: "alice@relay.example",
      text: "through the relay",
      fate: "accepted",
    });
    expect(scene.errors).toEqual([]);
    await scene.close();
  });

  test("RFC 4975 §7.3.1: chunks in any order are put together; a message that is aborted or never whole has failed", async () => {
    const { store, pair } = await archived();
    let peer!: Peer;
    memoryPair((transport) => (peer = new Peer(transport)), pair.server.accept, { clock: pair.clock });
    const to = "msrp://bob.example:12051/rawSession;tcp";
    const from = "msrp://carol@carol.example:7313/secret;tcp";
    const chunk = (id: string, body: string, range: string, flag: "$" | "+" | "#" = "+") =>
      peer.write(
        request({
          to,
          from,
          id: `${id}${range.slice(0, 1)}${flag === "#" ? "x" : "y"}ab`,
          messageId: id,
          range,
          body,
          flag,
        }),
      );
    chunk("m001", "ef", "5-6/6", "$");
    chunk("m001", "ab", "1-2/6");
    chunk("m001", "cd", "3-4/6");
    chunk("m002", "ab", "1-2/6");
    chunk("m002", "cd", "3-4/6", "#");
    chunk("m003", "only the beginning", "1-18/40");
    await settle(200);
    peer.transport.abort();
    await settle(200);
    await pair.clock.advance(10);
    const kept = (await store.all()).map((record) => [
      record.messageId,
      new TextDecoder().decode(record.body),
      record.fate,
      record.from,
    ]);
    expect(kept.sort()).toEqual([
      ["m001", "abcdef", "accepted", "carol@carol.example"],
      ["m002", "abcd", "failed", "carol@carol.example"],
      ["m003", "only the beginning", "failed", "carol@carol.example"],
    ]);
    await pair.close();
  });

  test("what a plugin further inside refuses is kept with the status", async () => {
    const strict = definePlugin({ name: "strict", message: (c) => c.reject(403) });
    const { store, pair, session } = await archived({}, [strict]);
    expect(await fateOf(session.send("no"))).toBe(403);
    await pair.clock.advance(10);
    expect((await store.all()).map(({ fate, status }) => [fate, status])).toEqual([["refused", 403]]);
    await pair.close();
  });

  test("of a long message the beginning is kept, and its size", async () => {
    const { store, pair, session } = await archived({ maxBodyBytes: 1_000 });
    await session.send("x".repeat(50_000), { chunkBytes: 2_048 }).accepted;
    await pair.clock.advance(10);
    const [kept] = await store.all();
    expect([kept?.body.length, kept?.size, kept?.truncated]).toEqual([1_000, 50_000, true]);
    await pair.close();
  });

  test("only() and parties() choose and name", async () => {
    const { store, pair, session } = await archived({
      only: ({ contentType }) => contentType !== "application/im-iscomposing+xml",
      parties: () => ({ local: "sip:bob@example.org", remote: "sip:alice@example.org" }),
    });
    await session.send("<x/>", { contentType: "application/im-iscomposing+xml" }).accepted;
    await session.send("kept").accepted;
    await pair.clock.advance(10);
    expect((await store.all()).map(({ text, from, to }) => [text, from, to])).toEqual([
      ["kept", "sip:alice@example.org", "sip:bob@example.org"],
    ]);
    await pair.close();
  });
});

describe("archive(), when the store is in trouble", () => {
  test("it is asked again, later and later, and loses nothing", async () => {
    const { store, pair, session, problems } = await archived({ retryMs: 100, maxRetryMs: 400 });
    let down = true;
    store.before = () => {
      if (down) throw new Error("gone");
    };
    for (let count = 0; count < 20; count++) await session.send(`message ${count}`).accepted;
    await pair.clock.advance(2_000);
    expect((await store.all()).length).toBe(0);
    const { calls } = store;
    expect(calls >= 5 && calls <= 20).toBe(true);
    expect(problems.every(({ kind }) => kind === "store")).toBe(true);
    down = false;
    await pair.clock.advance(500);
    expect((await store.all()).length).toBe(20);
    await pair.close();
  });

  test("one that does not answer is asked again, and what it stored twice is there once", async () => {
    const { store, pair, session } = await archived({ storeTimeoutMs: 1_000, retryMs: 100 });
    let hang = true;
    store.inner.store([], []);
    const { store: really } = store.inner;
    store.before = () => (hang ? new Promise(() => undefined) : undefined);
    await session.send("once").accepted;
    await pair.clock.advance(500);
    hang = false;
    await pair.clock.advance(2_000);
    expect((await store.all()).length).toBe(1);
    const all = await store.all();
    await really(all, all);
    expect((await store.all()).length).toBe(1);
    await pair.close();
  });

  test('a full spool, "wait": senders wait for room, and are refused when there is none in time', async () => {
    const { store, pair, session, problems } = await archived({
      maxSpooledMessages: 2,
      maxWaitMs: 1_000,
      storeTimeoutMs: 100_000,
    });
    let go = (): void => undefined;
    store.before = () =>
      new Promise((resolve) => {
        go = resolve;
      });
    const fates: number[] = [];
    const sent = [1, 2, 3].map((count) =>
      fateOf(session.send(`message ${count}`)).then((fate) => fates.push(fate)),
    );
    await settle(200);
    await pair.clock.advance(500);
    expect(fates).toEqual([200, 200]);
    go();
    await settle(500);
    expect(fates).toEqual([200, 200, 200]);
    await Promise.all(sent);
    const late = [4, 5].map((count) => fateOf(session.send(`message ${count}`)));
    await settle(200);
    await pair.clock.advance(2_500);
    expect(await Promise.all(late)).toEqual([200, 413]);
    expect(problems).toEqual([{ kind: "refused", messages: 1, error: undefined }]);
    for (let turn = 0; turn < 5; turn++) {
      go();
      await pair.clock.advance(10);
    }
    expect((await store.all()).length).toBe(4);
    await pair.close();
  });

  test('a full spool, "refuse": at once, with the status of the option', async () => {
    const { store, pair, session, problems } = await archived({
      maxSpooledBytes: 1_000,
      whenFull: "refuse",
      status: 403,
    });
    store.before = () => new Promise(() => undefined);
    const fates = [];
    for (let count = 0; count < 4; count++) fates.push(await fateOf(session.send("x".repeat(400))));
    expect(fates).toEqual([200, 403, 403, 403]);
    expect(problems.length).toBe(3);
    await pair.close();
  });

  test('a full spool, "pass": messages go on, and it is told', async () => {
    const { store, pair, session, problems } = await archived({ maxSpooledMessages: 1, whenFull: "pass" });
    store.before = () => new Promise(() => undefined);
    const fates = [];
    for (let count = 0; count < 3; count++) fates.push(await fateOf(session.send("hello")));
    expect(fates).toEqual([200, 200, 200]);
    expect(problems.map(({ kind }) => kind)).toEqual(["passed", "passed"]);
    await pair.close();
  });

  test("confirm: a 200 means that the store has it; without it a message is refused", async () => {
    const { store, pair, session } = await archived({ confirm: true, maxWaitMs: 1_000, storeTimeoutMs: 500 });
    expect(await fateOf(session.send("stored"))).toBe(200);
    expect((await store.all()).length).toBe(1);
    store.before = () => new Promise(() => undefined);
    const lost = fateOf(session.send("not stored"));
    await settle(200);
    await pair.clock.advance(1_100);
    expect(await lost).toBe(413);
    await pair.close();
  });

  test("a stream that goes out waits with its last octet, and is given up when it cannot be kept", async () => {
    for (const options of [{}, { total: 10 }]) {
      const { store, pair, session, server, problems } = await archived({
        confirm: true,
        maxWaitMs: 1_000,
        storeTimeoutMs: 500,
      });
      const texts: string[] = [];
      session.onMessage(async (message) => void texts.push(await message.text()));
      const send = () => {
        const content = new ReadableStream<Uint8Array>({
          start: (controller) => {
            controller.enqueue(new TextEncoder().encode("0123456789"));
            controller.close();
          },
        });
        return server.send(content, { contentType: "text/plain", successReport: false, ...options });
      };
      expect(await fateOf(send())).toBe(200);
      expect((await store.all()).map(({ text }) => text)).toEqual(["0123456789"]);
      store.before = () => new Promise(() => undefined);
      const lost = fateOf(send());
      await settle(300);
      await pair.clock.advance(1_100);
      expect(await lost).toBe(0);
      expect([texts, problems.at(-1)?.kind]).toEqual([["0123456789"], "refused"]);
      await pair.close();
    }
  });

  test("a message that the store never takes is told, and the others are stored", async () => {
    const { store, pair, session, problems } = await archived();
    const { inner } = store;
    store.store = async (records, fates) => {
      if (records.some(({ text }) => text === "poison"))
        throw Object.assign(new Error("no such thing"), { permanent: true });
      await inner.store(records, fates);
    };
    for (const text of ["one", "poison", "two"]) await session.send(text).accepted;
    await pair.clock.advance(10);
    expect((await store.all()).map(({ text }) => text).sort()).toEqual(["one", "two"]);
    expect(problems.map(({ kind, error }) => [kind, error?.message])).toEqual([["lost", "no such thing"]]);
    await pair.close();
  });

  test("flush() writes what waits after the node has closed, and tells when it cannot", async () => {
    const { store, pair, session, plugin } = await archived({ batchMs: 60_000 });
    await session.send("waits").accepted;
    expect([plugin.spooled, (await store.all()).length]).toEqual([1, 0]);
    await pair.close();
    let failures = 2;
    store.before = () => {
      if (failures-- > 0) throw new Error("gone");
    };
    expect(await plugin.flush(5_000)).toBe(true);
    expect([plugin.spooled, (await store.all()).length]).toEqual([0, 1]);

    const stalled = await archived({ batchMs: 60_000 });
    stalled.store.before = () => new Promise(() => undefined);
    await stalled.session.send("stays").accepted;
    expect(await stalled.plugin.flush(50)).toBe(false);
    await stalled.pair.close();
  });

  test("retention: old messages are removed, when the node begins and then every hour", async () => {
    let now = 10_000_000;
    const { store, pair, session, problems } = await archived({
      maxAgeMs: 1_000_000,
      wallClock: () => now,
    });
    await session.send("old").accepted;
    await pair.clock.advance(10);
    now += 1_000_001;
    await pair.clock.advance(3_600_000);
    expect(store.removed).toEqual([9_000_000, 10_000_001]);
    expect((await store.all()).length).toBe(0);
    store.removeBefore = () => Promise.reject(new Error("locked"));
    await pair.clock.advance(3_600_000);
    expect(problems.map(({ kind }) => kind)).toEqual(["retention"]);
    // A store that throws before it has a promise is asked again too.
    store.removeBefore = () => {
      throw new Error("gone");
    };
    await pair.clock.advance(2 * 3_600_000);
    expect(problems.map(({ kind }) => kind)).toEqual(["retention", "retention", "retention"]);
    await pair.close();
  });
});
