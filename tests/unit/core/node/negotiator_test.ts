// The negotiator's own rules, on nodes in memory: what it refuses, what it keeps, what it leaves behind. How its sessions
// behave is in tests/conformance/sdp_suite.ts.
import { describe, expect, test } from "#test";
import { FakeClock, MemoryNetwork, settle } from "../../../../adapters/memory.ts";
import type { MsrpError } from "../../../../core/errors.ts";
import { SessionNegotiator } from "../../../../core/node/negotiator.ts";
import type { SessionNegotiatorOptions } from "../../../../core/node/negotiator_options.ts";
import { Msrp } from "../../../../core/node/node.ts";
import type { MsrpOptions } from "../../../../core/node/options.ts";
import { MsrpUri } from "../../../../core/wire/uri.ts";
import { Peer, request } from "../../../../testing/wire.ts";
import { exchange, sessionsOf, taken } from "../../../support/negotiation.ts";
import { thrown } from "../../../support/nodes.ts";

const network = new MemoryNetwork();
let ports = 30_000;

function side(options: SessionNegotiatorOptions = {}, node: MsrpOptions = {}) {
  const app = new Msrp(node);
  const port = ports++;
  network.listen("192.0.2.2", port, app.accept);
  const listener = { uri: MsrpUri.from({ scheme: "msrp", host: "192.0.2.2", port }) };
  const adapter = { transportConnect: network.connect };
  return {
    app,
    listener,
    adapter,
    negotiator: new SessionNegotiator(app, adapter, { listener, ...options }),
  };
}

