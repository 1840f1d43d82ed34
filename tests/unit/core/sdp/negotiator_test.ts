// Offer/answer between two negotiators: first exchanges, re-offers, hold, glare, refusals, middleboxes.
import { describe, expect, test } from "#test";
import {
  type NegotiatedMedia,
  Negotiator,
  type NegotiatorOptions,
  type OfferResult,
  SessionDescription,
} from "../../../../core/sdp/mod.ts";
import { MsrpUri } from "../../../../core/wire/uri.ts";
import { codeOf, sdp, stream } from "./texts.ts";

const audio = "m=audio 49170 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";

/** A negotiator whose ids can be foretold. */
function negotiator(name: string, options: Partial<NegotiatorOptions> = {}): Negotiator {
  let count = 0;
  return new Negotiator({
    host: name === "alice" ? "192.0.2.10" : "198.51.100.20",
    port: name === "alice" ? 7313 : 12_051,
    secure: false,
    originId: "7",
    createSessionId: () => `${name}${++count}`,
    ...options,
  });
}

/** A negotiator to which no connection can come in. */
function hidden(name: string): Negotiator {
  const { port: _, ...options } = {
    port: 0,
    host: "192.0.2.10",
    secure: false,
    createSessionId: () => `${name}1`,
  };
  return new Negotiator(options);
}

/** The answer of an accepted offer. */
function accepted(result: OfferResult): Extract<OfferResult, { ok: true }> {
  if (!result.ok) throw new Error(`refused: ${result.code}`);
  return result;
}

/** One exchange; gives the first stream as either side has it. */
function exchange(
  offerer: Negotiator,
  answerer: Negotiator,
): [NegotiatedMedia | undefined, NegotiatedMedia | undefined] {
  const result = accepted(answerer.acceptOffer(offerer.createOffer()));
  return [offerer.acceptAnswer(result.answer).media[0], result.media[0]];
}

/** The version in the o= line. */
function versionOf(text: string): string {
  return SessionDescription.parse(text, { strict: true }).origin.sessionVersion;
}

