// CEMA: the offerer's criteria and the answerer's cases, over every combination that the RFC tells apart.
import { describe, expect, test } from "#test";
import {
  addressMatchesPath,
  decideAsAnswerer,
  decideAsOfferer,
  lineTarget,
  namesToResolve,
  pathTarget,
} from "../../../../core/sdp/cema.ts";
import type { MsrpMedia } from "../../../../core/sdp/mod.ts";
import { codeOf, media } from "./texts.ts";

const plain = "msrp://198.51.100.20:12051/hT5x;tcp";
const relayed = `msrp://203.0.113.77:2855/0xPq;tcp ${plain}`;
const cema = "a=msrp-cema";
const offer = media({ more: ["a=setup:actpass", cema] });

/** An answer whose c= and m= lines match the path, or are those of a middlebox. */
function answer(options: { middlebox?: boolean; path?: string; more?: string[] } = {}): MsrpMedia {
  const { middlebox = false, path = plain, more = [] } = options;
  const port = middlebox ? 40_100 : 12_051;
  return media({ port, path, more }, middlebox ? "203.0.113.200" : "198.51.100.20");
}

const middleboxTarget = { host: "203.0.113.200", port: 40_100, tls: false, transport: "tcp" };
const endpointTarget = { host: "198.51.100.20", port: 12_051, tls: false, transport: "tcp" };
const relayTarget = { host: "203.0.113.77", port: 2855, tls: false, transport: "tcp" };
const again = { action: "new-offer-without-cema" } as const;

describe("the offerer", () => {
  test("RFC 4975 §8.1: without CEMA in the offer the path decides, leftmost URI first [4975-8.1-08] [4975-8.2-03]", () => {
    const decision = decideAsOfferer(media(), answer({ middlebox: true, path: relayed, more: [cema] }));
    expect(decision).toEqual({ action: "connect", connectTo: relayTarget, cema: false });
  });

  test("RFC 6714 §4.2 criterion 1: no CEMA, no match, answerer active: a new offer [6714-4.2-04]", () => {
    expect(decideAsOfferer(offer, answer({ middlebox: true, more: ["a=setup:active"] }))).toEqual(again);
    expect(decideAsOfferer(offer, answer({ more: ["a=setup:active"] }))).toEqual({
      action: "wait",
      cema: false,
    });
  });

  test("RFC 6714 §4.2 criterion 1: port 9 in m= only looks like a middlebox", () => {
    const nine = media({ port: 9, path: plain, more: ["a=setup:active"] }, "198.51.100.20");
    expect(decideAsOfferer(offer, nine)).toEqual(again);
  });

  test("RFC 6714 §4.2 criterion 2: no CEMA, no match, own relay, we are active: a new offer [6714-4.2-05]", () => {
    for (const more of [[], ["a=setup:passive"]]) {
      expect(decideAsOfferer(offer, answer({ middlebox: true, more }), { usesRelay: true })).toEqual(again);
    }
    expect(decideAsOfferer(offer, answer(), { usesRelay: true })).toEqual({
      action: "connect",
      connectTo: endpointTarget,
      cema: false,
    });
  });

  test("RFC 6714 §4.2 criterion 3: no CEMA, no match, the answerer's relay, we are active: a new offer [6714-4.2-06]", () => {
    expect(decideAsOfferer(offer, answer({ middlebox: true, path: relayed }))).toEqual(again);
  });

  test("RFC 6714 §4.2: the answerer's relay and a match with one URI: the path, and no new offer [6714-4.2-09]", () => {
    expect(decideAsOfferer(offer, answer({ path: relayed }))).toEqual({
      action: "connect",
      connectTo: relayTarget,
      cema: false,
    });
  });

  test("RFC 6714 §4.2: in all other cases the active offerer connects to c= and m= [6714-4.2-10]", () => {
    for (const more of [["a=setup:passive", cema], [cema]]) {
      expect(decideAsOfferer(offer, answer({ middlebox: true, more }))).toEqual({
        action: "connect",
        connectTo: middleboxTarget,
        cema: true,
      });
    }
    // The quiet case: no CEMA, no relay, no match, and yet none of the criteria.
    expect(decideAsOfferer(offer, answer({ middlebox: true }))).toEqual({
      action: "connect",
      connectTo: middleboxTarget,
      cema: false,
    });
  });

  test("RFC 6714 §4.2: the passive offerer waits [6714-4.2-11]", () => {
    const more = ["a=setup:active", cema];
    expect(decideAsOfferer(offer, answer({ middlebox: true, more }))).toEqual({ action: "wait", cema: true });
    expect(codeOf(() => decideAsOfferer(offer, answer({ more: ["a=setup:actpass"] })))).toBe(
      "setup-conflict",
    );
  });
});

describe("clients on WebSockets", () => {
  // The path of RFC 7977 §8.2, whose m= line has port 1234.
  const path = "msrps://a.example.com:2855/jui787s2f;tcp msrps://df7jal23ls0d.invalid:2855/98cjs;ws";
  const example = (more: string[], paths = path): MsrpMedia =>
    media({ port: 1234, proto: "TCP/TLS/MSRP", path: paths, more }, "a.example.com");
  const connectTo = { host: "a.example.com", port: 2855, tls: true, transport: "tcp" };

  test("RFC 7977 §8.2: the path of an offer decides, whatever its m= line says [7977-A-03]", () => {
    for (const more of [[], ["a=setup:actpass"], ["a=setup:actpass", cema]]) {
      const decision = decideAsAnswerer(example(more));
      expect(decision).toMatchObject({ action: "accept", includeCema: false, ifActiveConnectTo: connectTo });
    }
    const tcp = path.replace(";ws", ";tcp");
    expect(decideAsAnswerer(example([], tcp)).action).toBe("reject");
    expect(decideAsAnswerer(example([], path.split(" ")[1])).action).toBe("reject");
  });

  test("RFC 7977 §8.3: and the path of an answer [7977-A-03]", () => {
    for (const more of [["a=setup:passive"], ["a=setup:passive", cema]]) {
      expect(decideAsOfferer(offer, example(more))).toEqual({ action: "connect", connectTo, cema: false });
    }
    expect(decideAsOfferer(offer, example(["a=setup:active"]))).toEqual({ action: "wait", cema: false });
  });
});

