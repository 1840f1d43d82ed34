// Suite of sessions from SDP, part 4: where connections go when c=, m= and the path disagree, when names stand in them, and
// when something on the way rewrites them.
import { afterEach, expect, test } from "#test";
import type { Session } from "../../core/session/session.ts";
import {
  type Endpoint,
  type EndpointOptions,
  Endpoints,
  exchange,
  type NegotiationSubject,
  nextText,
  sessionsOf,
  taken,
  talk,
} from "../support/negotiation.ts";
import { rejection } from "../support/nodes.ts";

/** SDP as a middlebox that knows nothing of MSRP passes it on: c= and m= are its own, the path is not touched. */
function throughMiddlebox(host: string, port: number): (sdp: string) => string {
  return (sdp) =>
    sdp
      .replace(/^c=IN IP([46]) .*\r$/gm, (_line, family: string) => `c=IN IP${family} ${host}\r`)
      .replace(/^m=message \d+/gm, `m=message ${port}`);
}

/** SDP as a device that rewrites every address passes it on, those of the path as well. */
function rewritten(host: string, port: number): (sdp: string) => string {
  return (sdp) => throughMiddlebox(host, port)(sdp).replace(/msrp:\/\/[^/]+\//g, `msrp://${host}:${port}/`);
}

/** Declares the tests of this part. */
export function addressTests(subject: NegotiationSubject): void {
  const endpoints = new Endpoints(subject);
  afterEach(() => endpoints.close());
  const { host } = subject;

  /** Another way into an endpoint, as a middlebox gives one. */
  async function wayInto(endpoint: Endpoint): Promise<number> {
    return (await endpoints.listen(endpoint.app.accept)).uri.port as number;
  }

  test("RFC 6714 §4.2: with CEMA the active side connects to c= and m=, and To-Path keeps the path [6714-4.2-10, 6714-4.4-04, 6714-4.3-08]", async () => {
    for (const answererListens of [true, false]) {
      const alice = await endpoints.make();
      const bob = await endpoints.make({ listens: answererListens });
      const [passive, active] = answererListens ? [bob, alice] : [alice, bob];
      const port = await wayInto(passive);
      const middlebox = throughMiddlebox(host, port);
      const exchanged = await exchange(alice.negotiator, bob.negotiator, {
        offer: answererListens ? (text) => text : middlebox,
        answer: answererListens ? middlebox : (text) => text,
      });
      const [one, other] = await sessionsOf(exchanged);
      expect(active.dialled).toEqual([`${host}:${port}`]);
      const [there, back] = answererListens ? [other, one] : [one, other];
      expect(back.remote.map(String)).toEqual([there.local.text]);
      expect(await talk(one, other)).toEqual(["from one", "from the other"]);
      await endpoints.close();
    }
  });

  test("RFC 6714 §6.3: two sessions through a middlebox are two connections, keyed on what is dialled [6714-6.3-01]", async () => {
    const [alice, bob] = [await endpoints.make(), await endpoints.make()];
    const ports = [await wayInto(bob), await wayInto(bob)] as const;
    const sessions: Session[] = [];
    for (const port of [ports[0], ports[1], ports[1]]) {
      const exchanged = await exchange(alice.another(), bob.another(), {
        answer: throughMiddlebox(host, port),
      });
      sessions.push(...(await sessionsOf(exchanged)));
    }
    expect(alice.dialled).toEqual(ports.map((port) => `${host}:${port}`));
    expect(alice.app.connectionCount).toBe(2);
    expect(await talk(sessions[0] as Session, sessions[1] as Session)).toEqual([
      "from one",
      "from the other",
    ]);
  });

  test("RFC 6714 §4.2: an answer without CEMA from behind a middlebox: a new offer without it must follow [6714-4.2-04, 6714-4.2-07]", async () => {
    const [alice, bob] = [await endpoints.make(), await endpoints.make({ listens: false })];
    const middlebox = throughMiddlebox("192.0.2.99", 4000);
    const first = await exchange(alice.negotiator, bob.negotiator, {
      answer: (text) => middlebox(text).replace("a=msrp-cema\r\n", ""),
    });
    expect([first.offerer.needsOffer, first.offerer.session]).toEqual([true, undefined]);
    expect(first.offerer.refused).toEqual([{ index: 0, code: "new-offer-without-cema" }]);
    const [waiting] = alice.app.sessions;
    const second = await exchange(alice.negotiator, bob.negotiator);
    expect([first.offer, second.offer].map((text) => text.includes("a=msrp-cema"))).toEqual([true, false]);
    const [one, other] = await sessionsOf(second);
    // The URI was in both offers, and so it is one session.
    expect([one === waiting, second.offerer.needsOffer]).toEqual([true, false]);
    expect(await talk(one, other)).toEqual(["from one", "from the other"]);
  });

  test("RFC 6714 §4.3: an offer without CEMA whose c= is not in its path is refused, names are resolved first [6714-4.3-01, 6714-4.4-02]", async () => {
    const asked: string[] = [];
    const resolving: EndpointOptions = {
      adapter: {
        resolveHost: async (name) => {
          asked.push(name);
          if (name === "nobody.test") throw new Error("no such name");
          return name === "alice.test" ? ["192.0.2.77", host] : [];
        },
      },
    };
    const alice = await endpoints.make();
    const named = (name: string) => (sdp: string) =>
      sdp.replace("a=msrp-cema\r\n", "").replace(/^(a=path:msrp:\/\/)[^:]+/m, `$1${name}`);
    for (const [name, result] of [
      ["alice.test", "ok"],
      ["other.test", "address-mismatch"],
      ["nobody.test", "address-mismatch"],
    ] as const) {
      const bob = await endpoints.make(resolving);
      const offerer = alice.another();
      const answered = await bob.negotiator.acceptOffer(named(name)(offerer.createOffer()));
      expect(answered.ok ? "ok" : answered.code).toBe(result);
      offerer.rejectOffer();
    }
    expect(asked).toEqual(["alice.test", "other.test", "nobody.test"]);
    // What text alone shows to be equal costs no query.
    await exchange(alice.another(), (await endpoints.make(resolving)).negotiator);
    expect(asked.length).toBe(3);
  });

  test("path matching session-id: a device that rewrites every address is survived; strict answers 481 [4975-6.1-01]", async () => {
    for (const pathMatching of ["session-id", "cema", "strict"] as const) {
      const alice = await endpoints.make({ node: { pathMatching } });
      const bob = await endpoints.make({ node: { pathMatching } });
      const [intoAlice, intoBob] = [await wayInto(alice), await wayInto(bob)];
      const exchanged = await exchange(alice.negotiator, bob.negotiator, {
        offer: rewritten(host, intoAlice),
        answer: rewritten(host, intoBob),
      });
      const [one, other] = [exchanged.offerer.session as Session, exchanged.answerer.session as Session];
      if (pathMatching === "strict") {
        expect((await rejection<{ code: string }>(one.ready)).code).toBe("no-such-session");
      } else {
        await Promise.all([one.ready, other.ready]);
        expect(await talk(one, other)).toEqual(["from one", "from the other"]);
      }
      await endpoints.close();
    }
  });

  test("RFC 4975 §8.2: a path of several URIs is the To-Path, and its first hop is connected to [4975-8.2-03, 4975-8.3-01]", async () => {
    const bob = await endpoints.make({ negotiator: { cema: false } });
    const relay = await endpoints.make({ node: { acceptUnknown: () => true } });
    const offer = [
      "v=0",
      "o=- 1 1 IN IP4 192.0.2.1",
      "s=-",
      "c=IN IP4 192.0.2.1",
      "t=0 0",
      `m=message ${relay.listener?.uri.port} TCP/MSRP *`,
      "a=accept-types:*",
      "a=setup:passive",
      `a=path:msrp://${host}:${relay.listener?.uri.port}/relay1;tcp msrp://192.0.2.1:2855/alice1;tcp`,
      "",
    ].join("\r\n");
    const { session } = taken(await bob.negotiator.acceptOffer(offer));
    expect(session?.remote.map(String)).toEqual([
      `msrp://${host}:${relay.listener?.uri.port}/relay1;tcp`,
      "msrp://192.0.2.1:2855/alice1;tcp",
    ]);
    expect(bob.dialled).toEqual([`${host}:${relay.listener?.uri.port}`]);
    // The hop is no relay: it does not know the rest of the path.
    expect((await rejection<{ code: string }>((session as Session).ready)).code).toBe("no-such-session");
  });

  test("RFC 4975 §14.5: a plugin is asked before the address of an answer is dialled [4975-14.5-03]", async () => {
    const [alice, bob] = [await endpoints.make(), await endpoints.make()];
    const { definePlugin } = await import("../../core/node/plugin.ts");
    const asked: string[] = [];
    alice.app.use(
      definePlugin({
        name: "no-strangers",
        connect: (c, next) => {
          if (c.direction === "inbound") return next();
          asked.push(`${c.target?.host}:${c.target?.port}`);
          return c.reject(403);
        },
      }),
    );
    const exchanged = await exchange(alice.negotiator, bob.negotiator);
    const session = exchanged.offerer.session as Session;
    expect((await rejection<{ code: string }>(session.ready)).code).toBe("connect-refused");
    expect([asked, alice.dialled]).toEqual([[`${host}:${bob.listener?.uri.port}`], []]);
  });

  test("a port forwarding: the port that peers see is written, the listener keeps its own", async () => {
    const alice = await endpoints.make();
    const outside = await wayInto(alice);
    const offerer = alice.another({ port: outside });
    const bob = await endpoints.make({ listens: false });
    const exchanged = await exchange(offerer, bob.negotiator);
    expect(exchanged.offer).toContain(`m=message ${outside} `);
    const [one, other] = await sessionsOf(exchanged);
    await other.send("through the forwarding").accepted;
    expect(await nextText(one)).toBe("through the forwarding");
  });
}
