// What waits for a slow next hop: who is slowed down, who is refused, and that nothing is lost in silence.
// The slow ones are peers in memory that have stopped reading.
import { describe, expect, test } from "#test";
import { answer, RelayBench, type RelayPeer, request } from "../../../support/relay_bench.ts";

const kilobytes8 = { body: "x".repeat(8000), range: "1-*/8000" };

async function slow(options: ConstructorParameters<typeof RelayBench>[0] = {}) {
  const bench = new RelayBench(options);
  const alice = await bench.peer({ highWaterBytes: 10_000 });
  const token = await bench.login(alice, "alice");
  alice.peer.transport.pause();
  return { bench, alice, way: `${token} ${alice.uri}` };
}

const counts = (heard: readonly string[]): Record<string, number> => {
  const found: Record<string, number> = {};
  for (const what of heard) found[what.slice(0, 14)] = (found[what.slice(0, 14)] ?? 0) + 1;
  return found;
};

async function sendMany(peer: RelayPeer, way: string, count: number): Promise<string[]> {
  const heard: string[] = [];
  for (let index = 0; index < count; index++) {
    peer.send(way, { ...kilobytes8, messageId: `m${String(index).padStart(6, "0")}` });
    if (index % 10 === 9) heard.push(...(await peer.heard()));
  }
  return [...heard, ...(await peer.heard())];
}