describe("the first exchange", () => {
  test("RFC 3264 §5, RFC 6135 §4.2.1: an offer says v, o, s=-, t=0 0, setup and path; its own reader takes it [3264-5-03] [6135-4.2.1-01]", () => {
    const offer = negotiator("alice").createOffer();
    expect(offer).toBe(
      "v=0\r\no=- 7 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\nm=message 7313 TCP/MSRP *\r\n" +
        "a=accept-types:message/cpim text/plain multipart/mixed multipart/alternative multipart/signed *\r\n" +
        "a=path:msrp://192.0.2.10:7313/alice1;tcp\r\na=setup:actpass\r\na=msrp-cema\r\n",
    );
    expect(SessionDescription.parse(offer, { strict: true }).oddities).toEqual([]);
  });

  test("RFC 6135 §4.2: two sides that can be reached: the answerer is passive", () => {
    const [alice, bob] = exchange(negotiator("alice"), negotiator("bob"));
    expect(alice).toMatchObject({
      role: "active",
      cema: true,
      connectTo: { host: "198.51.100.20", port: 12_051, tls: false },
    });
    expect(bob).toMatchObject({ role: "passive", cema: true, setup: "passive", connectTo: undefined });
    expect(alice?.toPath.map(String)).toEqual(["msrp://198.51.100.20:12051/bob1;tcp"]);
    expect(bob?.toPath.map(String)).toEqual(["msrp://192.0.2.10:7313/alice1;tcp"]);
  });

  test("RFC 6135 §4.2.2: whoever cannot be reached is active, with port 9 in path and m= alike, whichever side it is", () => {
    const [alice, bob] = exchange(negotiator("alice"), hidden("bob"));
    expect([alice?.role, bob?.role]).toEqual(["passive", "active"]);
    expect(bob?.connectTo).toMatchObject({ host: "192.0.2.10", port: 7313 });
    expect(alice?.remotePath.map(String)).toEqual(["msrp://192.0.2.10:9/bob1;tcp"]);
    const [carol, dave] = exchange(hidden("carol"), negotiator("bob"));
    expect([carol?.role, dave?.role]).toEqual(["active", "passive"]);
    expect(hidden("eve").acceptOffer(hidden("carol").createOffer())).toEqual({
      ok: false,
      sipStatus: 488,
      code: "cannot-listen",
    });
  });

  test("RFC 6135 §4.2.1: neither side ever writes holdconn, nor passive into an offer [6135-4.2.1-03]", () => {
    const [alice, bob] = [negotiator("alice"), negotiator("bob")];
    const texts = [alice.createOffer()];
    texts.push(accepted(bob.acceptOffer(texts[0] ?? "")).answer);
    expect(texts.join("")).not.toContain("holdconn");
    expect(texts[0]).not.toContain("setup:passive");
    expect(
      accepted(negotiator("bob").acceptOffer(sdp([stream({ more: ["a=setup:holdconn"] })]))).answer,
    ).toContain("a=setup:passive");
    expect(
      accepted(negotiator("bob").acceptOffer(sdp([stream({ more: ["a=setup:passive"] })]))).answer,
    ).toContain("a=setup:active");
  });

  test("RFC 6135 §4.3: the active side is the TLS client, offerer or not [6135-4.3-01]", () => {
    const [alice, bob] = exchange(
      negotiator("alice", { secure: true }),
      negotiator("bob", { secure: true, preferPassive: false }),
    );
    expect(bob).toMatchObject({
      role: "active",
      connectTo: { tls: true },
      identity: { by: "name", name: "192.0.2.10" },
    });
    expect(alice).toMatchObject({
      role: "passive",
      connectTo: undefined,
      identity: { by: "name", name: "198.51.100.20" },
    });
  });

  test("RFC 8122 §5: both sides' fingerprints are exchanged with TLS", () => {
    const prints = ["CA", "5F"].map((octet) => [
      { hash: "sha-256", value: new Array(32).fill(octet).join(":") },
    ]);
    const alice = negotiator("alice", { secure: true, fingerprints: prints[0] ?? [] });
    const [ours, theirs] = exchange(
      alice,
      negotiator("bob", { secure: true, fingerprints: prints[1] ?? [] }),
    );
    expect(ours?.identity).toEqual({ by: "fingerprint", fingerprints: prints[1] ?? [] });
    expect(theirs?.identity).toEqual({ by: "fingerprint", fingerprints: prints[0] ?? [] });
  });

  test("RFC 4975 §8.2: session-ids are fresh and long when nobody hands them in [4975-8.2-04]", () => {
    const ids = Array.from(
      { length: 50 },
      () => new Negotiator({ host: "192.0.2.10" }).createOffer().match(/\/([^/;]+);tcp/)?.[1] ?? "",
    );
    expect(new Set(ids).size).toBe(50);
    expect(ids.every((id) => id.length >= 14)).toBe(true);
  });
});

