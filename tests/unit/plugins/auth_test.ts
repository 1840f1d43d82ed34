// auth(): AUTH with and without a relay, handshakes of WebSockets, certificates, who may come in and who is locked out.
// Clients use the toolkit's own side of Digest; handshakes are given to the node as an adapter would.
import { generateKeyPair, SignJWT } from "jose";
import { describe, expect, test } from "#test";
import { FakeClock, MemoryNetwork, memoryPair, settle } from "../../../adapters/memory.ts";
import {
  type ConnectionHandle,
  definePlugin,
  handshakeUser,
  Msrp,
  type PeerCertificate,
  StaticCredentials,
} from "../../../core/mod.ts";
import { type AuthAttempt, type AuthOptions, auth } from "../../../plugins/auth.ts";
import { Peer } from "../../../testing/wire.ts";
import { MemoryWebSocket, memoryServer } from "../../support/memory_web_socket.ts";
import { RelayBench, request } from "../../support/relay_bench.ts";

const credentials = StaticCredentials.of("relay.example", { alice: "a", bob: "b" });
const digest = { realm: "relay.example", credentials };
const secret = new TextEncoder().encode("a secret of at least thirty-two octets");
const token = (user: string, expires = "5m"): Promise<string> =>
  new SignJWT({ sub: user }).setProtectedHeader({ alg: "HS256" }).setExpirationTime(expires).sign(secret);

/** A relay that leaves authentication to the plugin. */
function bench(options: Partial<AuthOptions> = {}) {
  const attempts: string[] = [];
  const onAttempt = ({ method, outcome, user, reason }: AuthAttempt): void =>
    void attempts.push([method, outcome, user, reason].filter((part) => part !== undefined).join(" "));
  const relay = new RelayBench({ authenticator: "plugin" }, auth({ digest, onAttempt, ...options }));
  return { relay, attempts };
}

/** A node that knows who is at the other end, and what it has seen. */
async function node(options: AuthOptions) {
  const clock = new FakeClock();
  const attempts: string[] = [];
  const errors: unknown[] = [];
  let rooms = 0;
  const onAttempt = ({ method, outcome, user, reason }: AuthAttempt): void =>
    void attempts.push([method, outcome, user, reason].filter((part) => part !== undefined).join(" "));
  const app = new Msrp({ clock, acceptUnknown: () => true }).use(auth({ onAttempt, ...options }));
  app.tap("error", ({ error }) => void errors.push(error));
  /** Asks for an upgrade; gives status, the user that is known then, and the challenge. */
  const shake = async (
    headers: Record<string, string> = {},
    more: { url?: string; peerCertificate?: PeerCertificate; remoteAddress?: string } = {},
  ): Promise<(string | number | undefined)[]> => {
    const fields = new Map(Object.entries({ host: "chat.example", ...headers }));
    const asked = { url: "/msrp", headers: fields, remoteAddress: "192.0.2.1", secure: true, ...more };
    const { verdict, accept } = await app.upgrade(asked);
    const challenge = verdict.headers?.find(([name]) => name === "WWW-Authenticate")?.[1];
    if (!verdict.accepted) return [verdict.status, challenge];
    let user: string | undefined;
    const seen = app.tap("settled", ({ connection }) => {
      user = connection.get(handshakeUser)?.user;
    });
    let peer: Peer | undefined;
    memoryPair((transport) => (peer = new Peer(transport)), accept, {
      clock,
      secure: true,
      framing: "message",
    });
    await settle();
    peer?.write(
      request({
        to: `msrps://chat.example:9/room00000${++rooms};ws`,
        from: "msrps://x.invalid:9/peer00001;ws",
        body: "hi",
      }),
    );
    const answer = await peer?.frame();
    seen();
    return [answer?.what, user];
  };
  return { app, clock, attempts, errors, shake };
}

