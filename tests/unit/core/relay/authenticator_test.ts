// The relay's side of Digest, clause by clause: challenges, right and wrong answers, and what counts as a failed try.
// The answers are computed step by step here, the way an old client does it, not by our own client.
import { describe, expect, test } from "#test";
import type { AuthFailure, AuthOutcome, AuthSuccess } from "../../../../core/relay/auth_outcome.ts";
import { Authenticator, type AuthenticatorOptions } from "../../../../core/relay/authenticator.ts";
import {
  type Credentials,
  hashPassword,
  StaticCredentials,
  type UserCredentials,
} from "../../../../core/relay/credentials.ts";
import { createHa1, createUserhash, digestResponse, digestRspauth } from "../../../../core/relay/digest.ts";
import { parseDigestFields, parseInfoFields } from "../../../../core/relay/digest_fields.ts";
import type { DigestAlgorithm } from "../../../../core/relay/digest_hash.ts";

const uri = "msrps://relay.example.com;tcp";
const realm = "relay.example.com";
const password = "correct horse battery";

function authenticator(options: Partial<AuthenticatorOptions> = {}): Authenticator {
  const credentials = StaticCredentials.of(realm, { alice: password, bob: "b", zoë: "pässwörd☃" });
  return new Authenticator({ realm, credentials, ...options });
}

/** The parameters of each challenge in a failure. */
function challenges(failure: AuthFailure): Map<string, string>[] {
  return failure.headers.map(([name, value]) => {
    expect(name).toBe("WWW-Authenticate");
    const [group] = parseDigestFields(value);
    expect(group?.scheme).toBe("Digest");
    return new Map(group?.values);
  });
}

interface Answer {
  user?: string;
  password?: string;
  algorithm?: DigestAlgorithm;
  named?: string | undefined;
  hashed?: string;
  nc?: string;
  realm?: string;
  nonce?: string;
  more?: string;
}

/** Authorization for a challenge. */
function answer(nonce: string, a: Answer = {}): string {
  const { user = "alice", nc = "00000001", algorithm = "MD5", hashed = uri } = a;
  const ha1 = createHa1(algorithm, user, a.realm ?? realm, a.password ?? password);
  const parts = { algorithm, nonce: a.nonce ?? nonce, cnonce: "c0ffee", nc, qop: "auth" };
  const response = digestResponse(parts, ha1, "AUTH", hashed);
  const named = a.named === undefined ? "" : `, algorithm=${a.named}`;
  return (
    `Digest username="${user}", realm="${a.realm ?? realm}", nonce="${parts.nonce}", qop=auth, nc=${nc}, ` +
    `cnonce="c0ffee", response="${response}"${named}${a.more ?? ""}`
  );
}

async function ask(relay: Authenticator, now = 0): Promise<string> {
  const asked = failure(await relay.verify({ digestUri: uri, authorization: undefined }, now));
  return challenges(asked)[0]?.get("nonce") ?? "";
}

async function login(relay: Authenticator, authorization: string, now = 0): Promise<AuthOutcome> {
  return await relay.verify({ digestUri: uri, authorization }, now);
}

function failure(outcome: AuthOutcome): AuthFailure {
  if (outcome.ok) throw new Error("accepted");
  return outcome;
}

function success(outcome: AuthOutcome): AuthSuccess {
  if (!outcome.ok) throw new Error(`refused: ${outcome.reason}`);
  return outcome;
}

/** What a refusal says, without the challenge. */
function verdict(outcome: AuthOutcome): unknown {
  if (outcome.ok) return "accepted";
  const { status, reason, counted } = outcome;
  const stale = status === 401 && challenges(outcome).every((one) => one.get("stale") === "true");
  return [status, reason, counted ? "counted" : "free", stale ? "stale" : "fresh"];
}

