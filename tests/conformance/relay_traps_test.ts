// Traps of RFC 4976 into which relays have fallen: each test walks into one. Others are named beside the rules they belong to.
// The relay is whole, on a network in memory whose clock stands still.
import { describe, expect, test } from "#test";
import { MsrpUri } from "../../core/wire/uri.ts";
import { answer, RelayBench, type RelayPeer, request, settle } from "../support/relay_bench.ts";

const far = "msrp://peer.example:9000/far99;tcp";

async function pair(options: ConstructorParameters<typeof RelayBench>[0] = {}) {
  const bench = new RelayBench(options);
  const alice = await bench.peer();
  const token = await bench.login(alice, "alice");
  const peer = await bench.peer();
  return { bench, alice, peer, token, way: `${token} ${alice.uri}` };
}

async function one(peer: RelayPeer | undefined) {
  const frames = (await peer?.take()) ?? [];
  if (frames.length !== 1 || frames[0] === undefined) throw new Error(`${frames.length} frames came`);
  return frames[0];
}

describe("trap", () => {
  test("an AUTH that was passed on gets its own transaction id back, and its fields as they were [4976-T7] [4976-5.1-15] [4976-5.1-17] [4976-5.1-18] [2617-1.2-04] [4976-6.3-24]", async () => {
    const { bench, alice, token } = await pair();
    const outer = bench.stub("peer.example", 9000);
    const to = `${token} msrp://peer.example:9000;tcp`;
    const odd = 'Digest  username="alice" ,realm="r, x"';
    const answers = [
      ["401 Unauthorized", ['WWW-Authenticate: Digest realm="r, x",nonce="n" , qop="auth"']],
      ["403 No", []],
      ["423 Bounds", ["Min-Expires: 600"]],
      [
        "200 OK",
        [
          `Use-Path: ${token} msrps://peer.example:9000/t9;tcp`,
          'Authentication-Info: qop=auth,rspauth="x"',
          "Expires: 77",
        ],
      ],
    ] as const;
    for (const [index, [status, headers]] of answers.entries()) {
      const id = `auth${index}abcdef`;
      alice.write(
        request({
          id,
          method: "AUTH",
          to,
          from: alice.uri,
          headers: [`Authorization: ${odd}`, "Expires: 00077"],
        }),
      );
      await settle(200);
      const got = await one(outer.connections[0]);
      expect([got.what, got.headers["Authorization"], got.headers["Expires"]]).toEqual([
        "AUTH",
        odd,
        "00077",
      ]);
      expect([got.toPath, got.fromPath, got.id === id]).toEqual([
        ["msrp://peer.example:9000;tcp"],
        [token, alice.uri],
        false,
      ]);
      outer.connections[0]?.write(
        `MSRP ${got.id} ${status}\nTo-Path: ${got.fromPath.join(" ")}\nFrom-Path: ${got.toPath[0]}\n${headers.map((line) => `${line}\n`).join("")}-------${got.id}$\n`,
      );
      const back = await one(alice);
      expect([back.id, back.what, back.toPath, back.fromPath]).toEqual([
        id,
        status.slice(0, 3),
        [alice.uri],
        [token, "msrp://peer.example:9000;tcp"],
      ]);
      expect(Object.entries(back.headers).map(([name, value]) => `${name}: ${value}`)).toEqual([...headers]);
    }
    await bench.close();
  });

  test("a method that nobody knows goes on to its target, and 501 is the target's to say [4976-T11] [4976/4975-12-02] [4976/4975-5.1-02]", async () => {
    const { bench, alice, peer, way } = await pair();
    peer.send(way, { method: "NICKNAME", body: "x".repeat(10_000), range: "1-10000/10000" });
    const got = await one(alice);
    expect([got.what, got.body?.length, got.flag]).toEqual(["NICKNAME", 10_000, "$"]);
    alice.write(answer({ ...got, fromPath: [got.fromPath.join(" ")] }, "501 Unknown"));
    expect(await peer.heard()).toEqual(["501"]);
    await bench.close();
  });

  test("the new transaction id never ends the body that it stands around [4976-T12] [4976-6.4.1-21] [4976/4975-7.1-05]", async () => {
    let draws = 0;
    const ids = ["clash000", "clash001"];
    const bench = new RelayBench({
      connection: { transactionId: () => ids[draws++] ?? `fresh${String(draws).padStart(4, "0")}` },
    });
    const alice = await bench.peer();
    const way = `${await bench.login(alice, "alice")} ${alice.uri}`;
    const peer = await bench.peer();
    const body = `text\n-------clash000$\nmore -------clash001+ and ${"x".repeat(3000)}`;
    peer.send(way, { body, range: "1-*/*" });
    const got = await one(alice);
    expect(ids).not.toContain(got.id);
    expect(new TextDecoder().decode(got.body)).toBe(body.replaceAll("\n", "\r\n"));
    await bench.close();
  });

  test("answers and reports pass a long message by [4976-T19] [4976-6.4.1-29] [4976/4975-5.1-01]", async () => {
    const { bench, alice, peer, token, way } = await pair();
    const slow = await bench.peer({ highWaterBytes: 20_000 });
    const toSlow = `${await bench.login(slow, "bob")} ${slow.uri}`;
    slow.peer.transport.pause();
    peer.send(toSlow, { id: "tid1234567", body: "x".repeat(1_000_000), range: "1-*/1000000" });
    await peer.take();
    // She has sent something herself, and waits for its answer and for its report.
    slow.send(way, { id: "own1234567", headers: ["Success-Report: yes"] });
    const got = await one(alice);
    alice.write(answer(got));
    alice.send(`${token} ${slow.uri}`, {
      method: "REPORT",
      messageId: got.headers["Message-ID"] ?? "",
      headers: ["Status: 000 200 OK"],
    });
    await settle(200);
    slow.peer.transport.resume();
    const seen: string[] = [];
    for (let round = 0; round < 200 && !seen.includes("$"); round++) {
      for (const frame of await slow.take()) {
        seen.push(frame.what === "SEND" ? frame.flag : frame.what);
        if (frame.what === "SEND") slow.write(answer(frame));
      }
    }
    expect(seen.at(-1)).toBe("$");
    expect(seen.indexOf("200")).toBeGreaterThan(-1);
    // No more than what the network held already goes before them.
    expect(seen.indexOf("200")).toBeLessThan(3);
    expect(seen.indexOf("REPORT")).toBeLessThan(4);
    await bench.close();
  });

  test("a URI of this relay without session-id is no licence, for AUTH either [4976-T22] [4976-6.4-05] [4976-6.3-24]", async () => {
    const { bench, alice } = await pair();
    const outer = bench.stub("peer.example", 9000);
    const to = "msrps://relay.example:2855;tcp msrp://peer.example:9000;tcp";
    for (const method of ["AUTH", "SEND", "NICKNAME"]) alice.write(request({ method, to, from: alice.uri }));
    expect(await alice.heard()).toEqual(["481", "481", "481"]);
    expect([outer.connections.length, bench.dialled.length]).toEqual([0, 0]);
    await bench.close();
  });

  test("a session-id may hold / + = and dots, and is never rewritten [4976-T31] [4976/4975-6-01]", async () => {
    const text = "MSRPS://H.example.com:2855/a/../b+c==;TCP;x=1";
    const uri = MsrpUri.parse(text);
    expect([uri.text, uri.sessionId]).toEqual([text, "a/../b+c=="]);
    const { bench, peer } = await pair();
    const bob = await bench.peer();
    const from = "msrps://h.example.com:7000/a/../b+c==;tcp;x=1";
    const token = await bench.login(bob, "bob", { from });
    peer.send(`${token} ${from}`);
    expect((await one(bob)).toPath).toEqual([from]);
    await bench.close();
  });

  test("a 200 to a SEND may have more fields than it needs [4976-T33] [4976-6.4.3-03]", async () => {
    const { bench, alice, peer, way } = await pair();
    peer.send(way);
    await peer.heard();
    const got = await one(alice);
    const lines = [
      `To-Path: ${got.fromPath[0]}`,
      `From-Path: ${got.toPath[0]}`,
      "Message-ID: m1234",
      "X-Y: z",
    ];
    alice.write(`MSRP ${got.id} 200\n${lines.join("\n")}\n-------${got.id}$\n`);
    await bench.clock.advance(35_000);
    expect(await peer.heard()).toEqual([]);
    await bench.close();
  });

  test("a sender that dies in the middle of a chunk leaves whole frames behind [4976-T35] [4976-6.4.1-26]", async () => {
    const { bench, alice, peer, way } = await pair();
    const dying = await bench.peer();
    dying.write(
      request({ to: way, from: dying.uri, range: "1-*/900000", body: "x".repeat(900_000) }).slice(0, 400_000),
    );
    const pieces = await alice.take();
    expect(pieces.length).toBeGreaterThan(1);
    dying.close();
    peer.send(way, { messageId: "next1" });
    const frames = [...pieces, ...(await alice.take())];
    expect(frames.at(-1)?.headers["Message-ID"]).toBe("next1");
    expect(new Set(frames.slice(0, -1).map(({ flag }) => flag))).toEqual(new Set(["+"]));
    expect(await peer.heard()).toEqual(["200"]);
    await bench.close();
  });

  test("a link that the relay opened is its peer's in both directions [4976-T45] [4976-6.3-13]", async () => {
    const bench = new RelayBench({ relays: ["inner.example"], dial: { allow: ["inner.example"] } });
    bench.stub("peer.example", 9000);
    const inner = await bench.peer({ names: ["inner.example"] });
    const from = `msrps://inner.example:9000/sI99;tcp ${inner.uri}`;
    const token = (await bench.login(inner, "alice", { from })).split(" ").at(-1) ?? "";
    inner.close();
    await settle();
    const link = bench.stub("inner.example", 9000, true);
    const peer = await bench.peer();
    peer.send(`${token} ${from}`);
    await settle(200);
    const opened = link.connections[0] as RelayPeer;
    expect((await one(opened)).what).toBe("SEND");
    opened.write(request({ to: `${token} ${peer.uri}`, from, body: "back" }));
    expect(await opened.heard()).toEqual(["200"]);
    expect((await peer.heard()).at(-1)).toBe("SEND");
    await bench.close();
  });

  test("what answers or reports has no say in the way back [4976-T47] [4976-T36]", async () => {
    const { bench, alice, token } = await pair();
    const stub = bench.stub("peer.example", 9000);
    const mallory = await bench.peer();
    mallory.send(`${token} ${alice.uri}`, {
      method: "REPORT",
      from: far,
      messageId: "none1",
      headers: ["Status: 000 200 OK"],
    });
    mallory.write(`MSRP tid7654321 200 OK\nTo-Path: ${token}\nFrom-Path: ${far}\n-------tid7654321$\n`);
    await alice.take();
    alice.send(`${token} ${far}`);
    await alice.heard();
    expect(await mallory.heard()).toEqual([]);
    expect((await stub.connections[0]?.heard()) ?? []).toEqual(["SEND"]);
    await bench.close();
  });

  test("two who send each other much do not wait for each other: the answers of each stand behind its own messages", async () => {
    const bench = new RelayBench({ connection: { maxOpenTransactions: 16 } });
    const [alice, bob] = [await bench.peer(), await bench.peer()];
    const ways = new Map([
      [alice, `${await bench.login(bob, "bob")} ${bob.uri}`],
      [bob, `${await bench.login(alice, "alice")} ${alice.uri}`],
    ]);
    const count = 120;
    const body = "x".repeat(40_000);
    for (const [peer, way] of ways) {
      for (let nth = 0; nth < count; nth++) {
        peer.write(request({ to: way, from: peer.uri, range: "1-*/40000", body, messageId: `m.${nth}000` }));
      }
    }
    const got = new Map([...ways.keys()].map((peer) => [peer, { messages: 0, answers: 0 }]));
    for (let round = 0; round < 1000; round++) {
      for (const [peer, counts] of got) {
        for (const frame of await peer.take()) {
          if (frame.what === "200") counts.answers++;
          else if (frame.what === "SEND") {
            peer.write(answer(frame));
            if (frame.flag === "$") counts.messages++;
          }
        }
      }
    }
    expect([...got.values()]).toEqual([
      { messages: count, answers: count },
      { messages: count, answers: count },
    ]);
    await bench.close();
  });
});
