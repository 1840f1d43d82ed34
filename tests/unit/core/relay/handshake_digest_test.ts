// HTTP Digest in the handshake of a WebSocket: the 401, the answer to it by HTTP's rules, and how often one may guess.
// The responses are computed here step by step, with the method GET and the path.
import { describe, expect, test } from "#test";
import { FakeClock } from "../../../../adapters/memory.ts";
import {
  definePlugin,
  type HandshakeDigestOptions,
  handshakeDigest,
  handshakeUser,
  Msrp,
  StaticCredentials,
  type UpgradeResult,
} from "../../../../core/mod.ts";
import { createHa1, digestResponse } from "../../../../core/relay/digest.ts";
import { parseDigestFields } from "../../../../core/relay/digest_fields.ts";

const realm = "relay.example.com";
const url = "/msrp?x=1";

class Bench {
  readonly clock = new FakeClock();
  readonly users: unknown[] = [];
  readonly app: Msrp;

  constructor(options: Partial<HandshakeDigestOptions> = {}) {
    const credentials = StaticCredentials.of(realm, { alice: "secret" });
    const after = definePlugin({
      name: "after",
      upgrade: (c, next) => {
        this.users.push(c.get(handshakeUser));
        return next();
      },
    });
    this.app = new Msrp().use(handshakeDigest({ realm, credentials, ...options }), after);
  }

  async ask(
    authorization?: string,
    more: { url?: string; remoteAddress?: string } = {},
  ): Promise<UpgradeResult> {
    const headers = new Map(authorization === undefined ? [] : [["authorization", authorization]]);
    return await this.app.upgrade({
      url,
      headers,
      remoteAddress: "192.0.2.1",
      secure: true,
      clock: this.clock,
      ...more,
    });
  }

  async nonce(): Promise<string> {
    const { verdict } = await this.ask();
    const [, value = ""] = verdict.headers?.[0] ?? [];
    return new Map(parseDigestFields(value)[0]?.values).get("nonce") ?? "";
  }
}

function answer(nonce: string, given: { password?: string; uri?: string; method?: string } = {}): string {
  const { password = "secret", uri = url, method = "GET" } = given;
  const parts = { nonce, nc: "00000001", cnonce: "c0ffee00", qop: "auth", algorithm: "SHA-256" } as const;
  const ha1 = createHa1("SHA-256", "alice", realm, password);
  const response = digestResponse(parts, ha1, method, uri);
  return `Digest username="alice", realm="${realm}", nonce="${nonce}", uri="${uri}", qop=auth, nc=00000001, cnonce="c0ffee00", response="${response}", algorithm=SHA-256`;
}

describe("handshakeDigest", () => {
  test("RFC 7977 §7: the first handshake draws 401 with challenges [7977-7-02] [7977-7-01]", async () => {
    const { verdict } = await new Bench().ask();
    expect(verdict.status).toBe(401);
    expect(verdict.headers?.map(([name]) => name)).toEqual(["WWW-Authenticate", "WWW-Authenticate"]);
  });

  test("RFC 7616 §3.4: the answer is over GET and the path, and tells who it is [7977-5.3.1-01]", async () => {
    const bench = new Bench();
    const { verdict } = await bench.ask(answer(await bench.nonce()));
    expect([verdict.status, bench.users]).toEqual([200, [{ user: "alice", realm }]]);
  });

  test("credentials for AUTH, for another path or with another password do not pass", async () => {
    const bench = new Bench();
    for (const given of [{ method: "AUTH" }, { uri: "/else" }, { password: "guess" }]) {
      const { verdict } = await bench.ask(answer(await bench.nonce(), given));
      expect([given, verdict.accepted]).toEqual([given, false]);
    }
    // Used once: an answer that was overheard is worth nothing.
    const good = answer(await bench.nonce());
    expect((await bench.ask(good)).verdict.status).toBe(200);
    expect((await bench.ask(good)).verdict.status).toBe(401);
  });

  test("SEC-25: guesses of one address are bounded, by the minute; other addresses are not held back", async () => {
    const bench = new Bench({ maxFailuresPerAddress: 3 });
    const nonce = await bench.nonce();
    const guess = answer(nonce, { password: "guess" });
    const statuses: number[] = [];
    for (let round = 0; round < 4; round++) statuses.push((await bench.ask(guess)).verdict.status);
    expect(statuses).toEqual([401, 401, 401, 429]);
    expect((await bench.ask(undefined, { remoteAddress: "192.0.2.2" })).verdict.status).toBe(401);
    await bench.clock.advance(60_000);
    expect((await bench.ask()).verdict.status).toBe(401);
    expect(() =>
      handshakeDigest({ realm, credentials: new StaticCredentials(), maxFailuresPerAddress: 0 }),
    ).toThrow("maxFailuresPerAddress");
  });

  test("asks on its path only", async () => {
    const bench = new Bench({ path: "/msrp" });
    expect((await bench.ask()).verdict.status).toBe(401);
    expect((await bench.ask(undefined, { url: "/open" })).verdict.status).toBe(200);
    expect(bench.users).toEqual([undefined]);
  });
});