describe("challenge", () => {
  test("RFC 4976 §5.1, §9.1: 401 with Digest, realm, nonce, qop and opaque; no domain, auth-int or -sess [4976-5.1-09] [4976-5.1-10] [4976-4.3-01] [4976-9.1-04] [4976-9.1-05] [4976-9.1-08] [4976-9.1-10] [2617-1.2-02] [4976-T4]", async () => {
    const asked = failure(await authenticator().verify({ digestUri: uri, authorization: undefined }, 0));
    expect(asked.status).toBe(401);
    expect(challenges(asked).length).toBe(2);
    for (const one of challenges(asked)) {
      expect([...one.keys()]).toEqual(["realm", "nonce", "qop", "opaque", "algorithm"]);
      expect([one.get("realm"), one.get("qop")]).toEqual([realm, "auth"]);
      expect(one.get("opaque")).toMatch(/^[0-9a-f]{16}$/);
    }
  });

  test("RFC 7616 §3.7: the best first, each algorithm once, MD5 last for clients that keep one field [7616-3.7-01]", async () => {
    const names = async (options: Partial<AuthenticatorOptions>) =>
      challenges(
        failure(await authenticator(options).verify({ digestUri: uri, authorization: undefined }, 0)),
      ).map((one) => one.get("algorithm"));
    expect(await names({})).toEqual(["SHA-256", "MD5"]);
    expect(await names({ algorithms: ["MD5"] })).toEqual(["MD5"]);
    expect(await names({ algorithms: ["MD5", "SHA-256"] })).toEqual(["MD5", "SHA-256"]);
  });

  test("only what every user has is offered, and always something [2617-1.2-02]", async () => {
    const credentials = StaticCredentials.of(realm, { alice: password });
    credentials.set("old", realm, { ha1: hashPassword("old", realm, "p", ["MD5"]) });
    const offered = (relay: Authenticator) =>
      relay.challenge(uri, 0).map(([, value]) => /algorithm=\S+/.exec(value)?.[0]);
    expect(offered(authenticator({ credentials }))).toEqual(["algorithm=MD5"]);
    expect(offered(authenticator({ credentials, algorithms: ["SHA-256"] }))).toEqual(["algorithm=SHA-256"]);
    const silent: Credentials = { lookup: () => undefined };
    expect(offered(authenticator({ credentials: silent, algorithms: ["SHA-512-256", "MD5"] }))).toEqual([
      "algorithm=MD5",
    ]);
  });

  test("RFC 4976 §6.3: the 401 that every first AUTH draws is no failed try [4976-6.1-08]", async () => {
    const relay = authenticator();
    expect(verdict(await relay.verify({ digestUri: uri, authorization: undefined }, 0))).toEqual([
      401,
      "no-credentials",
      "free",
      "fresh",
    ]);
  });

  test("a realm for each domain that the relay serves", async () => {
    const credentials = StaticCredentials.of("a.example", { alice: "p" });
    credentials.set("alice", "b.example", { ha1: hashPassword("alice", "b.example", "q") });
    const relay = authenticator({
      credentials,
      realm: (digestUri) => /\/\/(.*?);/.exec(digestUri)?.[1] ?? "",
    });
    for (const [host, secret] of [
      ["a.example", "p"],
      ["b.example", "q"],
    ] as const) {
      const digestUri = `msrps://${host};tcp`;
      const asked = challenges(failure(await relay.verify({ digestUri, authorization: undefined }, 0)));
      expect(asked[0]?.get("realm")).toBe(host);
      const nonce = asked[0]?.get("nonce") ?? "";
      const right = answer(nonce, { realm: host, password: secret, hashed: digestUri });
      expect((await relay.verify({ digestUri, authorization: right }, 0)).ok).toBe(true);
      const other = host === "a.example" ? "b.example" : "a.example";
      const elsewhere = { digestUri: `msrps://${other};tcp`, authorization: right };
      expect(verdict(await relay.verify(elsewhere, 0))).toEqual([401, "wrong-realm", "counted", "fresh"]);
    }
  });
});

