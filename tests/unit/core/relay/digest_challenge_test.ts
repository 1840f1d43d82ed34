// Challenges: the exact form that a relay writes, and which ones a client can answer.
import { describe, expect, test } from "#test";
import {
  formatChallenge,
  isStaleChallenge,
  parseChallenges,
} from "../../../../core/relay/digest_challenge.ts";

describe("formatChallenge()", () => {
  test("RFC 4976 §7: qop quoted, algorithm and stale bare, commas with a blank [4976-7-01] [4976-7-02] [7616-3.3-01] [4976-T5]", () => {
    const challenge = {
      realm: "relay.example.com",
      nonce: "00ff",
      opaque: "1a",
      algorithm: "SHA-256",
    } as const;
    expect(formatChallenge(challenge)).toBe(
      'Digest realm="relay.example.com", nonce="00ff", qop="auth", opaque="1a", algorithm=SHA-256',
    );
    expect(formatChallenge({ ...challenge, algorithm: "MD5", stale: true })).toBe(
      'Digest realm="relay.example.com", nonce="00ff", qop="auth", opaque="1a", algorithm=MD5, stale=true',
    );
  });

  test("what is written can be read", () => {
    const challenge = {
      realm: 'a "b", c',
      nonce: "n",
      opaque: "o",
      algorithm: "MD5",
      stale: true,
      userhash: true,
    } as const;
    expect(parseChallenges([formatChallenge(challenge)])).toEqual([{ ...challenge, algorithmText: "MD5" }]);
  });
});

describe("parseChallenges()", () => {
  test("RFC 4976 §9.1: Basic, unknown and -sess algorithms, and qop without auth are left out [4976-9.1-02] [4976-9.1-06] [7616-3.3-03] [2617-3.2.1-07]", () => {
    for (const value of [
      'Basic realm="r"',
      'Digest realm="r", nonce="n", qop="auth", algorithm=FOO',
      'Digest realm="r", nonce="n", qop="auth", algorithm=MD5-sess',
      'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256-sess',
      'Digest realm="r", nonce="n", qop="auth-int"',
      'Digest realm="r", nonce="n"',
      'Digest realm="r", qop="auth"',
      'Digest nonce="n", qop="auth"',
      'Digest realm="r',
    ]) {
      expect([value, parseChallenges([value])]).toEqual([value, []]);
    }
  });

  test("RFC 2617 §3.2.1: auth is found among other values of qop, domain does not matter [4976-9.1-09] [2617-3.2.1-08]", () => {
    const [challenge] = parseChallenges(['Digest realm="r", nonce="n", qop="new, auth", domain="/x"']);
    expect(challenge).toEqual({
      realm: "r",
      nonce: "n",
      opaque: undefined,
      stale: false,
      algorithm: "MD5",
      algorithmText: undefined,
      userhash: false,
    });
  });

  test("RFC 7616 §3.7: every usable one of several fields, in order", () => {
    const found = parseChallenges([
      'Basic realm="r"',
      'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256',
      'Digest realm="r", nonce="n", qop="auth", algorithm=MD5',
    ]);
    expect(found.map(({ algorithm }) => algorithm)).toEqual(["SHA-256", "MD5"]);
  });
});

describe("isStaleChallenge()", () => {
  test("RFC 4976 §6.3: stale=true in any letter case, and nothing else [4976-6.3-21] [2617-3.2.1-06] [4976-T27]", () => {
    for (const stale of ["true", "TRUE", "True", '"true"']) {
      expect(isStaleChallenge([`Digest realm="r", nonce="n", qop="auth", stale=${stale}`])).toBe(true);
    }
    for (const rest of ["", ", stale=false", ", stale=1", ', x="stale=true"']) {
      expect(isStaleChallenge([`Digest realm="r", nonce="n", qop="auth"${rest}`])).toBe(false);
    }
    expect(isStaleChallenge(["not a, list"])).toBe(false);
    expect(isStaleChallenge([])).toBe(false);
  });
});
