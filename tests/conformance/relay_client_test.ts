// The client's side of RFC 4976, clause by clause, against a relay of raw bytes. Time stands still until a test moves it.
import { describe, expect, test } from "#test";
import { makeConnector } from "../../adapters/_dial.ts";
import type { Candidate } from "../../adapters/_resolve.ts";
import { MemoryNetwork, settle } from "../../adapters/memory.ts";
import type { MsrpError } from "../../core/errors.ts";
import { Msrp } from "../../core/node/node.ts";
import { RelayClient } from "../../core/relay/client.ts";
import type { PathRenewal, RenewalProblem } from "../../core/relay/client_options.ts";
import { MsrpUri } from "../../core/wire/uri.ts";
import { request } from "../../testing/wire.ts";
import type { Written } from "../support/connections.ts";
import { rejection, thrown } from "../support/nodes.ts";
import { StubRelay } from "../support/stub_relay.ts";

const peerPath: readonly MsrpUri[] = ["D", "E", "F"].map((name) =>
  MsrpUri.parse(`msrps://${name.toLowerCase()}.example:2855/${name};tcp`),
);
const uris = (path: readonly MsrpUri[]): string[] => path.map(({ text }) => text);
const authorization = (auth: Written | undefined): string => auth?.headers["Authorization"] ?? "";
const parameter = (auth: Written | undefined, name: string): string | undefined =>
  new RegExp(`[ ,]${name}="?([^",]*)"?`).exec(authorization(auth))?.[1];

async function withRelay(
  use: (relay: StubRelay) => Promise<void>,
  options?: ConstructorParameters<typeof StubRelay>[0],
): Promise<void> {
  const relay = new StubRelay(options);
  try {
    await use(relay);
  } finally {
    await relay.close();
  }
}

