// The MSRP view of a stream: each attribute, each fault with its code, and what tolerant reading lets through.
import { describe, expect, test } from "#test";
import { SessionDescription } from "../../../../core/sdp/mod.ts";
import { readPath } from "../../../../core/sdp/msrp_media.ts";
import { codeOf, expectOddity, media, sdp, stream } from "./texts.ts";

const sha256 = new Array(32).fill("CA").join(":");
const sha1 = new Array(20).fill("5F").join(":");

/** The code with which strict reading of a stream fails. */
function faultOf(section: string): string | undefined {
  return codeOf(() => SessionDescription.parse(sdp([section]), { strict: true }));
}

/** The view of a stream with lines at the session level. */
function withSession(lines: string, section: string = stream()): ReturnType<typeof media> {
  const view = SessionDescription.parse(sdp([section]).replace("t=0 0\r\n", `t=0 0\r\n${lines}\r\n`), {
    strict: true,
  }).msrp[0];
  if (view === undefined) throw new Error("no stream");
  return view;
}

describe("the m= line", () => {
  test("RFC 4975 §8.1: media is message, the format one asterisk, the port one [4975-8.1-02] [4975-8.1-04]", () => {
    expect(faultOf(stream().replace("m=message", "m=application"))).toBe("bad-media");
    expect(faultOf(stream().replace("TCP/MSRP *", "TCP/MSRP text/plain"))).toBe("bad-fmt");
    expect(faultOf(stream().replace("TCP/MSRP *", "TCP/MSRP * *"))).toBe("bad-fmt");
    expect(faultOf(stream().replace("7313 TCP", "7313/2 TCP"))).toBe("bad-port");
  });

  test("RFC 4975 §8.1: equal ports of two streams mean nothing [4975-8.1-07]", () => {
    const two = SessionDescription.parse(
      sdp([stream(), stream({ path: "msrp://192.0.2.10:7313/other;tcp" })]),
    );
    expect(two.msrp.map(({ path }) => path[0]?.sessionId)).toEqual(["Ks83nqPz0w2LmA", "other"]);
  });

  test("RFC 3264 §5.1, §6: port 0 is a stream that is not used, whatever else it says [3264-5-05] [4975-8.1-06]", () => {
    const view = media({ port: 0, path: "nonsense", more: ["a=setup:both", "a=max-size:x"] });
    expect([view.rejected, view.path, view.acceptTypes, view.setup]).toEqual([true, [], [], undefined]);
    expect(faultOf("m=message 0 TCP/MSRP *\r\n")).toBe(undefined);
  });
});

