// Suite of sessions from SDP, part 2: types, sizes and directions that were negotiated are kept to, on both sides.
import { afterEach, expect, test } from "#test";
import type { Session } from "../../core/session/session.ts";
import {
  type EndpointOptions,
  Endpoints,
  exchange,
  type NegotiationSubject,
  nextText,
  sessionsOf,
  talk,
} from "../support/negotiation.ts";
import { rejection, thrown } from "../support/nodes.ts";

interface Failed {
  readonly code: string;
  readonly status?: number;
}

/** Declares the tests of this part. */
export function contentTests(subject: NegotiationSubject): void {
  const endpoints = new Endpoints(subject);
  afterEach(() => endpoints.close());

  async function pair(alice: EndpointOptions = {}, bob: EndpointOptions = {}) {
    const ends = { alice: await endpoints.make(alice), bob: await endpoints.make(bob) };
    const exchanged = await exchange(ends.alice.negotiator, ends.bob.negotiator);
    const [one, other] = await sessionsOf(exchanged);
    return { ...ends, ...exchanged, one, other };
  }

  test("RFC 4975 §8.6: types that the peer did not signal are not sent, nor wrapped ones as root [4975-8.6-09, 4975-8.6-10, 3264-7-01]", async () => {
    const { one, other } = await pair(
      {},
      { negotiator: { acceptTypes: ["message/cpim", "text/plain"], acceptWrappedTypes: ["text/html"] } },
    );
    for (const contentType of ["image/png", "text/html"]) {
      expect(thrown<Failed>(() => one.send("no", { contentType })).code).toBe("type-not-accepted");
    }
    await one.send("yes", { contentType: "text/plain;charset=utf-8" }).accepted;
    expect(await nextText(other)).toBe("yes");
  });

  test("RFC 4975 §8.6: what this side did not list is answered 415, whatever the peer believes [4975-8.6-09]", async () => {
    const alice = await endpoints.make();
    const bob = await endpoints.make({
      negotiator: { acceptTypes: ["text/plain"], acceptWrappedTypes: ["text/html"] },
    });
    const believing = (text: string): string => text.replace(/a=accept-types:.*/, "a=accept-types:*");
    const exchanged = await exchange(alice.negotiator, bob.negotiator, { answer: believing });
    const [one] = await sessionsOf(exchanged);
    for (const contentType of ["image/png", "text/html"]) {
      const failed = await rejection<Failed>(one.send("no", { contentType }).accepted);
      expect([failed.code, failed.status]).toEqual(["refused", 415]);
    }
  });

  test("RFC 4975 §8.6: nothing longer than the peer's max-size is sent [4975-8.6-11, 4975-8.6-12]", async () => {
    const { one, other, answer } = await pair({}, { negotiator: { maxSize: 10 } });
    expect(answer).toContain("a=max-size:10\r\n");
    expect(thrown<Failed>(() => one.send("eleven octs")).code).toBe("message-too-large");
    await one.send("ten octets").accepted;
    expect(await nextText(other)).toBe("ten octets");
    await other.send("no limit in this direction").accepted;
  });

  test("RFC 4975 §8.9: on hold the peer sends no content; reports, bodiless and control SENDs go on [4975-8.9-01]", async () => {
    const { alice, bob, one, other } = await pair();
    alice.negotiator.hold();
    const held = await exchange(alice.negotiator, bob.negotiator);
    expect([held.offer, held.answer].map((text) => /a=(sendonly|recvonly)/.exec(text)?.[1])).toEqual([
      "sendonly",
      "recvonly",
    ]);
    expect([held.offerer.session, held.answerer.session]).toEqual([one, other]);
    expect(thrown<Failed>(() => other.send("held back")).code).toBe("not-sending");
    // The side that put it on hold goes on, and the other one reports.
    await one.send("still heard", { successReport: true }).delivered;
    expect(await nextText(other)).toBe("still heard");
    await other.send(undefined).accepted;
    const control = [
      { contentType: "message/imdn+xml" },
      { contentType: "application/im-iscomposing+xml;charset=utf-8" },
      { contentType: "message/cpim", control: true },
    ];
    for (const options of control) await other.send("<control/>", options).accepted;
    const dressed = { contentType: "message/imdn+xml", control: false };
    expect(thrown<Failed>(() => other.send("ordinary", dressed)).code).toBe("not-sending");

    alice.negotiator.resume();
    await exchange(alice.negotiator, bob.negotiator);
    const heard: string[] = [];
    one.onMessage(async (message) => void heard.push(await message.text()));
    await other.send("again").accepted;
    expect(heard.length).toBe(4);
    expect([alice.app.connectionCount, bob.app.connectionCount]).toEqual([1, 1]);
  });

  test("RFC 4975 §8.9: an active side that is told to receive only still sends its first SEND [4975-8.9-01]", async () => {
    const { one, other } = await pair({ negotiator: { direction: "recvonly" } });
    expect([one.role, other.role]).toEqual(["active", "passive"]);
    expect(thrown<Failed>(() => one.send("no")).code).toBe("not-sending");
    await other.send("listen").accepted;
    expect(await nextText(one)).toBe("listen");
  });

  test("RFC 3264 §8.4: both on hold is inactive, and nobody sends content", async () => {
    const { alice, bob, one, other } = await pair();
    alice.negotiator.hold();
    await exchange(alice.negotiator, bob.negotiator);
    bob.negotiator.hold();
    const { offer, answer } = await exchange(bob.negotiator, alice.negotiator);
    expect([offer, answer].map((text) => /a=(sendonly|inactive)/.exec(text)?.[1])).toEqual([
      "sendonly",
      "inactive",
    ]);
    for (const session of [one, other])
      expect(thrown<Failed>(() => session.send("no")).code).toBe("not-sending");
  });

  test("RFC 4975 §8.4: a new offer changes types and sizes of the running session", async () => {
    const { alice, bob, one, other } = await pair({}, { negotiator: { acceptTypes: ["text/plain"] } });
    expect(thrown<Failed>(() => one.send("<p>", { contentType: "text/html" })).code).toBe(
      "type-not-accepted",
    );
    bob.negotiator.updateStream(0, { acceptTypes: ["text/plain", "text/html"], maxSize: 5 });
    const { offerer } = await exchange(bob.negotiator, alice.negotiator);
    expect(offerer.session).toBe(other);
    await one.send("<p>", { contentType: "text/html" }).accepted;
    expect(thrown<Failed>(() => one.send("too long")).code).toBe("message-too-large");
    // The own list counts as well: bob takes text/html now, and takes it no more after the next offer.
    bob.negotiator.updateStream(0, { acceptTypes: ["text/plain"] });
    const believing = (text: string): string => text.replace(/a=accept-types:.*/, "a=accept-types:*");
    await exchange(bob.negotiator, alice.negotiator, { offer: believing });
    const failed = await rejection<Failed>(one.send("<p>", { contentType: "text/html" }).accepted);
    expect(failed.status).toBe(415);
  });

  test("RFC 4975 §7.3.1: sessions of one node have each their own types", async () => {
    const bob = await endpoints.make({ negotiator: { acceptTypes: ["text/plain"] } });
    const alice = await endpoints.make();
    const [one] = await sessionsOf(await exchange(alice.negotiator, bob.negotiator));
    const [two] = await sessionsOf(
      await exchange(alice.another(), bob.another({ acceptTypes: ["image/png"] })),
    );
    const refusedBy = (session: Session, contentType: string): string | undefined => {
      try {
        session.send("x", { contentType });
        return undefined;
      } catch (error) {
        return (error as Failed).code;
      }
    };
    expect(["text/plain", "image/png"].map((type) => refusedBy(one, type))).toEqual([
      undefined,
      "type-not-accepted",
    ]);
    expect(["text/plain", "image/png"].map((type) => refusedBy(two, type))).toEqual([
      "type-not-accepted",
      undefined,
    ]);
  });

  test("what was agreed holds in both directions at once", async () => {
    const { one, other } = await pair();
    expect(await talk(one, other)).toEqual(["from one", "from the other"]);
  });
}
