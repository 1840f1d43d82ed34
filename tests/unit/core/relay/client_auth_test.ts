// The client's side of Digest: against our relay's side, and against stubs that a client meets in the wild.
import { describe, expect, test } from "#test";
import { LocalProtocolError, MsrpError, RemoteProtocolError } from "../../../../core/errors.ts";
import { Authenticator, type AuthenticatorOptions } from "../../../../core/relay/authenticator.ts";
import { ClientAuth, type ClientAuthOptions } from "../../../../core/relay/client_auth.ts";
import { hashPassword, StaticCredentials } from "../../../../core/relay/credentials.ts";
import { createHa1, digestResponse, digestRspauth } from "../../../../core/relay/digest.ts";
import { parseDigestFields } from "../../../../core/relay/digest_fields.ts";

const uri = "msrps://relay.example.com;tcp";
const realm = "relay.example.com";
const alice = { username: "alice", password: "correct horse battery" };
const channel = { secure: true, verified: true };

type Fields = readonly (readonly [string, string])[];

function relayOf(options: Partial<AuthenticatorOptions> = {}): Authenticator {
  const credentials = StaticCredentials.of(realm, { alice: alice.password });
  return new Authenticator({ realm, credentials, ...options });
}

function client(options: Partial<ClientAuthOptions> = {}): ClientAuth {
  return new ClientAuth({ credentials: alice, ...options });
}

/** Logs in and returns every Authorization that was sent, "" for a request without. */
async function logIn(
  user: ClientAuth,
  relay: Authenticator,
  now = 0,
): Promise<{ sent: string[]; proven: boolean }> {
  const exchange = user.begin(uri, channel);
  const sent: string[] = [];
  for (let step = 0; step < 6; step++) {
    const { authorization } = exchange;
    sent.push(authorization ?? "");
    const outcome = await relay.verify({ digestUri: uri, authorization }, now);
    if (outcome.ok) return { sent, proven: exchange.accepted(outcome.headers) };
    await exchange.challenged(outcome.headers);
  }
  throw new Error("no end");
}

function field(authorization: string, name: string): string | undefined {
  return parseDigestFields(authorization)[0]?.values.get(name);
}

const challenge = (rest: string): Fields => [
  ["WWW-Authenticate", `Digest realm="${realm}", nonce="n1", ${rest}`],
];

async function codeOf(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    if (error instanceof MsrpError) return error.code;
    throw error;
  }
  return "none";
}