describe("answers", () => {
  test("RFC 3264 §6: own o=, the offer's t=, its number and order of m= lines [3264-6-02] [3264-6-03]", () => {
    const offer = sdp([audio, stream(), stream()]).replace(
      "t=0 0\r\n",
      "t=3724394400 3724398000\r\nr=7d 1h 0\r\n",
    );
    const { answer, refused } = accepted(negotiator("bob").acceptOffer(offer));
    const read = SessionDescription.parse(answer, { strict: true });
    expect(read.timing).toBe("t=3724394400 3724398000\r\nr=7d 1h 0\r\n");
    expect(read.origin.address).toBe("198.51.100.20");
    expect(read.media.map(({ line }) => `${line.media} ${line.port}`)).toEqual([
      "audio 0",
      "message 12051",
      "message 12051",
    ]);
    expect(refused).toEqual([{ index: 0, code: "other-media" }]);
    expect(new Set(read.msrp.map(({ path }) => path[0]?.key)).size).toBe(2);
  });

  test("RFC 3264 §8.2: streams of another stack are answered by it, and offered beside ours", () => {
    const offerer = negotiator("alice");
    expect([offerer.addOther(audio), offerer.addStream()]).toEqual([0, 1]);
    const result = accepted(
      negotiator("bob").acceptOffer(offerer.createOffer(), { other: () => "m=audio 5 RTP/AVP 0\r\n" }),
    );
    const { media, description } = offerer.acceptAnswer(result.answer);
    expect([media.length, media[0]?.index, description.media[0]?.line.port]).toEqual([1, 1, 5]);
  });

  test("RFC 4975 §8.6: nothing in common: 488, and nothing has changed [4975-8.6-08]", () => {
    const bob = negotiator("bob", { preset: "room" });
    expect(bob.acceptOffer(sdp([stream({ types: "text/plain" })]))).toEqual({
      ok: false,
      sipStatus: 488,
      code: "no-common-type",
    });
    expect(bob.acceptOffer(sdp([audio]))).toEqual({ ok: false, sipStatus: 488, code: "other-media" });
    const mixed = accepted(
      bob.acceptOffer(sdp([stream({ types: "text/plain" }), stream({ types: "message/cpim" })])),
    );
    expect([mixed.media.length, mixed.refused]).toEqual([1, [{ index: 0, code: "no-common-type" }]]);
    expect(versionOf(mixed.answer)).toBe("1");
  });

  test("RFC 3264 §8.2: an offer that only ends streams is answered, not refused", () => {
    const bob = negotiator("bob");
    accepted(bob.acceptOffer(sdp()));
    expect(accepted(bob.acceptOffer(sdp([stream({ port: 0 })]))).answer).toContain("m=message 0 TCP/MSRP *");
  });

  test("RFC 3264 §6.1: a direction is answered by what fits it", () => {
    const answered = (offered: string, direction?: "recvonly"): string | undefined => {
      const bob = negotiator("bob", direction === undefined ? {} : { direction });
      return SessionDescription.parse(
        accepted(bob.acceptOffer(sdp([stream({ more: [`a=${offered}`] })]))).answer,
      ).msrp[0]?.direction;
    };
    expect(["sendrecv", "sendonly", "recvonly", "inactive"].map((offered) => answered(offered))).toEqual([
      "sendrecv",
      "recvonly",
      "sendonly",
      "inactive",
    ]);
    expect(answered("recvonly", "recvonly")).toBe("inactive");
  });

  test("RFC 3264 §8: an offer that repeats itself is answered with the same octets [3264-8-03]", () => {
    const bob = negotiator("bob");
    const first = accepted(bob.acceptOffer(sdp()));
    const again = accepted(bob.acceptOffer(sdp()));
    expect(again.answer).toBe(first.answer);
    expect([first.media[0]?.continued, again.media[0]?.continued]).toEqual([false, true]);
  });

  test("an offer that cannot be read is thrown, and nothing has changed", () => {
    const bob = negotiator("bob");
    expect(codeOf(() => bob.acceptOffer("nonsense"))).toBe("bad-line");
    expect(codeOf(() => negotiator("bob", { strict: true }).acceptOffer(sdp([stream({ path: " x" })])))).toBe(
      "bad-path",
    );
    expect(bob.state).toBe("stable");
  });
});