describe("a=path", () => {
  test("RFC 4975 §8.2: every used stream has one path of at least one URI [4975-8-01]", () => {
    expect(faultOf(stream().replace(/a=path.*\r\n/, ""))).toBe("missing-path");
    expect(faultOf(stream().replace("a=path", "a=PATH"))).toBe("missing-path");
    expect(faultOf(stream({ path: "" }))).toBe("bad-path");
    const twice = stream({ more: ["a=path:msrp://192.0.2.10:7313/two;tcp"] });
    expect(faultOf(twice)).toBe("duplicate-path");
    expect(codeOf(() => SessionDescription.parse(sdp([twice])))).toBe("duplicate-path");
  });

  test("RFC 4975 §8.2: URIs stand one blank apart [4975-8.2-01] [4975-8.3-01]", () => {
    const [a, b] = ["msrps://203.0.113.5:2855/z;tcp", "msrps://192.0.2.10:7313/K;tcp"];
    const view = media({ proto: "TCP/TLS/MSRP", path: `${a} ${b}` });
    expect(view.path.map(String)).toEqual([a, b]);
    for (const path of [`${a},${b}`, "http://x/y", "msrp://x:1/y", "nonsense"])
      expect(faultOf(stream({ path }))).toBe("bad-path");
    for (const path of [`${a}  ${b}`, ` ${a}`, `${a} `]) {
      expect(faultOf(stream({ path }))).toBe("bad-path");
      expect(readPath(path, () => {}).map(String)).toEqual(path.includes(b) ? [a, b] : [a]);
    }
  });

  test("RFC 4975 §8.2: URIs in SDP have a port and a session-id [4975-8.2-02]", () => {
    expect(faultOf(stream({ path: "msrp://alice.example/K;tcp" }))).toBe("path-port-missing");
    expect(faultOf(stream({ path: "msrp://192.0.2.10/K;tcp" }))).toBe("path-port-missing");
    expect(faultOf(stream({ path: "msrp://192.0.2.10:7313;tcp" }))).toBe("bad-path");
  });

  test("RFC 4975 §14.1: no error repeats a session URI [4975-8.2-04]", () => {
    let message = "";
    try {
      media({ path: "msrp://alice.example/secretsecret;tcp" });
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain("path");
    expect(message).not.toContain("secretsecret");
  });
});

describe("types and size", () => {
  test("RFC 4975 §8.6: accept-types is there [4975-8.6-01]", () => {
    expect(faultOf(stream().replace(/a=accept-types.*\r\n/, ""))).toBe("missing-accept-types");
    for (const types of ["", " text/plain", "text", "text/plain  text/html"])
      expect(faultOf(stream({ types }))).toBe("bad-accept-types");
    expectOddity(sdp([stream({ types: " text/plain" })]), "bad-accept-types", "blank-around-list");
    expect(faultOf(stream({ more: ["a=accept-wrapped-types:text"] }))).toBe("bad-accept-wrapped-types");
    expect(media({ more: ["a=accept-wrapped-types:text/plain image/*"] }).acceptWrappedTypes).toEqual([
      "text/plain",
      "image/*",
    ]);
    const twice = expectOddity(
      sdp([stream({ more: ["a=accept-types:text/html"] })]),
      "duplicate-accept-types",
      "duplicate-accept-types",
    );
    expect(twice.msrp[0]?.acceptTypes).toEqual(["text/plain", "text/html"]);
  });

  test("RFC 4975 §8.6: max-size is a number of octets, a hint, and so clamped [4975-8.6-11]", () => {
    expect(media({ more: ["a=max-size:65536"] }).maxSize).toBe(65_536);
    expect(media({ more: ["a=max-size:18446744073709551616"] }).maxSize).toBe(Number.MAX_SAFE_INTEGER);
    expect(media().maxSize).toBe(undefined);
    for (const value of ["x", "-1", "1e3", "", " 5"])
      expect(faultOf(stream({ more: [`a=max-size:${value}`] }))).toBe("bad-max-size");
    expect(
      expectOddity(sdp([stream({ more: ["a=max-size:10M"] })]), "bad-max-size", "bad-max-size").msrp[0]
        ?.maxSize,
    ).toBe(undefined);
  });
});

describe("attributes of both levels", () => {
  test("RFC 4145 §4: setup of the stream wins over that of the session [4145-4-01]", () => {
    expect(withSession("a=setup:passive").setup).toBe("passive");
    expect(withSession("a=setup:passive", stream({ more: ["a=setup:active"] })).setup).toBe("active");
    expect(faultOf(stream({ more: ["a=setup:both"] }))).toBe("bad-setup");
    expect(faultOf(stream({ more: ["a=setup:active", "a=setup:passive"] }))).toBe("bad-setup");
    expectOddity(sdp([stream({ more: ["a=setup: active"] })]), "bad-setup", "blank-around-setup");
  });

  test("RFC 6135 §4.2.1, §4.4: holdconn and a=connection change nothing [6135-4.4-02]", () => {
    const view = media({ more: ["a=setup:holdconn", "a=connection:existing"] });
    expect({ ...view, section: undefined }).toEqual({ ...media(), section: undefined });
    expect(faultOf(stream({ more: ["a=setup:holdconn"] }))).toBe(undefined);
  });

  test("RFC 6714 §5: msrp-cema is a flag of the media level [6714-5-01]", () => {
    expect(media({ more: ["a=msrp-cema"] }).cema).toBe(true);
    expect(media({ more: ["a=msrp-cema:yes"] }).cema).toBe(false);
    expect(withSession("a=msrp-cema").cema).toBe(false);
  });

  test("RFC 8122 §5: fingerprints of the session serve streams without their own, and there may be several [8122-5-05] [8122-5.1-01]", () => {
    const session = { hash: "sha-256", value: sha256 };
    expect(withSession(`a=fingerprint:SHA-256 ${sha256}`).fingerprints).toEqual([session]);
    const both = stream({ more: [`a=fingerprint:sha-1 ${sha1}`, `a=fingerprint:sha-256 ${sha256}`] });
    expect(withSession(`a=fingerprint:sha-1 ${sha1}`, both).fingerprints).toEqual([
      { hash: "sha-1", value: sha1 },
      session,
    ]);
    expect(codeOf(() => media({ more: ["a=fingerprint:sha-256 00"] }))).toBe("bad-fingerprint");
  });

  test("RFC 8866 §6.7: one direction a level, the stream's wins, sendrecv is the default [8866-6.7-01] [3264-5-04]", () => {
    expect(media().direction).toBe("sendrecv");
    expect(withSession("a=inactive").direction).toBe("inactive");
    expect(withSession("a=inactive", stream({ more: ["a=sendonly"] })).direction).toBe("sendonly");
    expect(faultOf(stream({ more: ["a=sendonly", "a=recvonly"] }))).toBe("duplicate-direction");
    expect(media({ more: ["a=sendonly", "a=recvonly"] }).direction).toBe("sendonly");
  });
});
