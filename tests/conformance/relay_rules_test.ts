// Rules of RFC 4976 that cut across the parts of a relay, and the abuse that it must stand.
// The relay is whole, on a network in memory; flows with exact bytes are in tests/flows.
import { describe, expect, test } from "#test";
import { answer, RelayBench, request, settle } from "../support/relay_bench.ts";

async function pair(options: ConstructorParameters<typeof RelayBench>[0] = {}) {
  const bench = new RelayBench(options);
  const alice = await bench.peer();
  const token = await bench.login(alice, "alice");
  const peer = await bench.peer();
  return { bench, alice, peer, token, way: `${token} ${alice.uri}` };
}

const far = "msrp://peer.example:9000/far99;tcp";

describe("a relay", () => {
  test("RFC 4976 §3.1: the URI is msrps, in Use-Path and nowhere else [4976-3-17] [4976-3.1-05] [4976-9.4-02] [4976-6.1-03]", async () => {
    const bench = new RelayBench();
    const alice = await bench.peer();
    const { headers } = await bench.auth(alice, "alice");
    const id = /^msrps:\/\/relay\.example:2855\/(\w+);tcp$/.exec(headers["Use-Path"] ?? "")?.[1] ?? "";
    expect(id.length).toBeGreaterThanOrEqual(22);
    const others = Object.entries(headers).filter(([name]) => name !== "Use-Path");
    expect(others.some(([, value]) => value.includes(id))).toBe(false);
    await bench.close();
  });

  test("RFC 4976 §4.1, §7: AUTH is AUTH in capitals, and needs no header but the paths [4976-4.1-01] [4976-7-08] [4976-9.1-01] [4976-T34]", async () => {
    const bench = new RelayBench();
    const one = await bench.peer();
    const bare = (method: string): string =>
      `MSRP tid1234567 ${method}\nTo-Path: ${bench.authUri}\nFrom-Path: ${one.uri}\n-------tid1234567$\n`;
    one.write(bare("AUTH"));
    expect(await one.heard()).toEqual(["401"]);
    one.write(bare("auth"));
    expect((await one.heard()).filter((what) => what === "401" || what === "200")).toEqual([]);
    expect(bench.plugin.bindingCount).toBe(0);
    await bench.close();
  });

  test("RFC 4976 §6.1: half a request, octet by octet, does not hold a connection [4976-6.1-07]", async () => {
    const bench = new RelayBench();
    const slow = await bench.peer();
    for (const letter of "MSRP abc") {
      slow.write(letter);
      await bench.clock.advance(5000);
      if (slow.ended) break;
    }
    expect([slow.ended, bench.clock.now() <= 35_000]).toEqual([true, true]);
    await bench.close();
  });

  test("RFC 4976 §6.3: several users on one connection are independent [4976-6.3-30]", async () => {
    const bench = new RelayBench({ limits: { maxUserChunksPerSecond: 1 } });
    const client = await bench.peer();
    const [one, two] = [await bench.login(client, "alice"), await bench.login(client, "bob")];
    const peer = await bench.peer();
    for (const token of [one, two, one]) peer.send(`${token} ${client.uri}`);
    expect(await peer.heard()).toEqual(["200", "200", "403"]);
    await bench.close();
  });

  test("RFC 4976 §6.3: guessing at a relay behind this one ends the client too, stale nonces do not [4976-6.3-20] [4976-6.3-21]", async () => {
    for (const [stale, ended] of [
      ["", true],
      [", stale=TRUE", false],
    ] as const) {
      const { bench, alice, token } = await pair();
      const outer = bench.stub("peer.example", 9000);
      for (let count = 0; count < 5; count++) {
        const headers = ['Authorization: Digest username="alice"'];
        alice.write(
          request({ method: "AUTH", to: `${token} msrp://peer.example:9000;tcp`, from: alice.uri, headers }),
        );
        await alice.take();
        const [got] = (await outer.connections[0]?.take()) ?? [];
        if (got === undefined) throw new Error("the AUTH did not arrive");
        outer.connections[0]?.write(
          `MSRP ${got.id} 401 No\nTo-Path: ${got.fromPath.join(" ")}\nFrom-Path: ${got.toPath[0]}\nWWW-Authenticate: Digest realm="r"${stale}\n-------${got.id}$\n`,
        );
        expect(await alice.heard()).toEqual(["401"]);
      }
      await settle(200);
      expect(alice.ended).toBe(ended);
      await bench.close();
    }
  });

  test("RFC 4976 §6.4.2: every method passes the same rule [4976-3.1-01] [4976-6.4.2-01] [4976-6.2-02]", async () => {
    const { bench, alice, token } = await pair();
    const stub = bench.stub("peer.example", 9000);
    const stranger = await bench.peer();
    for (const method of ["AUTH", "NICKNAME"]) stranger.send(`${token} ${far}`, { method });
    stranger.send(`${token} ${far}`, { method: "REPORT", headers: ["Status: 000 200 OK"] });
    expect(await stranger.heard()).toEqual(["481", "481"]);
    expect([stub.connections.length, (await alice.heard()).length]).toEqual([0, 0]);
    await bench.close();
  });

  test("RFC 4975 §7.1: what is not allowed on the wire is refused with 400, and not passed on [4976-6.4.2-09]", async () => {
    const { bench, alice, peer, way } = await pair();
    peer.write(request({ method: "NICKNAME", to: way, from: peer.uri, body: "x".repeat(10_241) }));
    peer.write(`MSRP tid1234567 SEND\nTo-Path: ${way}\nFrom-Path: ${peer.uri}\n-------tid1234567$\n`);
    expect(await peer.heard()).toEqual(["400", "400"]);
    expect(await alice.heard()).toEqual([]);
    await bench.close();
  });

  test("RFC 4975 §7.2: a SEND is answered one hop back, another request the whole way, both with $ [4976-T7] [4976/4975-7.2-01] [4976/4975-7.2-02]", async () => {
    const { bench, peer, token } = await pair();
    const from = `${peer.uri} msrp://origin.example:1/o;tcp`;
    peer.write(request({ to: token, from, body: "x" }));
    peer.write(request({ method: "NICKNAME", to: token, from }));
    const frames = await peer.take();
    expect(frames.map(({ toPath, flag }) => [toPath, flag])).toEqual([
      [[peer.uri], "$"],
      [from.split(" "), "$"],
    ]);
    await bench.close();
  });

  test("RFC 4976 §6.4.3: a response that cannot be read is dropped without a word [4976-6.4.3-02]", async () => {
    const { bench, alice, peer, way } = await pair();
    peer.send(way);
    await peer.heard();
    const [got] = await alice.take();
    if (got === undefined) throw new Error("the SEND did not arrive");
    alice.write(`MSRP ${got.id} 413 Stop\nTo-Path: not a path\nFrom-Path: ${alice.uri}\n-------${got.id}$\n`);
    expect([await alice.heard(), await peer.heard()]).toEqual([[], []]);
    await bench.close();
  });

  test("RFC 4976 §6.4.1: fragments are never joined [4976-6.4.1-14] [4976-6.4.1-15] [4976-T42]", async () => {
    const { bench, alice, peer, way } = await pair();
    peer.send(way, { messageId: "m1234", range: "1-5/10", flag: "+" });
    peer.send(way, { messageId: "m1234", range: "6-10/10", type: "text/html" });
    peer.send(way, { messageId: "m5678", range: "1-5/10", flag: "+" });
    expect((await alice.take()).map(({ range, flag }) => `${range}${flag}`)).toEqual([
      "1-5/10+",
      "6-10/10$",
      "1-5/10+",
    ]);
    await bench.close();
  });

  test("RFC 4976 §6.4.1: senders that share a slow next hop alternate, and 30 s count from the last octet [4976-6.4.1-07] [4976-6.4.1-30] [4976-T18]", async () => {
    const { bench, peer } = await pair({ limits: { stalledMs: 600_000 } });
    const slow = await bench.peer({ highWaterBytes: 10_000 });
    const way = `${await bench.login(slow, "bob")} ${slow.uri}`;
    slow.peer.transport.pause();
    const other = await bench.peer();
    for (const sender of [peer, other]) {
      for (let count = 0; count < 40; count++)
        sender.send(way, { body: "x".repeat(8000), range: "1-*/8000" });
      await sender.heard();
    }
    await bench.clock.advance(100_000);
    expect(
      [...(await peer.heard()), ...(await other.heard())].filter((what) => what.startsWith("REPORT")),
    ).toEqual([]);
    slow.peer.transport.resume();
    const order: string[] = [];
    for (let round = 0; round < 60; round++) {
      for (const frame of await slow.take()) {
        order.push(frame.fromPath.at(-1) ?? "");
        slow.write(answer(frame));
      }
    }
    expect(order.length).toBe(80);
    const firstOfOther = order.indexOf(other.uri);
    expect(firstOfOther < order.lastIndexOf(peer.uri)).toBe(true);
    await bench.clock.advance(60_000);
    expect(
      [...(await peer.heard()), ...(await other.heard())].filter((what) => what.startsWith("REPORT")),
    ).toEqual([]);
    await bench.close();
  });

  test("RFC 4976 §6.5: it sends nothing of its own; whoever takes nothing loses its URIs [4976-6.5-06] [4976-6.5-08]", async () => {
    const bench = new RelayBench();
    const dead = await bench.peer({ highWaterBytes: 1000 });
    const token = await bench.login(dead, "alice", { headers: ["Expires: 3600"] });
    await bench.clock.advance(600_000);
    expect(await dead.heard()).toEqual([]);
    dead.peer.transport.pause();
    const peer = await bench.peer();
    for (let count = 0; count < 5; count++)
      peer.send(`${token} ${dead.uri}`, { body: "x".repeat(2000), range: "1-2000/2000" });
    await peer.heard();
    await bench.clock.advance(61_000);
    await peer.heard();
    peer.send(`${token} ${dead.uri}`);
    expect((await peer.heard()).at(-1)).toBe("481");
    await bench.close();
  });

  test("RFC 4976 §9.2: an msrps next hop without TLS gets no octet [4976-9.2-12]", async () => {
    const { bench, alice, token } = await pair();
    const plain = bench.stub("peer.example", 9000);
    alice.send(`${token} msrps://peer.example:9000/x999;tcp`);
    expect((await alice.heard()).map((what) => what.slice(0, 14))).toEqual(["200", "REPORT 000 408"]);
    expect(plain.connections.length).toBe(0);
    await bench.close();
  });

  test("RFC 6714, 7977, 8873: it does not matter how it was reached, nor what lies beyond the next hop [7977-5.2.2-03] [8873-4.1-02] [4976/6714-R-01]", async () => {
    const { bench, alice, token, way } = await pair();
    const plain = await bench.peer({ secure: false });
    plain.send(way);
    expect([await plain.heard(), await alice.heard()]).toEqual([["200"], ["SEND"]]);
    const stub = bench.stub("peer.example", 9000);
    const beyond = ["msrps://gw.example:1/a;ws", "msrps://b.invalid:2/b;dc", "msrps://c.example:3/c;xyz"];
    alice.send(`${token} ${far} ${beyond.join(" ")}`);
    expect(await alice.heard()).toEqual(["200"]);
    expect((await stub.connections[0]?.take())?.[0]?.toPath).toEqual([far, ...beyond]);
    await bench.close();
  });

  test("a number in a Byte-Range costs nothing [SEC-31]", async () => {
    const { bench, alice, peer, way } = await pair();
    for (const range of ["1-*/99999999999999999999", "9007199254740990-*/*"]) peer.send(way, { range });
    expect(await peer.heard()).toEqual(["200", "200"]);
    expect((await alice.take()).map((frame) => frame.range)).toEqual([
      "1-*/99999999999999999999",
      "9007199254740990-*/*",
    ]);
    await bench.close();
  });

  test("a next hop that answers nothing holds so many transactions and no more [SEC-30]", async () => {
    const { bench, alice, peer, way } = await pair();
    for (let count = 0; count < 3000; count++) {
      peer.send(way);
      if (count % 50 === 0) await settle();
    }
    let arrived = 0;
    for (let round = 0; round < 50; round++) arrived += (await alice.take()).length;
    expect(arrived).toBeGreaterThan(500);
    expect(arrived).toBeLessThanOrEqual(1024);
    await bench.close();
  });

  test("errors that operators see hold no session-id and no password [SEC-21]", async () => {
    const { bench, alice, peer, token, way } = await pair();
    const told: string[] = [];
    bench.app.tap("error", ({ error }) => told.push(String(error)));
    bench.app.tap("closed", ({ error }) => told.push(String(error)));
    bench.app.tap("oddity", ({ code, detail }) => told.push(`${code} ${detail}`));
    alice.send(`${token} ${far}`);
    peer.send("msrps://other.example:1/secret99;tcp msrp://a.example:2/b;tcp");
    await bench.auth(alice, "alice", { password: "hunter2" });
    await alice.heard();
    alice.close();
    await settle();
    const id = /2855\/(\w+);/.exec(token)?.[1] ?? "";
    const text = told.join("\n");
    expect(told.length).toBeGreaterThan(1);
    for (const secret of [id, "secret99", "hunter2", "far99"]) expect(text.includes(secret)).toBe(false);
    expect(way.includes(id)).toBe(true);
    await bench.close();
  });

  test("RFC 4976 §3: report fields go on as they are, or are absent, on each piece, in order [4976-3-16] [4976-3-09] [4976/4975-7.1.1-01]", async () => {
    const { bench, alice, peer, way } = await pair();
    for (const headers of [["Success-Report: yes", "Failure-Report: partial"], []]) {
      peer.send(way, { headers, body: "x".repeat(200_000), range: "1-*/200000" });
      const pieces = await alice.take();
      for (const piece of pieces) alice.write(answer(piece));
      expect(pieces.length).toBeGreaterThan(2);
      const starts = pieces.map(({ range }) => Number(range?.split("-")[0]));
      expect(starts).toEqual([...starts].sort((a, b) => a - b));
      for (const piece of pieces) {
        const fields = Object.entries(piece.headers).map(([name, value]) => `${name}: ${value}`);
        expect(fields.filter((field) => field.includes("-Report"))).toEqual(headers);
      }
      await peer.heard();
    }
    await bench.close();
  });

  test("RFC 4976 §3: success is the endpoint's to report; its REPORT goes back whole and draws nothing [4976-6.4.1-23] [4976-3-05] [4976/4975-7.1.2-01] [4976/4975-7.1.2-02]", async () => {
    const { bench, alice, peer, token, way } = await pair();
    peer.send(way, { messageId: "m1234", headers: ["Success-Report: yes"] });
    const [got] = await alice.take();
    if (got === undefined) throw new Error("the SEND did not arrive");
    alice.write(answer(got));
    expect(await peer.heard()).toEqual(["200"]);
    await bench.clock.advance(60_000);
    expect(await peer.heard()).toEqual([]);
    alice.send(got.fromPath.join(" "), {
      method: "REPORT",
      messageId: "m1234",
      range: "1-5/5",
      headers: ["Status: 000 200 OK"],
      body: "seen",
    });
    const [report] = await peer.take();
    expect([report?.what, report?.toPath, report?.fromPath]).toEqual([
      "REPORT",
      [peer.uri],
      [token, alice.uri],
    ]);
    expect([report?.headers["Message-ID"], report?.headers["Status"], report?.range]).toEqual([
      "m1234",
      "000 200 OK",
      "1-5/5",
    ]);
    expect(new TextDecoder().decode(report?.body)).toBe("seen");
    peer.write(answer(report as NonNullable<typeof report>, "481 Gone"));
    expect([await alice.heard(), await peer.heard()]).toEqual([[], []]);
    await bench.close();
  });

  test("RFC 4976 §9.3: every octet arrives as it was, behind Content-Type and a blank line [4976-9.3-02] [4976-6.4.1-32] [4976/4975-7.1-02]", async () => {
    const { bench, alice, peer, way } = await pair();
    const body = Uint8Array.from({ length: 5000 }, (_, index) => (index * 7 + (index >> 8)) & 255);
    const [head = "", tail = ""] = request({ to: way, from: peer.uri, range: "1-*/5000", body: "\u0001" })
      .replaceAll("\n", "\r\n")
      .split("\u0001");
    const encoder = new TextEncoder();
    peer.peer.transport.write(new Uint8Array([...encoder.encode(head), ...body, ...encoder.encode(tail)]));
    expect(await peer.heard()).toEqual(["200"]);
    const [got] = await alice.take();
    expect([...(got?.body ?? [])]).toEqual([...body]);
    const wire = new TextDecoder("latin1").decode(alice.peer.octets.at(-1));
    expect(wire).toMatch(/\r\nContent-Type: text\/plain\r\n\r\n/);
    await bench.close();
  });

  test("RFC 4976 §9.2: plain TCP serves the peers of its users, and nobody logs in over it [4976-9.2-11]", async () => {
    const { bench, alice, token, way } = await pair();
    const plain = await bench.peer({ secure: false });
    expect((await bench.auth(plain, "bob")).what).toBe("403");
    plain.send(way);
    expect([await plain.heard(), await alice.heard()]).toEqual([["200"], ["SEND"]]);
    alice.send(`${token} ${plain.uri}`);
    expect(await plain.heard()).toEqual(["SEND"]);
    await bench.close();
  });

  test("RFC 4976 §6.3: the client is who stood first in From-Path of its AUTH, and nobody else at that connection [4976-6.3-28] [4976-6.4-02]", async () => {
    const { bench, alice, token, peer } = await pair();
    peer.send(`${token} msrps://alice.invalid:7000/other;tcp`);
    expect([await peer.heard(), await alice.heard()]).toEqual([["481"], []]);
    await bench.close();
  });
});
