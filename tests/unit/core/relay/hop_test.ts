// What a connection of the relay may ask for, and what it costs it to ask for something else.
// The relay is whole; only the network is in memory and the clock stands still.
import { describe, expect, test } from "#test";
import { answer, RelayBench, request } from "../../../support/relay_bench.ts";

describe("a connection of a relay", () => {
  test("RFC 4976 §6.1: is closed when nothing succeeds within 30 s [4976-6.1-04] [4976-6.1-05] [4976-6.1-08] [4976-T29] [SEC-19]", async () => {
    const bench = new RelayBench();
    const silent = await bench.peer();
    const failing = await bench.peer();
    failing.write(request({ method: "AUTH", to: bench.authUri, from: failing.uri }));
    expect(await failing.heard()).toEqual(["401"]);
    await bench.clock.advance(29_000);
    expect([silent.ended, failing.ended]).toEqual([false, false]);
    await bench.clock.advance(2000);
    expect([silent.ended, failing.ended]).toEqual([true, true]);
    await bench.close();
  });

  test("RFC 4976 §6.1: stays when a request has succeeded in that time [4976-6.1-08] [4976-6.5-01]", async () => {
    const bench = new RelayBench();
    const alice = await bench.peer();
    await bench.clock.advance(20_000);
    await bench.login(alice, "alice");
    await bench.clock.advance(3_000_000);
    expect(alice.ended).toBe(false);
    await bench.clock.advance(700_000);
    expect(alice.ended).toBe(true); // an hour without use, RFC 4976 §6.5 [4976-6.5-02]
    await bench.close();
  });

  test("RFC 4976 §6.2: is dropped for a request to somebody else [4976-6.2-03] [4976-T10] [4976-6.4.1-18]", async () => {
    const bench = new RelayBench();
    const alice = await bench.peer();
    await bench.login(alice, "alice");
    alice.send("msrps://other.example:2855/x;tcp msrp://peer.example:9000/y;tcp");
    expect(await alice.heard()).toEqual([]);
    expect(alice.ended).toBe(true);
    await bench.close();
  });

  test("RFC 4976 §6.3: an own URI that nobody has gets 481, and the connection stays [4976-6.2-04] [4976-6.3-14] [4976-6.3-15] [4976-T10]", async () => {
    const bench = new RelayBench();
    const alice = await bench.peer();
    const token = await bench.login(alice, "alice");
    const unknown = `msrps://relay.example:2855/neverissued;tcp ${alice.uri}`;
    const stranger = await bench.peer();
    stranger.send(unknown);
    stranger.send(unknown, { headers: ["Failure-Report: partial"] });
    stranger.send(unknown, { headers: ["Failure-Report: no"] });
    stranger.send(unknown, { method: "REPORT", headers: ["Status: 000 200 OK"] });
    stranger.send(unknown, { method: "NICKNAME" });
    expect(await stranger.heard()).toEqual(["481", "481", "481"]);
    expect(stranger.ended).toBe(false);
    expect(await alice.heard()).toEqual([]);
    expect(token).toMatch(/^msrps:\/\/relay\.example:2855\/[A-Za-z0-9]{22,};tcp$/);
    await bench.close();
  });

  test("RFC 4975 §12: the relay as the target answers 501, 481, or 200 to a keep-alive [4976-6.4.2-07] [7977-6-04] [4976-T11]", async () => {
    const bench = new RelayBench();
    const alice = await bench.peer();
    const token = await bench.login(alice, "alice");
    alice.send(token, { method: "FOOBAR" });
    alice.send(token);
    alice.write(request({ to: token, from: alice.uri, range: "1-0/0" }));
    alice.write(request({ to: token, from: alice.uri, headers: ["Failure-Report: no"] }));
    expect(await alice.heard()).toEqual(["501", "481", "200"]);
    await bench.close();
  });

  test("RFC 4976 §6.4: a stranger reaches the client of a URI and nobody else [4976-6.4-03] [4976-6.4-04] [SEC-01] [4976-T21] [4976-9.3-01]", async () => {
    const bench = new RelayBench();
    const victim = bench.stub("peer.example", 9000);
    const alice = await bench.peer();
    const bob = await bench.peer();
    const token = await bench.login(alice, "alice");
    await bench.login(bob, "bob");
    const stranger = await bench.peer();
    stranger.send(`${token} msrp://peer.example:9000/x;tcp`);
    bob.send(`${token} msrp://peer.example:9000/x;tcp`);
    expect([await stranger.heard(), await bob.heard()]).toEqual([["481"], ["481"]]);
    expect(victim.connections).toEqual([]);
    stranger.send(`${token} ${alice.uri}`);
    expect(await stranger.heard()).toEqual(["200"]);
    expect(await alice.heard()).toEqual(["SEND"]);
    await bench.close();
  });

  test("RFC 4976 §6.4: what a stranger says in From-Path takes no traffic away [4976-6.4-11] [SEC-17] [4976-T36]", async () => {
    const bench = new RelayBench();
    const alice = await bench.peer();
    const token = await bench.login(alice, "alice");
    const peer = await bench.peer();
    peer.send(`${token} ${alice.uri}`);
    await peer.heard();
    const mallory = await bench.peer();
    mallory.send(`${token} ${alice.uri}`, { from: peer.uri });
    await mallory.heard();
    await alice.heard();
    alice.send(`${token} ${peer.uri}`);
    expect(await peer.heard()).toEqual(["SEND"]);
    expect(await mallory.heard()).toEqual([]);
    expect(bench.dialled).toEqual([]);
    await bench.close();
  });

  test("RFC 4976 §6.3: the URIs of a client go with its connection [4976-6.3-11] [4976-6.3-12]", async () => {
    const bench = new RelayBench();
    const alice = await bench.peer();
    const token = await bench.login(alice, "alice");
    expect(bench.plugin.bindingCount).toBe(1);
    alice.close();
    const again = await bench.peer();
    const next = await bench.login(again, "alice", { from: alice.uri });
    expect(next).not.toBe(token);
    const stranger = await bench.peer();
    stranger.send(`${token} ${alice.uri}`);
    expect(await stranger.heard()).toEqual(["481"]);
    expect(await again.heard()).toEqual([]);
    expect(bench.plugin.bindingCount).toBe(1);
    await bench.close();
  });

  test("RFC 4976 §6.3: a URI is void to the second [4976-6.3-16] [4976-6.3-23] [4976-6.3-27]", async () => {
    const bench = new RelayBench();
    const alice = await bench.peer();
    const short = await bench.login(alice, "alice", { headers: ["Expires: 60"] });
    await bench.clock.advance(30_000);
    const long = await bench.login(alice, "alice", { headers: ["Expires: 3600"] });
    const stranger = await bench.peer();
    await bench.clock.advance(29_999);
    stranger.send(`${short} ${alice.uri}`);
    expect(await stranger.heard()).toEqual(["200"]);
    await bench.clock.advance(1);
    stranger.send(`${short} ${alice.uri}`);
    stranger.send(`${long} ${alice.uri}`);
    expect(await stranger.heard()).toEqual(["481", "200"]);
    await bench.close();
  });

  test("RFC 4976 §6.4.3: a response from a connection that was not asked is ignored [4976-6.4.3-01] [4976-6.4.3-08] [SEC-14]", async () => {
    const bench = new RelayBench();
    const alice = await bench.peer();
    const token = await bench.login(alice, "alice");
    const peer = await bench.peer();
    peer.send(`${token} ${alice.uri}`);
    await peer.heard();
    const [got] = await alice.take();
    const other = await bench.peer();
    if (got === undefined) throw new Error("the SEND did not arrive");
    other.write(answer(got, "413 Stop"));
    expect(await peer.heard()).toEqual([]);
    expect(await other.heard()).toEqual([]);
    alice.write(answer(got, "413 Stop"));
    const reports = await peer.heard();
    expect(reports.length).toBe(1);
    expect(reports[0]).toMatch(/^REPORT 000 413 /);
    await bench.close();
  });
});