describe("logging in", () => {
  test("RFC 4976 §5.1: first without Authorization, then with; the relay proves itself [4976-5.1-08] [4976-5.1-11] [4976-9.1-15]", async () => {
    const { sent, proven } = await logIn(client(), relayOf());
    expect(sent.length).toBe(2);
    expect(sent[0]).toBe("");
    expect(proven).toBe(true);
  });

  test("RFC 4976 §9.1: username, realm, nonce, cnonce, qop, nc and uri as they must be written [4976-7-03] [4976-9.1-11] [4976-9.1-16] [7616-3.4-01] [7616-3.4-03] [2617-3.2.2-02]", async () => {
    const { sent } = await logIn(client(), relayOf());
    expect(sent[1]).toMatch(
      /^Digest username="alice", realm="relay\.example\.com", nonce="[0-9a-f]+", uri="msrps:\/\/relay\.example\.com;tcp", qop=auth, nc=00000001, cnonce="[0-9a-f]{32}", response="[0-9a-f]{64}", opaque="[0-9a-f]+", algorithm=SHA-256$/,
    );
    const bare = await logIn(client({ sendUri: false }), relayOf());
    expect(bare.sent[1]).not.toContain("uri=");
  });

  test("RFC 4976 §9.1: the next nonce is used from 00000001 on, in one round trip [4976-9.1-21] [2617-3.2.3-01]", async () => {
    const [user, relay] = [client(), relayOf()];
    await logIn(user, relay);
    for (let round = 0; round < 3; round++) {
      const { sent, proven } = await logIn(user, relay);
      expect([sent.length, field(sent[0] ?? "", "nc"), proven]).toEqual([1, "00000001", true]);
    }
  });

  test("RFC 4976 §9.1: without a next nonce the old one is used with the next count [4976-9.1-22] [2617-3.2.2-03]", async () => {
    const [user, relay] = [client(), relayOf({ nextNonce: false })];
    const counts: unknown[] = [];
    for (let round = 0; round < 11; round++) {
      counts.push(field((await logIn(user, relay)).sent.at(-1) ?? "", "nc"));
    }
    expect(counts[0]).toBe("00000001");
    expect(counts.slice(8)).toEqual(["00000009", "0000000a", "0000000b"]);
  });

  test("RFC 2617 §4.9: a fresh cnonce each time [2617-4.9-01] [7616-5.12-01]", async () => {
    const [user, relay] = [client(), relayOf()];
    const seen = new Set<unknown>();
    for (let round = 0; round < 100; round++) {
      seen.add(field((await logIn(user, relay)).sent.at(-1) ?? "", "cnonce"));
    }
    expect(seen.size).toBe(100);
  });

  test("RFC 4976 §9.1: after stale=true the new nonce is used at once, without asking the user [4976-9.1-29]", async () => {
    let asked = 0;
    const user = client({
      credentials: () => {
        asked += 1;
        return alice;
      },
    });
    const relay = relayOf({ lifetimeMs: 1000 });
    await logIn(user, relay, 0);
    const { sent, proven } = await logIn(user, relay, 5000);
    expect([sent.length, proven]).toEqual([2, true]);
    expect(sent.every((one) => one !== "")).toBe(true);
    expect(asked).toBe(2);
  });

  test("a relay that was started again forgets nonces: one more round trip", async () => {
    const user = client();
    await logIn(user, relayOf());
    const { sent, proven } = await logIn(user, relayOf());
    expect([sent.length, proven]).toEqual([2, true]);
  });

  test("RFC 4976 §9.1: one nonce for each authority, whatever the user or path part says [4976-9.1-07]", async () => {
    const [user, relay] = [client(), relayOf()];
    await logIn(user, relay);
    expect(user.begin(uri, channel).authorization).not.toBe(undefined);
    expect(user.begin("msrps://alice@relay.example.com/x;tcp", channel).authorization).not.toBe(undefined);
    expect(user.begin("msrps://relay.example.com:2855;tcp", channel).authorization).toBe(undefined);
    expect(user.begin("msrps://other.example.com;tcp", channel).authorization).toBe(undefined);
    user.clear();
    expect(user.begin(uri, channel).authorization).toBe(undefined);
  });

  test("RFC 2617 §3.3: with HA1 in place of the password", async () => {
    const ha1 = hashPassword("alice", realm, alice.password, ["MD5"]);
    const { sent, proven } = await logIn(client({ credentials: { username: "alice", ha1 } }), relayOf());
    expect([field(sent[1] ?? "", "algorithm"), proven]).toEqual(["MD5", true]);
  });

  test("RFC 7616 §3.4.4: a hash for the name when the relay offers to take one [7616-3.4.4-01]", async () => {
    const { sent, proven } = await logIn(client(), relayOf({ userhash: true }));
    // The value of vector MSRP-SHA256-05-userhash.
    expect(field(sent[1] ?? "", "username")).toBe(
      "4ab200e34a8fcc00593b1c6256014b2983c613b01b4ae811506850ed4da83a75",
    );
    expect([field(sent[1] ?? "", "userhash"), proven]).toEqual(["true", true]);
  });
});

