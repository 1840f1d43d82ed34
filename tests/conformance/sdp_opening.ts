// Suite of sessions from SDP, part 1: who connects, when, and that nothing is lost on either side of the answer.
import { afterEach, expect, test } from "#test";
import type { Session } from "../../core/session/session.ts";
import { MsrpUri } from "../../core/wire/uri.ts";
import { latch } from "../../testing/probe.ts";
import { answer, Peer, request } from "../../testing/wire.ts";
import {
  Endpoints,
  exchange,
  type NegotiationSubject,
  nextText,
  sessionsOf,
  taken,
  talk,
} from "../support/negotiation.ts";
import { rejection, thrown } from "../support/nodes.ts";

const ownUri = (sdp: string): string => /^a=path:(?:\S+ )*(\S+)\r$/m.exec(sdp)?.[1] ?? "";

/** Declares the tests of this part. */
export function openingTests(subject: NegotiationSubject): void {
  const endpoints = new Endpoints(subject);
  afterEach(() => endpoints.close());

  /** A raw connection to an endpoint. */
  async function raw(port: number | undefined): Promise<Peer> {
    let peer: Peer | undefined;
    const target = { host: subject.host, port: port ?? 0, secure: false };
    await subject.adapter.transportConnect(target, (transport) => (peer = new Peer(transport)));
    return peer as Peer;
  }

  test("RFC 6135 §4.2.2: both can listen: actpass is answered with passive, and the offerer connects [6135-4.2.2-01, 6135-4.2.2-03, 4145-4.1-03]", async () => {
    const [alice, bob] = [await endpoints.make(), await endpoints.make()];
    const exchanged = await exchange(alice.negotiator, bob.negotiator);
    expect(exchanged.offer).toContain("a=setup:actpass\r\n");
    expect(exchanged.answer).toContain("a=setup:passive\r\n");
    const [one, other] = await sessionsOf(exchanged);
    expect([one.role, other.role, one.state, other.state]).toEqual(["active", "passive", "bound", "bound"]);
    expect([alice.dialled, bob.dialled]).toEqual([[`${subject.host}:${bob.listener?.uri.port}`], []]);
    expect(await talk(one, other)).toEqual(["from one", "from the other"]);
  });

  test("RFC 6135 §4.2.2: the answerer cannot listen: it is active, writes port 9 and connects [6135-4.2.2-02, 6135-4.2.2-06, 4145-4.1-04, 4145-4.1-05]", async () => {
    const [alice, bob] = [await endpoints.make(), await endpoints.make({ listens: false })];
    const exchanged = await exchange(alice.negotiator, bob.negotiator);
    expect(exchanged.answer).toContain("a=setup:active\r\n");
    expect(exchanged.answer).toContain("m=message 9 TCP/MSRP *\r\n");
    const [one, other] = await sessionsOf(exchanged);
    expect([one.role, other.role]).toEqual(["passive", "active"]);
    expect([alice.dialled, bob.dialled]).toEqual([[], [`${subject.host}:${alice.listener?.uri.port}`]]);
    expect(await talk(one, other)).toEqual(["from one", "from the other"]);
  });

  test("RFC 6135 §4.2.2: the offerer cannot listen: it offers active and connects [6135-4.2.2-04, 6135-4.2.2-07]", async () => {
    const [alice, bob] = [await endpoints.make({ listens: false }), await endpoints.make()];
    const exchanged = await exchange(alice.negotiator, bob.negotiator);
    expect(exchanged.offer).toContain("a=setup:active\r\n");
    const [one, other] = await sessionsOf(exchanged);
    expect([one.role, other.role]).toEqual(["active", "passive"]);
    expect(await talk(one, other)).toEqual(["from one", "from the other"]);
  });

  test("RFC 6135 §4.2.2: neither can listen: the offer is refused, and no session is left", async () => {
    const [alice, bob] = [await endpoints.make({ listens: false }), await endpoints.make({ listens: false })];
    const result = await bob.negotiator.acceptOffer(alice.negotiator.createOffer());
    expect(result).toEqual({ ok: false, sipStatus: 488, code: "cannot-listen" });
    alice.negotiator.rejectOffer();
    expect([alice.app.sessionCount, bob.app.sessionCount]).toEqual([0, 0]);
  });

  test("RFC 6135 §4.2.2: an active answerer sends a SEND at once, with nothing to say [6135-4.2.2-09, 6135-6-01, 4145-6.1-01]", async () => {
    const bob = await endpoints.make({ listens: false });
    const connected: Peer[] = [];
    const first = new Promise<Peer>((resolve) => {
      void endpoints
        .listen((transport) => {
          const peer = new Peer(transport);
          connected.push(peer);
          resolve(peer);
          return peer;
        })
        .then(async ({ uri }) => {
          const alice = await endpoints.make({ listens: false });
          const passive = alice.negotiator.createOffer().replace("a=setup:active", "a=setup:actpass");
          await bob.negotiator.acceptOffer(passive.replaceAll(/(m=message |:)9([ /])/g, `$1${uri.port}$2`));
        });
    });
    const frame = await (await first).frame();
    expect([frame.what, frame.body, frame.range]).toEqual(["SEND", undefined, undefined]);
  });

  test("RFC 3264 §5: as soon as the offer is out a connection may come in; it waits for the answer [3264-5-06, 8122-6.2-03]", async () => {
    const alice = await endpoints.make();
    // Bob's own connection does not come about, so that the test can speak for him.
    const transportConnect = (): Promise<never> => Promise.reject(new Error("not this time"));
    const bob = await endpoints.make({ listens: false, adapter: { transportConnect } });
    const offer = alice.negotiator.createOffer();
    const answered = taken(await bob.negotiator.acceptOffer(offer));
    const peer = await raw(alice.listener?.uri.port);
    const [to, from] = [ownUri(offer), ownUri(answered.answer)];
    peer.write(request({ id: "early00001", to, from }));
    peer.write(request({ id: "early00002", to, from, body: "before the answer", range: "1-17/17" }));
    // Whoever asks for no session of ours is answered; those two are neither answered nor refused.
    expect(await peer.silence()).toEqual([]);
    const { session } = await alice.negotiator.acceptAnswer(answered.answer);
    expect([(await peer.frame()).what, (await peer.frame()).what]).toEqual(["200", "200"]);
    expect(await nextText(session as Session)).toBe("before the answer");
  });

  test("RFC 3264 §5: what waited for an answer that never came is refused", async () => {
    const alice = await endpoints.make();
    const to = ownUri(alice.negotiator.createOffer());
    const peer = await raw(alice.listener?.uri.port);
    peer.write(request({ id: "early00003", to, from: "msrp://bob.example:9/bob;tcp" }));
    expect(await peer.silence()).toEqual([]);
    alice.negotiator.rejectOffer();
    const refused = await peer.frame();
    expect([refused.id, refused.what]).toEqual(["early00003", "481"]);
  });

  test("RFC 6135 §4.3: while an offer is open the session is bound to nobody, and can send to nobody", async () => {
    const alice = await endpoints.make();
    const to = ownUri(alice.negotiator.createOffer());
    const peer = await raw(alice.listener?.uri.port);
    peer.write(request({ to, from: "msrp://bob.example:9/bob;tcp" }));
    expect(await peer.silence()).toEqual([]);
    const [session] = alice.app.sessions;
    expect(session?.state).toBe("idle");
    expect(thrown<{ code: string }>(() => session?.send("too early")).code).toBe("no-remote-path");
  });

  test("RFC 6135 §4.5: behind a relay one connects to it in both roles, and only the active side sends first [6135-4.5-01, 6135-4.5-02]", async () => {
    for (const role of ["active", "passive"] as const) {
      const connected = latch<Peer>();
      const { uri } = await endpoints.listen((transport) => {
        const peer = new Peer(transport);
        connected.resolve(peer);
        return peer;
      });
      const relay = MsrpUri.parse(`msrp://${subject.host}:${uri.port}/relayed;tcp`);
      const bob = await endpoints.make({ listens: false, negotiator: { usePath: [relay], cema: false } });
      const alice = "msrp://192.0.2.1:2855/alice;tcp";
      const offer = [
        "v=0",
        "o=- 1 1 IN IP4 192.0.2.1",
        "s=-",
        "c=IN IP4 192.0.2.1",
        "t=0 0",
        "m=message 2855 TCP/MSRP *",
        "a=accept-types:*",
        `a=setup:${role === "active" ? "passive" : "active"}`,
        `a=path:${alice}`,
        "",
      ].join("\r\n");
      const { session, streams } = taken(await bob.negotiator.acceptOffer(offer));
      const peer = await connected.promise;
      expect([session?.role, bob.dialled, session?.local.port]).toEqual([
        role,
        [`${subject.host}:${relay.port}`],
        9,
      ]);
      const own = session?.local.text ?? "";
      if (role === "active") {
        const frame = await peer.frame();
        expect([frame.what, frame.toPath, frame.fromPath]).toEqual(["SEND", [relay.text, alice], [own]]);
        peer.write(answer(frame));
      } else {
        expect(await peer.silence()).toEqual([]);
        expect(session?.state).toBe("idle");
        peer.write(request({ to: own, from: `${relay.text} ${alice}` }));
        expect((await peer.frame()).what).toBe("200");
      }
      await session?.ready;
      expect(streams[0]?.media.localPath.map(String)).toEqual([relay.text, own]);
      await endpoints.close();
    }
  });

  test("nothing is lost before the first await: a burst at once, a loop that comes later", async () => {
    const [alice, bob] = [await endpoints.make(), await endpoints.make()];
    const exchanged = await exchange(alice.negotiator, bob.negotiator);
    const [one, other] = [exchanged.offerer.session as Session, exchanged.answerer.session as Session];
    const texts = Array.from({ length: 200 }, (_, index) => `message ${index}`);
    const sent = texts.map((text) => one.send(text).accepted);
    // 64 wait for the application, the rest with the sender, and none is refused.
    await sent[63];
    const heard: string[] = [];
    for await (const message of other) {
      heard.push(await message.text());
      if (heard.length === texts.length) break;
    }
    expect(heard).toEqual(texts);
    await Promise.all(sent);
  });

  test("nothing is lost before the first await: a handler that comes later gets what waits, in order", async () => {
    const [alice, bob] = [await endpoints.make(), await endpoints.make()];
    const [one, other] = await sessionsOf(await exchange(alice.negotiator, bob.negotiator));
    const texts = Array.from({ length: 20 }, (_, index) => `message ${index}`);
    await Promise.all(texts.slice(0, 10).map((text) => one.send(text).accepted));
    const heard: Promise<string>[] = [];
    other.onMessage((message) => void heard.push(message.text()));
    expect(heard.length).toBe(10);
    await Promise.all(texts.slice(10).map((text) => one.send(text).accepted));
    expect(await Promise.all(heard)).toEqual(texts);
  });

  test("RFC 4975 §5.4: several streams, several sessions, one connection; a refused stream has port 0 and no session [3264-6-04, 3264-6-01]", async () => {
    const [alice, bob] = [await endpoints.make(), await endpoints.make()];
    for (const acceptTypes of [["text/plain"], ["image/png"], ["text/html"]])
      alice.negotiator.addStream({ acceptTypes });
    const exchanged = await exchange(alice.negotiator, bob.negotiator, {
      answering: { decide: ({ acceptTypes }) => (acceptTypes[0] === "image/png" ? "reject" : undefined) },
    });
    expect(exchanged.offerer.refused).toEqual([{ index: 1, code: "rejected" }]);
    expect(exchanged.answerer.refused).toEqual([{ index: 1, code: "declined" }]);
    expect(exchanged.answer.match(/^m=message \d+/gm)?.[1]).toBe("m=message 0");
    const { streams } = exchanged.offerer;
    expect(streams.map(({ index }) => index)).toEqual([0, 2]);
    await Promise.all(streams.map(({ session }) => session.ready));
    expect([alice.app.sessionCount, alice.app.connectionCount, bob.app.connectionCount]).toEqual([2, 1, 1]);
    const [, second] = exchanged.answerer.streams;
    await second?.session.send("<b>hi</b>", { contentType: "text/html" }).accepted;
    expect(await nextText(streams[1]?.session as Session)).toBe("<b>hi</b>");
  });

  test("RFC 4975 §8.6: no type in common: 488, and both sides are as before [4975-8.6-08, 3264-6-07]", async () => {
    const [alice, bob] = [
      await endpoints.make({ negotiator: { acceptTypes: ["image/png"] } }),
      await endpoints.make({ negotiator: { acceptTypes: ["text/plain"] } }),
    ];
    const result = await bob.negotiator.acceptOffer(alice.negotiator.createOffer());
    expect(result).toEqual({ ok: false, sipStatus: 488, code: "no-common-type" });
    expect(bob.app.sessionCount).toBe(0);
    alice.negotiator.rejectOffer();
    expect([alice.app.sessionCount, alice.negotiator.state]).toEqual([0, "stable"]);
  });

  test("RFC 3264 §4: an offer that meets an open offer is glare [3264-4-01]", async () => {
    const [alice, bob] = [await endpoints.make(), await endpoints.make()];
    const offer = bob.negotiator.createOffer();
    alice.negotiator.createOffer();
    expect(await alice.negotiator.acceptOffer(offer)).toEqual({ ok: false, sipStatus: 491, code: "glare" });
    expect(thrown<{ code: string }>(() => alice.negotiator.createOffer()).code).toBe("offer-pending");
  });

  test("an address where nobody listens: the session fails, and says why", async () => {
    const [alice, bob] = [await endpoints.make(), await endpoints.make()];
    const gone = await subject.listen(alice.app.accept);
    const port = gone.uri.port as number;
    await gone.close();
    const exchanged = await exchange(alice.negotiator, bob.negotiator, {
      answer: (text) =>
        text
          .replaceAll(`:${bob.listener?.uri.port}/`, `:${port}/`)
          .replace(/m=message \d+/, `m=message ${port}`),
    });
    const session = exchanged.offerer.session as Session;
    expect((await rejection<{ code: string }>(session.ready)).code).toBe("connect-failed");
    expect([session.state, ((await session.closed) as { code?: string } | undefined)?.code]).toEqual([
      "failed",
      "connect-failed",
    ]);
  });

  test("text that is no SDP is refused, and the offer stays open", async () => {
    const [alice, bob] = [await endpoints.make(), await endpoints.make()];
    const offer = alice.negotiator.createOffer();
    expect(await rejection(alice.negotiator.acceptAnswer("hello"))).toBeInstanceOf(Error);
    expect(await rejection(bob.negotiator.acceptOffer("v=1"))).toBeInstanceOf(Error);
    const { answer } = taken(await bob.negotiator.acceptOffer(offer));
    const { session } = await alice.negotiator.acceptAnswer(answer);
    await session?.ready;
    expect(session?.state).toBe("bound");
  });

  test("closing a negotiator ends its sessions, after what was sent, and leaves the node and its listener [4145-6.3-01]", async () => {
    const [alice, bob] = [await endpoints.make(), await endpoints.make()];
    const [one, other] = await sessionsOf(await exchange(alice.negotiator, bob.negotiator));
    const second = bob.another();
    const kept = await sessionsOf(await exchange(alice.another(), second));
    const sent = one.send("the last word");
    await alice.negotiator.close();
    await sent.accepted;
    expect(await nextText(other)).toBe("the last word");
    expect([one.state, kept[0].state]).toEqual(["closed", "bound"]);
    expect(thrown<{ code: string }>(() => alice.negotiator.createOffer()).code).toBe("negotiator-closed");
    expect(await talk(...kept)).toEqual(["from one", "from the other"]);
  });

  test("without a host to write there is no negotiator", async () => {
    const { app } = await endpoints.make({ listens: false });
    const { SessionNegotiator } = await import("../../core/node/negotiator.ts");
    const make = (): unknown => new SessionNegotiator(app, subject.adapter);
    expect(thrown<{ code: string }>(make).code).toBe("missing-host");
  });
}