describe("a negotiator", () => {
  test("takes host, port and scheme from its listener; a listener everywhere has no host to write", () => {
    const { negotiator, app, adapter, listener } = side();
    const offer = negotiator.createOffer();
    expect(offer).toContain("c=IN IP4 192.0.2.2\r\n");
    expect(offer).toContain(`m=message ${listener.uri.port} TCP/MSRP *\r\n`);
    for (const host of ["0.0.0.0", "::"]) {
      const everywhere = { uri: MsrpUri.from({ scheme: "msrp", host, port: 2855 }) };
      const make = (): unknown => new SessionNegotiator(app, adapter, { listener: everywhere });
      expect(thrown<MsrpError>(make).code).toBe("missing-host");
    }
    const named = new SessionNegotiator(app, adapter, { host: "bob.example", listener });
    expect(named.createOffer()).toContain("a=path:msrp://bob.example:");
  });

  test("writes the fingerprints that it is given, or those that the adapter computes", () => {
    const { app } = side();
    const fingerprint = { hash: "sha-256", value: Array.from({ length: 32 }, () => "AB").join(":") };
    const adapter = { transportConnect: network.connect, certificateFingerprints: () => [fingerprint] };
    const common = { host: "192.0.2.2", tls: { cert: "C", key: "K" } };
    const line = `a=fingerprint:sha-256 ${fingerprint.value}\r\n`;
    expect(new SessionNegotiator(app, adapter, common).createOffer()).toContain(line);
    expect(
      new SessionNegotiator(app, adapter, { ...common, fingerprints: [] }).createOffer().includes(line),
    ).toBe(false);
    const bare = new SessionNegotiator(app, { transportConnect: network.connect }, common);
    expect(bare.createOffer().includes("a=fingerprint")).toBe(false);
  });

  test("an offer that the node has no room for leaves no trace", () => {
    const { app, negotiator } = side({}, { maxSessions: 1 });
    negotiator.addStream();
    negotiator.addStream();
    expect(thrown<MsrpError>(() => negotiator.createOffer()).code).toBe("too-many-sessions");
    expect([negotiator.state, app.sessionCount]).toEqual(["stable", 0]);
  });

  test("session settings go to every session, whichever side offered", async () => {
    const [alice, bob] = [side({ session: { maxQueuedSends: 1 } }), side({ session: { maxQueuedSends: 1 } })];
    const sessions = await sessionsOf(await exchange(alice.negotiator, bob.negotiator));
    for (const session of sessions) {
      session.send("one");
      expect(thrown<MsrpError>(() => session.send("two")).code).toBe("queue-full");
    }
  });

  test("its sessions are told by their m= line", async () => {
    const [alice, bob] = [side(), side()];
    alice.negotiator.addOther("m=audio 49170 RTP/AVP 0\r\n");
    alice.negotiator.addStream();
    expect(alice.negotiator.sessions.size).toBe(0);
    const exchanged = await exchange(alice.negotiator, bob.negotiator);
    expect([...alice.negotiator.sessions.keys()]).toEqual([1]);
    expect(bob.negotiator.sessions.get(1)).toBe(exchanged.answerer.session as never);
  });

  test("close ends what was offered, agreed on and retired, and leaves nothing in the node", async () => {
    const [alice, bob] = [side(), side()];
    await sessionsOf(await exchange(alice.negotiator, bob.negotiator));
    alice.negotiator.renewPath();
    alice.negotiator.addStream();
    taken(await bob.negotiator.acceptOffer(alice.negotiator.createOffer()));
    expect([alice.app.sessionCount, bob.app.sessionCount]).toEqual([3, 3]);
    await Promise.all([alice.negotiator.close(), bob.negotiator.close({ drain: false })]);
    await settle();
    expect([alice.app.sessionCount, bob.app.sessionCount]).toEqual([0, 0]);
    expect([alice.negotiator.sessions.size, bob.negotiator.sessions.size]).toEqual([0, 0]);
  });

  test("maxHeldFrames: so much waits for an answer, then the connection is not read; nothing of it is lost", async () => {
    for (const [requests, pauses] of [
      [3, 0],
      [4, 1],
      [9, 1],
    ] as const) {
      const app = new Msrp({ maxHeldFrames: 4 });
      const paused: string[] = [];
      const port = ports++;
      network.listen("192.0.2.2", port, (transport) => {
        const { pause, resume } = transport;
        transport.pause = () => {
          paused.push("pause");
          pause.call(transport);
        };
        transport.resume = () => {
          paused.push("resume");
          resume.call(transport);
        };
        return app.accept(transport);
      });
      const listener = { uri: MsrpUri.from({ scheme: "msrp", host: "192.0.2.2", port }) };
      const alice = new SessionNegotiator(app, { transportConnect: network.connect }, { listener });
      const bob = side().negotiator;
      const offer = alice.createOffer();
      // Bob is behind a NAT, so that it is he who connects; the test speaks in his place.
      const answered = taken(await bob.acceptOffer(offer));
      const active = answered.answer.replace("a=setup:passive", "a=setup:active");
      let peer: Peer | undefined;
      await network.connect(
        { host: "192.0.2.2", port, secure: false },
        (transport) => (peer = new Peer(transport)),
      );
      await settle();
      paused.length = 0;
      const to = /^a=path:(\S+)\r$/m.exec(offer)?.[1] ?? "";
      // Each in a write of its own: what was read in one piece is taken in one piece.
      for (let count = 0; count < requests; count++) {
        peer?.write(request({ to, from: "msrp://192.0.2.9:9/bob;tcp" }));
        await settle();
      }
      expect(paused).toEqual(Array.from({ length: pauses }, () => "pause"));
      await alice.acceptAnswer(active);
      for (let count = 0; count < requests; count++) expect((await peer?.frame())?.what).toBe("200");
      expect(paused.length).toBe(pauses * 2);
      await app.close({ drainMs: 0 });
    }
  });

  test("RFC 6135 §4.5: a connection that is kept for a passive session outlives its idle time, and they end together [6135-4.5-01]", async () => {
    for (const ends of ["session", "connection"] as const) {
      const clock = new FakeClock();
      const relays = new MemoryNetwork({ clock });
      const app = new Msrp({ clock, maxUnboundMs: 1000, idleCloseMs: 1000, relayIdleCloseMs: 1000 });
      const connected: Peer[] = [];
      relays.listen("192.0.2.8", 2855, (transport) => {
        const relay = new Peer(transport);
        connected.push(relay);
        return relay;
      });
      const remote = ["msrp://192.0.2.8:2855/relayed;tcp", "msrp://192.0.2.1:2855/alice;tcp"];
      const session = app.session({ local: "msrp://192.0.2.2:9/bob;tcp", remote });
      expect(await app.connect({ session, remote }, relays.connect)).toBe(session);
      await clock.advance(60_000);
      expect([session.state, app.connectionCount]).toEqual(["idle", 1]);
      if (ends === "session") {
        await session.close();
        await clock.advance(999);
        expect(app.connectionCount).toBe(1);
        await clock.advance(1000);
      } else {
        connected[0]?.transport.abort();
        await settle();
        expect(session.state).toBe("failed");
      }
      expect([app.connectionCount, app.sessionCount]).toEqual([0, 0]);
    }
  });

  test("a released or held session is only released while it is idle", async () => {
    const [alice, bob] = [side(), side()];
    const [session] = await sessionsOf(await exchange(alice.negotiator, bob.negotiator));
    expect(thrown<MsrpError>(() => alice.app.release(session)).code).toBe("session-not-idle");
    expect(thrown<MsrpError>(() => bob.app.release(session)).code).toBe("session-not-idle");
  });
});
