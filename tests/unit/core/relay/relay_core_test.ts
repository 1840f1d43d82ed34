// Next hops: which connection is used, when one is opened, and what happens when there is none.
// Peers that the relay dials listen on a network in memory.
import { describe, expect, test } from "#test";
import { answer, RelayBench, request, settle } from "../../../support/relay_bench.ts";

const far = "msrp://peer.example:9000/far99;tcp";

describe("next hops of a relay", () => {
  test("RFC 4976 §6.4.2: one connection for all who go to one place [4976-3-13] [4976-6.4.2-03]", async () => {
    const bench = new RelayBench();
    const stub = bench.stub("peer.example", 9000);
    const alice = await bench.peer();
    const bob = await bench.peer();
    const [one, two] = [await bench.login(alice, "alice"), await bench.login(bob, "bob")];
    alice.send(`${one} ${far}`);
    bob.send(`${two} msrp://PEER.example:9000/other99;tcp`);
    expect([await alice.heard(), await bob.heard()]).toEqual([["200"], ["200"]]);
    expect(bench.dialled).toEqual(["peer.example:9000"]);
    const got = await stub.connections[0]?.take();
    expect(got?.map(({ fromPath }) => fromPath)).toEqual([
      [one, alice.uri],
      [two, bob.uri],
    ]);
    alice.send(`${one} ${far}`);
    await alice.heard();
    expect(bench.dialled.length).toBe(1);
    await bench.close();
  });

  test("RFC 4976 §6.4.1: nobody there: 200 for the SEND, then a REPORT, nothing for no [4976-3-07] [4976-6.4.1-09] [4976-6.4.1-10] [4976-T43]", async () => {
    const bench = new RelayBench();
    const alice = await bench.peer();
    const token = await bench.login(alice, "alice");
    alice.send(`${token} ${far}`, { messageId: "m1234" });
    alice.send(`${token} ${far}`, { headers: ["Failure-Report: no"] });
    alice.write(request({ method: "NICKNAME", to: `${token} ${far}`, from: alice.uri }));
    alice.send(`${token} ${far}`, { method: "REPORT", headers: ["Status: 000 200 OK"] });
    const frames = await alice.take();
    expect(frames.map(({ what }) => what).sort()).toEqual(["200", "408", "REPORT"]);
    const report = frames.find(({ what }) => what === "REPORT");
    expect([report?.headers["Message-ID"], report?.range, report?.fromPath]).toEqual([
      "m1234",
      "1-5/5",
      [token],
    ]);
    await bench.close();
  });

  test("a place that could not be reached is left alone for a while [SEC-04]", async () => {
    const bench = new RelayBench();
    const alice = await bench.peer();
    const token = await bench.login(alice, "alice");
    for (let count = 0; count < 5; count++) {
      alice.send(`${token} ${far}`);
      expect((await alice.heard()).map((what) => what.slice(0, 10))).toEqual(["200", "REPORT 000"]);
    }
    expect(bench.dialled.length).toBe(1);
    await bench.clock.advance(1000);
    alice.send(`${token} ${far}`);
    await alice.heard();
    expect(bench.dialled.length).toBe(2);
    await bench.close();
  });

  test("a client opens so many connections in a minute [SEC-04] [SEC-05]", async () => {
    const bench = new RelayBench({ dial: { allow: ["peer.example"] }, limits: { maxDialsPerMinute: 3 } });
    const alice = await bench.peer();
    const token = await bench.login(alice, "alice");
    for (let port = 9000; port < 9005; port++) alice.send(`${token} msrp://peer.example:${port}/x999;tcp`);
    const heard = await alice.heard();
    expect(heard.filter((what) => what === "403").length).toBe(2);
    expect(bench.dialled.length).toBe(3);
    await bench.close();
  });

  test("RFC 4976 §6.4: forbidden places, unknown transports and .invalid are never dialled [SEC-02] [SEC-03] [4976-6.4-10] [7977-A-02] [4976-T23]", async () => {
    const bench = new RelayBench();
    const alice = await bench.peer();
    const token = await bench.login(alice, "alice");
    const forbidden = [
      "msrp://127.0.0.1:9000/x;tcp",
      "msrp://[::ffff:10.0.0.1]:9000/x;tcp",
      "msrp://peer.example:25/x;tcp",
      "msrp://peer.example:6379/x;tcp",
      "msrps://abc.invalid:2855/x;tcp",
      "msrps://peer.example:443/x;ws",
    ];
    for (const uri of forbidden) alice.send(`${token} ${uri}`);
    expect(await alice.heard()).toEqual(forbidden.map(() => "403"));
    expect(bench.dialled).toEqual([]);
    await bench.close();
  });

  test("RFC 4976 §6.4: the client's own URI is never dialled either [4976-6.4-10] [SEC-15]", async () => {
    const bench = new RelayBench();
    bench.stub("peer.example", 9000);
    const alice = await bench.peer();
    const token = await bench.login(alice, "alice", { from: far });
    const peer = await bench.peer();
    peer.send(`${token} ${far}`);
    expect(await peer.heard()).toEqual(["200"]);
    expect((await alice.heard())[0]).toBe("SEND");
    alice.close();
    peer.send(`${token} ${far}`);
    const heard = (await peer.heard()).map((what) => what.slice(0, 14));
    expect(heard.sort()).toEqual(["481", "REPORT 000 408"]);
    expect(bench.dialled).toEqual([]);
    await bench.close();
  });

  test("RFC 4976 §6.3: what belongs to a relay goes over any connection to it, old or new [4976-6.3-13] [4976-6.5-05]", async () => {
    const bench = new RelayBench({ relays: ["inner.example"] });
    const inner = await bench.peer({ names: ["inner.example"] });
    const from = `msrps://inner.example:9000/sI99;tcp ${inner.uri}`;
    const token = (await bench.login(inner, "alice", { from })).split(" ").at(-1) ?? "";
    const peer = await bench.peer();
    peer.send(`${token} ${from}`);
    expect(await inner.heard()).toEqual(["SEND"]);
    inner.close();
    const next = await bench.peer({ names: ["inner.example"] });
    peer.send(`${token} ${from}`);
    expect((await next.take()).map(({ toPath }) => toPath)).toEqual([from.split(" ")]);
    // From the relay's side the client may send anywhere (RFC 4976 §6.4).
    bench.stub("peer.example", 9000);
    next.write(request({ to: `${token} ${far}`, from, body: "hi" }));
    expect(await next.heard()).toEqual(["200"]);
    expect(bench.dialled).toEqual(["peer.example:9000"]);
    await bench.close();
  });

  test("RFC 4976 §6.2: a link between relays survives a stray request, not a habit [4976-6.3-22]", async () => {
    const bench = new RelayBench({ relays: ["inner.example"] });
    const inner = await bench.peer({ names: ["inner.example"] });
    for (let count = 0; count < 12; count++) {
      await bench.auth(inner, "alice", {
        password: "guess",
        from: `msrps://inner.example:9000/sI99;tcp ${inner.uri}`,
      });
    }
    expect(inner.ended).toBe(false);
    for (let count = 0; count < 2; count++)
      inner.send("msrps://other.example:2855/x;tcp msrp://a.example:1/y;tcp");
    await settle();
    expect(inner.ended).toBe(false);
    inner.send("msrps://other.example:2855/x;tcp msrp://a.example:1/y;tcp");
    await settle(200);
    expect(inner.ended).toBe(true);
    await bench.close();
  });

  test("connections of one address are bounded [SEC-18]", async () => {
    const bench = new RelayBench({ limits: { maxConnectionsPerAddress: 2 } });
    const peers = [
      await bench.peer(),
      await bench.peer(),
      await bench.peer(),
      await bench.peer({ address: "192.0.2.77" }),
    ];
    expect(peers.map(({ ended }) => ended)).toEqual([false, false, true, false]);
    peers[0]?.close();
    await settle();
    expect((await bench.peer()).ended).toBe(false);
    await bench.close();
  });

  test("connections of one /64 are those of one address [SEC-18]", async () => {
    const bench = new RelayBench({ limits: { maxConnectionsPerAddress: 2 } });
    const ended: boolean[] = [];
    for (const address of ["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1"])
      ended.push((await bench.peer({ address })).ended);
    expect(ended).toEqual([false, false, true, false]);
    await bench.close();
  });

  test("RFC 4976 §6.1: a certificate with a relay's name that nobody vouches for ends the connection; any other does not matter [4976-6.1-02] [4976-T44]", async () => {
    const bench = new RelayBench({ relays: ["inner.example"] });
    const liar = await bench.peer({ names: ["inner.example"], verified: false });
    const client = await bench.peer({ names: ["alice.example"], verified: false });
    expect([liar.ended, client.ended]).toEqual([true, false]);
    expect(await bench.login(client, "alice")).toMatch(/^msrps:/);
    await bench.close();
  });

  test("RFC 4976 §6.5: when there is no room, whoever was quiet for longest goes, strangers first [4976-6.5-03] [4976-6.5-04] [SEC-18]", async () => {
    const bench = new RelayBench({ limits: { maxConnections: 3 } });
    const alice = await bench.peer();
    await bench.login(alice, "alice");
    await bench.clock.advance(1000);
    const older = await bench.peer();
    await bench.clock.advance(1000);
    const newer = await bench.peer();
    await bench.clock.advance(1000);
    const last = await bench.peer();
    await settle();
    expect([alice, older, newer, last].map(({ ended }) => ended)).toEqual([false, true, false, false]);
    await bench.close();
  });

  test("a next hop that takes nothing for a minute is given up, and its senders hear of it [SEC-11]", async () => {
    const bench = new RelayBench();
    const alice = await bench.peer({ highWaterBytes: 2000 });
    const token = await bench.login(alice, "alice");
    alice.peer.transport.pause();
    const peer = await bench.peer();
    for (let count = 0; count < 20; count++)
      peer.send(`${token} ${alice.uri}`, { body: "x".repeat(8000), range: "1-*/8000" });
    const heard = await peer.heard();
    expect(heard).toEqual(heard.map(() => "200"));
    await bench.clock.advance(61_000);
    const reports = (await peer.heard()).filter((what) => what.startsWith("REPORT"));
    expect(alice.ended).toBe(true);
    expect(heard.length).toBe(20);
    expect(reports.length).toBeGreaterThanOrEqual(19); // what the pipe had taken may have arrived
    await bench.close();
  });

  test("RFC 4976 §6.4.3: answers go only to where the request came from, never over a new connection [4976-3-14] [4976-6.4.3-06]", async () => {
    const bench = new RelayBench();
    const stub = bench.stub("peer.example", 9000);
    const alice = await bench.peer();
    const token = await bench.login(alice, "alice");
    alice.write(request({ method: "NICKNAME", to: `${token} ${far}`, from: alice.uri }));
    await settle(200);
    const [got] = (await stub.connections[0]?.take()) ?? [];
    alice.close();
    await settle();
    if (got === undefined) throw new Error("nothing arrived");
    stub.connections[0]?.write(answer({ ...got, fromPath: [got.fromPath.join(" ")] }, "425 Later"));
    await settle();
    expect(bench.dialled.length).toBe(1);
    expect(bench.errors).toEqual([]);
    await bench.close();
  });

  test("RFC 4976 §8: a relay without a port in an AUTH is looked up as a service; nothing else may leave the port out [4976-8-01] [4976-8-02] [4976-8-05]", async () => {
    const dialled: string[] = [];
    const bench = new RelayBench({
      dial: { allow: ["outer.example"] },
      connector: (target, accept, more) => {
        dialled.push(`${target.host}:${target.port} ${target.secure}`);
        // What an adapter does with port 0: SRV, in the order of its records, then 2855.
        const found = target.port === 0 ? { ...target, port: 4001 } : target;
        return bench.network.connect(found, accept, more);
      },
    });
    const outer = bench.stub("outer.example", 4001, true);
    const alice = await bench.peer();
    const token = await bench.login(alice, "alice");
    alice.write(request({ method: "AUTH", to: `${token} msrps://outer.example;tcp`, from: alice.uri }));
    await settle(200);
    expect(dialled).toEqual(["outer.example:0 true"]);
    const [got] = (await outer.connections[0]?.take()) ?? [];
    expect([got?.what, got?.toPath]).toEqual(["AUTH", ["msrps://outer.example;tcp"]]);
    for (const next of [
      "msrp://outer.example;tcp",
      "msrps://other.example/s999;tcp",
      `msrps://third.example;tcp ${far}`,
    ])
      alice.send(`${token} ${next}`);
    expect(await alice.heard()).toEqual(["481", "481", "481"]);
    expect(dialled.length).toBe(1);
    await bench.close();
  });

  test("a member of a farm gives out URIs of its own name; another member has never heard of them [4976-A-04] [SEC-34]", async () => {
    const named = new RelayBench({ member: "node1.relay.example" });
    const alice = await named.peer();
    const token = await named.login(alice, "alice");
    expect(token).toMatch(/^msrps:\/\/node1\.relay\.example:2855\/\w+;tcp$/);
    const peer = await named.peer();
    peer.send(`${token} ${alice.uri}`);
    expect([await peer.heard(), await alice.heard()]).toEqual([["200"], ["SEND"]]);
    // Without names of their own the members share one, and a peer may end up anywhere: it is told, and nobody else is.
    const [one, two] = [new RelayBench(), new RelayBench()];
    const bob = await one.peer();
    const plain = await one.login(bob, "bob");
    const astray = await two.peer();
    astray.send(`${plain} ${bob.uri}`);
    expect([await astray.heard(), await bob.heard()]).toEqual([["481"], []]);
    for (const bench of [named, one, two]) await bench.close();
  });

  test("connections that the relay opens take room like those that come [4976-6.5-03] [SEC-18]", async () => {
    const bench = new RelayBench({ limits: { maxConnections: 2 } });
    const alice = await bench.peer();
    const token = await bench.login(alice, "alice");
    const idle = await bench.peer();
    const stub = bench.stub("peer.example", 9000);
    alice.send(`${token} ${far}`);
    expect(await alice.heard()).toEqual(["200"]);
    expect([(await stub.connections[0]?.heard()) ?? [], idle.ended]).toEqual([["SEND"], true]);
    await bench.close();
  });

  test("a link to another relay has room for the sessions of many clients [SEC-30] [4976-6.5-05]", async () => {
    const bench = new RelayBench({
      relays: ["inner.example"],
      limits: { maxOpenTransactionsPerRelay: 2000 },
    });
    const inner = await bench.peer({ names: ["inner.example"] });
    const from = `msrps://inner.example:9000/sI99;tcp ${inner.uri}`;
    const token = (await bench.login(inner, "alice", { from })).split(" ").at(-1) ?? "";
    const peer = await bench.peer();
    for (let count = 0; count < 3000; count++) {
      peer.send(`${token} ${from}`, { body: "x", range: "1-1/1" });
      if (count % 50 === 0) await settle();
    }
    let arrived = 0;
    for (let round = 0; round < 50; round++) arrived += (await inner.take()).length;
    expect(arrived).toBeGreaterThan(1024);
    expect(arrived).toBeLessThanOrEqual(2000);
    await bench.close();
  });

  test("RFC 4976 §6.4.1: on a link that many sessions share, one that floods it does not keep the others waiting [4976-6.4.1-30] [4976-6.4.1-33]", async () => {
    const bench = new RelayBench({ relays: ["inner.example"], limits: { stalledMs: 600_000 } });
    const inner = await bench.peer({ names: ["inner.example"], highWaterBytes: 10_000 });
    const ways: string[] = [];
    for (let count = 0; count < 20; count++) {
      const from = `msrps://inner.example:9000/s${count}zz;tcp msrps://host${count}.invalid:1/c${count}zz;tcp`;
      const path = await bench.login(inner, count % 2 === 0 ? "alice" : "bob", { from });
      ways.push(`${path.split(" ").at(-1)} ${from}`);
    }
    inner.peer.transport.pause();
    const flood = await bench.peer();
    for (let count = 0; count < 100; count++)
      flood.send(ways[0] ?? "", { body: "x".repeat(8000), range: "1-*/8000" });
    await flood.heard();
    for (const way of ways.slice(1)) {
      const sender = await bench.peer();
      sender.send(way);
      expect(await sender.heard()).toEqual(["200"]);
    }
    inner.peer.transport.resume();
    const order: string[] = [];
    for (let round = 0; round < 60; round++) {
      for (const frame of await inner.take()) {
        order.push(frame.fromPath.at(-1) ?? "");
        inner.write(answer(frame));
      }
    }
    const others = order.flatMap((uri, index) => (uri === flood.uri ? [] : [index]));
    expect(others.length).toBe(19);
    // What the link had taken goes before; then everybody has a turn before the flood has its second.
    const ahead = order.slice(0, others.at(-1)).filter((uri) => uri === flood.uri).length;
    expect(ahead).toBeLessThan(30);
    expect(order.filter((uri) => uri === flood.uri).length).toBeGreaterThan(ahead);
    await bench.close();
  });
});
