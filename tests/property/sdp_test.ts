// Properties of core/sdp: round trips of any text that is read, any two endpoints agree, hostile text only fails in one way.
// Cases are drawn by fast-check; FC_RUNS sets how many.
import fc from "fast-check";
import { describe, expect, test } from "#test";
import { MsrpError, RemoteProtocolError } from "../../core/errors.ts";
import { canonicalHost, isIpv6 } from "../../core/sdp/address.ts";
import { type Direction, Negotiator, SessionDescription, type StreamOptions } from "../../core/sdp/mod.ts";
import { runs } from "../harness/runs.ts";

const value = fc.stringMatching(/^[ -~\u00e4\u20ac]{1,20}$/);
const name = fc
  .stringMatching(/^[a-z][a-z0-9-]{0,10}$/)
  .filter((text) => !/^(path|accept-types|max-size|setup|fingerprint)$/.test(text));
const attribute = fc.oneof(
  name.map((text) => `a=${text}`),
  fc.tuple(name, value).map(([text, word]) => `a=${text}:${word}`),
);
const ending = fc.constantFrom("\r\n", "\n");
const other = fc.constantFrom("m=audio 49170/2 RTP/AVP 0 8", "m=video 0 RTP/AVPF 31", "m=image 5 udptl t38");
const msrp = fc.constantFrom("message 7313 TCP/MSRP *", "message 0 TCP/MSRP *").map((line) => `m=${line}`);
const required = ["a=accept-types:text/plain *", "a=path:msrp://192.0.2.10:7313/K;tcp"];

const description = fc
  .tuple(
    fc.array(attribute, { maxLength: 3 }),
    fc.array(
      fc.oneof(
        fc.tuple(other, fc.array(attribute, { maxLength: 4 })).map(([line, more]) => [line, ...more]),
        fc
          .tuple(msrp, fc.array(attribute, { maxLength: 4 }))
          .map(([line, more]) => [line, ...required, ...more]),
      ),
      { maxLength: 4 },
    ),
    ending,
  )
  .map(([session, media, end]) => {
    const head = [
      "v=0",
      "o=- 9007199254740993 1 IN IP4 192.0.2.10",
      "s= ",
      "c=IN IP4 192.0.2.10",
      "b=X-y:1",
      "t=0 0",
    ];
    return [...head, ...session, ...media.flat()].map((line) => line + end).join("");
  });

const options = fc.record<StreamOptions>(
  {
    host: fc.constantFrom("192.0.2.10", "2001:db8::1", "alice.example"),
    port: fc.integer({ min: 1, max: 65_535 }),
    secure: fc.boolean(),
    preset: fc.constantFrom("general", "rcs", "ims", "ng911", "blink", "room"),
    maxSize: fc.nat(),
    direction: fc.constantFrom<Direction>("sendrecv", "sendonly", "recvonly", "inactive"),
    cema: fc.boolean(),
    preferPassive: fc.boolean(),
  },
  { requiredKeys: ["host", "secure"] },
);

describe("session descriptions", () => {
  test("RFC 8866 §5: whatever is read is written back byte for byte", () => {
    fc.assert(
      fc.property(description, (text) => {
        expect(SessionDescription.parse(text).toString()).toBe(text);
      }),
      { numRuns: runs },
    );
  });

  test("text of any kind is read or refused with a code, and nothing else happens", () => {
    const damaged = fc
      .tuple(description, fc.nat(), fc.nat({ max: 30 }), fc.string({ maxLength: 8 }))
      .map(([text, at, cut, put]) => {
        const start = at % (text.length + 1);
        return text.slice(0, start) + put + text.slice(start + cut);
      });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.string({ unit: "binary" })), (text) => {
        for (const strict of [true, false]) {
          try {
            expect(SessionDescription.parse(text, { strict }).toString()).toBe(text);
          } catch (error) {
            if (!(error instanceof RemoteProtocolError)) throw error;
            expect(error.code).not.toBe("");
          }
        }
      }),
      { numRuns: runs },
    );
  });

  test("what strict reading takes, tolerant reading takes too, and finds the same", () => {
    fc.assert(
      fc.property(description, (text) => {
        let strict: SessionDescription;
        try {
          strict = SessionDescription.parse(text, { strict: true });
        } catch {
          return;
        }
        const view = (one: SessionDescription): string =>
          JSON.stringify(one.msrp.map(({ section: _, ...rest }) => rest));
        expect(view(SessionDescription.parse(text))).toBe(view(strict));
      }),
      { numRuns: runs },
    );
  });
});