describe("re-offers", () => {
  test("RFC 4975 §8.4, RFC 3264 §8: without any change the octets are those of before, and the session goes on [4975-8.4-03] [4975-8.4-04]", () => {
    const [alice, bob] = [negotiator("alice"), negotiator("bob")];
    const first = alice.createOffer();
    alice.acceptAnswer(accepted(bob.acceptOffer(first)).answer);
    expect(alice.createOffer()).toBe(first);
    const answer = accepted(bob.acceptOffer(first)).answer;
    expect(alice.acceptAnswer(answer).media[0]?.continued).toBe(true);
    // The passive side may make the next offer; paths and session stay, whoever is offerer now.
    const [ofBob, ofAlice] = exchange(bob, alice);
    expect([ofBob?.continued, ofAlice?.continued]).toEqual([true, true]);
    expect(ofBob?.localUri.sessionId).toBe("bob1");
  });

  test("RFC 4975 §8.4: a peer that answers with another path is a new target [4975-8.4-02] [4975-8.4-01]", () => {
    const [alice, bob] = [negotiator("alice"), negotiator("bob")];
    exchange(alice, bob);
    bob.renewPath(0);
    const [ofBob, ofAlice] = exchange(bob, alice);
    expect([ofBob?.continued, ofAlice?.continued]).toEqual([false, false]);
    expect(ofAlice?.toPath.map(String)).toEqual(["msrp://198.51.100.20:12051/bob2;tcp"]);
    // Alice answers with a new URI too: two sessions cannot share one, and the old one still runs.
    expect(ofBob?.toPath.map(String)).toEqual(["msrp://192.0.2.10:7313/alice2;tcp"]);
  });

  test("RFC 4145 §6.2: after a lost connection a new path makes a new session [4145-6.2-01]", () => {
    const [alice, bob] = [negotiator("alice"), negotiator("bob")];
    exchange(alice, bob);
    alice.renewPath(0);
    const [again] = exchange(alice, bob);
    expect([again?.continued, again?.localUri.sessionId, again?.role]).toEqual([false, "alice2", "active"]);
  });

  test("RFC 3264 §8.4: hold is sendonly or inactive, never 0.0.0.0, and 0.0.0.0 is still read [3264-8-08]", () => {
    const [alice, bob] = [negotiator("alice"), negotiator("bob")];
    exchange(alice, bob);
    alice.hold(0);
    const offer = alice.createOffer();
    expect([versionOf(offer), offer.includes("0.0.0.0"), offer.includes("a=sendonly")]).toEqual([
      "2",
      false,
      true,
    ]);
    const answered = accepted(bob.acceptOffer(offer));
    expect(answered.media[0]).toMatchObject({ direction: "recvonly", continued: true });
    expect(alice.acceptAnswer(answered.answer).media[0]?.direction).toBe("sendonly");
    bob.hold(0);
    const [ofBob, ofAlice] = exchange(bob, alice);
    expect([ofBob?.direction, ofAlice?.direction]).toEqual(["inactive", "inactive"]);
    alice.resume(0);
    bob.resume(0);
    expect(exchange(alice, bob).map((media) => media?.direction)).toEqual(["sendrecv", "sendrecv"]);
    const zero = sdp([stream({ path: "msrp://0.0.0.0:7313/K;tcp" })], "0.0.0.0");
    expect(SessionDescription.parse(zero, { strict: true }).msrp[0]?.address).toBe("0.0.0.0");
  });

  test("RFC 3264 §8: m= lines never disappear, and a free one is used again [3264-8-04] [3264-8-05]", () => {
    const [alice, bob] = [negotiator("alice"), negotiator("bob")];
    alice.addStream();
    alice.addStream({ maxSize: 5 });
    exchange(alice, bob);
    alice.removeStream(0);
    const offer = alice.createOffer();
    const read = SessionDescription.parse(offer);
    expect(read.media.map(({ line }) => line.port)).toEqual([0, 7313]);
    const { media } = alice.acceptAnswer(accepted(bob.acceptOffer(offer)).answer);
    expect(media.map(({ index, continued }) => [index, continued])).toEqual([[1, true]]);
    expect(alice.addStream()).toBe(0);
    const [reused, theirs] = exchange(alice, bob);
    expect([reused?.index, reused?.continued, reused?.localUri.sessionId]).toEqual([0, false, "alice3"]);
    expect(theirs?.localUri.sessionId).toBe("bob3");
    expect(codeOf(() => alice.removeStream(5))).toBe("no-stream");
  });

  test("options may change; the path stays and the version grows by one", () => {
    const [alice, bob] = [negotiator("alice"), negotiator("bob")];
    exchange(alice, bob);
    alice.updateStream(0, { maxSize: 99, acceptTypes: ["text/plain"] });
    const offer = alice.createOffer();
    expect([versionOf(offer), offer.includes("a=max-size:99")]).toEqual(["2", true]);
    expect(accepted(bob.acceptOffer(offer)).media[0]).toMatchObject({ peerMaxSize: 99, continued: true });
  });

  test("what was meant for our next offer goes into our answer, if the peer offers first", () => {
    const [alice, bob] = [negotiator("alice"), negotiator("bob")];
    alice.addStream();
    alice.addStream();
    exchange(alice, bob);
    bob.hold(0);
    bob.renewPath(0);
    bob.removeStream(1);
    const result = accepted(bob.acceptOffer(alice.createOffer()));
    expect(result.media).toMatchObject([{ direction: "sendonly", continued: false }]);
    expect(result.refused).toEqual([{ index: 1, code: "declined" }]);
    expect(alice.acceptAnswer(result.answer).media[0]?.toPath[0]?.sessionId).toBe("bob3");
  });

  test("an unreachable side that wrote port 9 keeps its path and its role in later offers", () => {
    const [alice, bob] = [negotiator("alice"), hidden("bob")];
    exchange(alice, bob);
    const [ofBob, ofAlice] = exchange(bob, alice);
    expect([ofBob?.role, ofBob?.continued, ofAlice?.role, ofAlice?.continued]).toEqual([
      "active",
      true,
      "passive",
      true,
    ]);
  });
});

