// AUTHs that are for the relay itself: who may come, what is answered, and how much of it.
// Peers log in with the client's side of Digest over a network in memory.
import { describe, expect, test } from "#test";
import { type Credentials, StaticCredentials } from "../../../../core/relay/credentials.ts";
import { RelayBench, request } from "../../../support/relay_bench.ts";

describe("AUTH at a relay", () => {
  test("RFC 4976 §6.3: gives out a URI with Use-Path and Expires [4976-4.1-02] [4976-4.2-01] [4976-4.2-02] [4976-5.1-14] [4976-6.3-17] [4976-6.3-18]", async () => {
    const bench = new RelayBench();
    const alice = await bench.peer();
    const ok = await bench.auth(alice, "alice", { headers: ["Expires: 90"] });
    expect([ok.what, ok.headers["Expires"]]).toEqual(["200", "90"]);
    expect(ok.headers["Use-Path"]).toMatch(/^msrps:\/\/relay\.example:2855\/[A-Za-z0-9]{22,};tcp$/);
    expect(ok.headers["Authentication-Info"]).toMatch(/rspauth="[0-9a-f]+"/);
    expect([ok.toPath, ok.fromPath]).toEqual([[alice.uri], [bench.authUri]]);
    expect((await bench.auth(alice, "alice")).headers["Expires"]).toBe("600");
    await bench.close();
  });

  test("RFC 4976 §8: is found under each spelling of the relay's name [4976-8-02] [4976-8-12] [4976-5.1-20] [4976-T9]", async () => {
    const bench = new RelayBench();
    const alice = await bench.peer();
    for (const to of [
      "msrps://relay.example;tcp",
      "msrps://alice@RELAY.example:2855;tcp",
      "msrps://relay.example:2856;tcp",
    ]) {
      const ok = await bench.auth(alice, "alice", { to });
      expect([ok.what, ok.fromPath]).toEqual(["200", [to]]);
      expect(ok.headers["Use-Path"]).toMatch(/^msrps:\/\/relay\.example:2855\//);
    }
    await bench.close();
  });

  test("RFC 4976 §8: without TLS there is not even a challenge [4976-8-08] [4976-9.2-06]", async () => {
    const bench = new RelayBench();
    const plain = await bench.peer({ secure: false });
    const refused = await bench.auth(plain, "alice");
    expect([refused.what, refused.headers["WWW-Authenticate"]]).toEqual(["403", undefined]);
    await bench.close();
    const lax = new RelayBench({ allowPlainAuth: true });
    expect(await lax.login(await lax.peer({ secure: false }), "alice")).toMatch(/^msrps:/);
    await lax.close();
  });

  test("RFC 4976 §6.3: lifetimes out of bounds, after the credentials [4976-6.3-08] [4976-6.3-09] [4976-6.3-10] [4976-4.6-01] [4976-4.6-03] [4976-4.6-04] [4976-6.3-29] [4976-T28]", async () => {
    const bench = new RelayBench();
    const alice = await bench.peer();
    const told: (string | undefined)[][] = [];
    for (const asked of ["0", "59", "3601", "9".repeat(400), "abc", "-1", "1.5"]) {
      const { what, headers } = await bench.auth(alice, "alice", { headers: [`Expires: ${asked}`] });
      told.push([what, headers["Min-Expires"], headers["Max-Expires"], headers["Use-Path"]]);
    }
    expect(told).toEqual([
      ["423", "60", undefined, undefined],
      ["423", "60", undefined, undefined],
      ["423", undefined, "3600", undefined],
      ["423", undefined, "3600", undefined],
      ["400", undefined, undefined, undefined],
      ["400", undefined, undefined, undefined],
      ["400", undefined, undefined, undefined],
    ]);
    alice.write(request({ method: "AUTH", to: bench.authUri, from: alice.uri, headers: ["Expires: 1"] }));
    expect(await alice.heard()).toEqual(["401"]);
    await bench.close();
  });

  test("RFC 4976 §6.3: a user who may not use the relay gets 403 [4976-6.3-07]", async () => {
    const bench = new RelayBench({ permitUser: (user) => user !== "bob" });
    expect((await bench.auth(await bench.peer(), "bob")).what).toBe("403");
    expect((await bench.auth(await bench.peer(), "alice")).what).toBe("200");
    await bench.close();
  });

  test("RFC 4976 §6.3: failed tries close a client, with an answer to each [4976-6.3-19] [4976-6.1-06] [SEC-06]", async () => {
    const bench = new RelayBench();
    const guesser = await bench.peer();
    for (let count = 0; count < 4; count++) {
      expect((await bench.auth(guesser, "alice", { password: "guess" })).what).toBe("401");
    }
    expect(guesser.ended).toBe(false);
    expect((await bench.auth(guesser, "alice", { password: "guess" })).what).toBe("401");
    await guesser.take();
    expect(guesser.ended).toBe(true);
    // The real user is not locked out.
    expect((await bench.auth(await bench.peer(), "alice")).what).toBe("200");
    await bench.close();
  });

  test("failed tries are counted by address, over connections [SEC-06]", async () => {
    const bench = new RelayBench({ limits: { maxAuthFailuresPerAddress: 3 } });
    for (let count = 0; count < 3; count++) {
      await bench.auth(await bench.peer(), "alice", { password: "guess" });
    }
    expect((await bench.auth(await bench.peer(), "alice")).what).toBe("403");
    expect((await bench.auth(await bench.peer({ address: "192.0.2.77" }), "alice")).what).toBe("200");
    await bench.clock.advance(60_000);
    expect((await bench.auth(await bench.peer(), "alice")).what).toBe("200");
    await bench.close();
  });

  test("failed tries from one /64 are counted together: whoever has IPv6 has all of it [SEC-06]", async () => {
    const bench = new RelayBench({ limits: { maxAuthFailuresPerAddress: 3 } });
    for (let count = 0; count < 3; count++) {
      const guesser = await bench.peer({ address: `2001:db8:1:2::${count}` });
      await bench.auth(guesser, "alice", { password: "guess" });
    }
    const told: string[] = [];
    for (const address of ["2001:db8:1:2:9::9", "2001:db8:1:3::1"])
      told.push((await bench.auth(await bench.peer({ address }), "alice")).what);
    expect(told).toEqual(["403", "200"]);
    await bench.close();
  });

  test("the failed tries of a relay's clients shut nobody else out who comes through it [4976-6.3-22]", async () => {
    const bench = new RelayBench({ relays: ["inner.example"], limits: { maxAuthFailuresPerAddress: 3 } });
    const link = await bench.peer({ names: ["inner.example"] });
    const from = `msrps://inner.example:2855/tok;tcp ${link.uri}`;
    for (let count = 0; count < 9; count++) await bench.auth(link, "bob", { password: "guess", from });
    expect([(await bench.auth(link, "alice", { from })).what, link.ended]).toEqual(["200", false]);
    await bench.close();
  });

  test("a link to a relay brings many log-ins at a time; beyond the limit they are to come again [SEC-06]", async () => {
    const answers: (() => void)[] = [];
    const own = StaticCredentials.of("relay.example", { alice: "a" });
    const slow: Credentials = {
      lookup: async (user, realm) => {
        await new Promise<void>((resolve) => answers.push(resolve));
        return own.lookup(user, realm);
      },
    };
    const bench = new RelayBench({
      relays: ["inner.example"],
      credentials: slow,
      limits: { maxPendingAuths: 1, maxPendingAuthsPerRelay: 3 },
    });
    const link = await bench.peer({ names: ["inner.example"] });
    const from = (n: number) => `msrps://inner.example:2855/tok${n};tcp ${link.uri}`;
    const heard: string[] = [];
    for (let n = 0; n < 4; n++) {
      const late = bench.auth(link, "alice", { from: from(n) }).then(
        ({ what }) => what,
        () => "pending",
      );
      heard.push(await late);
    }
    expect([heard, link.ended]).toEqual([["pending", "pending", "pending", "408"], false]);
    for (const answer of answers) answer();
    expect(await link.heard()).toEqual(["200", "200", "200"]);
    const alice = await bench.peer();
    for (let n = 0; n < 2; n++) await bench.auth(alice, "alice").catch(() => undefined);
    expect(alice.ended).toBe(true);
    await bench.close();
  });

  test("a login that is guessed at is answered later [SEC-06]", async () => {
    const bench = new RelayBench({ limits: { maxAuthFailuresPerUser: 1, maxAuthFailures: 99 } });
    const guesser = await bench.peer();
    await bench.auth(guesser, "alice", { password: "guess" });
    await expect(bench.auth(guesser, "alice", { password: "guess" })).rejects.toThrow("not answered");
    await bench.clock.advance(1000);
    expect(await guesser.heard()).toEqual(["401"]);
    expect((await bench.auth(guesser, "alice")).what).toBe("200");
    await bench.close();
  });

  test("URIs of a connection and of a user are bounded [SEC-08]", async () => {
    const bench = new RelayBench({ limits: { maxBindingsPerConnection: 2, maxBindingsPerUser: 3 } });
    const one = await bench.peer();
    const two = await bench.peer();
    const told: string[] = [];
    for (const peer of [one, one, one, two, two]) told.push((await bench.auth(peer, "alice")).what);
    told.push((await bench.auth(two, "bob")).what);
    expect(told).toEqual(["200", "200", "403", "200", "403", "200"]);
    one.close();
    expect((await bench.auth(await bench.peer(), "alice")).what).toBe("200");
    await bench.close();
  });

  test("RFC 4976 §6.3: a relay brings its own clients, and only under its name [4976-6.3-02] [4976-6.3-03] [4976-6.3-05] [4976-6.3-06] [SEC-28]", async () => {
    const bench = new RelayBench({ relays: ["inner.example"] });
    const inner = await bench.peer({ names: ["other.example", "inner.example"] });
    const from = (host: string): string => `msrps://${host}:9000/sI99;tcp ${inner.uri}`;
    const path = await bench.login(inner, "alice", { from: from("inner.example") });
    expect(path).toMatch(/^msrps:\/\/inner\.example:9000\/sI99;tcp msrps:\/\/relay\.example:2855\/\w+;tcp$/);
    expect((await bench.auth(inner, "alice", { from: from("other.example") })).what).toBe("403");
    await bench.close();
  });

  test("RFC 4976 §5.1: Use-Path is From-Path turned round [4976-5.1-19] [4976-4.2-03] [4976-T8] [4976-T46]", async () => {
    const bench = new RelayBench({ relays: ["inner.example"] });
    const inner = await bench.peer({ names: ["inner.example"] });
    const [first, second] = [
      "msrps://inner.example:9000/sI99;tcp",
      "msrps://innermost.example:9001/sJ99;tcp",
    ];
    const path = await bench.login(inner, "alice", { from: `${first} ${second} ${inner.uri}` });
    expect(path.split(" ").slice(0, 2)).toEqual([second, first]);
    await bench.close();
  });

  test("RFC 4976 §6.3: without a relay's certificate a long From-Path gives no more than a client's rights [4976-6.3-04] [4976-9.2-09]", async () => {
    const bench = new RelayBench({ relays: ["inner.example"] });
    const client = await bench.peer({ names: ["client.example"] });
    const from = `msrps://inner.example:9000/sI99;tcp ${client.uri}`;
    const path = await bench.login(client, "alice", { from });
    client.close();
    const relay = await bench.peer({ names: ["inner.example"] });
    const stranger = await bench.peer();
    stranger.send(`${path.split(" ").at(-1)} ${from}`);
    expect(await stranger.heard()).toEqual(["481"]);
    expect(await relay.heard()).toEqual([]);
    await bench.close();
  });

  test("while the relay drains nobody gets in, and is not told to stay away [SEC-32]", async () => {
    const bench = new RelayBench();
    const alice = await bench.peer();
    bench.plugin.drain();
    expect((await bench.auth(alice, "alice")).what).toBe("408");
    expect(bench.plugin.bindingCount).toBe(0);
    await bench.close();
  });
});