describe("auth() and AUTH", () => {
  test("refuses options that are unknown or wrong", () => {
    const wrong: [unknown, string][] = [
      [{ digset: {} }, "digset"],
      [{ digest: { credentials } }, "digest: either authenticator"],
      [{ bearer: { jwksUrl: "ftp://x" } }, "bearer.jwksUrl"],
      [{ bearer: {} }, "one of jwksUrl"],
      [{ cookie: { name: "sid" } }, "a cookie needs verify"],
      [{ certificate: false }, "certificate"],
      [{ lockOut: { failures: 3 } }, "failures"],
    ];
    for (const [options, message] of wrong) expect(() => auth(options as AuthOptions)).toThrow(message);
    expect(auth({}).name).toBe("auth");
  });

  test("RFC 4976 §6.3: a relay gives out a URI to whom the plugin has authenticated, and checks nothing twice", async () => {
    const { relay, attempts } = bench();
    const alice = await relay.peer();
    const ok = await relay.auth(alice, "alice", { headers: ["Expires: 90"] });
    expect([ok.what, ok.headers["Expires"]]).toEqual(["200", "90"]);
    expect(ok.headers["Use-Path"]).toMatch(/^msrps:\/\/relay\.example:2855\//);
    expect(ok.headers["Authentication-Info"]).toMatch(/rspauth="[0-9a-f]+"/);
    expect((await relay.auth(await relay.peer(), "bob", { password: "wrong" })).what).toBe("401");
    expect(attempts).toEqual(["digest accepted alice", "digest refused bob wrong-credentials"]);
    await relay.close();
  });

  test("RFC 4976 §8: without TLS there is not even a challenge", async () => {
    for (const [allowPlain, what] of [
      [false, "403"],
      [true, "200"],
    ] as const) {
      const relay = new RelayBench(
        { authenticator: "plugin", allowPlainAuth: true },
        auth({ digest: { ...digest, allowPlain } }),
      );
      expect((await relay.auth(await relay.peer({ secure: false }), "alice")).what).toBe(what);
      await relay.close();
    }
  });

  test("permit decides who may come in, and in which realm", async () => {
    const asked: unknown[] = [];
    const { relay, attempts } = bench({
      permit: async (who, by) => {
        asked.push([who, by]);
        return who.user !== "bob";
      },
    });
    expect((await relay.auth(await relay.peer(), "bob")).what).toBe("403");
    expect((await relay.auth(await relay.peer(), "alice")).what).toBe("200");
    expect(asked[0]).toEqual([
      { user: "bob", realm: "relay.example" },
      { method: "digest", remoteAddress: "192.0.2.9" },
    ]);
    expect(attempts[0]).toBe("digest refused bob not permitted");
    await relay.close();
  });

  test("an issuer that cannot be reached: 503, the error tap hears of it, and nobody is locked out for it", async () => {
    const { shake, errors, attempts } = await node({
      bearer: { jwksUrl: "http://127.0.0.1:9/keys" },
      lockOut: { addressFailures: 1 },
    });
    const token = await new SignJWT({ sub: "alice" })
      .setProtectedHeader({ alg: "ES256" })
      .setExpirationTime("5m")
      .sign((await generateKeyPair("ES256")).privateKey);
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(await shake({ authorization: `Bearer ${token}` })).toEqual([503, undefined]);
    }
    expect([errors.length, attempts.length]).toEqual([3, 3]);
  });

  test("failures lock out a user from an address, whatever comes then, and for so long", async () => {
    const { relay, attempts } = bench({
      lockOut: { userFailures: 3, lockMs: 60_000, connectionFailures: 100 },
    });
    const guesser = await relay.peer();
    for (let count = 0; count < 3; count++) {
      expect((await relay.auth(guesser, "alice", { password: "guess" })).what).toBe("401");
    }
    expect((await relay.auth(guesser, "alice")).what).toBe("403");
    expect((await relay.auth(await relay.peer(), "alice")).what).toBe("403");
    expect((await relay.auth(guesser, "bob")).what).toBe("200");
    expect((await relay.auth(await relay.peer({ address: "192.0.2.200" }), "alice")).what).toBe("200");
    expect(attempts).toContain("digest locked alice");
    await relay.clock.advance(60_000);
    expect((await relay.auth(await relay.peer(), "alice")).what).toBe("200");
    await relay.close();
  });

  test("failures lock out an address, and close a connection", async () => {
    const { relay } = bench({ lockOut: { addressFailures: 3, connectionFailures: 2 } });
    const first = await relay.peer();
    for (let count = 0; count < 2; count++) {
      expect((await relay.auth(first, "alice", { password: "guess" })).what).toBe("401");
    }
    await relay.clock.advance(1);
    expect(first.ended).toBe(true);
    expect((await relay.auth(await relay.peer(), "bob", { password: "guess" })).what).toBe("401");
    expect((await relay.auth(await relay.peer(), "bob")).what).toBe("403");
    expect((await relay.auth(await relay.peer({ address: "198.51.100.1" }), "bob")).what).toBe("200");
    await relay.close();
  });

  test("a place of users that fails is told to the error tap, and is nobody's failure", async () => {
    const lookup = (): never => {
      throw new Error("down");
    };
    const { relay } = bench({
      digest: { realm: "relay.example", credentials: { lookup } },
      lockOut: { userFailures: 1 },
    });
    const alice = await relay.peer();
    for (let count = 0; count < 3; count++) expect((await relay.auth(alice, "alice")).what).toBe("403");
    expect((relay.errors[0] as Error).message).toBe("down");
    await relay.close();
  });

  test("without a relay AUTH makes the user of the connection known, and `required` waits for it", async () => {
    const seen: (string | undefined)[] = [];
    const look = definePlugin({
      name: "look",
      chunk: (c, next) => {
        seen.push(c.connection.get(handshakeUser)?.user);
        return next();
      },
    });
    const lone = new RelayBench();
    const app = new Msrp({ clock: lone.clock, acceptUnknown: () => true }).use(
      auth({ digest, required: true }),
      look,
    );
    (lone as { app: Msrp }).app = app;
    const alice = await lone.peer();
    const to = "msrps://relay.example:2855/room000001;tcp";
    alice.send(to);
    expect(await alice.heard()).toEqual(["403"]);
    expect((await lone.auth(alice, "alice", { password: "wrong" })).what).toBe("401");
    alice.send(to);
    expect(await alice.heard()).toEqual(["403"]);
    const ok = await lone.auth(alice, "alice");
    expect([ok.what, ok.headers["Use-Path"]]).toEqual(["200", undefined]);
    alice.send(to);
    expect(await alice.heard()).toEqual(["200"]);
    expect(seen).toEqual(["alice"]);
    await app.close({ drainMs: 0 });
  });
});

