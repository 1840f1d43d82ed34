// What strangers and users try against a relay: it neither crashes nor fills its memory, and others do not notice.
// Further cases stand beside the rules that forbid them, by their SEC number.
import { describe, expect, test } from "#test";
import { answer, RelayBench, type RelayPeer, request, settle } from "../support/relay_bench.ts";

const far = "msrp://peer.example:9000/far99;tcp";

async function pair(options: ConstructorParameters<typeof RelayBench>[0] = {}) {
  const bench = new RelayBench(options);
  const alice = await bench.peer();
  const token = await bench.login(alice, "alice", { headers: ["Expires: 3600"] });
  const peer = await bench.peer();
  return { bench, alice, peer, token, way: `${token} ${alice.uri}` };
}

/** Octets that a peer has got. */
const octets = ({ peer }: RelayPeer): number => peer.octets.reduce((sum, { length }) => sum + length, 0);

describe("abuse of a relay", () => {
  test("a request that stops coming ends its connection, also that of a user [SEC-12]", async () => {
    const { bench, alice, peer, way } = await pair();
    peer.send(way);
    const whole = request({ to: way, from: peer.uri, range: "1-*/50000", body: "x".repeat(50_000) });
    for (const half of [whole.slice(0, 60), whole.slice(0, 20_000)]) {
      const slow = await bench.peer();
      slow.send(way, { headers: ["Failure-Report: no"] });
      slow.write(half);
      await bench.clock.advance(29_000);
      expect(slow.ended).toBe(false);
      await bench.clock.advance(7000);
      expect(slow.ended).toBe(true);
    }
    expect([alice.ended, peer.ended]).toEqual([false, false]);
    await bench.close();
  });

  test("a body that drips is ended, one that is only slow is not [SEC-12]", async () => {
    const { bench, alice, way } = await pair();
    const [drip, slow] = [await bench.peer(), await bench.peer()];
    const whole = request({ to: way, from: drip.uri, range: "1-*/500000", body: "x".repeat(500_000) });
    drip.write(whole.slice(0, 1000));
    slow.write(whole.slice(0, 1000).replace(drip.uri, slow.uri));
    for (let second = 1; second <= 60; second++) {
      drip.write("x");
      slow.write("x".repeat(8000));
      await bench.clock.advance(1000);
    }
    expect([drip.ended, slow.ended]).toEqual([true, false]);
    expect(octets(alice)).toBeGreaterThan(200_000);
    await bench.close();
  });

  test("a sender whom the relay itself holds back is not slow [SEC-12]", async () => {
    const bench = new RelayBench({ limits: { stalledMs: 600_000, maxFlowBytes: 100_000 } });
    const slow = await bench.peer({ highWaterBytes: 10_000 });
    const way = `${await bench.login(slow, "bob", { headers: ["Expires: 3600"] })} ${slow.uri}`;
    slow.peer.transport.pause();
    const sender = await bench.peer();
    const whole = request({ to: way, from: sender.uri, range: "1-*/9000000", body: "x".repeat(9_000_000) });
    sender.write(whole.slice(0, 8_000_000));
    await settle(200);
    await bench.clock.advance(120_000);
    expect(sender.ended).toBe(false);
    await bench.close();
  });

  test("chunks of an octet cost their sender more than the relay [SEC-13]", async () => {
    const { bench, alice, peer, way } = await pair();
    const other = await bench.peer();
    const before = octets(alice);
    let refused = 0;
    let sent = 0;
    for (let count = 1; count <= 5000; count++) {
      const chunk = request({
        to: way,
        from: peer.uri,
        messageId: "drops",
        range: `${count}-${count}/90000`,
        body: "x",
        flag: "+",
      });
      sent += chunk.length;
      peer.write(chunk);
      if (count % 100 !== 0) continue;
      await bench.clock.advance(0.001); // another read
      for (const frame of await alice.take()) alice.write(answer(frame));
      refused += (await peer.heard()).filter((what) => what === "413").length;
    }
    expect(refused).toBe(4000);
    expect(octets(alice) - before).toBeLessThan(sent / 4);
    // Nobody else's share, and no whole message is counted.
    for (let count = 0; count < 50; count++) other.send(way, { body: "x", range: "1-1/1" });
    expect(await other.heard()).toEqual(Array(50).fill("200"));
    await bench.clock.advance(1000);
    peer.send(way, { messageId: "drops", range: "1-1/90000", body: "x", flag: "+" });
    expect((await peer.heard()).filter((what) => what === "200")).toEqual(["200"]);
    await bench.close();
  });

  test("who asks too much in vain at once is thrown out, who waits for answers is not [SEC-07]", async () => {
    const { bench, alice, peer, way } = await pair();
    const stranger = await bench.peer();
    const ask = (one: RelayPeer): void =>
      one.write(request({ method: "AUTH", to: bench.authUri, from: one.uri, headers: [] }));
    for (let count = 0; count < 200; count++) ask(stranger);
    await settle(200);
    expect(stranger.ended).toBe(true);
    for (let count = 0; count < 200; count++) {
      ask(peer);
      await bench.clock.advance(1);
    }
    peer.send(way);
    expect([peer.ended, (await peer.heard()).at(-1)]).toEqual([false, "200"]);
    expect(alice.ended).toBe(false);
    await bench.close();
  });

  test("who sends many tiny chunks at once is thrown out, and comes back to the same account [SEC-13]", async () => {
    const limits = { maxTinyChunksPerSecond: 10, maxStrangerRefusalsAtOnce: 20 };
    const { bench, alice, peer, way } = await pair({ limits });
    const tiny = (one: RelayPeer, count: number): string => {
      const fields = { to: way, from: one.uri, messageId: "drops", body: "x", flag: "+" } as const;
      return Array.from({ length: count }, (_, at) =>
        request({ ...fields, range: `${at + 1}-${at + 1}/900` }),
      ).join("");
    };
    peer.write(tiny(peer, 30));
    const heard = await peer.heard();
    expect(["200", "413"].map((status) => heard.filter((what) => what === status).length)).toEqual([10, 20]);
    expect(peer.ended).toBe(false);
    const other = await bench.peer();
    other.write(tiny(other, 1));
    expect(await other.heard()).toEqual(["413"]);
    await bench.clock.advance(1);
    peer.write(tiny(peer, 21));
    await settle(200);
    expect([peer.ended, other.ended, alice.ended]).toEqual([true, false, false]);
    await bench.close();
  });

  test("the rest of what was refused to a stranger has a bound, and a user may end what has begun [SEC-10]", async () => {
    const limits = { maxStrangerWasteBytes: 100_000 };
    const { bench, alice, peer, way } = await pair({ limits });
    const whole = (one: RelayPeer, octets: number): string =>
      request({
        to: way.replace(";tcp ", "x;tcp "),
        from: one.uri,
        body: "z".repeat(octets),
        range: "1-*/*",
      });
    const [patient, stranger] = [await bench.peer(), await bench.peer()];
    peer.send(way);
    expect(await peer.heard()).toEqual(["200"]);
    for (const [one, octets, ended] of [
      [patient, 100_000, false],
      [stranger, 300_000, true],
      [peer, 300_000, false],
    ] as const) {
      const text = whole(one, octets);
      for (let at = 0; at < text.length && !one.ended; at += 20_000) {
        one.write(text.slice(at, at + 20_000));
        await settle();
      }
      expect([octets, await one.heard(), one.ended]).toEqual([octets, ["481"], ended]);
    }
    expect(alice.ended).toBe(false);
    await bench.close();
  });

  test("what waits for many slow receivers has one bound for all, and is given free again [SEC-10]", async () => {
    const bench = new RelayBench({ limits: { maxWaitingBytes: 300_000, stalledMs: 600_000 } });
    const readers: RelayPeer[] = [];
    const senders: RelayPeer[] = [];
    let taken = 0;
    let refused = 0;
    const send = async (index: number, way: string): Promise<void> => {
      const sender = senders[index] as RelayPeer;
      for (let count = 0; count < 40; count++)
        sender.send(way, { body: "x".repeat(8000), range: "1-*/8000" });
      for (const what of await sender.heard()) {
        if (what === "200") taken++;
        if (what === "413") refused++;
      }
    };
    const ways: string[] = [];
    for (let index = 0; index < 10; index++) {
      const reader = await bench.peer({ highWaterBytes: 1000 });
      readers.push(reader);
      ways.push(`${await bench.login(reader, "alice")} ${reader.uri}`);
      reader.peer.transport.pause();
      senders.push(await bench.peer());
      await send(index, ways[index] ?? "");
    }
    // Beside the 300,000 octets each connection has a write of 64 KiB under way, and one that is being filled.
    expect(taken * 8000).toBeLessThan(300_000 + 10 * 150_000);
    expect(refused).toBeGreaterThan(0);
    expect(taken + refused).toBe(400);
    let arrived = 0;
    for (let round = 0; round < 30; round++) {
      for (const reader of readers) {
        reader.peer.transport.resume();
        for (const frame of await reader.take()) {
          arrived++;
          reader.write(answer(frame));
        }
      }
    }
    expect(arrived).toBe(taken);
    refused = 0;
    await send(0, ways[0] ?? "");
    expect(refused).toBe(0);
    await bench.close();
  });

  test("long heads, many fields and long paths are refused while they are read [SEC-09] [SEC-16]", async () => {
    const { bench, alice, token, way } = await pair();
    const long = `msrps://hop.example:2855/${"a".repeat(40)};tcp `;
    const cases = [
      request({ to: way, from: "msrp://a.example:1/b;tcp", headers: [`X-Long: ${"a".repeat(300_000)}`] }),
      request({
        to: way,
        from: "msrp://a.example:1/b;tcp",
        headers: Array.from({ length: 2000 }, (_, index) => `X-${index}: y`),
      }),
      request({ to: `${token} ${long.repeat(400)}${alice.uri}`, from: "msrp://a.example:1/b;tcp" }),
      request({ to: way, from: `${long.repeat(400)}msrp://a.example:1/b;tcp` }),
      `MSRP ${"a".repeat(300_000)}`,
    ];
    for (const text of cases) {
      const sender = await bench.peer();
      sender.write(text);
      const heard = await sender.heard();
      expect(heard.every((what) => what === "400" || what === "481")).toBe(true);
      expect(heard.length > 0 || sender.ended).toBe(true);
    }
    expect(await alice.heard()).toEqual([]);
    await bench.close();
  });

  test("no octet of an attacker's gets into a head, and no comment repeats one [SEC-22] [SEC-23] [4976-3-15] [4976/4975-12-01]", async () => {
    const { bench, alice, way } = await pair();
    const from = "msrp://a.example:1/b;tcp";
    const good = request({ to: way, from, body: "x", range: "1-1/1", headers: ["X-Note: y"] }).replaceAll(
      "\n",
      "\r\n",
    );
    const cases: string[] = [
      good.replace("X-Note: y", "X-Note: a\rX-Evil: b"),
      good.replace("X-Note: y", "X-Note: a\u0000b"),
      good.replace("X-Note: y", "X-Note: a\r\n folded: b"),
      good.replace("X-Note: y", "X Note: EVIL"),
      good.replace(from, `${from}\r`),
      good.replace(from, "msrp://a\u00e9.example:1/b;tcp"),
      good.replace(from, "msrp://a.example:1/b\u0000;tcp"),
      good.replace("Byte-Range: 1-1/1", "Byte-Range: EVIL"),
      good.replace("Message-ID: ", "Message-ID: \u0007EVIL"),
    ];
    for (const text of cases) {
      const sender = await bench.peer();
      sender.peer.transport.write(new TextEncoder().encode(text));
      for (const frame of await sender.take()) expect(frame.what).toBe("400");
      const said = sender.peer.octets.map((bytes) => new TextDecoder().decode(bytes)).join("");
      expect([said.includes("EVIL"), said.includes("Evil"), said.includes("\u0000")]).toEqual([
        false,
        false,
        false,
      ]);
    }
    expect(await alice.heard()).toEqual([]);
    await bench.close();
  });

  test("noise of every kind crashes nothing and reaches nobody else", async () => {
    const { bench, alice, peer, way } = await pair();
    const valid = request({ to: way, from: peer.uri, range: "1-5/5", body: "hello" });
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    for (let round = 0; round < 150; round++) {
      const sender = await bench.peer();
      const bytes = new TextEncoder().encode(valid.replaceAll("\n", "\r\n"));
      for (let flips = 0; flips < 4; flips++) bytes[random(bytes.length)] = random(256);
      for (let at = 0; at < bytes.length; ) {
        const step = 1 + random(60);
        if (!sender.ended) sender.peer.transport.write(bytes.slice(at, at + step));
        at += step;
      }
      await settle(20);
      sender.close();
    }
    await settle(200);
    expect(bench.errors).toEqual([]);
    await alice.take();
    peer.send(way);
    expect([await peer.heard(), await alice.heard()]).toEqual([["200"], ["SEND"]]);
    await bench.close();
  });

  test("senders who call themselves something else each time leave a bounded trace, and others keep their way", async () => {
    const { bench, alice, peer, way } = await pair({ limits: { maxFlows: 50, maxFlowsPerConnection: 20 } });
    const other = await bench.peer();
    peer.send(way);
    await peer.heard();
    for (let count = 0; count < 200; count++) {
      for (const one of [peer, other]) one.send(way, { from: `msrp://a${count}.example:1/b;tcp` });
      if (count % 20 === 0) for (const frame of await alice.take()) alice.write(answer(frame));
    }
    for (const one of [peer, other]) expect((await one.heard()).every((what) => what === "200")).toBe(true);
    expect(bench.plugin.flowCount).toBeLessThanOrEqual(50);
    await alice.take();
    peer.send(way);
    const [got] = await alice.take();
    if (got === undefined) throw new Error("the SEND did not arrive");
    alice.write(answer(got, "413 Stop"));
    expect((await peer.heard()).map((what) => what.slice(0, 14))).toEqual(["200", "REPORT 000 413"]);
    for (const one of [peer, other, alice]) one.close();
    await settle(200);
    expect(bench.plugin.flowCount).toBe(0);
    await bench.close();
  });

  test("a request draws one response and one REPORT at most, whatever it is [SEC-14]", async () => {
    const { bench, alice, peer, token, way } = await pair();
    for (const text of [
      request({ to: way, from: peer.uri, body: "x" }),
      request({ to: `${token} ${far}`, from: peer.uri, body: "x" }),
      request({ to: token, from: peer.uri, method: "REPORT", headers: ["Status: 000 200 OK"] }),
      request({ to: way, from: `${peer.uri} ${alice.uri} ${peer.uri}`, body: "x" }),
    ]) {
      peer.write(text);
      await settle(200);
      for (const frame of await alice.take()) alice.write(answer(frame, "413 Stop"));
      await bench.clock.advance(31_000);
      expect((await peer.take()).length).toBeLessThan(3);
    }
    await bench.close();
  });

  test("a failure is told only to the connection that the message came on [SEC-15]", async () => {
    const { bench, alice, peer, token } = await pair();
    const victim = bench.stub("peer.example", 9000);
    peer.send(`${token} ${alice.uri}`, { from: far });
    await alice.take();
    peer.close();
    await settle();
    alice.close();
    await settle(200);
    expect([victim.connections.length, bench.dialled.length]).toEqual([0, 0]);
    await bench.close();
  });
});