describe("order of events", () => {
  test("RFC 3264 §4: no second offer while one is open, from either side [3264-4-01]", () => {
    const [alice, bob] = [negotiator("alice"), negotiator("bob")];
    exchange(alice, bob);
    alice.createOffer();
    expect(alice.state).toBe("have-local-offer");
    for (const action of [
      () => alice.createOffer(),
      () => alice.hold(0),
      () => alice.addStream(),
      () => alice.removeStream(0),
      () => alice.addOther(audio),
    ]) {
      expect(codeOf(action)).toBe("offer-pending");
    }
    expect(alice.acceptOffer(bob.createOffer())).toEqual({ ok: false, sipStatus: 491, code: "glare" });
    // Both withdraw, and one of them tries again.
    alice.rejectOffer();
    bob.rejectOffer();
    expect(exchange(bob, alice).map((media) => media?.continued)).toEqual([true, true]);
  });

  test("RFC 3264 §4: a rejected offer leaves all as it was [3264-4-02]", () => {
    const [alice, bob] = [negotiator("alice"), negotiator("bob")];
    exchange(alice, bob);
    alice.hold(0);
    alice.addStream();
    const refused = alice.createOffer();
    alice.rejectOffer();
    const offer = alice.createOffer();
    expect(SessionDescription.parse(offer).media.length).toBe(1);
    expect(offer).not.toContain("a=sendonly");
    // Another text was sent meanwhile, so the version still grows.
    expect([versionOf(refused), versionOf(offer)]).toEqual(["2", "3"]);
    expect(alice.acceptAnswer(accepted(bob.acceptOffer(offer)).answer).media[0]?.continued).toBe(true);
  });

  test("answers and refusals without an offer are the caller's fault, unusable ones leave the offer open", () => {
    const alice = negotiator("alice");
    expect(codeOf(() => alice.acceptAnswer(sdp()))).toBe("no-offer");
    expect(codeOf(() => alice.rejectOffer())).toBe("no-offer");
    expect(codeOf(() => alice.hold(0))).toBe("no-stream");
    alice.createOffer();
    expect(codeOf(() => alice.acceptAnswer(sdp([stream(), stream()])))).toBe("media-count");
    expect(alice.state).toBe("have-local-offer");
    expect(alice.acceptAnswer(sdp([stream({ port: 0 })])).refused).toEqual([{ index: 0, code: "rejected" }]);
    expect(alice.state).toBe("stable");
    expect(codeOf(() => new Negotiator({ host: "b\u00fccher.example" }))).toBe("bad-host");
  });

  test("RFC 3264 §6.1: a refused stream's place is used by the next stream", () => {
    const alice = negotiator("alice");
    alice.createOffer();
    alice.acceptAnswer(sdp([stream({ port: 0 })]));
    expect(alice.addStream()).toBe(0);
    expect(alice.createOffer()).toContain("m=message 7313");
  });
});

