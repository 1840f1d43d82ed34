// What is passed on, octet for octet, and what its sender hears when it fails.
// Peers write bytes; the relay between them is whole.
import { describe, expect, test } from "#test";
import type { Written } from "../../../support/connections.ts";
import { answer, RelayBench, type RelayPeer, request, settle } from "../../../support/relay_bench.ts";

interface Pair {
  readonly bench: RelayBench;
  readonly alice: RelayPeer;
  readonly peer: RelayPeer;
  /** URI of alice's session at the relay. */
  readonly token: string;
  /** To-Path from the peer to alice. */
  readonly way: string;
}

async function pair(options: ConstructorParameters<typeof RelayBench>[0] = {}): Promise<Pair> {
  const bench = new RelayBench(options);
  const alice = await bench.peer();
  const token = await bench.login(alice, "alice");
  const peer = await bench.peer();
  return { bench, alice, peer, token, way: `${token} ${alice.uri}` };
}

async function one(peer: RelayPeer): Promise<Written> {
  const frames = await peer.take();
  if (frames.length !== 1 || frames[0] === undefined) throw new Error(`${frames.length} frames came`);
  return frames[0];
}

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

describe("what a relay passes on", () => {
  test("RFC 4976 §6.4.1: the own URI changes sides, the id is new, all else stays [4976-3-01] [4976-6.4-06] [4976-6.4.1-17]", async () => {
    const { bench, alice, peer, token, way } = await pair();
    const spelled = way.replace("relay.example", "RELAY.example");
    peer.write(
      request({
        id: "tid1234567",
        to: spelled,
        from: peer.uri,
        messageId: "m1234",
        range: "1-*/5",
        headers: ["Success-Report: yes", "X-Test:   two  blanks"],
        type: "text/plain;charset=utf-8",
        body: "hello",
      }),
    );
    expect(await peer.heard()).toEqual(["200"]);
    const got = await one(alice);
    expect(got.id).not.toBe("tid1234567");
    expect([got.toPath, got.fromPath]).toEqual([[alice.uri], [spelled.split(" ")[0], peer.uri]]);
    expect(Object.entries(got.headers)).toEqual([
      ["Message-ID", "m1234"],
      ["Byte-Range", "1-*/5"],
      ["Success-Report", "yes"],
      ["X-Test", "  two  blanks"],
      ["Content-Type", "text/plain;charset=utf-8"],
    ]);
    expect([text(got.body), got.flag]).toEqual(["hello", "$"]);
    expect(token.length).toBeGreaterThan(40);
    await bench.close();
  });

  test("RFC 4976 §6.4.1: the 200 goes one hop back at once, as Failure-Report says [4976-6.4.1-01] [4976-6.4.1-03] [4976-6.4.1-04] [4976-6.4.1-10] [4976-6.4.1-11]", async () => {
    const { bench, peer, way, token } = await pair();
    peer.write(
      request({ id: "tid1234567", to: way, from: `${peer.uri} msrp://far.example:1/z;tcp`, body: "x" }),
    );
    const got = await one(peer);
    expect([got.id, got.what, got.toPath, got.fromPath]).toEqual(["tid1234567", "200", [peer.uri], [token]]);
    peer.send(way, { headers: ["Failure-Report: partial"] });
    peer.send(way, { headers: ["Failure-Report: no"] });
    expect(await peer.heard()).toEqual([]);
    await bench.close();
  });

  test("RFC 4976 §6.4.1: bodiless, empty and odd bodies stay what they are [4976-6.4.1-28] [4976-6.4.1-32] [4976-T13] [4976-T14] [SEC-24]", async () => {
    const { bench, alice, peer, way } = await pair();
    peer.write(request({ to: way, from: peer.uri, range: "1-0/0", headers: ["Failure-Report: no"] }));
    peer.send(way, { body: "", range: "1-0/0", headers: ["Failure-Report: no"] });
    peer.send(way, {
      body: "a\n-------tid!\n-------zzzz9999$\n",
      range: "1-*/*",
      headers: ["Failure-Report: no"],
    });
    const bodies = (await alice.take()).map(({ body }) => (body === undefined ? undefined : text(body)));
    expect(bodies).toEqual([undefined, "", "a\r\n-------tid!\r\n-------zzzz9999$\r\n"]);
    await bench.close();
  });

  test("RFC 4976 §6.4.1: a long chunk goes on in pieces as it comes [4976-6.4.1-05] [4976-6.4.1-12] [4976-6.4.1-16] [4976-6.4.1-19] [4976-6.4.1-20] [4976-T15] [4976-6.4.1-31] [4976/4975-7.1.1-02] [4976/4975-7.1.1-03]", async () => {
    for (const [range, total] of [
      ["1-*/200000", "200000"],
      ["1-200000/200000", "200000"],
      [undefined, "*"],
    ] as const) {
      const { bench, alice, peer, way } = await pair();
      const body = "0123456789".repeat(20_000);
      const whole = request({
        id: "tid1234567",
        to: way,
        from: peer.uri,
        body,
        ...(range === undefined ? {} : { range }),
      });
      peer.write(whole.slice(0, 150_000));
      const before = await alice.take();
      expect(before.length).toBeGreaterThan(0); // cut-through: what is here goes on
      expect(await peer.heard()).toEqual([]); // RFC 4976 §6.4.1: no 200 before the end-line
      peer.write(whole.slice(150_000));
      const pieces = [...before, ...(await alice.take())];
      expect(await peer.heard()).toEqual(["200"]);
      let octets = 0;
      for (const piece of pieces) {
        const long = (piece.body?.length ?? 0) > 2048;
        expect(piece.range).toBe(`${octets + 1}-${long ? "*" : octets + (piece.body?.length ?? 0)}/${total}`);
        octets += piece.body?.length ?? 0;
      }
      expect(octets).toBe(200_000);
      expect(pieces.map(({ flag }) => flag)).toEqual([...pieces.slice(1).map(() => "+"), "$"]);
      expect(new Set(pieces.map(({ id }) => id)).size).toBe(pieces.length);
      expect(pieces.map((piece) => text(piece.body)).join("")).toBe(body);
      await bench.close();
    }
  });

  test("RFC 4976 §6.4.1: the last piece has the flag of the source [4976-6.4.1-19]", async () => {
    const { bench, alice, peer, way } = await pair();
    peer.send(way, {
      body: "x".repeat(100_000),
      range: "1-*/300000",
      flag: "#",
      headers: ["Failure-Report: no"],
    });
    expect((await alice.take()).at(-1)?.flag).toBe("#");
    await bench.close();
  });

  test("RFC 4976 §6.4.1: an error of the next hop becomes one REPORT, with the real range [4976-3-06] [4976-6.4.1-09] [4976-6.4.1-22] [4976-6.4.3-04] [4976/4975-7.1.4-01] [4976/4975-7.1.2-03]", async () => {
    const { bench, alice, peer, token, way } = await pair();
    peer.send(way, { messageId: "m1234", range: "6-*/*" });
    await peer.heard();
    alice.write(answer(await one(alice), "415 No"));
    const report = await one(peer);
    expect([report.what, report.toPath, report.fromPath]).toEqual(["REPORT", [peer.uri], [token]]);
    expect(Object.keys(report.headers)).toEqual(["Message-ID", "Byte-Range", "Status"]);
    expect([report.headers["Message-ID"], report.headers["Byte-Range"]]).toEqual(["m1234", "6-10/*"]);
    expect(report.headers["Status"]).toMatch(/^000 415 /);
    await bench.clock.advance(60_000);
    expect(await peer.heard()).toEqual([]);
    await bench.close();
  });

  test("RFC 4976 §6.4.1: errors by Failure-Report; every 2xx is a success [4976-6.4.1-10] [4976-6.4.3-09] [4976-T17]", async () => {
    const { bench, alice, peer, way } = await pair();
    const told: string[][] = [];
    for (const [report, status] of [
      ["partial", "403"],
      ["no", "403"],
      ["yes", "599 Odd"],
      ["yes", "299"],
    ] as const) {
      peer.send(way, { headers: [`Failure-Report: ${report}`] });
      alice.write(answer(await one(alice), status));
      told.push((await peer.heard()).filter((what) => what !== "200").map((what) => what.slice(0, 14)));
    }
    expect(told).toEqual([["REPORT 000 403"], [], ["REPORT 000 599"], []]);
    await bench.close();
  });

  test("RFC 4976 §6.4.1: 408 when no answer comes in 30 s, only for yes [4976-3-08] [4976-3-12] [4976-6.4.1-06] [4976-6.4.1-08] [4976-T1] [4976-T16] [4976-T17] [4976-6.4.1-02]", async () => {
    const { bench, alice, peer, way } = await pair();
    peer.send(way);
    peer.send(way, { headers: ["Failure-Report: partial"] });
    peer.send(way, { headers: ["Failure-Report: no"] });
    await peer.heard();
    const [first] = await alice.take();
    await bench.clock.advance(29_999);
    expect(await peer.heard()).toEqual([]);
    await bench.clock.advance(2);
    expect((await peer.heard()).map((what) => what.slice(0, 14))).toEqual(["REPORT 000 408"]);
    if (first !== undefined) alice.write(answer(first));
    expect(await peer.heard()).toEqual([]);
    await bench.close();
  });

  test("RFC 4976 §6.4.1: one report for one chunk, however it was cut [4976-6.4.1-24] [4976-6.4.1-25]", async () => {
    const { bench, alice, peer, way } = await pair();
    peer.send(way, { body: "x".repeat(200_000), range: "1-*/200000" });
    await peer.heard();
    const pieces = await alice.take();
    expect(pieces.length).toBeGreaterThan(2);
    for (const piece of pieces.slice(1)) alice.write(answer(piece, "413 Stop"));
    const reports = await peer.take();
    expect(reports.map(({ what }) => what)).toEqual(["REPORT"]);
    const start = Number(pieces[1]?.range?.split("-")[0]);
    expect(reports[0]?.range).toBe(`${start}-${start + (pieces[1]?.body?.length ?? 0) - 1}/200000`);
    await bench.close();
  });

  test("what waits of a message when it is refused is dropped, and reported [SEC-35] [4976/4975-10-01]", async () => {
    const bench = new RelayBench();
    const slow = await bench.peer({ highWaterBytes: 4000 });
    const way = `${await bench.login(slow, "alice")} ${slow.uri}`;
    const peer = await bench.peer();
    peer.send(way, { messageId: "m1234", range: "1-5/*", flag: "+" });
    const first = await one(slow);
    slow.peer.transport.pause();
    for (let chunk = 0; chunk < 40; chunk++) {
      const start = 6 + chunk * 8000;
      peer.send(way, { messageId: "m1234", range: `${start}-*/*`, body: "x".repeat(8000), flag: "+" });
    }
    peer.send(way, { messageId: "m5678" });
    const taken = (await peer.heard()).filter((what) => what === "200").length;
    expect(taken).toBe(42);
    slow.write(answer(first, "413 Stop"));
    await settle(200);
    slow.peer.transport.resume();
    let arrived = 0;
    for (let round = 0; round < 40; round++) {
      for (const frame of await slow.take()) {
        if (frame.headers["Message-ID"] === "m1234") arrived++;
        slow.write(answer(frame, frame.headers["Message-ID"] === "m1234" ? "413 Stop" : "200 OK"));
      }
    }
    // What the link had taken when the answer came goes out still, the rest does not.
    expect(arrived).toBeLessThan(25);
    const reports = (await peer.heard()).filter((what) => what.startsWith("REPORT 000 413"));
    expect(reports.length).toBe(41);
    await bench.close();
  });

  test("a message that was refused is not passed on any further [SEC-35]", async () => {
    const { bench, alice, peer, way } = await pair();
    peer.send(way, { messageId: "m1234", range: "1-5/10", flag: "+" });
    alice.write(answer(await one(alice), "413 Stop"));
    await peer.take();
    peer.send(way, { messageId: "m1234", range: "6-10/10" });
    peer.send(way, { messageId: "m5678" });
    expect(await peer.heard()).toEqual(["413", "200"]);
    expect((await one(alice)).headers["Message-ID"]).toBe("m5678");
    await bench.close();
  });

  test("RFC 4976 §6.4.1: what the next hop had not answered fails with its connection [4976-6.4.1-27] [4976-6.3-15]", async () => {
    const { bench, alice, peer, way } = await pair();
    peer.send(way);
    peer.send(way, { headers: ["Failure-Report: no"] });
    await peer.heard();
    alice.close();
    expect((await peer.heard()).map((what) => what.slice(0, 14))).toEqual(["REPORT 000 408"]);
    await bench.close();
  });

  test("RFC 4976 §6.4.2: REPORTs and unknown methods go from end to end, and answers come back [4976-3-04] [4976-3-05] [4976-6.4.2-02] [4976-6.4.2-05] [4976-6.4.2-08] [4976-6.4.2-11] [4976-6.4.3-05] [4976-3-11] [4976-6.4.3-07]", async () => {
    const { bench, alice, peer, token, way } = await pair();
    peer.write(
      request({
        id: "tid1234567",
        method: "NICKNAME",
        to: way,
        from: peer.uri,
        headers: ["X-Arg:  7"],
        body: "x".repeat(10_240),
      }),
    );
    const got = await one(alice);
    expect([got.what, got.headers["X-Arg"], got.body?.length]).toEqual(["NICKNAME", " 7", 10_240]);
    const path = [got.fromPath.join(" "), alice.uri];
    alice.write(
      `MSRP ${got.id} 425 Later\nTo-Path: ${path[0]}\nFrom-Path: ${path[1]}\nX-Why:  so\n-------${got.id}$\n`,
    );
    const back = await one(peer);
    expect([back.id, back.what, back.headers["X-Why"]]).toEqual(["tid1234567", "425", " so"]);
    expect([back.toPath, back.fromPath]).toEqual([[peer.uri], [token, alice.uri]]);
    peer.send(way, { method: "REPORT", headers: ["Status: 000 200 OK"] });
    expect((await one(alice)).what).toBe("REPORT");
    expect(await peer.heard()).toEqual([]);
    await bench.close();
  });

  test("RFC 4976 §6.4.3: an answer that names another way is dropped [4976-6.4.3-01]", async () => {
    const { bench, alice, peer, way } = await pair();
    peer.write(request({ method: "NICKNAME", to: way, from: peer.uri }));
    alice.write(answer(await one(alice), "200 OK")); // one hop only, as to a SEND
    expect(await peer.heard()).toEqual([]);
    await bench.close();
  });

  test("RFC 4976 §6.4.2: a request that is lost with its next hop is answered 408, a REPORT is not [4976-6.4.2-10]", async () => {
    const { bench, alice, peer, way } = await pair();
    peer.write(request({ id: "tid1234567", method: "NICKNAME", to: way, from: peer.uri }));
    await alice.take();
    alice.close();
    const back = await one(peer);
    expect([back.id, back.what]).toEqual(["tid1234567", "408"]);
    await bench.close();
  });

  test("RFC 4976 §6.4: both sides behind the relay: both URIs change sides, one 200 [4976-6.4-08] [4976-T20]", async () => {
    const { bench, alice, token } = await pair();
    const bob = await bench.peer();
    const second = await bench.login(bob, "bob");
    alice.write(request({ to: `${token} ${second} ${bob.uri}`, from: alice.uri, body: "hello" }));
    const ok = await one(alice);
    expect([ok.what, ok.fromPath]).toEqual(["200", [token]]);
    const got = await one(bob);
    expect([got.toPath, got.fromPath]).toEqual([[bob.uri], [second, token, alice.uri]]);
    bob.write(answer(got, "481 Gone"));
    const report = await one(alice);
    // Trap T20: made at the second step, it comes back through the first.
    expect([report.what, report.toPath, report.fromPath]).toEqual(["REPORT", [alice.uri], [token, second]]);
    await bench.close();
  });

  test("limits by second refuse what is too much, by session and by user [SEC-29]", async () => {
    const { bench, alice, peer, way } = await pair({
      limits: { maxChunksPerSecond: 3, maxUserBytesPerSecond: 12 },
    });
    for (let count = 0; count < 4; count++) peer.send(way);
    expect(await peer.heard()).toEqual(["200", "200", "413", "403"]);
    await bench.clock.advance(1000);
    peer.send(way);
    expect(await peer.heard()).toEqual(["200"]);
    expect((await alice.take()).length).toBe(3);
    await bench.close();
  });
});
