// Suite of sessions from SDP, part 3: new offers that keep or change the path, are refused, or end a stream.
import { afterEach, expect, test } from "#test";
import type { Session } from "../../core/session/session.ts";
import {
  type Endpoint,
  Endpoints,
  exchange,
  type NegotiationSubject,
  nextText,
  sessionsOf,
  taken,
  talk,
} from "../support/negotiation.ts";

const originOf = (sdp: string): string | undefined => /^o=(.*)\r$/m.exec(sdp)?.[1];
const pathOf = (sdp: string): string | undefined => /^a=path:(.*)\r$/m.exec(sdp)?.[1];

/** Declares the tests of this part. */
export function updateTests(subject: NegotiationSubject): void {
  const endpoints = new Endpoints(subject);
  afterEach(() => endpoints.close());

  async function running(): Promise<{
    alice: Endpoint;
    bob: Endpoint;
    one: Session;
    other: Session;
    offer: string;
  }> {
    const [alice, bob] = [await endpoints.make(), await endpoints.make()];
    const exchanged = await exchange(alice.negotiator, bob.negotiator);
    const [one, other] = await sessionsOf(exchanged);
    return { alice, bob, one, other, offer: exchanged.offer };
  }

  test("RFC 4975 §8.4: the passive side offers anew: same sessions, same connection, same o= [4975-8.4-03, 4975-8.4-04]", async () => {
    const { alice, bob, one, other, offer } = await running();
    const same = await exchange(alice.negotiator, bob.negotiator);
    expect([same.offer === offer, originOf(same.offer)]).toEqual([true, originOf(offer)]);
    const again = await exchange(bob.negotiator, alice.negotiator);
    expect(again.offerer.session === other && again.answerer.session === one).toBe(true);
    expect(again.offerer.streams[0]?.media.continued).toBe(true);
    expect([alice.app.sessionCount, alice.app.connectionCount, bob.app.connectionCount]).toEqual([1, 1, 1]);
    expect(alice.dialled.length + bob.dialled.length).toBe(1);
    expect(await talk(one, other)).toEqual(["from one", "from the other"]);
  });

  test("RFC 3264 §8.3.1: a new path in an offer: the old session runs until the new one is in use [3264-8-07, 4975-8.4-01]", async () => {
    const { alice, bob, one, other, offer } = await running();
    alice.negotiator.renewPath();
    const next = alice.negotiator.createOffer();
    expect(pathOf(next) === pathOf(offer)).toBe(false);
    expect(await talk(one, other)).toEqual(["from one", "from the other"]);
    const answered = taken(await bob.negotiator.acceptOffer(next));
    // Bob has answered and Alice does not know it: the old path still carries messages both ways.
    expect([one.state, other.state]).toEqual(["bound", "bound"]);
    expect(await talk(one, other)).toEqual(["from one", "from the other"]);
    const settled = await alice.negotiator.acceptAnswer(answered.answer);
    const [newOne, newOther] = [settled.session as Session, answered.session as Session];
    expect([newOne === one, newOther === other]).toEqual([false, false]);
    await Promise.all([newOne.ready, newOther.ready]);
    expect(await talk(newOne, newOther)).toEqual(["from one", "from the other"]);
    expect([await one.closed, await other.closed]).toEqual([undefined, undefined]);
    expect([alice.app.sessionCount, bob.app.sessionCount]).toEqual([1, 1]);
  });

  test("RFC 3264 §8.3.1: a new path in an answer, likewise [3264-8-07, 4975-8.4-02]", async () => {
    const { alice, bob, one, other } = await running();
    bob.negotiator.renewPath();
    const offer = alice.negotiator.createOffer();
    const answered = taken(await bob.negotiator.acceptOffer(offer));
    expect(other.state).toBe("bound");
    const settled = await alice.negotiator.acceptAnswer(answered.answer);
    const [newOne, newOther] = [settled.session as Session, answered.session as Session];
    await Promise.all([newOne.ready, newOther.ready]);
    expect(await talk(newOne, newOther)).toEqual(["from one", "from the other"]);
    // Alice kept her URI, which has one session at a time, so her old session made way.
    expect([newOne.local.text, one.state]).toEqual([one.local.text, "failed"]);
    await other.closed;
    expect([alice.app.sessionCount, bob.app.sessionCount]).toEqual([1, 1]);
  });

  test("RFC 3264 §8.3.1: a new path that leads nowhere does not end the old session", async () => {
    const { alice, bob, one, other } = await running();
    const gone = await subject.listen(alice.app.accept);
    const port = gone.uri.port as number;
    await gone.close();
    alice.negotiator.renewPath();
    const exchanged = await exchange(alice.negotiator, bob.negotiator, {
      answer: (text) =>
        text
          .replaceAll(`:${bob.listener?.uri.port}/`, `:${port}/`)
          .replace(/m=message \d+/, `m=message ${port}`),
    });
    await exchanged.offerer.session?.closed;
    expect([exchanged.offerer.session?.state, one.state]).toEqual(["failed", "bound"]);
    expect(await talk(one, other)).toEqual(["from one", "from the other"]);
    // The next offer brings a path of its own, and with it the change.
    const again = await exchange(alice.negotiator, bob.negotiator);
    const [newOne, newOther] = await sessionsOf(again);
    expect(await talk(newOne, newOther)).toEqual(["from one", "from the other"]);
    await Promise.all([one.closed, other.closed]);
  });

  test("RFC 3264 §4: a refused new offer changes nothing [3264-4-02]", async () => {
    const { alice, bob, one, other } = await running();
    alice.negotiator.renewPath();
    alice.negotiator.addStream();
    const offer = alice.negotiator.createOffer();
    const refused = await bob.negotiator.acceptOffer(offer, { decide: () => "reject" });
    expect(refused).toEqual({ ok: false, sipStatus: 488, code: "declined" });
    alice.negotiator.rejectOffer();
    expect([alice.app.sessionCount, bob.app.sessionCount]).toEqual([1, 1]);
    expect(await talk(one, other)).toEqual(["from one", "from the other"]);
    const again = await exchange(alice.negotiator, bob.negotiator);
    expect([again.offerer.session, again.answerer.session]).toEqual([one, other]);
  });

  test("RFC 4975 §5.4: a session that has failed comes back with a new offer and new URIs [4975-5.4-16, 4145-6.2-01]", async () => {
    const { alice, bob, one, other, offer } = await running();
    one.abort();
    other.abort();
    const again = await exchange(alice.negotiator, bob.negotiator);
    expect(pathOf(again.offer) === pathOf(offer)).toBe(false);
    const [newOne, newOther] = await sessionsOf(again);
    expect([newOne === one, newOther === other]).toEqual([false, false]);
    expect(await talk(newOne, newOther)).toEqual(["from one", "from the other"]);
  });

  test("RFC 4975 §5.4: only the answerer's session has failed: its answer has a new path", async () => {
    const { alice, bob, one, other } = await running();
    other.abort();
    const again = await exchange(alice.negotiator, bob.negotiator);
    expect(again.answerer.streams[0]?.media.continued).toBe(false);
    const [newOne, newOther] = await sessionsOf(again);
    expect(newOther === other).toBe(false);
    expect(await talk(newOne, newOther)).toEqual(["from one", "from the other"]);
    await one.closed;
  });

  test("RFC 3264 §8.2: a stream that is removed ends its session; its place can be used again [3264-8-04, 3264-8-05, 3264-8-06]", async () => {
    const { alice, bob, one, other } = await running();
    alice.negotiator.addStream();
    const both = await exchange(alice.negotiator, bob.negotiator);
    expect(both.offerer.streams.map(({ index }) => index)).toEqual([0, 1]);
    alice.negotiator.removeStream(0);
    const removed = await exchange(alice.negotiator, bob.negotiator);
    expect(removed.answer.match(/^m=message \d+/gm)?.[0]).toBe("m=message 0");
    expect([await one.closed, await other.closed]).toEqual([undefined, undefined]);
    expect([alice.app.sessionCount, bob.app.sessionCount]).toEqual([1, 1]);
    expect(alice.negotiator.addStream()).toBe(0);
    const reused = await exchange(alice.negotiator, bob.negotiator);
    expect(reused.offerer.streams.map(({ index }) => index)).toEqual([0, 1]);
    const [newOne, newOther] = await sessionsOf(reused);
    expect(await talk(newOne, newOther)).toEqual(["from one", "from the other"]);
  });

  test("a session that the application has closed ends its stream in the next description, whoever offers", async () => {
    for (const offers of ["alice", "bob"] as const) {
      const { alice, bob, one, other } = await running();
      await one.close();
      const [offerer, answerer] = offers === "alice" ? [alice, bob] : [bob, alice];
      const offer = offerer.negotiator.createOffer();
      const answered = await answerer.negotiator.acceptOffer(offer);
      if (offers === "alice") {
        expect(offer).toContain("m=message 0 ");
        taken(answered);
        expect(await other.closed).toBe(undefined);
      } else expect(answered).toEqual({ ok: false, sipStatus: 488, code: "declined" });
    }
  });

  test("RFC 3264 §8: sections of another stack stand beside ours and are left alone", async () => {
    const [alice, bob] = [await endpoints.make(), await endpoints.make()];
    alice.negotiator.addOther("m=audio 49170 RTP/AVP 0\r\n");
    alice.negotiator.addStream();
    const exchanged = await exchange(alice.negotiator, bob.negotiator, {
      answering: { other: () => "m=audio 49172 RTP/AVP 0\r\n" },
    });
    expect(exchanged.answer).toContain("m=audio 49172 RTP/AVP 0\r\n");
    expect(exchanged.offerer.streams.map(({ index }) => index)).toEqual([1]);
    const [one, other] = await sessionsOf(exchanged);
    await one.send("beside").accepted;
    expect(await nextText(other)).toBe("beside");
    expect([one.state, other.state]).toEqual(["bound", "bound"]);
  });
}