describe("right credentials", () => {
  test("RFC 4976 §9.1: 200 has rspauth, cnonce, nc and qop [4976-9.1-14] [4976-9.1-17] [4976-4.5-01] [2617-3.2.3-03] [2617-3.2.3-04] [7616-3.5-01]", async () => {
    const relay = authenticator();
    const nonce = await ask(relay);
    const outcome = success(await login(relay, answer(nonce)));
    expect([outcome.user, outcome.realm, outcome.headers.length]).toEqual(["alice", realm, 1]);
    const [[name, value] = ["", ""]] = outcome.headers;
    expect(name).toBe("Authentication-Info");
    const info = parseInfoFields(value);
    const parts = { algorithm: "MD5", nonce, cnonce: "c0ffee", nc: "00000001", qop: "auth" } as const;
    expect(info.get("rspauth")).toBe(digestRspauth(parts, createHa1("MD5", "alice", realm, password), uri));
    expect([info.get("cnonce"), info.get("nc"), info.get("qop")]).toEqual(["c0ffee", "00000001", "auth"]);
    expect(value).toContain("nc=00000001");
    expect(value).toContain("qop=auth");
  });

  test("RFC 2617 §3.2.3: the next nonce is good for the next AUTH, from 00000001 on [4976-9.1-20] [4976-9.1-21] [2617-3.2.3-01]", async () => {
    const relay = authenticator();
    let nonce = await ask(relay);
    for (let round = 0; round < 3; round++) {
      const { headers } = success(await login(relay, answer(nonce)));
      const next = parseInfoFields(headers[0]?.[1] ?? "").get("nextnonce") ?? "";
      expect(next).not.toBe(nonce);
      nonce = next;
    }
    const without = authenticator({ nextNonce: false });
    const { headers } = success(await login(without, answer(await ask(without))));
    expect(headers[0]?.[1]).not.toContain("nextnonce");
  });

  test("RFC 4976 §9.1: the same nonce again with a higher count [4976-9.1-22] [2617-3.2.3-02]", async () => {
    const relay = authenticator();
    const nonce = await ask(relay);
    for (const nc of ["00000001", "00000002", "0000000a", "0000000b"]) {
      expect((await login(relay, answer(nonce, { nc }))).ok).toBe(true);
    }
  });

  test("RFC 7616 §3.3: SHA-256 as offered [7616-3.2-01]", async () => {
    const relay = authenticator();
    const sha: Answer = { algorithm: "SHA-256", named: "SHA-256" };
    expect((await login(relay, answer(await ask(relay), sha))).ok).toBe(true);
  });

  test("RFC 2617 §3.2.1: an answer without algorithm is taken for what its length shows [2617-3.2.1-07]", async () => {
    const relay = authenticator();
    expect((await login(relay, answer(await ask(relay), { algorithm: "MD5" }))).ok).toBe(true);
    expect((await login(relay, answer(await ask(relay), { algorithm: "SHA-256" }))).ok).toBe(true);
  });

  test("RFC 7616 §3.7: an old client that answers the first challenge with MD5 and repeats its algorithm", async () => {
    const relay = authenticator();
    const old: Answer = { algorithm: "MD5", named: "SHA-256" };
    expect((await login(relay, answer(await ask(relay), old))).ok).toBe(true);
    const strict = authenticator({ algorithms: ["SHA-256"] });
    expect(verdict(await login(strict, answer(await ask(strict), old)))).toEqual([
      401,
      "wrong-algorithm",
      "counted",
      "fresh",
    ]);
  });

  test("RFC 7616 §4: names and passwords are UTF-8 [7616-4-01]", async () => {
    const relay = authenticator();
    const zoe: Answer = { user: "zoë", password: "pässwörd☃" };
    expect(success(await login(relay, answer(await ask(relay), zoe))).user).toBe("zoë");
  });

  test("RFC 4976 §9.1: uri may be there, in any equal spelling, and is not what is hashed [4976-9.1-17] [4976-T3]", async () => {
    const relay = authenticator();
    for (const spelling of [uri, "MSRPS://RELAY.example.com;TCP"]) {
      const authorization = answer(await ask(relay), { more: `, uri="${spelling}"` });
      expect((await login(relay, authorization)).ok).toBe(true);
    }
  });

  test("RFC 2617 §3.2.1: a client without opaque, or from another address or connection, is taken [2617-3.2.1-03]", async () => {
    const relay = authenticator();
    const nonce = await ask(relay);
    expect((await login(relay, answer(nonce, { more: ', opaque="other"' }))).ok).toBe(true);
    expect((await login(relay, answer(nonce, { nc: "00000002" }))).ok).toBe(true);
  });

  test("RFC 4976 §6.3: right, but not allowed here: 403, no failed try [4976-6.3-07]", async () => {
    const credentials = new StaticCredentials();
    credentials.set("alice", realm, { ha1: hashPassword("alice", realm, password), allowed: false });
    const relay = authenticator({ credentials });
    expect(verdict(await login(relay, answer(await ask(relay))))).toEqual([
      403,
      "not-allowed",
      "free",
      "fresh",
    ]);
    const wrong = answer(await ask(relay), { password: "wrong" });
    expect(verdict(await login(relay, wrong))).toEqual([401, "wrong-credentials", "counted", "fresh"]);
  });

  test("RFC 7616 §3.4.4: hashed user names, when configured [7616-3.4.4-02]", async () => {
    const relay = authenticator({ userhash: true });
    const asked = failure(await relay.verify({ digestUri: uri, authorization: undefined }, 0));
    expect(challenges(asked).every((one) => one.get("userhash") === "true")).toBe(true);
    const nonce = challenges(asked)[0]?.get("nonce") ?? "";
    const hashed = (user: string): string =>
      answer(nonce, { algorithm: "SHA-256", named: "SHA-256", more: ", userhash=true" }).replace(
        'username="alice"',
        `username="${createUserhash("SHA-256", user, realm)}"`,
      );
    expect(success(await login(relay, hashed("alice"))).user).toBe("alice");
    expect(verdict(await login(relay, hashed("nobody")))).toEqual([
      401,
      "wrong-credentials",
      "counted",
      "fresh",
    ]);
    const off = authenticator();
    expect(
      challenges(failure(await off.verify({ digestUri: uri, authorization: undefined }, 0)))[0]?.has(
        "userhash",
      ),
    ).toBe(false);
    expect(verdict(await login(off, hashed("alice")))).toEqual([400, "malformed", "counted", "fresh"]);
  });
});

