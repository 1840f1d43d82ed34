// The setup attribute: every pair of offer and answer, with the defaults for absent lines.
import { describe, expect, test } from "#test";
import { activeSide, answersTo, offeredSetup, readSetup, type Setup } from "../../../../core/sdp/setup.ts";
import { codeOf } from "./texts.ts";

const conflict = "setup-conflict";

/** The active side, or the code of the conflict. */
function outcome(offer: Setup | undefined, answer: Setup | undefined): string | undefined {
  let side: string | undefined;
  return codeOf(() => (side = activeSide(offer, answer))) ?? side;
}

describe("setup", () => {
  test("RFC 4145 §4.1: the allowed pairs and no others [4145-4.1-01] [4145-4.1-02] [4975-5.4-03] [4975-5.4-04]", () => {
    const rows: [Setup | undefined, Setup | undefined, string][] = [
      [undefined, undefined, "offerer"],
      [undefined, "passive", "offerer"],
      [undefined, "active", conflict],
      ["active", undefined, "offerer"],
      ["active", "passive", "offerer"],
      ["active", "active", conflict],
      ["passive", "active", "answerer"],
      ["passive", "passive", conflict],
      ["passive", undefined, conflict],
      ["actpass", "active", "answerer"],
      ["actpass", "passive", "offerer"],
      ["actpass", undefined, "offerer"],
      ["actpass", "actpass", conflict],
      ["active", "actpass", conflict],
      [undefined, "actpass", conflict],
    ];
    for (const [offer, answer, expected] of rows) expect(outcome(offer, answer)).toBe(expected);
  });

  test("RFC 6135 §5: no setup in the answer makes the peer passive, so we connect [6135-4.2.2-10]", () => {
    expect(activeSide("actpass", undefined)).toBe("offerer");
  });

  test("RFC 4145 §4: exactly four words are known [4145-4-02] [6135-4.2.1-02]", () => {
    for (const word of ["active", "passive", "actpass"] as const) expect(readSetup(word)).toBe(word);
    for (const word of ["both", "Active", "", "active "])
      expect(codeOf(() => readSetup(word))).toBe("bad-setup");
  });

  test("RFC 6135 §4.2.1: holdconn counts as absent [6135-4.2.1-04]", () => {
    expect(readSetup("holdconn")).toBe(undefined);
  });

  test("RFC 6135 §4.2.2: active is answered passive, and actpass never is the answer [6135-4.2.2-07] [6135-4.2.2-08]", () => {
    for (const offer of [undefined, "active"] as const) expect(answersTo(offer, false)).toEqual(["passive"]);
    for (const offer of [undefined, "active", "passive", "actpass"] as const) {
      expect(answersTo(offer, true)).not.toContain("actpass");
    }
    expect(answersTo("passive", true)).toEqual(["active"]);
  });

  test("RFC 6135 §4.2.2: actpass may be answered active, passive is preferred by who can be reached [6135-4.2.2-06]", () => {
    expect(answersTo("actpass", true)).toEqual(["passive", "active"]);
    expect(answersTo("actpass", false)).toEqual(["active", "passive"]);
  });

  test("RFC 6135 §4.2.2: an offer says actpass or active, never passive [6135-4.2.2-05]", () => {
    expect([offeredSetup(true), offeredSetup(false)]).toEqual(["actpass", "active"]);
  });
});
