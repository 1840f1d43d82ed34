/**
 * The conformance suite of relays: what RFC 4976 has every relay do, seen from outside. It runs over any relay that can be
 * started and connected to, with two users and no more knowledge of it.
 */
import type { TestFramework } from "./framework.ts";
import { RelayFixture, type RelayPeer, type RelaySubject } from "./relay_fixture.ts";
import { answer, pattern, type Written } from "./wire.ts";

/** Declares the whole suite for one relay. */
export function relaySuite(subject: RelaySubject, framework: TestFramework): void {
  framework.describe(`relay conformance: ${subject.name}`, () => {
    framework.describe("AUTH", () => authTests(subject, framework));
    framework.describe("passing on", () => forwardTests(subject, framework));
    framework.describe("nobody else", () => strangerTests(subject, framework));
  });
}

function authTests(subject: RelaySubject, { expect, test }: TestFramework): void {
  const [user, other] = subject.users;

  test("RFC 4976 §6.3: an AUTH without credentials is challenged, with realm, nonce, opaque and qop", async () => {
    const fixture = await RelayFixture.start(subject);
    const { what, headers } = await (await fixture.peer()).challenge();
    expect(what).toBe("401");
    const challenge = headers["WWW-Authenticate"] ?? "";
    for (const field of [/^Digest /, /realm="[^"]+"/, /nonce="[^"]+"/, /qop="[^"]*auth[^"]*"/]) {
      expect(challenge).toMatch(field);
    }
    await fixture.close();
  });

  test("RFC 4976 §6.3, §9.1: with credentials it gives a URI that nobody can guess, for a time that it tells", async () => {
    const fixture = await RelayFixture.start(subject);
    const peer = await fixture.peer();
    const { what, headers } = await peer.auth(user);
    expect(what).toBe("200");
    const [, id = ""] = /^msrps?:\/\/[^/ ]+\/([^;]+);/.exec(headers["Use-Path"] ?? "") ?? [];
    // 128 random bits are 22 characters of base 64.
    expect(id.length).toBeGreaterThan(21);
    expect(Number(headers["Expires"])).toBeGreaterThan(0);
    expect(headers["Authentication-Info"] ?? "").toContain("rspauth=");
    const again = await peer.auth(user);
    expect(again.headers["Use-Path"] === headers["Use-Path"]).toBe(false);
    await fixture.close();
  });

  test("RFC 4976 §6.3: wrong passwords, wrong users and changed credentials get no URI", async () => {
    const fixture = await RelayFixture.start(subject);
    const wrong: ((peer: RelayPeer) => Promise<Written>)[] = [
      (peer) => peer.auth({ ...user, password: `${user.password}x` }),
      (peer) => peer.auth({ ...user, username: `${user.username}x` }),
      (peer) =>
        peer.auth(user, [], (text) => text.replace(/username="[^"]*"/, `username="${other.username}"`)),
      (peer) => peer.auth(user, [], (text) => text.replace(/nonce="[^"]*"/, 'nonce="made-up"')),
    ];
    for (const attempt of wrong) {
      const { what, headers } = await attempt(await fixture.peer());
      expect([what === "200", headers["Use-Path"]]).toEqual([false, undefined]);
    }
    await fixture.close();
  });

  test("RFC 4976 §6.3: a lifetime out of bounds is refused with 423 and the bound", async () => {
    const fixture = await RelayFixture.start(subject);
    const short = await (await fixture.peer()).auth(user, ["Expires: 1"]);
    const long = await (await fixture.peer()).auth(user, ["Expires: 4000000000"]);
    expect([short.what, "Min-Expires" in short.headers]).toEqual(["423", true]);
    expect([long.what, "Max-Expires" in long.headers]).toEqual(["423", true]);
    await fixture.close();
  });
}

function forwardTests(subject: RelaySubject, { expect, test }: TestFramework): void {
  test("RFC 4976 §6.4.1: a SEND arrives with the own URI moved from To-Path to From-Path, all else as it was", async () => {
    const fixture = await RelayFixture.start(subject);
    const { alice, bob, toAlice, toBob } = await fixture.pair();
    const [relayOfAlice = ""] = toAlice.split(" ");
    const headers = ["Success-Report: yes", "X-Unknown: kept"];
    alice.send(`${relayOfAlice} ${toBob}`, { messageId: "msg1", headers });
    const arrived = await bob.frame();
    expect(arrived.what).toBe("SEND");
    expect(arrived.toPath).toEqual([bob.uri]);
    expect(arrived.fromPath.at(-1)).toBe(alice.uri);
    expect(arrived.fromPath.length).toBe(3);
    expect([arrived.headers["Message-ID"], arrived.headers["X-Unknown"], arrived.range]).toEqual([
      "msg1",
      "kept",
      "1-5/5",
    ]);
    expect(new TextDecoder().decode(arrived.body)).toBe("hello");
    const { what } = await alice.frame();
    expect(what).toBe("200");
    await fixture.close();
  });

  test("RFC 4976 §6.4.2: a REPORT and an unknown method go the whole way, and so does the answer to the latter", async () => {
    const fixture = await RelayFixture.start(subject);
    const { alice, bob, toAlice, toBob } = await fixture.pair();
    const way = `${toAlice.split(" ")[0]} ${toBob}`;
    alice.send(way, { method: "REPORT", messageId: "msg2", headers: ["Status: 000 200 OK"] });
    expect((await bob.frame()).headers["Message-ID"]).toBe("msg2");
    alice.send(way, { method: "NICKNAME" });
    const asked = await bob.frame();
    expect(asked.what).toBe("NICKNAME");
    const back = [
      `MSRP ${asked.id} 425 Taken`,
      `To-Path: ${asked.fromPath.join(" ")}`,
      `From-Path: ${bob.uri}`,
      `-------${asked.id}$`,
      "",
    ];
    bob.peer.write(back.join("\n"));
    expect((await alice.frame()).what).toBe("425");
    await fixture.close();
  });

  test("RFC 4976 §6.4.1: a refusal further on comes back as a REPORT, once", async () => {
    const fixture = await RelayFixture.start(subject);
    const { alice, bob, toAlice, toBob } = await fixture.pair();
    alice.send(`${toAlice.split(" ")[0]} ${toBob}`, { messageId: "msg3" });
    const arrived = await bob.frame();
    expect((await alice.frame()).what).toBe("200");
    bob.peer.write(answer(arrived, "413 Stop"));
    const report = await alice.frame();
    expect([report.what, report.headers["Message-ID"], report.headers["Status"]?.slice(0, 7)]).toEqual([
      "REPORT",
      "msg3",
      "000 413",
    ]);
    await fixture.close();
  });

  test("RFC 4976 §6.4.1: chunks of any length pass, whatever octets they are made of", async () => {
    const fixture = await RelayFixture.start(subject);
    const { alice, bob, toAlice, toBob } = await fixture.pair();
    const body = pattern(1_000_000);
    const head = [
      "MSRP longchunk0001 SEND",
      `To-Path: ${toAlice.split(" ")[0]} ${toBob}`,
      `From-Path: ${alice.uri}`,
      "Message-ID: msg4",
      "Byte-Range: 1-*/1000000",
      "Content-Type: application/octet-stream",
      "",
      "",
    ].join("\r\n");
    alice.peer.transport.write(new TextEncoder().encode(head));
    alice.peer.transport.write(body.slice());
    alice.peer.transport.write(new TextEncoder().encode("\r\n-------longchunk0001$\r\n"));
    const got = new Uint8Array(body.length);
    for (let length = 0; length < body.length; ) {
      const chunk = await bob.frame();
      const start = Number(/^(\d+)-/.exec(chunk.range ?? "")?.[1]) - 1;
      got.set(chunk.body ?? new Uint8Array(), start);
      length += chunk.body?.length ?? 0;
      bob.peer.write(answer(chunk));
    }
    expect(got.every((octet, index) => octet === body[index])).toBe(true);
    await fixture.close();
  });
}

function strangerTests(subject: RelaySubject, { expect, test }: TestFramework): void {
  const [user] = subject.users;

  test("RFC 4976 §6.4: a URI that was never given out leads nowhere", async () => {
    const fixture = await RelayFixture.start(subject);
    const peer = await fixture.peer();
    const guessed = fixture.relay.uri.replace(/;/, "/guessed0123456789abcdef;");
    expect((await peer.ask(`${guessed} ${peer.uri}`)).what).toBe("481");
    await fixture.close();
  });

  test("RFC 4976 §6.4: one client's URI is of no use to another who wants to go on from it", async () => {
    const fixture = await RelayFixture.start(subject);
    const { toAlice } = await fixture.pair();
    const stranger = await fixture.peer();
    const [relayOfAlice = ""] = toAlice.split(" ");
    const { what } = await stranger.ask(`${relayOfAlice} msrp://203.0.113.7:9000/far;tcp`);
    expect([what === "200", what.startsWith("4")]).toEqual([false, true]);
    await fixture.close();
  });

  test("RFC 4976 §6.3: a URI ends with the connection that it was given on", async () => {
    const fixture = await RelayFixture.start(subject);
    const alice = await fixture.peer();
    const way = await alice.login(user);
    const peer = await fixture.peer();
    expect((await peer.ask(way)).what).toBe("200");
    const gone = alice.peer.ended_;
    alice.peer.transport.close();
    await gone;
    // The relay hears of the end a moment later; a request on another connection is answered after that.
    let what = "200";
    for (let tries = 0; what === "200" && tries < 1_000; tries++) {
      peer.send(way);
      do what = (await peer.frame()).what;
      while (what === "REPORT");
    }
    expect(what).toBe("481");
    await fixture.close();
  });
}
