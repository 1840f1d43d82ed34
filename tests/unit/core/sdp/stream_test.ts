// A stream of ours as a value: its URI, its paths, and what it says in SDP.
import { describe, expect, test } from "#test";
import {
  activePort,
  isReachable,
  localPath,
  newStream,
  offered,
  ownUri,
  pathsKey,
  sectionOf,
  toPath,
  typesOf,
  usesRelay,
  wishOf,
} from "../../../../core/sdp/stream.ts";
import { MsrpUri } from "../../../../core/wire/uri.ts";
import { codeOf, media } from "./texts.ts";

const usePath = ["msrps://b.example:2855/B;tcp", "msrps://c.example:2855/C;tcp"].map((text) =>
  MsrpUri.parse(text),
);
const host = "192.0.2.10";

describe("a stream", () => {
  test("RFC 6135 §4.2.2: with a listener actpass and its real port, without one active and port 9 [6135-4.2.2-01] [6135-4.2.2-02] [6135-4.2.2-03] [6135-4.2.2-04] [4145-4.1-05]", () => {
    const listening = newStream({ host, port: 7313, secure: false }, "K");
    expect([listening.setup, String(listening.uri), sectionOf(listening).port]).toEqual([
      "actpass",
      "msrp://192.0.2.10:7313/K;tcp",
      7313,
    ]);
    const hidden = newStream({ host, secure: false }, "K");
    expect([hidden.setup, String(hidden.uri), sectionOf(hidden).port]).toEqual([
      "active",
      "msrp://192.0.2.10:9/K;tcp",
      activePort,
    ]);
  });

  test("RFC 4975 §8.1: c= and m= are those of the own URI [4975-8.1-01] [4975-8.1-05]", () => {
    const section = sectionOf(newStream({ host: "2001:DB8:0::1", port: 7313 }, "K"));
    expect(section.connection).toEqual({ addressType: "IP6", address: "2001:db8::1" });
    expect(String(section.path[0])).toBe("msrps://[2001:db8::1]:7313/K;tcp");
    expect(section.port).toBe(7313);
    const named = sectionOf(newStream({ host: "a.example", address: host, port: 7313 }, "K"));
    expect(named.connection.address).toBe(host);
  });

  test("RFC 4975 §8.3: without a relay the path is one URI [4975-8.3-02]", () => {
    expect(localPath(newStream({ host }, "K")).length).toBe(1);
  });

  test("RFC 6714 §7.2: TLS unless it is switched off [6714-7.2-01]", () => {
    expect(newStream({ host }, "K").uri.scheme).toBe("msrps");
    expect(newStream({ host, secure: false, transport: "ws" }, "K").uri.transport).toBe("ws");
  });

  test("RFC 6714 §4.2, RFC 4976 §5.1: with relays their path backwards, c= and m= of the outermost, actpass [6714-4.2-03]", () => {
    const relayed = newStream({ host, usePath }, "A");
    expect(localPath(relayed).map(({ sessionId }) => sessionId)).toEqual(["C", "B", "A"]);
    expect(toPath(relayed, media()).map(({ sessionId }) => sessionId)).toEqual(["B", "C", "Ks83nqPz0w2LmA"]);
    expect(sectionOf(relayed)).toMatchObject({
      port: 2855,
      setup: "actpass",
      connection: { address: "c.example" },
    });
    expect([isReachable(relayed.options), usesRelay(relayed.options), usesRelay({ host })]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test("RFC 6714 §4.2, §4.5: CEMA and setup come together, by one switch [6714-4.2-01] [6714-4.2-02] [6714-4.2-07]", () => {
    expect(sectionOf(newStream({ host }, "K"))).toMatchObject({ cema: true, setup: "active" });
    expect(sectionOf(newStream({ host, cema: false }, "K"))).toMatchObject({ cema: false, setup: "active" });
  });

  test("a path that was written with port 9 stays, and so does its side's role", () => {
    const hidden = newStream({ host }, "K");
    expect(offered({ ...hidden, options: { host, port: 7313 } }).setup).toBe("active");
    expect(offered({ ...hidden, onHold: true }).direction).toBe("sendonly");
    expect(wishOf({ direction: "recvonly" }, true)).toBe("inactive");
  });

  test("types come from options or from a preset", () => {
    expect(typesOf({ preset: "rcs" }).acceptTypes).toContain("message/cpim");
    expect(typesOf({}).acceptTypes).toContain("*");
    expect(typesOf({ preset: "rcs", acceptTypes: ["a/b"] })).toEqual({
      acceptTypes: ["a/b"],
      acceptWrappedTypes: [],
    });
    expect(typesOf({ preset: "room", acceptWrappedTypes: ["a/b"] }).acceptWrappedTypes).toEqual(["a/b"]);
  });

  test("wrong options are the caller's fault", () => {
    expect(codeOf(() => ownUri({}, true, false, "K"))).toBe("missing-host");
    expect(codeOf(() => ownUri({ host: "b\u00fccher.example" }, true, false, "K"))).toBe("bad-host");
    expect(codeOf(() => ownUri({ host, port: 70_000 }, true, false, "K"))).toBe("uri-port-range");
  });

  test("both paths together name a session", () => {
    const stream = newStream({ host }, "K");
    expect(pathsKey(stream, media())).toBe(pathsKey(stream, media()));
    expect(pathsKey(stream, media())).not.toBe(pathsKey(newStream({ host }, "L"), media()));
  });
});