describe("offer/answer", () => {
  test("RFC 3264, RFC 6135: of two endpoints exactly one connects, to where the other listens, or both know why not", () => {
    fc.assert(
      fc.property(options, options, (ours, theirs) => {
        const alice = new Negotiator({ ...ours, host: ours.host ?? "" });
        const bob = new Negotiator({ ...theirs, host: theirs.host ?? "" });
        const result = bob.acceptOffer(alice.createOffer());
        if (!result.ok) {
          expect([
            "no-common-type",
            "cannot-listen",
            "tls-required",
            "tls-unwanted",
            "address-mismatch",
          ]).toContain(result.code);
          return;
        }
        expect(SessionDescription.parse(result.answer, { strict: true }).oddities).toEqual([]);
        const { media, needsOffer } = alice.acceptAnswer(result.answer);
        expect([media.length, needsOffer]).toEqual([1, false]);
        const [a, b] = [media[0], result.media[0]];
        if (a === undefined || b === undefined) throw new Error("no stream");
        expect([a.role, b.role].sort()).toEqual(["active", "passive"]);
        const [active, passive] = a.role === "active" ? [a, b] : [b, a];
        expect(active.connectTo).toMatchObject({
          port: passive.localUri.port,
          tls: passive.localUri.scheme === "msrps",
        });
        expect(active.connectTo?.host).toBe(passive.localUri.host);
        expect(passive.connectTo).toBe(undefined);
        expect(active.localUri.port === 9 || ours.port !== undefined || theirs.port !== undefined).toBe(true);
        expect(a.toPath.map(String)).toEqual([String(b.localUri)]);
        expect(b.toPath.map(String)).toEqual([String(a.localUri)]);
        expect([a.direction, b.direction].sort()).toEqual(
          a.direction === "sendrecv" || a.direction === "inactive"
            ? [a.direction, a.direction]
            : ["recvonly", "sendonly"],
        );
        expect(a.cema).toBe(b.cema);
      }),
      { numRuns: runs },
    );
  });

  test("RFC 3264 §8: however an exchange is continued, m= lines only grow in number and sessions stay", () => {
    const step = fc.constantFrom("hold", "resume", "add", "reject", "repeat");
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), step), { maxLength: 8 }), (steps) => {
        const sides = ["192.0.2.10", "198.51.100.20"].map(
          (host) => new Negotiator({ host, port: 7313, secure: false }),
        );
        let lines = 1;
        let version = new Map<string, bigint>();
        for (const [turn, action] of [[false, "repeat"] as const, ...steps]) {
          const [offerer, answerer] = turn ? [sides[1], sides[0]] : [sides[0], sides[1]];
          if (offerer === undefined || answerer === undefined) throw new Error("two sides");
          if (action === "add") offerer.addStream();
          if (action === "hold" && version.size > 0) offerer.hold(0);
          if (action === "resume" && version.size > 0) offerer.resume(0);
          const offer = offerer.createOffer();
          if (action === "reject") {
            offerer.rejectOffer();
            continue;
          }
          const result = answerer.acceptOffer(offer);
          if (!result.ok) throw new Error(result.code);
          const { media, description } = offerer.acceptAnswer(result.answer);
          expect(media.length).toBeGreaterThanOrEqual(lines);
          expect(
            media.every(({ index, continued }) => index >= lines || version.size === 0 || continued),
          ).toBe(true);
          lines = media.length;
          const { sessionId, sessionVersion } = description.origin;
          expect(BigInt(sessionVersion) >= (version.get(sessionId) ?? 0n)).toBe(true);
          version = new Map(version).set(sessionId, BigInt(sessionVersion));
        }
      }),
      { numRuns: runs },
    );
  });

  test("whatever options are given, an offer is legal or the caller is told", () => {
    const wild = fc.record<StreamOptions>(
      {
        host: fc.string(),
        port: fc.integer(),
        acceptTypes: fc.array(fc.string()),
        maxSize: fc.double(),
        attributes: fc.array(
          fc.record({ name: fc.string(), value: fc.option(fc.string(), { nil: undefined }) }),
        ),
      },
      { requiredKeys: ["host"] },
    );
    fc.assert(
      fc.property(wild, (one) => {
        try {
          const offer = new Negotiator({ ...one, host: one.host ?? "" }).createOffer();
          SessionDescription.parse(offer, { strict: true });
        } catch (error) {
          if (!(error instanceof MsrpError) || error instanceof RemoteProtocolError) throw error;
        }
        expect(true).toBe(true);
      }),
      { numRuns: runs },
    );
  });
});

describe("addresses", () => {
  test("RFC 5952: the canonical form of an IPv6 address is one, and is itself an address", () => {
    const groups = fc.array(fc.oneof(fc.constant(0), fc.nat({ max: 0xffff })), {
      minLength: 8,
      maxLength: 8,
    });
    fc.assert(
      fc.property(groups, (parts) => {
        const canonical = canonicalHost(
          parts.map((part) => part.toString(16).toUpperCase().padStart(4, "0")).join(":"),
        );
        expect(isIpv6(canonical)).toBe(true);
        expect(canonicalHost(canonical)).toBe(canonical);
        expect(canonicalHost(parts.map((part) => part.toString(16)).join(":"))).toBe(canonical);
      }),
      { numRuns: runs },
    );
  });
});
