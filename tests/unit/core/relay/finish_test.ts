// The end of a relay: messages that have begun may end, and everybody else hears that nothing more is taken.
// A 200 is followed by delivery or by a REPORT, also when time is up.
import { describe, expect, test } from "#test";
import { answer, RelayBench, request, settle } from "../../../support/relay_bench.ts";

async function pair(highWaterBytes?: number) {
  const bench = new RelayBench();
  const alice = await bench.peer(highWaterBytes === undefined ? {} : { highWaterBytes });
  const token = await bench.login(alice, "alice");
  const peer = await bench.peer();
  return { bench, alice, peer, token, way: `${token} ${alice.uri}` };
}

describe("a relay that ends", () => {
  test("lets messages end that have begun, refuses others, and closes when nothing is under way [SEC-32]", async () => {
    const { bench, alice, peer, token, way } = await pair();
    const [known, stranger, bob] = [await bench.peer(), await bench.peer(), await bench.peer()];
    const toBob = `${await bench.login(bob, "bob")} ${bob.uri}`;
    known.send(toBob);
    peer.send(way, { messageId: "begun1", range: "1-5/10", flag: "+" });
    expect([await known.heard(), await peer.heard()]).toEqual([["200"], ["200"]]);
    for (const one of [alice, bob]) for (const frame of await one.take()) one.write(answer(frame));
    bench.plugin.drain();
    const closed = bench.app.close({ drainMs: 10_000 });
    for (const one of [stranger, known]) {
      one.send(toBob);
      expect(await one.heard()).toEqual(["481"]);
    }
    // A 481 would end this session, and with it what is under way.
    peer.send(way, { messageId: "other1" });
    alice.send(`${token} ${peer.uri}`);
    expect([await peer.heard(), await alice.heard(), await bob.heard()]).toEqual([["403"], ["403"], []]);
    await bench.clock.advance(2000);
    expect([peer.ended, alice.ended]).toEqual([false, false]);
    peer.send(way, { messageId: "begun1", range: "6-10/10" });
    expect(await peer.heard()).toEqual(["200"]);
    for (const frame of await alice.take()) alice.write(answer(frame));
    await settle();
    await bench.clock.advance(100);
    await closed;
    expect([alice.ended, peer.ended, stranger.ended, known.ended]).toEqual([true, true, true, true]);
    expect(bench.clock.now()).toBeLessThan(10_000);
  });

  test("a body that is being read goes on to its end-line [SEC-32] [4976-T35]", async () => {
    const { bench, alice, peer, way } = await pair();
    const text = request({
      id: "tid1234567",
      to: way,
      from: peer.uri,
      range: "1-*/200000",
      body: "x".repeat(200_000),
    });
    peer.write(text.slice(0, 150_000));
    const before = await alice.take();
    for (const frame of before) alice.write(answer(frame));
    bench.plugin.drain();
    const closed = bench.app.close({ drainMs: 10_000 });
    peer.write(text.slice(150_000));
    const frames = [...before];
    for (let round = 0; round < 40 && frames.at(-1)?.flag !== "$"; round++) {
      const got = await alice.take();
      for (const frame of got) alice.write(answer(frame));
      frames.push(...got);
    }
    expect(frames.reduce((sum, { body }) => sum + (body?.length ?? 0), 0)).toBe(200_000);
    expect(frames.at(-1)?.flag).toBe("$");
    expect(await peer.heard()).toEqual(["200"]);
    await bench.clock.advance(100);
    await closed;
  });

  test("a short request that is half read goes on as well, and nothing begins after it [SEC-32]", async () => {
    const { bench, alice, peer, way } = await pair();
    peer.send(way);
    expect(await peer.heard()).toEqual(["200"]);
    for (const frame of await alice.take()) alice.write(answer(frame));
    const text = request({ to: way, from: peer.uri, range: "1-5/5", body: "hello" });
    peer.write(text.slice(0, -20));
    await settle();
    bench.plugin.drain();
    const closed = bench.app.close({ drainMs: 10_000 });
    await bench.clock.advance(2000);
    expect(peer.ended).toBe(false);
    peer.write(text.slice(-20));
    expect(await peer.heard()).toEqual(["200"]);
    peer.send(way);
    expect(await peer.heard()).toEqual(["481"]);
    for (const frame of await alice.take()) alice.write(answer(frame));
    await settle();
    await bench.clock.advance(100);
    await closed;
    expect([alice.ended, peer.ended]).toEqual([true, true]);
  });

  test("when time is up, senders hear of what was not answered and of what still waits, then all is closed [SEC-32] [4976-T37]", async () => {
    const { bench, alice, peer, token, way } = await pair(4000);
    // Both directions at once: neither side's connection may go before the other has heard.
    peer.send(way, { messageId: "toalice" });
    await peer.heard();
    const far = await bench.peer();
    far.send(way);
    await far.heard();
    alice.send(`${token} ${far.uri}`, { messageId: "tofar" });
    await settle();
    alice.peer.transport.pause();
    for (let count = 0; count < 4; count++)
      peer.send(way, { messageId: `wait${count}`, body: "x".repeat(8000), range: "1-*/8000" });
    expect((await peer.heard()).every((what) => what === "200")).toBe(true);
    const closed = bench.app.close({ drainMs: 10_000 });
    await bench.clock.advance(7900);
    expect([peer.ended, alice.ended]).toEqual([false, false]);
    await bench.clock.advance(150);
    const told = (await peer.take()).map(({ what, headers }) => [what, headers["Message-ID"]]);
    expect(told.sort()).toEqual(["toalice", "wait0", "wait1", "wait2", "wait3"].map((id) => ["REPORT", id]));
    expect([peer.ended, far.ended]).toEqual([true, true]);
    // She does not read; her time ends with that of the relay.
    await bench.clock.advance(2000);
    await closed;
    alice.peer.transport.resume();
    await settle();
    expect(alice.ended).toBe(true);
  });

  test("nothing under way: it closes at once", async () => {
    const { bench, alice, peer, way } = await pair();
    peer.send(way, { headers: ["Failure-Report: partial"] });
    await alice.take();
    await bench.app.close({ drainMs: 10_000 });
    await settle();
    // Nobody owes an answer to "partial": it is no failure that none has come.
    expect(await peer.heard()).toEqual([]);
    expect([alice.ended, peer.ended, bench.clock.now()]).toEqual([true, true, 0]);
  });
});