describe("auth() and handshakes", () => {
  test("RFC 6750 §2.1: a bearer token in the handshake makes the user known", async () => {
    const { shake, attempts } = await node({ bearer: { key: secret, query: "token" } });
    expect(await shake({ authorization: `Bearer ${await token("alice")}` })).toEqual(["200", "alice"]);
    expect(await shake({}, { url: `/msrp?token=${await token("bob")}` })).toEqual(["200", "bob"]);
    expect(await shake({ authorization: "Bearer nonsense" })).toEqual([401, 'Bearer error="invalid_token"']);
    expect(await shake({ authorization: `Bearer ${await token("alice", "-1m")}` })).toEqual([
      401,
      'Bearer error="invalid_token"',
    ]);
    expect(await shake()).toEqual(["200", undefined]);
    expect(attempts).toEqual([
      "bearer accepted alice",
      "bearer accepted bob",
      "bearer refused ERR_JWS_INVALID",
      "bearer refused ERR_JWT_EXPIRED",
    ]);
  });

  test("required: a handshake without a user is refused with 401, unless AUTH may follow", async () => {
    const strict = await node({ bearer: { key: secret }, required: true });
    expect(await strict.shake()).toEqual([401, "Bearer"]);
    expect(await strict.shake({ authorization: `Bearer ${await token("alice")}` })).toEqual(["200", "alice"]);
    const patient = await node({ bearer: { key: secret }, digest, required: true });
    expect(await patient.shake()).toEqual(["403", undefined]);
  });

  test("what another plugin has found out in the handshake counts", async () => {
    const told = definePlugin({
      name: "told",
      upgrade: (c, next) => {
        if (c.query("who") !== undefined) c.set(handshakeUser, { user: "alice" });
        return next();
      },
    });
    const app = new Msrp({ clock: new FakeClock() }).use(
      told,
      auth({ bearer: { key: secret }, required: true }),
    );
    const statuses: number[] = [];
    for (const url of ["/msrp", "/msrp?who=1"]) {
      const asked = { url, headers: new Map<string, string>(), remoteAddress: "192.0.2.1", secure: true };
      statuses.push((await app.upgrade(asked)).verdict.status);
    }
    expect(statuses).toEqual([401, 200]);
  });

  test("RFC 7977 §7: a cookie, and only from the pages that may bring it", async () => {
    const verify = async (value: string) =>
      value === "s3ss10n" ? { user: "alice", realm: "web" } : undefined;
    const { shake } = await node({ cookie: { name: "sid", verify } });
    const cookie = "other=1; sid=s3ss10n";
    expect(await shake({ cookie })).toEqual(["200", "alice"]);
    expect(await shake({ cookie, origin: "https://chat.example" })).toEqual(["200", "alice"]);
    expect(await shake({ cookie, origin: "https://evil.example" })).toEqual([403, undefined]);
    expect(await shake({ cookie, origin: "http://chat.example" })).toEqual([403, undefined]);
    expect((await shake({ cookie: "sid=forged" }))[0]).toBe(401);
    const listed = await node({
      bearer: { key: secret },
      cookie: { name: "jwt", origins: ["https://app.example"] },
    });
    const jwt = { cookie: `jwt=${await token("bob")}` };
    expect(await listed.shake({ ...jwt, origin: "https://app.example" })).toEqual(["200", "bob"]);
    expect(await listed.shake({ ...jwt, origin: "https://chat.example" })).toEqual([403, undefined]);
  });

  test("a client certificate, in the handshake and on a connection without one", async () => {
    const peerCertificate = {
      der: new Uint8Array([48]),
      subjectAltNames: ["DNS:x", "URI:sip:alice@example.com"],
      verified: true,
    };
    const { shake } = await node({ certificate: true, required: true });
    expect(await shake({}, { peerCertificate })).toEqual(["200", "sip:alice@example.com"]);
    expect(await shake({}, { peerCertificate: { ...peerCertificate, verified: false } })).toEqual([
      401,
      "Bearer",
    ]);

    const connections: ConnectionHandle[] = [];
    const relay = new RelayBench(
      { authenticator: "plugin" },
      auth({
        certificate: ({ subjectAltNames = [] }) =>
          subjectAltNames.includes("DNS:evil") ? undefined : { user: "machine" },
      }),
      definePlugin({
        name: "look",
        connect: (c, next) => {
          if (c.connection !== undefined) connections.push(c.connection);
          return next();
        },
      }),
    );
    const machine = await relay.peer({ names: ["good"] });
    machine.write(request({ method: "AUTH", to: relay.authUri, from: machine.uri }));
    expect(await machine.heard()).toEqual(["200"]);
    const evil = await relay.peer({ names: ["evil"] });
    evil.write(request({ method: "AUTH", to: relay.authUri, from: evil.uri }));
    expect(await evil.heard()).toEqual(["403"]);
    expect(connections.map((one) => one.get(handshakeUser)?.user)).toEqual(["machine", undefined]);
    await relay.close();
  });

  test("RFC 7977 §5.3.1: at a relay, a client with a token gets a URI without a challenge, one without is challenged", async () => {
    const relay = new RelayBench(
      { authenticator: "plugin", listen: ["msrps://0.0.0.0:2855;tcp", "msrps://0.0.0.0:443;ws"] },
      auth({
        bearer: { verify: (given) => (given === "good" ? { user: "alice" } : undefined) },
        digest,
        required: true,
      }),
    );
    const login = async (headers: Record<string, string>): Promise<string> => {
      const socket = await MemoryWebSocket.open(memoryServer(relay.app), {
        clock: relay.clock,
        secure: true,
        headers,
      });
      const from = "msrps://df7jal23ls0d.invalid:2855/98cjs;ws";
      const asked = request({ method: "AUTH", to: "msrps://relay.example:443;ws", from });
      socket.send(asked.replace(/Message-ID.*\n/, ""));
      return (await socket.take()).join("");
    };
    const answer = await login({ Authorization: "Bearer good" });
    expect(answer).toMatch(/^MSRP \S+ 200 [\s\S]*Use-Path: msrps:\/\/relay\.example:2855\/\S+;tcp/);
    expect(await login({})).toMatch(/^MSRP \S+ 401 [\s\S]*WWW-Authenticate: Digest realm="relay\.example"/);
    await relay.close();
  });

  test("permit and locks hold for handshakes too", async () => {
    const { shake, clock, attempts } = await node({
      bearer: { key: secret },
      permit: ({ user }) => user !== "bob",
      lockOut: { addressFailures: 2, lockMs: 1000 },
    });
    expect(await shake({ authorization: `Bearer ${await token("bob")}` })).toEqual([403, undefined]);
    for (let count = 0; count < 2; count++) expect((await shake({ authorization: "Bearer x" }))[0]).toBe(401);
    const good = { authorization: `Bearer ${await token("alice")}` };
    expect(await shake(good)).toEqual([403, undefined]);
    expect(await shake(good, { remoteAddress: "198.51.100.7" })).toEqual(["200", "alice"]);
    await clock.advance(1000);
    expect(await shake(good)).toEqual(["200", "alice"]);
    expect(attempts).toContain("bearer locked");
  });

  test("what is no plain answer of somebody's function lets nobody in", async () => {
    const good = { authorization: `Bearer ${await token("alice")}` };
    for (const answer of ["yes", 1, { allowed: false }]) {
      for (const permit of [() => answer as never, async () => answer as never]) {
        const { shake } = await node({ bearer: { key: secret }, permit });
        expect((await shake(good))[0]).toBe(403);
      }
    }
    for (const user of [null, "alice", {}, { user: "" }, { user: 5 }]) {
      const { shake, errors } = await node({ bearer: { verify: () => user as never } });
      expect((await shake(good))[0]).toBe(401);
      expect(errors.length).toBe(user === null ? 0 : 1);
      const certified = await node({ certificate: () => user as never, required: true });
      const peerCertificate = { der: new Uint8Array([48]), verified: true };
      expect((await certified.shake({}, { peerCertificate }))[0]).toBe(401);
    }
  });

  test("keys that cannot be had are told to the error tap", async () => {
    const { shake, errors } = await node({
      bearer: {
        verify: () => {
          throw new Error("no keys");
        },
      },
    });
    expect((await shake({ authorization: "Bearer x" }))[0]).toBe(401);
    expect((errors[0] as Error).message).toBe("no keys");
  });

  test("a connection that a peer has certified connects over a network in memory", async () => {
    const clock = new FakeClock();
    const network = new MemoryNetwork({
      clock,
      secure: true,
      client: {
        certificate: { der: new Uint8Array([48]), subjectAltNames: ["email:a@example.com"], verified: true },
      },
    });
    const server = new Msrp({ clock, acceptUnknown: () => true }).use(
      auth({ certificate: true, required: true }),
    );
    network.listen("server", 2855, server.accept, true);
    const session = await new Msrp({ clock }).connect(
      { local: "msrps://client:9/local00001;tcp", remote: "msrps://server:2855/remote0001;tcp" },
      network.connect,
    );
    await session.send("hi").accepted;
    expect(session.state).toBe("bound");
  });
});