describe("wrong credentials", () => {
  test("RFC 4976 §10.3: wrong password: 401, a fresh challenge, no stale, counted [4976-6.3-25] [4976-9.1-24] [4976-9.1-26] [2617-3.2.1-05] [4976-T27]", async () => {
    const relay = authenticator();
    const nonce = await ask(relay);
    const outcome = failure(await login(relay, answer(nonce, { password: "wrong" })));
    expect(verdict(outcome)).toEqual([401, "wrong-credentials", "counted", "fresh"]);
    expect(challenges(outcome)[0]?.get("nonce")).not.toBe(nonce);
    expect(outcome.user).toBe("alice");
    // The failed try has not used the nonce up.
    expect((await login(relay, answer(nonce))).ok).toBe(true);
  });

  test("RFC 4976 §9.1: an unknown user is answered like a wrong password [4976-9.1-27]", async () => {
    const relay = authenticator();
    const unknown = failure(await login(relay, answer(await ask(relay), { user: "nobody" })));
    const wrong = failure(await login(relay, answer(await ask(relay), { password: "wrong" })));
    expect(verdict(unknown)).toEqual(verdict(wrong));
    expect(challenges(unknown).map((one) => [...one.keys()])).toEqual(
      challenges(wrong).map((one) => [...one.keys()]),
    );
  });

  test("RFC 4976 §9.1: an unknown user takes the time of a wrong password [4976-9.1-27]", async () => {
    const relay = authenticator();
    const nonce = await ask(relay);
    const lines = [answer(nonce, { user: "nobody" }), answer(nonce, { user: "alice", password: "wrong" })];
    // By turns, so that a busy machine slows both alike; the best of many rounds of each is compared.
    const best = [Infinity, Infinity];
    for (let round = 0; round < 120; round++) {
      for (const [index, authorization] of lines.entries()) {
        const began = performance.now();
        for (let one = 0; one < 10; one++) relay.verify({ digestUri: uri, authorization }, 0);
        const took = performance.now() - began;
        best[index] = Math.min(best[index] ?? took, took);
      }
    }
    const [unknown = 0, wrong = 0] = best;
    expect(unknown / wrong).toBeGreaterThan(0.5);
    expect(unknown / wrong).toBeLessThan(2);
  });

  test("RFC 4976 §9.1: a user without the hash in question is like an unknown one", async () => {
    const lookup = (): UserCredentials => ({ ha1: hashPassword("alice", realm, password, ["MD5"]) });
    const relay = authenticator({ credentials: { lookup } });
    const sha = answer(await ask(relay), { algorithm: "SHA-256", named: "SHA-256" });
    expect(verdict(await login(relay, sha))).toEqual([401, "wrong-credentials", "counted", "fresh"]);
  });

  test("RFC 4976 §9.1: another URI hashed: 401; another URI named: 400 [4976-9.1-13] [4976-9.1-18] [2617-3.2.2.5-01] [7616-3.4.6-01]", async () => {
    const relay = authenticator();
    const elsewhere = "msrps://elsewhere.test;tcp";
    for (const hashed of [
      elsewhere,
      "msrps://relay.example.com:2855;tcp",
      `msrps://inner.test:1/x;tcp ${uri}`,
    ]) {
      const wrong = answer(await ask(relay), { hashed });
      expect(verdict(await login(relay, wrong))).toEqual([401, "wrong-credentials", "counted", "fresh"]);
    }
    for (const more of [elsewhere, "msrps://relay.example.com:2855;tcp", "", "*"]) {
      const named = answer(await ask(relay), { hashed: elsewhere, more: `, uri="${more}"` });
      expect(verdict(await login(relay, named))).toEqual([400, "uri-mismatch", "counted", "fresh"]);
    }
  });

  test("RFC 2617 §3.2.1: a nonce from elsewhere: 401 without stale, though the digest is right [4976-9.1-26] [2617-3.2.1-02]", async () => {
    const relay = authenticator();
    for (const nonce of ["Zm9yZ2VkLW5vbmNl", await ask(authenticator())]) {
      expect(verdict(await login(relay, answer(nonce)))).toEqual([401, "unknown-nonce", "counted", "fresh"]);
    }
  });

  test("RFC 2617 §1.2: the realm is compared with its letter case [2617-1.2-01]", async () => {
    const relay = authenticator();
    const other = answer(await ask(relay), { realm: "Relay.example.com" });
    expect(verdict(await login(relay, other))).toEqual([401, "wrong-realm", "counted", "fresh"]);
  });

  test("RFC 4976 §9.1: Basic is answered with a Digest challenge [4976-9.1-03]", async () => {
    const relay = authenticator();
    expect(verdict(await login(relay, "Basic YWxpY2U6b3BlbiBzZXNhbWU="))).toEqual([
      401,
      "not-digest",
      "counted",
      "fresh",
    ]);
  });

  test("RFC 2617 §3.2.2: a parameter that is missing or malformed: 400 [2617-3.2.2-04] [4976-9.1-12] [7616-3.4-02]", async () => {
    const relay = authenticator();
    const right = answer(await ask(relay));
    for (const broken of [
      right.replace(", qop=auth", ""),
      right.replace(', cnonce="c0ffee"', ""),
      right.replace(", nc=00000001", ""),
      right.replace("nc=00000001", "nc=1"),
      right.replace("qop=auth", "qop=auth-int"),
      `${right}, username*=UTF-8''alice`,
      'Digest username="alice',
    ]) {
      expect([broken, verdict(await login(relay, broken))]).toEqual([
        broken,
        [400, "malformed", "counted", "fresh"],
      ]);
    }
    expect((await login(relay, right)).ok).toBe(true);
  });

  test("RFC 4976 §9.1: auth-int and -sess answers are refused [4976-9.1-04] [4976-9.1-05]", async () => {
    const relay = authenticator();
    const sess = answer(await ask(relay), { named: "MD5-sess" });
    expect(verdict(await login(relay, sess))).toEqual([401, "wrong-algorithm", "counted", "fresh"]);
  });
});

