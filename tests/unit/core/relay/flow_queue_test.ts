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
    expect((told["200"] ?? 0) + (told["413"] ?? 0)).toBe(200);
    expect(told["413"] ?? 0).toBeGreaterThan(150);
    inner.send(other);
    expect(await inner.heard()).toEqual(["200"]);
    expect((await bob.heard()).length).toBe(2);
    await bench.close();
  });

  test("on a link between relays a session below its bound waits for its slow receiver, which gets all of it; above it is refused, and may send again later [4976-6.4.1-33]", async () => {
    const { bench, alice, way } = await slow({
      relays: ["inner.example"],
      limits: { maxFlowBytes: 100_000 },
    });
    const bob = await bench.peer();
    const other = `${await bench.login(bob, "bob")} ${bob.uri}`;
    const inner = await bench.peer({ names: ["inner.example"] });
    inner.send(other);
    await inner.heard();
    const heard: string[] = [];
    for (let index = 0; !heard.includes("413"); index++) {
      inner.send(way, { ...kilobytes8, messageId: `m${String(index).padStart(6, "0")}` });
      heard.push(...(await inner.heard()));
    }
    // The others are not held back by what waits.
    inner.send(other);
    expect(await inner.heard()).toEqual(["200"]);
    const taken = heard.filter((what) => what === "200").length;
    expect(taken).toBeGreaterThanOrEqual(12); // 100,000 octets and what the connection itself holds
    expect(heard.slice(0, taken).every((what) => what === "200")).toBe(true);
    alice.peer.transport.resume();
    const arrived = await alice.take();
    expect(arrived.map(({ headers }) => headers["Message-ID"])).toEqual(
      Array.from({ length: taken }, (_, index) => `m${String(index).padStart(6, "0")}`),
    );
    inner.send(way, { ...kilobytes8, messageId: "later1" });
    expect(await inner.heard()).toEqual(["200"]);
    expect((await alice.take()).map(({ headers }) => headers["Message-ID"])).toEqual(["later1"]);
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