describe("middleboxes and relays", () => {
  const through = (text: string): string =>
    text.replace(/c=IN IP4 .*/, "c=IN IP4 203.0.113.200").replace(/m=message \d+/, "m=message 40100");

  test("RFC 6714 §4: a middlebox in c= and m= is connected to, and the paths stay end to end", () => {
    const [alice, bob] = [negotiator("alice"), negotiator("bob")];
    const result = accepted(bob.acceptOffer(through(alice.createOffer())));
    const [media] = alice.acceptAnswer(through(result.answer)).media;
    expect(media).toMatchObject({ cema: true, connectTo: { host: "203.0.113.200", port: 40_100 } });
    expect(media?.toPath.map(String)).toEqual(["msrp://198.51.100.20:12051/bob1;tcp"]);
    expect(result.media[0]?.role).toBe("passive");
  });

  test("RFC 6714 §4.2: a peer without CEMA behind a middlebox gets a second offer without it [6714-4.2-08]", () => {
    const [alice, bob] = [negotiator("alice"), negotiator("bob", { cema: false, preferPassive: false })];
    const first = alice.acceptAnswer(through(accepted(bob.acceptOffer(through(alice.createOffer()))).answer));
    expect([first.needsOffer, first.media.length]).toEqual([true, 0]);
    const second = alice.createOffer();
    expect([second.includes("msrp-cema"), versionOf(second)]).toEqual([false, "2"]);
    expect(alice.acceptAnswer(accepted(bob.acceptOffer(second)).answer)).toMatchObject({
      needsOffer: false,
      media: [{ cema: false, role: "passive" }],
    });
  });

  test("RFC 6714 §4.3: an offer without CEMA whose c= is not the path is refused with 488", () => {
    const plain = through(negotiator("alice", { cema: false }).createOffer());
    expect(negotiator("bob").acceptOffer(plain)).toEqual({
      ok: false,
      sipStatus: 488,
      code: "address-mismatch",
    });
  });

  test("RFC 6714 §4.4: names are resolved by whoever calls", () => {
    const offer = negotiator("alice", {
      host: "alice.example",
      address: "192.0.2.10",
      cema: false,
    }).createOffer();
    expect(negotiator("bob").acceptOffer(offer).ok).toBe(false);
    const resolved = (name: string): string[] | undefined =>
      name === "alice.example" ? ["192.0.2.10"] : undefined;
    expect(negotiator("bob").acceptOffer(offer, { resolved }).ok).toBe(true);
  });

  test("RFC 6714 §4.3, RFC 4976 §5.1: sides behind relays offer actpass, answer passive, and dial their relay", () => {
    const usePath = [MsrpUri.parse("msrps://relay.example:2855/R;tcp")];
    const [alice, bob] = [negotiator("alice", { usePath, secure: true }), negotiator("bob")];
    const offer = alice.createOffer();
    expect(offer).toContain("c=IN IP4 relay.example");
    expect(offer).toContain(
      "a=path:msrps://relay.example:2855/R;tcp msrps://192.0.2.10:7313/alice1;tcp\r\na=setup:actpass\r\na=msrp-cema",
    );
    const bobTls = negotiator("bob", { secure: true });
    const result = accepted(bobTls.acceptOffer(offer));
    expect(result.media[0]).toMatchObject({
      role: "active",
      cema: true,
      connectTo: { host: "relay.example", port: 2855, tls: true },
    });
    const [media] = alice.acceptAnswer(result.answer).media;
    expect(media).toMatchObject({ role: "passive", connectTo: { host: "relay.example" } });
    expect(media?.toPath.map(({ sessionId }) => sessionId)).toEqual(["R", "bob1"]);
    const relayed = accepted(
      negotiator("alice", { usePath, secure: true }).acceptOffer(
        negotiator("bob", { secure: true }).createOffer(),
      ),
    );
    expect(relayed.answer).toContain("a=setup:passive");
    expect(bob.state).toBe("stable");
  });
});