describe("nonces", () => {
  test("RFC 4976 §6.3: right digest on an old nonce: stale=true, not counted [4976-9.1-25] [2617-3.2.1-05] [7616-3.3-02]", async () => {
    const relay = authenticator({ lifetimeMs: 60_000 });
    const nonce = await ask(relay, 0);
    expect(verdict(await login(relay, answer(nonce), 65_000))).toEqual([401, "stale-nonce", "free", "stale"]);
    const wrong = answer(nonce, { password: "wrong" });
    expect(verdict(await login(relay, wrong, 65_000))).toEqual([
      401,
      "wrong-credentials",
      "counted",
      "fresh",
    ]);
    const unknown = answer(nonce, { user: "nobody" });
    expect(verdict(await login(relay, unknown, 65_000))).toEqual(verdict(await login(relay, wrong, 65_000)));
    expect((await login(relay, answer(await ask(relay, 65_000)), 65_001)).ok).toBe(true);
  });

  test("RFC 4976 §9.1: a count used before is refused, told to take a new nonce, and no failed try [4976-9.1-23]", async () => {
    const relay = authenticator();
    const nonce = await ask(relay);
    const first = answer(nonce, { nc: "00000002" });
    expect((await login(relay, first)).ok).toBe(true);
    for (const nc of ["00000001", "00000002"]) {
      expect(verdict(await login(relay, answer(nonce, { nc })))).toEqual([401, "replay", "free", "stale"]);
    }
    expect(verdict(await login(relay, answer(nonce, { nc: "00000001", password: "wrong" })))).toEqual([
      401,
      "wrong-credentials",
      "counted",
      "fresh",
    ]);
    expect((await login(relay, answer(nonce, { nc: "00000003" }))).ok).toBe(true);
  });

  test("RFC 4976 §9.1: the same answer twice at the same time is accepted once [4976-9.1-23]", async () => {
    let release = (_: UserCredentials): void => undefined;
    const stored = new Promise<UserCredentials>((resolve) => {
      release = resolve;
    });
    const relay = authenticator({ credentials: { lookup: () => stored } });
    const authorization = answer(await ask(relay));
    const both = [login(relay, authorization), login(relay, authorization)];
    release({ ha1: hashPassword("alice", realm, password) });
    expect((await Promise.all(both)).map(verdict)).toEqual(["accepted", [401, "replay", "free", "stale"]]);
  });

  test("SEC-07: challenges, wrong answers and unknown nonces keep nothing; each login one entry [SEC-07]", async () => {
    const relay = authenticator({ maxUsed: 2 });
    for (let index = 0; index < 100; index++) {
      await login(relay, answer(await ask(relay), { password: `guess-${index}` }));
      await login(relay, answer("0".repeat(60)));
    }
    expect(relay.usedNonces).toBe(0);
    for (let index = 0; index < 5; index++) await login(relay, answer(await ask(relay, index), {}), index);
    expect(relay.usedNonces).toBe(2);
  });
});