describe("challenges", () => {
  test("RFC 2617 §1.2: the strongest of several, in any order, in one field or many [2617-1.2-03] [7616-3.3-03] [7616-5.6-01]", async () => {
    const offers = ["MD5", "SHA-256", "FOO", "SHA-256-sess"].map(
      (name) => `Digest realm="${realm}", nonce="n", qop="auth", algorithm=${name}`,
    );
    const orders: Fields[] = [
      [["WWW-Authenticate", 'Basic realm="x"'], ...offers.map((one) => ["WWW-Authenticate", one] as const)],
      offers.toReversed().map((one) => ["www-authenticate", one] as const),
      [["WWW-Authenticate", offers.join(", ")]],
    ];
    for (const headers of orders) {
      const sent = await client().begin(uri, channel).challenged(headers);
      expect(field(sent, "algorithm")).toBe("SHA-256");
    }
    const md5 = await client({ algorithms: ["MD5"] })
      .begin(uri, channel)
      .challenged(orders[0] ?? []);
    expect(field(md5, "algorithm")).toBe("MD5");
  });

  test("RFC 7616 §3.7: the first of those that are understood, when the best stands first [7616-3.7-02] [4976-T41]", async () => {
    const offers = ["FOO", "SHA-256", "MD5"].map(
      (name) => `Digest realm="${realm}", nonce="n-${name}", qop="auth", algorithm=${name}`,
    );
    for (const headers of [
      offers.map((one) => ["WWW-Authenticate", one] as const),
      [["WWW-Authenticate", offers.join(", ")] as const],
    ]) {
      const sent = await client().begin(uri, channel).challenged(headers);
      expect([field(sent, "algorithm"), field(sent, "nonce")]).toEqual(["SHA-256", "n-SHA-256"]);
    }
  });

  test("RFC 7616 §5.8: a relay that wanted SHA-256 gets no MD5 later [7616-5.8-01]", async () => {
    const strong = challenge('qop="auth", algorithm=SHA-256');
    const weak = challenge('qop="auth", algorithm=MD5');
    const other = "msrps://other.example:2855;tcp";
    for (const [options, code] of [
      [{}, "weaker-challenge"],
      [{ allowWeaker: true }, "none"],
    ] as const) {
      const user = client(options);
      expect(field(await user.begin(uri, channel).challenged(weak), "algorithm")).toBe("MD5");
      await user.begin(other, channel).challenged(strong);
      // Another relay's hash says nothing about this one.
      const again = user.begin(uri, channel);
      expect(field(await again.challenged(weak), "algorithm")).toBe("MD5");
      await user.begin(uri, channel).challenged(strong);
      expect(await codeOf(() => user.begin(uri, channel).challenged(weak))).toBe(code);
    }
  });

  test("RFC 4976 §9.1: Basic, -sess and auth-int alone are not answered [4976-9.1-02] [4976-9.1-06] [2617-3.2.1-07]", async () => {
    for (const value of [
      'Basic realm="r"',
      `Digest realm="${realm}", nonce="n", qop="auth-int"`,
      `Digest realm="${realm}", nonce="n", qop="auth", algorithm=MD5-sess`,
      `Digest realm="${realm}", nonce="n", qop="auth", algorithm=FOO`,
    ]) {
      const exchange = client().begin(uri, channel);
      expect([value, await codeOf(() => exchange.challenged([["WWW-Authenticate", value]]))]).toEqual([
        value,
        "no-usable-challenge",
      ]);
      expect(exchange.authorization).toBe(undefined);
    }
    expect(await codeOf(() => client().begin(uri, channel).challenged([]))).toBe("no-usable-challenge");
  });

  test("RFC 2617 §3.2.1: opaque goes back unchanged, algorithm as it was spelt or not at all [2617-3.2.1-04] [7616-3.3-04] [2617-3.2.2-01] [4976-T4]", async () => {
    const sent = await client()
      .begin(uri, channel)
      .challenged(challenge('qop="auth", opaque="a \\"b\\" c", algorithm=md5'));
    expect([field(sent, "opaque"), field(sent, "algorithm")]).toEqual(['a "b" c', "md5"]);
    const bare = await client().begin(uri, channel).challenged(challenge('qop="auth"'));
    expect([field(bare, "opaque"), field(bare, "algorithm")]).toEqual([undefined, undefined]);
    const ha1 = createHa1("MD5", "alice", realm, alice.password);
    const parts = {
      algorithm: "MD5",
      nonce: "n1",
      cnonce: field(bare, "cnonce"),
      nc: "00000001",
      qop: "auth",
    } as const;
    expect(field(bare, "response")).toBe(digestResponse(parts, ha1, "AUTH", uri));
  });

  test("RFC 4976 §9.1: domain and unknown qop values have no effect [4976-9.1-09] [2617-3.2.1-08]", async () => {
    const user = client();
    const sent = await user
      .begin(uri, channel)
      .challenged(challenge('qop="auth-int,auth,new", domain="msrps://evil"'));
    expect(sent).toContain("qop=auth,");
    expect(user.begin("msrps://evil;tcp", channel).authorization).toBe(undefined);
  });

  test("RFC 4976 §5.1: credentials are chosen by realm [4976-5.1-11]", async () => {
    const accounts = new Map([["b.example", { username: "bob", password: "b" }]]);
    const user = client({ credentials: async (name) => accounts.get(name) });
    const of = (name: string): readonly [string, string] => [
      "WWW-Authenticate",
      `Digest realm="${name}", nonce="n", qop="auth"`,
    ];
    const sent = await user.begin(uri, channel).challenged([of("a.example"), of("b.example")]);
    expect([field(sent, "username"), field(sent, "realm")]).toEqual(["bob", "b.example"]);
    expect(await codeOf(() => user.begin(uri, channel).challenged([of("a.example")]))).toBe("no-credentials");
  });
});