describe("the answerer", () => {
  const middlebox = (more: string[], path?: string): MsrpMedia =>
    media({ port: 40_100, path: path ?? plain, more }, "203.0.113.200");

  test("RFC 6714 §4.3: no CEMA and no match: refused [6714-4.3-01]", () => {
    expect(decideAsAnswerer(middlebox([]))).toEqual({ action: "reject", how: ["port-0", "488"] });
    expect(decideAsAnswerer(media()).action).toBe("accept");
  });

  test("RFC 6714 §4.3: relays on both sides, or an active offerer behind one: no CEMA in the answer [6714-4.3-02] [6714-4.3-03] [6714-4.3-09]", () => {
    const behind = (setup: string[]): MsrpMedia => middlebox([...setup, cema], relayed);
    const rows: [MsrpMedia, boolean, boolean][] = [
      [behind(["a=setup:actpass"]), true, false],
      [behind(["a=setup:actpass"]), false, true],
      [behind(["a=setup:active"]), false, false],
      [behind([]), false, false],
    ];
    for (const [stream, usesRelay, includeCema] of rows) {
      const decision = decideAsAnswerer(stream, { usesRelay });
      expect(decision).toMatchObject({ action: "accept", includeCema });
      expect(decision).toMatchObject({ ifActiveConnectTo: includeCema ? middleboxTarget : relayTarget });
    }
  });

  test("RFC 6714 §4.3: an answerer behind a relay that cannot be passive: no CEMA in the answer [6714-4.3-04]", () => {
    expect(decideAsAnswerer(middlebox(["a=setup:passive", cema]), { usesRelay: true })).toMatchObject({
      includeCema: false,
      setup: ["active"],
    });
  });

  test("RFC 6714 §4.3: otherwise CEMA is in the answer, with the setup of RFC 6135 [6714-4.3-05] [6714-4.3-06] [6714-4.5-01]", () => {
    expect(decideAsAnswerer(media())).toMatchObject({ includeCema: true, setup: ["passive"] });
    expect(decideAsAnswerer(offer)).toMatchObject({ includeCema: true, setup: ["passive", "active"] });
    expect(decideAsAnswerer(offer, { preferPassive: false })).toMatchObject({ setup: ["active", "passive"] });
    expect(decideAsAnswerer(media({ more: ["a=setup:passive", cema] }))).toMatchObject({ setup: ["active"] });
  });

  test("RFC 6714 §4.1: an offerer behind a relay is better dialled than waited for", () => {
    expect(decideAsAnswerer(middlebox(["a=setup:actpass", cema], relayed))).toMatchObject({
      setup: ["active", "passive"],
    });
  });

  test("RFC 6714 §4.3: with a relay the answer is passive and has the relay's address [6714-4.3-07]", () => {
    expect(decideAsAnswerer(offer, { usesRelay: true })).toMatchObject({
      includeCema: true,
      setup: ["passive"],
      addressIsRelay: true,
    });
  });

  test("RFC 6714 §4.3: who answered with CEMA and is active connects to c= and m= [6714-4.3-08]", () => {
    expect(decideAsAnswerer(middlebox(["a=setup:actpass", cema]))).toMatchObject({
      ifActiveConnectTo: middleboxTarget,
    });
  });
});

describe("address matching", () => {
  test("RFC 6714 §4.4: the same address and the same port, of any URI of the path [6714-4.4-01]", () => {
    expect(addressMatchesPath(answer())).toBe(true);
    expect(addressMatchesPath(answer({ path: relayed }))).toBe(true);
    expect(addressMatchesPath(answer({ middlebox: true }))).toBe(false);
    expect(addressMatchesPath(media({ port: 12_050, path: plain }, "198.51.100.20"))).toBe(false);
    expect(addressMatchesPath(media({ path: "msrp://[2001:db8:0:0::10]:7313/K;tcp" }, "2001:DB8::10"))).toBe(
      true,
    );
  });

  test("RFC 6714 §4.4: names of path and c= are resolved first", () => {
    const named = media({ path: "msrp://Bob.example:7313/K;tcp" }, "192.0.2.10");
    expect(namesToResolve(named)).toEqual(["bob.example"]);
    expect(namesToResolve(media({}, "alice.example"))).toEqual(["alice.example"]);
    expect(addressMatchesPath(named)).toBe(false);
    expect(addressMatchesPath(named, () => ["203.0.113.9", "192.0.2.10"])).toBe(true);
    expect(addressMatchesPath(media({ host: "bob.example" }))).toBe(true);
  });

  test("RFC 4975 §6: TLS and transport follow the leftmost URI", () => {
    const web = media({ proto: "TCP/TLS/MSRP", path: "msrps://a.example:443/K;WS msrp://b.example:9/K;tcp" });
    expect(pathTarget(web)).toEqual({ host: "a.example", port: 443, tls: true, transport: "ws" });
    expect(lineTarget(web)).toEqual({ host: "192.0.2.10", port: 7313, tls: true, transport: "ws" });
    expect(codeOf(() => pathTarget(media({ port: 0 })))).toBe("missing-path");
  });
});