describe("backends", () => {
  test("one in memory is answered without a promise", () => {
    const relay = authenticator();
    const asked = relay.verify({ digestUri: uri, authorization: undefined }, 0);
    expect(asked instanceof Promise).toBe(false);
    const nonce = challenges(failure(asked as AuthOutcome))[0]?.get("nonce") ?? "";
    expect(relay.verify({ digestUri: uri, authorization: answer(nonce) }, 0) instanceof Promise).toBe(false);
  });

  test("one that fails, now or later, refuses with 403, is not held against the user and is told to the log", async () => {
    const cause = new Error("no database");
    for (const lookup of [
      () => {
        throw cause;
      },
      () => Promise.reject(cause),
    ]) {
      const relay = authenticator({ credentials: { lookup } });
      const outcome = failure(await login(relay, answer(await ask(relay))));
      expect(verdict(outcome)).toEqual([403, "backend-failed", "free", "fresh"]);
      expect(outcome.cause).toBe(cause);
      expect(JSON.stringify(outcome.headers)).not.toContain("database");
    }
  });

  test("is not asked without a nonce of ours, nor about another realm", async () => {
    let lookups = 0;
    const lookup = (): undefined => {
      lookups += 1;
    };
    const relay = authenticator({ credentials: { lookup } });
    await login(relay, answer("0".repeat(60)));
    await login(relay, answer(await ask(relay), { realm: "other" }));
    await login(relay, "Digest broken");
    expect(lookups).toBe(0);
    await login(relay, answer(await ask(relay)));
    expect(lookups).toBe(1);
  });

  test("2617 §3.2.2: what is told to a log names the user and the reason, never a secret [2617-3.2.2-05]", async () => {
    const relay = authenticator();
    const authorization = answer(await ask(relay), { password: "wrong" });
    const outcome = failure(await login(relay, authorization));
    const { headers, ...logged } = outcome;
    expect(logged).toEqual({
      ok: false,
      status: 401,
      reason: "wrong-credentials",
      counted: true,
      user: "alice",
    });
    expect(headers.length).toBe(2);
  });
});

describe("options", () => {
  test("that make no sense are refused", () => {
    expect(() => authenticator({ algorithms: [] })).toThrow(RangeError);
    expect(() => authenticator({ algorithms: ["MD5", "MD5"] })).toThrow(RangeError);
    expect(() => authenticator({ lifetimeMs: 0 })).toThrow(RangeError);
  });
});