describe("refusals", () => {
  test("RFC 4976 §9.1: a relay that always says 401 sees credentials at most twice [4976-9.1-28]", async () => {
    const always = challenge('qop="auth", algorithm=SHA-256');
    const fresh = client().begin(uri, channel);
    await fresh.challenged(always);
    expect(await codeOf(() => fresh.challenged(always))).toBe("auth-refused");

    const [user, relay] = [client(), relayOf()];
    await logIn(user, relay);
    const remembered = user.begin(uri, channel);
    expect(remembered.authorization).not.toBe(undefined);
    await remembered.challenged(always);
    expect(await codeOf(() => remembered.challenged(always))).toBe("auth-refused");
    // Refused credentials are forgotten with their nonce.
    expect(user.begin(uri, channel).authorization).toBe(undefined);
  });

  test("RFC 4976 §9.1: stale=true for ever ends too; any letter case counts [4976-9.1-28] [2617-3.2.1-06]", async () => {
    const exchange = client().begin(uri, channel);
    await exchange.challenged(challenge('qop="auth"'));
    await exchange.challenged(challenge('qop="auth", stale=TRUE'));
    await exchange.challenged(challenge('qop="auth", stale=true'));
    expect(await codeOf(() => exchange.challenged(challenge('qop="auth", stale=true')))).toBe("auth-refused");
  });

  test("wrong password: refused, and the error does not show it", async () => {
    const user = client({ credentials: { username: "alice", password: "not-the-one" } });
    try {
      await logIn(user, relayOf());
      expect("logged in").toBe("refused");
    } catch (error) {
      expect(error instanceof RemoteProtocolError && [error.code, error.status]).toEqual([
        "auth-refused",
        401,
      ]);
      expect(String(error)).not.toContain("not-the-one");
    }
  });

  test("RFC 4976 §9.4: nothing is sent to a relay that was not verified, or without TLS [4976-9.4-01] [4976-3.1-04]", async () => {
    for (const bad of [
      { secure: false, verified: false },
      { secure: true, verified: false },
      { secure: false, verified: true },
    ]) {
      expect(await codeOf(() => client().begin(uri, bad))).toBe("relay-not-verified");
      expect(() => client().begin(uri, bad)).toThrow(LocalProtocolError);
      expect(client({ allowUnverified: true }).begin(uri, bad).authorization).toBe(undefined);
    }
  });
});

describe("the relay's proof", () => {
  const ha1 = createHa1("MD5", "alice", realm, alice.password);

  async function answered(options: Partial<ClientAuthOptions> = {}) {
    const user = client(options);
    const exchange = user.begin(uri, channel);
    const sent = await exchange.challenged(challenge('qop="auth"'));
    const cnonce = field(sent, "cnonce") ?? "";
    const rspauth = digestRspauth(
      { algorithm: "MD5", nonce: "n1", cnonce, nc: "00000001", qop: "auth" },
      ha1,
      uri,
    );
    return { user, exchange, cnonce, rspauth };
  }

  test("RFC 4976 §9.1: right, in any order and with unknown parameters [4976-9.1-15] [4976-7-04]", async () => {
    const { exchange, cnonce, rspauth } = await answered();
    const value = `x=y, nc=00000001,rspauth="${rspauth}", cnonce="${cnonce}", qop=auth`;
    expect(exchange.accepted([["authentication-info", value]])).toBe(true);
  });

  test("RFC 4976 §9.1: wrong, or for another request: the result is dropped [4976-9.1-15]", async () => {
    for (const change of [
      { rspauth: "0".repeat(32) },
      { rspauth: "" },
      { cnonce: "other" },
      { nc: "00000002" },
    ]) {
      const { user, exchange, cnonce, rspauth } = await answered();
      const info = { rspauth, cnonce, nc: "00000001", ...change };
      const value = `nextnonce="n2", rspauth="${info.rspauth}", cnonce="${info.cnonce}", nc=${info.nc}, qop=auth`;
      expect(await codeOf(() => exchange.accepted([["Authentication-Info", value]]))).toBe(
        "rspauth-mismatch",
      );
      expect(user.begin(uri, channel).authorization).toBe(undefined);
    }
  });

  test("RFC 4976 §9.1: left out or broken, as deployed relays do: told, and refused when a proof is required", async () => {
    for (const headers of [
      [],
      [["Authentication-Info", 'Digest nextnonce="n2"']],
      [["Authentication-Info", "qop=auth"]],
    ] as Fields[]) {
      const { exchange } = await answered();
      expect(exchange.accepted(headers)).toBe(false);
      const strict = await answered({ requireProof: true });
      expect(await codeOf(() => strict.exchange.accepted(headers))).toBe("rspauth-mismatch");
    }
  });

  test("a 200 to an AUTH without credentials proves nothing", async () => {
    const exchange = client().begin(uri, channel);
    expect(exchange.accepted([["Authentication-Info", 'nextnonce="n2"']])).toBe(false);
    expect(await codeOf(() => client({ requireProof: true }).begin(uri, channel).accepted([]))).toBe(
      "rspauth-mismatch",
    );
  });
});

describe("limits", () => {
  test("nonces of maxRelays relays are kept; the one not used for longest goes first", async () => {
    const user = client({ maxRelays: 2 });
    const known = (host: string) => user.begin(`msrps://${host};tcp`, channel).authorization !== undefined;
    for (const host of ["a.example", "b.example"]) {
      await user.begin(`msrps://${host};tcp`, channel).challenged(challenge('qop="auth"'));
    }
    expect([user.relays, known("a.example")]).toEqual([2, true]);
    await user.begin("msrps://c.example;tcp", channel).challenged(challenge('qop="auth"'));
    expect([user.relays, known("b.example"), known("a.example"), known("c.example")]).toEqual([
      2,
      false,
      true,
      true,
    ]);
  });
});
