// What must not be in a log is not in it, and what helps to read it stays.
// The cases are what errors of this toolkit, of applications and of peers look like.
import { describe, expect, test } from "#test";
import type { Session } from "../../../core/mod.ts";
import { MsrpUri } from "../../../core/mod.ts";
import { redact, secretsOf } from "../../../plugins/_redact.ts";

describe("redact", () => {
  for (const [text, clean] of [
    [
      "Cannot reach msrp://bob.example:2855/kjhd37s2s20w2a;tcp now",
      "Cannot reach msrp://bob.example:2855/***;tcp now",
    ],
    [
      "MSRPS://u@[::1]:9/abc;tcp msrps://c.example:1/d;tcp",
      "MSRPS://u@[::1]:9/***;tcp msrps://c.example:1/***;tcp",
    ],
    ["to msrps://relay.example:2855;tcp", "to msrps://relay.example:2855;tcp"],
    ['Authorization: Digest username="alice", response="1f"', "Authorization: ***"],
    ['WWW-Authenticate: Digest realm="r", nonce="dcd98b"', "WWW-Authenticate: ***"],
    ["got Digest username=alice, nonce=dcd98b", "got Digest ***"],
    ['nonce="dcd98b", cnonce="0a4f", nc=00000001', "nonce=***, cnonce=***, nc=00000001"],
    ["login failed: password=hunter2; user=alice", "login failed: password=***; user=alice"],
    ['{"password": "hunter 2", "user": "alice"}', '{"password": ***, "user": "alice"}'],
    ["postgres://app:s3cret@db.example/users failed", "postgres://***@db.example/users failed"],
    ["Authorization: Bearer eyJhbGciOi.J9.x", "Authorization: ***"],
    ["refused bearer eyJhbGciOi.J9.x", "refused bearer ***"],
    ["access_token=abc&state=1", "access_token=***&state=1"],
    ['unclosed nonce="dcd98b', "unclosed nonce=***"],
    ["A message with a known Message-ID came again", "A message with a known Message-ID came again"],
  ] as const) {
    test(`${JSON.stringify(text)}`, () => expect(redact(text)).toBe(clean));
  }

  test("takes out given secrets, and cuts what is long", () => {
    expect(redact("session kjhd37 failed, kjhd37!", ["kjhd37"])).toBe("session *** failed, ***!");
    expect(redact("x".repeat(10_000))).toBe(`${"x".repeat(300)}…`);
    expect(redact(`${"x".repeat(290)} nonce="abcdefghijklmnop"`)).not.toContain("abc");
  });

  test("long text of a peer costs little time", () => {
    const begin = performance.now();
    for (const unit of ["msrp://", "nonce=", '"', "a", "//:", "digest "]) redact(unit.repeat(1_000_000));
    expect(performance.now() - begin).toBeLessThan(1_000);
  });
});

test("secretsOf: the session-ids of both paths", () => {
  const session = {
    local: MsrpUri.parse("msrp://a.example:1/ownsecret;tcp"),
    remote: [
      MsrpUri.parse("msrps://r.example:2855/relaysecret;tcp"),
      MsrpUri.parse("msrp://b.example:1/x;tcp"),
    ],
  } as unknown as Session;
  expect(secretsOf(session)).toEqual(["ownsecret", "relaysecret"]);
  expect(secretsOf(undefined)).toEqual([]);
});