describe("AUTH", () => {
  test("RFC 4976 §5.1: AUTH, challenge, AUTH with credentials, and there is a path [4976-5.1-01, 4976-5.1-02, 4976-5.1-08, 4976-5.1-11, 4976-5.1-12]", () =>
    withRelay(async (relay) => {
      const path = await relay.client().path();
      expect(relay.auths.map((auth) => [auth.what, authorization(auth) !== ""])).toEqual([
        ["AUTH", false],
        ["AUTH", true],
      ]);
      const [first, second] = relay.auths;
      expect(first?.id).not.toBe(second?.id);
      expect(first?.toPath).toEqual([relay.uri]);
      expect(first?.fromPath).toEqual([path.local.text]);
      expect(uris(path.usePath)).toEqual(relay.minted);
      expect(path.valid).toBe(true);
    }));

  test("RFC 4976 §7, §9.1: the form of Authorization [4976-7-03, 4976-9.1-11, 4976-9.1-13, 4976-9.1-16, 2617-3.2.2-01, 2617-3.2.2-02, 2617-3.2.2-03, 7616-3.4-01, 7616-3.4-03, 7616-3.4-04, 2617-3.2.1-04]", () =>
    withRelay(async (relay) => {
      relay.answer = (auth, number) =>
        number === 1
          ? {
              status: "401 Unauthorized",
              headers: [
                'WWW-Authenticate: Digest realm="relay.example",nonce="n0",qop="auth,auth-int", opaque="o p",domain="x",other=1',
              ],
            }
          : { status: "200 OK", headers: [`Use-Path: ${relay.mint(auth)}`, "Expires: 60"] };
      await relay.client().path();
      const value = authorization(relay.auths[1]);
      for (const quoted of ["username", "realm", "nonce", "response", "cnonce", "opaque", "uri"]) {
        expect(value).toMatch(new RegExp(`[ ,]${quoted}="`));
      }
      expect(value).toMatch(/ qop=auth(,|$)/);
      expect(value).toMatch(/ nc=00000001(,|$)/);
      expect(value).toMatch(/ response="[0-9a-f]{32}"/);
      expect([parameter(relay.auths[1], "opaque"), parameter(relay.auths[1], "uri")]).toEqual([
        "o p",
        relay.uri,
      ]);
    }));

  test("RFC 4976 §9.1: nextnonce saves the next challenge, and nc begins anew [4976-9.1-21, 2617-3.2.3-01, 2617-4.9-01]", () =>
    withRelay(async (relay) => {
      const client = relay.client();
      for (let count = 0; count < 3; count++) await client.path();
      expect(relay.auths.map((auth) => parameter(auth, "nc"))).toEqual([
        undefined,
        ...Array(3).fill("00000001"),
      ]);
      expect(new Set(relay.auths.map((auth) => parameter(auth, "cnonce"))).size).toBe(4);
    }));

  test("RFC 4976 §9.1: without nextnonce the old nonce is used again, nc + 1 [4976-9.1-22]", () =>
    withRelay(async (relay) => {
      relay.answer = async (auth) => {
        const { status, headers = [] } = await relay.usual(auth);
        return { status, headers: headers.map((line) => line.replace(/nextnonce="[^"]*", /, "")) };
      };
      const client = relay.client();
      for (let count = 0; count < 3; count++) await client.path();
      expect(relay.auths.map((auth) => parameter(auth, "nc"))).toEqual([
        undefined,
        "00000001",
        "00000002",
        "00000003",
      ]);
    }));

  test("RFC 4976 §9.1: AUTHs to one relay wait for each other's answer [4976-5.1-22]", () =>
    withRelay(async (relay) => {
      const client = relay.client();
      const paths = await Promise.all(Array.from({ length: 5 }, () => client.path()));
      expect(relay.pipelined).toBe(1);
      expect(relay.auths.length).toBe(6);
      expect(new Set(paths.map(({ local }) => local.key)).size).toBe(5);
    }));

  test("RFC 4976 §5.1: the credentials are those of the realm that asks [4976-5.1-11]", () =>
    withRelay(async (relay) => {
      const asked: string[] = [];
      const client = relay.client({
        credentials: (realm) => {
          asked.push(realm);
          return realm === "relay.example" ? { username: "alice", password: "secret" } : undefined;
        },
      });
      await client.path();
      expect(asked).toEqual(["relay.example"]);
      const elsewhere = relay.client({ credentials: () => undefined });
      expect((await rejection<MsrpError>(elsewhere.path())).code).toBe("no-credentials");
    }));

  test("RFC 4976 §9.1: credentials that are refused are not tried for ever [4976-9.1-28]", () =>
    withRelay(async (relay) => {
      const client = relay.client({ credentials: { username: "alice", password: "wrong" } });
      const error = await rejection<MsrpError>(client.path());
      expect(error.code).toBe("auth-refused");
      expect(relay.auths.filter((auth) => authorization(auth) !== "").length).toBe(1);
      expect(error.message).not.toContain("wrong");
    }));

  test("RFC 4976 §9.1: stale=TRUE is answered with the new nonce, without asking anybody [4976-9.1-29, 2617-3.2.1-06]", () =>
    withRelay(async (relay) => {
      let asked = 0;
      relay.answer = async (auth, number) => {
        if (number !== 2) return undefined;
        const { status, headers = [] } = await relay.usual({ ...auth, headers: {} });
        return { status, headers: headers.map((line) => `${line.replace(/, stale=\w+/, "")}, stale=TRUE`) };
      };
      const client = relay.client({
        credentials: () => {
          asked++;
          return { username: "alice", password: "secret" };
        },
      });
      await client.path();
      expect(relay.auths.length).toBe(3);
      expect(parameter(relay.auths[2], "nonce")).not.toBe(parameter(relay.auths[1], "nonce"));
      expect(asked).toBe(2);
    }));

  for (const [what, challenge] of [
    ["Basic [4976-9.1-02]", 'Basic realm="relay.example"'],
    ["MD5-sess [4976-9.1-06]", 'Digest realm="relay.example", nonce="n", qop="auth", algorithm=MD5-sess'],
    ["auth-int [4976-9.1-06]", 'Digest realm="relay.example", nonce="n", qop="auth-int"'],
    [
      "an unknown algorithm [2617-3.2.1-07]",
      'Digest realm="relay.example", nonce="n", qop="auth", algorithm=FOO',
    ],
  ] as const) {
    test(`RFC 4976 §9.1: a challenge for ${what} is not answered`, () =>
      withRelay(async (relay) => {
        relay.answer = () => ({ status: "401 Unauthorized", headers: [`WWW-Authenticate: ${challenge}`] });
        expect((await rejection<MsrpError>(relay.client().path())).code).toBe("no-usable-challenge");
        expect(relay.auths.length).toBe(1);
      }));
  }

  test("RFC 4976 §9.1: a relay that proves nothing true is left, its Use-Path dropped [4976-9.1-15]", () =>
    withRelay(async (relay) => {
      relay.answer = async (auth) => {
        const { status, headers = [] } = await relay.usual(auth);
        const zeroes = (line: string): string =>
          line.replace(/rspauth="(\w+)"/, (_all, digest: string) => `rspauth="${"0".repeat(digest.length)}"`);
        return { status, headers: headers.map(zeroes) };
      };
      const client = relay.client();
      expect((await rejection<MsrpError>(client.path())).code).toBe("rspauth-mismatch");
      expect(client.pathCount).toBe(0);
    }));

  test("RFC 4976 §5.1: Expires is what was asked for [4976-5.1-13]", () =>
    withRelay(async (relay) => {
      await relay.client({ expires: 1234 }).path();
      expect(relay.auths.map(({ headers }) => headers["Expires"])).toEqual(["1234", "1234"]);
    }));

  for (const [asked, bound, next] of [
    [30, "Min-Expires: 600", "600"],
    [7200, "Max-Expires: 3600", "3600"],
    [undefined, "Min-Expires: 600", "600"],
  ] as const) {
    test(`RFC 4976 §4.6: 423 with ${bound} to ${asked ?? "no wish"} is followed by ${next} [4976-4.6-05, 4976-7-05]`, () =>
      withRelay(async (relay) => {
        relay.answer = async (auth) => {
          const { status, headers } = await relay.usual(auth);
          return status.startsWith("200") && auth.headers["Expires"] !== next
            ? { status: "423 Interval Out-of-Bounds", headers: [bound] }
            : { status, headers: headers ?? [] };
        };
        await relay.client(asked === undefined ? {} : { expires: asked }).path();
        expect(relay.auths.at(-1)?.headers["Expires"]).toBe(next);
        expect(relay.auths.length).toBe(3);
      }));
  }

  test("RFC 4976 §4.6: a relay that takes no lifetime at all is left", () =>
    withRelay(async (relay) => {
      relay.answer = async (auth) => {
        const reply = await relay.usual(auth);
        if (!reply.status.startsWith("200")) return reply;
        const bound = Number(auth.headers["Expires"] ?? 0) + 1;
        return { status: "423 No", headers: [`Min-Expires: ${bound}`] };
      };
      expect((await rejection<MsrpError>(relay.client().path())).code).toBe("auth-failed");
      expect(relay.auths.length).toBe(4);
    }));

  test("RFC 4976 §6.3: 403 and other answers are errors, each with its code", () =>
    withRelay(async (relay) => {
      for (const [status, code] of [
        ["403 Forbidden", "auth-forbidden"],
        ["501 Unknown", "auth-failed"],
      ] as const) {
        relay.answer = () => ({ status });
        expect((await rejection<MsrpError>(relay.client().path())).code).toBe(code);
      }
    }));

  test("RFC 4975 §7.1.1: an AUTH without an answer is given up after 30 seconds", () =>
    withRelay(async (relay) => {
      relay.answer = () => new Promise(() => undefined);
      const path = rejection<MsrpError>(relay.client().path());
      await settle();
      await relay.clock.advance(30_000);
      expect((await path).code).toBe("timeout");
    }));
});

describe("Use-Path", () => {
  test("RFC 4976 §4.2: several URIs, parted by single blanks, all stand in To-Path [4976-4.2-04, 4976-7-06]", () =>
    withRelay(async (relay) => {
      relay.answer = async (auth) => {
        const { status, headers = [] } = await relay.usual(auth);
        const more = (line: string): string =>
          line.startsWith("Use-Path") ? `${line} msrps://second.example:2855/T2;tcp` : line;
        return { status, headers: headers.map(more) };
      };
      await relay.client().connect({ remote: peerPath });
      expect(relay.connections[0]?.frames[0]?.toPath).toEqual([
        relay.minted[0],
        "msrps://second.example:2855/T2;tcp",
        ...uris(peerPath),
      ]);
    }));

  for (const [what, usePath] of [
    ["is missing", undefined],
    ["has no port [4976-8-01, 4976-8-02]", "msrps://relay.example/token;tcp"],
    ["has no token", "msrps://relay.example:2855;tcp"],
    ["leads over plain TCP", "msrp://relay.example:2855/token;tcp"],
    ["cannot be read", "msrps://relay.example:2855/token;tcp,msrps://x;tcp"],
    ["has an address without port [4976-8-03]", "msrps://192.0.2.1/token;tcp"],
    ["is endless", Array(17).fill("msrps://relay.example:2855/token;tcp").join(" ")],
  ] as const) {
    test(`RFC 4976 §4.2, §8: a Use-Path that ${what} is not used`, () =>
      withRelay(async (relay) => {
        relay.answer = async (auth) => {
          const { status, headers = [] } = await relay.usual(auth);
          const others = headers.filter((line) => !line.startsWith("Use-Path"));
          return { status, headers: usePath === undefined ? others : [`Use-Path: ${usePath}`, ...others] };
        };
        const error = await rejection<MsrpError>(relay.client().path());
        expect(error.code).toBe("bad-use-path");
        expect(`${error.message} ${error.stack}`).not.toMatch(/relay.example.*token/);
      }));
  }

  test("RFC 4976 §5.1: To-Path and SDP path of A behind B and C [4976-5.1-03, 4976-5.1-04, 4976-5.1-06, 4976-5.1-07]", () =>
    withRelay(async (relay) => {
      const outer = "msrps://outer.example;tcp";
      const client = relay.client({
        relay: [relay.uri, outer],
        credentials: (realm) => ({
          username: "alice",
          password: realm === "outer.example" ? "other" : "secret",
        }),
      });
      const path = await client.path();
      const [b, c] = relay.minted;
      expect(relay.auths.map(({ toPath }) => toPath)).toEqual([
        [relay.uri],
        [relay.uri],
        [b, outer],
        [b, outer],
      ]);
      expect(parameter(relay.auths[3], "uri")).toBe(outer);
      expect(uris(path.usePath)).toEqual([b, c]);
      expect(uris(path.sdpPath)).toEqual([c, b, path.local.text]);
      expect(uris(path.toPath(peerPath))).toEqual([b, c, ...uris(peerPath)]);
      expect(relay.connections.length).toBe(1);
    }));

  for (const [what, change] of [
    ["another first URI", (all: string[]) => ["msrps://evil.example:2855/X;tcp", ...all.slice(1)]],
    ["the URIs in reverse", (all: string[]) => all.reverse()],
    ["no URI of its own", (all: string[]) => all.slice(0, 1)],
  ] as const) {
    test(`RFC 4976 §5.1: an outer relay that answers with ${what} is not believed [4976-5.1-21]`, () =>
      withRelay(async (relay) => {
        relay.answer = async (auth) => {
          const { status, headers = [] } = await relay.usual(auth);
          if (auth.toPath.length === 1) return { status, headers };
          const changed = (line: string): string =>
            line.replace(
              /^Use-Path: (.*)$/,
              (_all, list: string) => `Use-Path: ${change(list.split(" ")).join(" ")}`,
            );
          return { status, headers: headers.map(changed) };
        };
        const client = relay.client({
          relay: [relay.uri, "msrps://outer.example;tcp"],
          credentials: (realm) => ({
            username: "alice",
            password: realm === "outer.example" ? "other" : "secret",
          }),
        });
        expect((await rejection<MsrpError>(client.path())).code).toBe("bad-use-path");
      }));
  }

  test("RFC 4976 §5.1: in a chain the earliest end counts [4976-5.1-16]", () =>
    withRelay(async (relay) => {
      relay.answer = async (auth) => {
        const { status, headers = [] } = await relay.usual(auth);
        const seconds = auth.toPath.length === 1 ? 300 : 3000;
        return {
          status,
          headers: headers.map((line) => line.replace(/^Expires: .*/, `Expires: ${seconds}`)),
        };
      };
      const client = relay.client({
        relay: [relay.uri, "msrps://outer.example;tcp"],
        credentials: (realm) => ({
          username: "alice",
          password: realm === "outer.example" ? "other" : "secret",
        }),
      });
      const path = await client.path();
      expect(path.expiresAt).toBe(300_000);
    }));
});

describe("sessions", () => {
  test("RFC 4976 §3.1, §5.1: each session has a URI of its own, over one connection [4976-3.1-02, 4976-5.1-05, 4976-5.2-02, 4975-5.4-01]", () =>
    withRelay(async (relay) => {
      const client = relay.client();
      const sessions = [
        await client.connect({ remote: peerPath }),
        await client.connect({ remote: peerPath }),
      ];
      expect(relay.connections.length).toBe(1);
      expect(relay.minted.length).toBe(2);
      expect(relay.connections[0]?.frames.map(({ toPath }) => toPath)).toEqual(
        relay.minted.map((token) => [token, ...uris(peerPath)]),
      );
      expect(new Set(sessions.map(({ local }) => local.key)).size).toBe(2);
    }));

  test("RFC 4976 §4.4, §5.2: SENDs are what they are without relays, and carry no credentials [4976-4.4-01, 4976-5.2-01]", () =>
    withRelay(async (relay) => {
      const session = await relay.client().connect({ remote: peerPath });
      const sent = session.send("hello");
      await sent.accepted;
      const frame = relay.connections[0]?.frames.at(-1);
      expect(frame?.what).toBe("SEND");
      expect(frame?.fromPath).toEqual([session.local.text]);
      expect(Object.keys(frame?.headers ?? {})).not.toContain("Authorization");
      expect(frame?.headers["Message-ID"]).toBe(sent.messageId);
    }));

  test("RFC 4976 §5.3: a peer opens the session through the relay; From-Path has several URIs [4976-5.3-01, 4976-3-02]", () =>
    withRelay(async (relay) => {
      const client = relay.client();
      const path = await client.path();
      const session = client.expect(path);
      const { peer, frames } = relay.connections[0]!;
      const fromPath = [path.usePath[0]!.text, ...uris(peerPath)];
      peer.write(
        request({
          to: path.local.text,
          from: fromPath.join(" "),
          body: "hello",
          range: "1-5/5",
          messageId: "m1234",
        }),
      );
      for await (const message of session) {
        expect(await message.text()).toBe("hello");
        break;
      }
      const sent = session.send("back");
      await sent.accepted;
      const send = frames.find(({ what }) => what === "SEND");
      expect(send?.toPath).toEqual(fromPath);
      expect(frames.find(({ kind }) => kind === "response")?.toPath).toEqual(fromPath.slice(0, 1));
    }));

  test("RFC 4976 §3.1: neither token nor password is in what is logged [4976-3.1-03]", () =>
    withRelay(async (relay) => {
      const app = new Msrp();
      const seen: unknown[] = [];
      for (const name of ["error", "closed", "oddity"] as const) app.tap(name, (event) => seen.push(event));
      const client = relay.client({}, app);
      await client.path();
      relay.answer = () => ({ status: "403 Forbidden" });
      seen.push(await rejection(client.path()));
      const texts = seen.map((one) => (one instanceof Error ? `${one.message} ${one.stack}` : ""));
      for (const secret of [...relay.minted.map((token) => MsrpUri.parse(token).sessionId), "secret"]) {
        expect(texts.join(" ")).not.toContain(secret);
      }
      expect(JSON.stringify(client)).toBe("{}");
    }));

  test("RFC 4976 §5.1: so many paths as the limit and no more", () =>
    withRelay(async (relay) => {
      const client = relay.client({ maxPaths: 2 });
      const [first] = await Promise.all([client.path(), client.path()]);
      expect((await rejection<MsrpError>(client.path())).code).toBe("too-many-paths");
      first.release();
      expect((await client.path()).valid).toBe(true);
    }));
});

describe("renewal", () => {
  test("RFC 4976 §9.4: a path is replaced before it expires, and the old one holds until then [4976-9.4-03, 4976-5.1-16]", () =>
    withRelay(async (relay) => {
      const client = relay.client();
      const renewals: PathRenewal[] = [];
      client.onRenewed((renewal) => renewals.push(renewal));
      const path = await client.path();
      await relay.clock.advance(839_000);
      expect(renewals.length).toBe(0);
      await relay.clock.advance(1000);
      expect(renewals.map(({ reason, replaces }) => [reason, replaces === path])).toEqual([["expiry", true]]);
      const next = renewals[0]!.path;
      expect(next.local.equals(path.local)).toBe(false);
      expect([path.valid, next.valid, next.expiresAt]).toEqual([true, true, 840_000 + 900_000]);
      await relay.clock.advance(60_000);
      expect([path.valid, next.valid]).toEqual([false, true]);
      await relay.clock.advance(780_000);
      expect(renewals.map(({ replaces }) => replaces)).toEqual([path, next]);
    }));

  test("a path that was released is renewed no more, and a short life is not spent on AUTHs", () =>
    withRelay(async (relay) => {
      relay.expires = 8;
      const client = relay.client();
      const path = await client.path();
      await relay.clock.advance(6000);
      expect(relay.minted.length).toBe(2);
      expect(client.pathCount).toBe(1);
      path.release();
      expect(client.pathCount).toBe(1);
      client.close();
      await relay.clock.advance(60_000);
      expect([relay.minted.length, client.pathCount]).toEqual([2, 0]);
      expect((await rejection<MsrpError>(client.path())).code).toBe("relay-client-closed");
    }));

  test("RFC 4976 §6.3: a lost connection voids the paths; AUTH again, and the new path is told [4976-5.4-03]", () =>
    withRelay(async (relay) => {
      const client = relay.client();
      const renewals: PathRenewal[] = [];
      client.onRenewed((renewal) => renewals.push(renewal));
      const path = await client.path();
      const expected = await client.path();
      const session = client.expect(expected);
      await relay.drop();
      expect([path.valid, session.state]).toEqual([false, "failed"]);
      await relay.clock.advance(1000);
      expect(
        renewals.map(({ reason, replaces }) => [reason, replaces === path, replaces === expected]),
      ).toEqual([
        ["reconnected", true, false],
        ["reconnected", false, true],
      ]);
      expect([relay.connections.length, client.pathCount, renewals[0]?.path.valid]).toEqual([2, 2, true]);
    }));

  test("a relay that is away is tried again, later each time, until it is back", () =>
    withRelay(async (relay) => {
      const away = new StubRelay({ host: "unused.example" });
      const network = new MemoryNetwork({ clock: relay.clock });
      const app = new Msrp();
      const credentials = { username: "alice", password: "secret" };
      const connect = relay.network.connect;
      let up = true;
      let attempts = 0;
      const client = new RelayClient(app, { relay: relay.uri, credentials }, (target, accept, options) => {
        attempts++;
        return (up ? connect : network.connect)(target, accept, options);
      });
      const problems: RenewalProblem[] = [];
      const renewals: PathRenewal[] = [];
      client.onProblem((problem) => problems.push(problem));
      client.onRenewed((renewal) => renewals.push(renewal));
      const path = await client.path();
      up = false;
      await relay.drop();
      await relay.clock.advance(300_000);
      const waits = problems.map(({ retryInMs }) => retryInMs ?? 0);
      expect(waits.length).toBeGreaterThan(6);
      for (const [index, wait] of waits.entries()) {
        const whole = Math.min(60_000, 1000 * 2 ** index);
        expect(wait >= whole / 2 && wait <= whole).toBe(true);
      }
      expect(attempts).toBe(1 + problems.length);
      up = true;
      await relay.clock.advance(60_000);
      expect(renewals.map(({ replaces }) => replaces === path)).toEqual([true]);
      await app.close({ drainMs: 0 });
      await away.close();
    }));

  test("a relay that is about to end answers 408, and is asked again [SEC-32]", () =>
    withRelay(async (relay) => {
      const client = relay.client();
      const problems: RenewalProblem[] = [];
      const renewals: PathRenewal[] = [];
      client.onProblem((problem) => problems.push(problem));
      client.onRenewed((renewal) => renewals.push(renewal));
      const path = await client.path();
      relay.answer = () => ({ status: "408 Ending" });
      await relay.clock.advance(840_500);
      expect(problems.map(({ error }) => (error as MsrpError).code)).toEqual(["auth-failed"]);
      expect(problems[0]?.retryInMs).toBeGreaterThan(0);
      relay.answer = undefined;
      await relay.clock.advance(2000);
      expect(renewals.map(({ replaces }) => replaces === path)).toEqual([true]);
    }));

  test("a password that is refused meanwhile is not tried again; the paths are given up", () =>
    withRelay(async (relay) => {
      let password = "secret";
      const client = relay.client({ credentials: () => ({ username: "alice", password }) });
      const problems: RenewalProblem[] = [];
      client.onProblem((problem) => problems.push(problem));
      await client.path();
      password = "changed";
      relay.answer = async (auth) => await relay.usual({ ...auth, headers: {} });
      await relay.clock.advance(840_000);
      expect(problems.map(({ error, retryInMs }) => [(error as MsrpError).code, retryInMs])).toEqual([
        ["auth-refused", undefined],
      ]);
      const count = relay.auths.length;
      await relay.clock.advance(600_000);
      expect([relay.auths.length, client.pathCount]).toEqual([count, 0]);
    }));

  test("what a handler throws goes to the error tap, and disturbs nothing", () =>
    withRelay(async (relay) => {
      const app = new Msrp();
      const errors: unknown[] = [];
      app.tap("error", ({ error }) => errors.push(error));
      const client = relay.client({}, app);
      const fault = new Error("mine");
      client.onRenewed(() => {
        throw fault;
      });
      await client.path();
      await relay.clock.advance(840_000);
      expect([errors, client.pathCount]).toEqual([[fault], 1]);
    }));
});

describe("connections", () => {
  test("RFC 4976 §5.4: the connection to the own relay stays for an hour after its last use [4976-5.4-01, 4976-5.4-02]", () =>
    withRelay(async (relay) => {
      relay.expires = 100_000;
      const client = relay.client();
      const path = await client.path();
      await relay.clock.advance(7_200_000);
      expect(relay.app.connectionCount).toBe(1);
      path.release();
      await relay.clock.advance(3_599_000);
      expect(relay.app.connectionCount).toBe(1);
      await relay.clock.advance(2000);
      expect(relay.app.connectionCount).toBe(0);
      expect((await client.path()).valid).toBe(true);
      expect(relay.connections.length).toBe(2);
    }));

  test("RFC 4976 §5.4: the connection to a foreign relay stays for five minutes [4976-5.4-02]", () =>
    withRelay(async (relay) => {
      const app = new Msrp();
      const local = "msrps://alice.example:9/own;tcp";
      const remote = ["msrps://relay.example:2855/theirs;tcp", "msrps://bob.example:9/bob;tcp"];
      const session = await app.connect({ local, remote }, relay.network.connect);
      await session.close();
      await relay.clock.advance(299_000);
      expect(app.connectionCount).toBe(1);
      await relay.clock.advance(2000);
      expect(app.connectionCount).toBe(0);
    }));

  test("RFC 4976 §9.2, §9.4: without TLS, or with an unchecked certificate, no byte goes out [4976-8-08, 4976-9.2-06, 4976-9.4-01, 7616-5.1-01]", () =>
    withRelay(async (relay) => {
      for (const wrong of [
        { relay: "msrp://relay.example:2855;tcp" },
        { relay: [relay.uri, "msrp://outer.example;tcp"] },
        { tls: { rejectUnauthorized: false } },
      ]) {
        expect(thrown<MsrpError>(() => relay.client(wrong)).code).toBe("relay-not-verified");
      }
      expect(relay.connections.length).toBe(0);
    }));

  test("a development flag allows plain TCP", () =>
    withRelay(
      async (relay) => {
        const path = await relay.client({ allowPlainAuth: true }).path();
        expect(path.local.scheme).toBe("msrp");
        expect(uris(path.usePath)).toEqual(relay.minted);
      },
      { secure: false },
    ));

  test("RFC 4976 §8: an address without a port is refused [4976-8-03]", () => {
    const make = (): unknown =>
      new RelayClient(
        new Msrp(),
        { relay: "msrps://192.0.2.1;tcp", credentials: { username: "a", password: "b" } },
        new MemoryNetwork().connect,
      );
    expect(thrown<MsrpError>(make).code).toBe("uri-ip-without-port");
  });
});

describe("discovery", () => {
  /** A client whose relay is found by name: what was asked, and what was dialled. */
  async function found(
    uri: string,
    services: readonly { priority: number; weight: number; port: number; target: string }[],
    down: readonly string[] = [],
  ): Promise<{ asked: string[]; dialled: string[]; names: (string | undefined)[] }> {
    const relay = new StubRelay();
    const [asked, dialled, names]: [string[], string[], (string | undefined)[]] = [[], [], []];
    const connector = makeConnector(
      async (candidate: Candidate, target, accept) => {
        dialled.push(`${candidate.address}:${candidate.port}`);
        names.push(target.serverName ?? target.host);
        if (down.includes(candidate.address)) throw new Error("refused");
        let transport: Parameters<typeof accept>[0] | undefined;
        await relay.network.connect({ host: "relay.example", port: 2855, secure: true }, (made) => {
          transport = made;
          return accept(made);
        });
        return transport!;
      },
      {
        random: () => 0,
        resolver: {
          addresses: async (host) => {
            asked.push(`A ${host}`);
            return [`192.0.2.${host.charCodeAt(0)}`];
          },
          services: async (name) => {
            asked.push(`SRV ${name}`);
            return services;
          },
        },
      },
    );
    const app = new Msrp();
    const credentials = { username: "alice", password: "secret" };
    await new RelayClient(app, { relay: uri, credentials }, connector).path();
    expect(relay.auths[0]?.toPath).toEqual([uri]);
    await app.close({ drainMs: 0 });
    await relay.close();
    return { asked, dialled, names };
  }

  test("RFC 4976 §8: a name without port is asked for by SRV _msrps._tcp, by priority; the next one is tried when one is down [4976-8-05, 4976-8-07, 4976-8-09, 4976-8-11]", async () => {
    const services = [
      { priority: 20, weight: 0, port: 7002, target: "b.farm.example" },
      { priority: 10, weight: 0, port: 7001, target: "a.farm.example" },
    ];
    const { asked, dialled, names } = await found("msrps://alice@relay.example;tcp", services, [
      "192.0.2.97",
    ]);
    expect(asked).toEqual(["SRV _msrps._tcp.relay.example", "A a.farm.example", "A b.farm.example"]);
    expect(dialled).toEqual(["192.0.2.97:7001", "192.0.2.98:7002"]);
    expect(new Set(names)).toEqual(new Set(["relay.example"]));
  });

  test("RFC 4976 §8: without SRV records it is port 2855 [4976-8-06]", async () => {
    const { asked, dialled } = await found("msrps://relay.example;tcp", []);
    expect(asked).toEqual(["SRV _msrps._tcp.relay.example", "A relay.example"]);
    expect(dialled).toEqual(["192.0.2.114:2855"]);
  });

  test("RFC 4976 §8: a name with a port is looked up as A or AAAA [4976-8-04]", async () => {
    const { asked, dialled } = await found("msrps://relay.example:4711;tcp", []);
    expect([asked, dialled]).toEqual([["A relay.example"], ["192.0.2.114:4711"]]);
  });
});