describe("what waits for a slow next hop", () => {
  test("alone on its connection a session is slowed down, and all of it arrives [4976-6.4.1-33] [SEC-10]", async () => {
    const { bench, alice, way } = await slow();
    const peer = await bench.peer();
    const before = await sendMany(peer, way, 1500);
    // The relay reads no more than it may keep; the rest waits at the sender.
    expect(before.length).toBeLessThan(400);
    alice.peer.transport.resume();
    let arrived = 0;
    let answered = before.length;
    for (let round = 0; round < 1000 && arrived + answered < 3000; round++) {
      const frames = await alice.take();
      arrived += frames.length;
      for (const frame of frames) alice.write(answer(frame));
      answered += (await peer.heard()).length;
    }
    expect([arrived, answered]).toEqual([1500, 1500]);
    await bench.close();
  });

  test("every SEND that got a 200 arrives or is reported [SEC-11] [4976-6.4.1-27] [4976-T37]", async () => {
    const { bench, alice, way } = await slow();
    const peer = await bench.peer();
    const before = await sendMany(peer, way, 1500);
    await bench.clock.advance(61_000);
    const after = counts(await peer.heard());
    expect(alice.ended).toBe(true);
    expect(after["REPORT 000 408"]).toBeGreaterThanOrEqual(before.length);
    expect((after["200"] ?? 0) + before.length).toBe(after["REPORT 000 408"] ?? 0);
    await bench.close();
  });

  test("sessions that share a client's connection wait for each other only briefly [4976-6.4.1-33]", async () => {
    const { bench, way } = await slow({ limits: { maxFlowBytes: 100_000, stalledMs: 300_000 } });
    const bob = await bench.peer();
    const other = `${await bench.login(bob, "bob")} ${bob.uri}`;
    const peer = await bench.peer();
    peer.send(other);
    await peer.heard();
    await sendMany(peer, way, 200); // the connection is not read any more
    peer.send(other);
    expect((await bob.heard()).length).toBe(1);
    await bench.clock.advance(1001);
    const told = counts(await peer.heard());
    expect(told["413"] ?? 0).toBeGreaterThan(0);
    expect((await bob.heard()).length).toBe(1);
    await bench.close();
  });

  test("on a link between relays a session that is too slow is refused at once [4976-6.4.1-33]", async () => {
    const { bench, way } = await slow({ relays: ["inner.example"], limits: { maxFlowBytes: 100_000 } });
    const bob = await bench.peer();
    const other = `${await bench.login(bob, "bob")} ${bob.uri}`;
    const inner = await bench.peer({ names: ["inner.example"] });
    inner.send(other);
    await inner.heard();
    const told = counts(await sendMany(inner, way, 200));
    expect(told["413"] ?? 0).toBeGreaterThan(150);
    await bench.clock.advance(10_000);
    const late = counts(await inner.heard());
    expect((told["200"] ?? 0) + (told["413"] ?? 0) + (late["200"] ?? 0)).toBe(200);
    inner.send(other);
    expect(await inner.heard()).toEqual(["200"]);
    expect((await bob.heard()).length).toBe(2);
    await bench.close();
  });

  const numbered = (count: number): string[] =>
    Array.from({ length: count }, (_, index) => `m${String(index).padStart(6, "0")}`);

  async function betweenRelays(options: ConstructorParameters<typeof RelayBench>[0] = {}) {
    const found = await slow({ relays: ["inner.example"], ...options });
    const bob = await found.bench.peer();
    const other = `${await found.bench.login(bob, "bob")} ${bob.uri}`;
    const inner = await found.bench.peer({ names: ["inner.example"] });
    inner.send(other);
    await inner.heard();
    return { ...found, inner, other };
  }

  /** Sends until an answer does not come, and four more; returns how many were answered. */
  async function sendUntilOwed(peer: RelayPeer, way: string): Promise<number> {
    for (let index = 0; ; index++) {
      peer.send(way, { ...kilobytes8, messageId: `m${String(index).padStart(6, "0")}` });
      if ((await peer.heard()).length > 0) continue;
      for (let more = index + 1; more < index + 5; more++)
        peer.send(way, { ...kilobytes8, messageId: `m${String(more).padStart(6, "0")}` });
      return index;
    }
  }

  test("on a link between relays answers to a session wait with what waits, and come when it goes out; those to others come at once [4976-6.4.1-33]", async () => {
    const { bench, alice, way, inner, other } = await betweenRelays({ limits: { maxFlowBytes: 100_000 } });
    const first = await sendUntilOwed(inner, way);
    inner.send(other);
    expect(await inner.heard()).toEqual(["200"]);
    alice.peer.transport.resume();
    expect((await alice.take()).map(({ headers }) => headers["Message-ID"])).toEqual(numbered(first + 5));
    expect(counts(await inner.heard())).toEqual({ "200": 5 });
    await bench.close();
  });

  test("these answers wait no longer than maxAnswerDelayMs for a next hop that takes nothing [4976-6.4.1-01]", async () => {
    const { bench, way, inner } = await betweenRelays({ limits: { maxFlowBytes: 100_000 } });
    await sendUntilOwed(inner, way);
    await bench.clock.advance(9999);
    expect(await inner.heard()).toEqual([]);
    await bench.clock.advance(1);
    expect(counts(await inner.heard())).toEqual({ "200": 5 });
    // Waiting gains nothing any more: the bound is what stops the session.
    expect(Object.keys(counts(await sendMany(inner, way, 10)))).toEqual(["200", "413"]);
    await bench.close();
  });

  /** A relay behind this one, through which alice has logged in, as the next hop of whoever writes to her. */
  async function towardsRelay() {
    const bench = new RelayBench({ relays: ["inner.example"], limits: { maxUnansweredBytes: 20_000 } });
    const inner = await bench.peer({ names: ["inner.example"] });
    const from = `msrps://inner.example:9000/sI99;tcp ${inner.uri}`;
    const token = (await bench.login(inner, "alice", { from })).split(" ").at(-1) ?? "";
    const way = `${token} ${from}`;
    const other = await bench.peer();
    return { bench, inner, way, peer: await bench.peer(), other };
  }

  test("a session that has the link to the next relay for itself waits for no answers [4976-6.4.1-33]", async () => {
    const { bench, inner, way, peer } = await towardsRelay();
    await sendMany(peer, way, 10);
    expect((await inner.take()).length).toBe(10);
    await bench.close();
  });

  test("a link whose sessions wait for answers is read, also for one session with a slow receiver [4976-6.4.1-33]", async () => {
    const { bench, inner, way, peer, other } = await towardsRelay();
    const bob = await bench.peer({ highWaterBytes: 10_000 });
    const toBob = `${await bench.login(bob, "bob")} ${bob.uri}`;
    bob.peer.transport.pause();
    other.send(way);
    await sendMany(peer, way, 10);
    const waiting = await inner.take();
    expect(waiting.length).toBe(4);
    expect(counts(await sendMany(inner, toBob, 300))["413"] ?? 0).toBeGreaterThan(100);
    for (const frame of waiting) inner.write(answer(frame));
    const after = await inner.take();
    expect(after.filter(({ what }) => what === "SEND").length).toBe(3);
    await bench.close();
  });

  test("towards a relay a session has no more than maxUnansweredBytes unanswered, and others pass it [4976-6.4.1-33]", async () => {
    const { bench, inner, way, peer, other } = await towardsRelay();
    other.send(way);
    await inner.take();
    expect(counts(await sendMany(peer, way, 10))).toEqual({ "200": 10 });
    let waiting = await inner.take();
    expect(waiting.length).toBe(3);
    other.send(way, { messageId: "other1" });
    const [passed] = await inner.take();
    expect(passed?.headers["Message-ID"]).toBe("other1");
    const arrived: (string | undefined)[] = [];
    for (let round = 0; round < 10 && waiting.length > 0; round++) {
      for (const frame of waiting) {
        arrived.push(frame.headers["Message-ID"]);
        inner.write(answer(frame));
      }
      waiting = await inner.take();
    }
    expect(arrived).toEqual(numbered(10));
    await bench.close();
  });

  test("what waits for such answers is reported when the link is lost [SEC-11] [4976-6.4.1-27]", async () => {
    const { bench, inner, way, peer, other } = await towardsRelay();
    other.send(way);
    await sendMany(peer, way, 10);
    inner.close();
    expect(counts(await peer.heard())).toEqual({ "REPORT 000 408": 10 });
    await bench.close();
  });

  test("thousands of failures at once are all told, whatever the sender's connection takes at a time [SEC-11] [4976-T37]", async () => {
    const bench = new RelayBench({ relays: ["inner.example"], limits: { stalledMs: 600_000 } });
    const alice = await bench.peer({ highWaterBytes: 1000 });
    const token = await bench.login(alice, "alice");
    alice.peer.transport.pause();
    const inner = await bench.peer({ names: ["inner.example"] });
    let taken = 0;
    for (let session = 0; session < 12; session++) {
      const from = `msrps://inner.example:9000/s${session}zz;tcp msrps://host${session}.invalid:1/${"c".repeat(150)};tcp`;
      for (let count = 0; count < 500; count++)
        inner.send(`${token} ${alice.uri}`, { from, body: "x", range: "1-1/1" });
    }
    for (let round = 0; round < 100 && taken < 6000; round++)
      taken += (await inner.heard()).filter((what) => what === "200").length;
    expect(taken).toBe(6000);
    alice.close();
    let told = 0;
    for (let round = 0; round < 60 && told < taken; round++)
      told += (await inner.heard()).filter((what) => what.startsWith("REPORT 000 408")).length;
    expect(told).toBe(taken);
    expect(bench.errors).toEqual([]);
    await bench.close();
  });

  test("a log-in at a relay further on shares the connection with nobody: a slow next hop holds the one session back [4976-6.4.1-33]", async () => {
    const bench = new RelayBench({ limits: { maxFlowBytes: 4000 } });
    const [alice, bob] = [await bench.peer(), await bench.peer({ highWaterBytes: 1000 })];
    const toBob = `${await bench.login(bob, "bob")} ${bob.uri}`;
    const token = await bench.login(alice, "alice");
    alice.write(request({ method: "AUTH", to: `${token} msrps://peer.example:2855;tcp`, from: alice.uri }));
    await alice.take();
    bob.peer.transport.pause();
    for (let count = 0; count < 3; count++) {
      for (let each = 0; each < 10; each++) {
        const fields = { body: "x".repeat(3000), range: "1-*/3000", headers: ["Failure-Report: partial"] };
        alice.send(`${token} ${toBob}`, fields);
      }
      await bench.clock.advance(1500);
    }
    expect(await alice.heard()).toEqual([]);
    await bench.close();
  });
});
