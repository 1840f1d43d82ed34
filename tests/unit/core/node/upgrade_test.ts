// What a middleware of the stage `upgrade` sees of a request, and what becomes of what it sets.
// Handshakes on real sockets are tested by the WebSocket suite.
import { describe, expect, test } from "#test";
import { FakeClock, memoryPair, settle } from "../../../../adapters/memory.ts";
import { defineKey, definePlugin, handshakeUser, Msrp, type UpgradeContext } from "../../../../core/mod.ts";
import type { ConnectionHandle } from "../../../../core/node/context.ts";
import {
  NodeUpgradeContext,
  type UpgradeRequest,
  type UpgradeResult,
} from "../../../../core/node/upgrade.ts";

function contextOf(url: string, headers: Record<string, string> = {}): UpgradeContext {
  const request = {
    url,
    headers: new Map(Object.entries(headers)),
    remoteAddress: "192.0.2.1",
    secure: true,
  };
  return new NodeUpgradeContext(request);
}

describe("the context of an upgrade", () => {
  test("tells path and query apart, and decodes a parameter", () => {
    const c = contextOf("/chat?token=a%2Bb+c&empty=&bad=%E0&token=second");
    expect([c.path, c.query("token"), c.query("empty"), c.query("bad"), c.query("none")]).toEqual([
      "/chat",
      "a+b c",
      "",
      undefined,
      undefined,
    ]);
    expect(contextOf("/").query("x")).toBe(undefined);
  });

  test("lists the sub-protocols in the client's order [7977-7-06]", () => {
    expect(contextOf("/", { "sec-websocket-protocol": "msrp,  token.abc ,," }).protocols).toEqual([
      "msrp",
      "token.abc",
    ]);
    expect(contextOf("/").protocols).toEqual([]);
  });

  test("gives a cookie only when there is one of the name: of two, one may be planted [7977-7-05]", () => {
    const headers = { cookie: "sid=good; other=x=y; Sid=upper; twice=1; twice=2; sid2=no" };
    const c = contextOf("/", headers);
    expect(["sid", "other", "Sid", "twice", "sid2", "id", "none"].map((name) => c.cookie(name))).toEqual([
      "good",
      "x=y",
      "upper",
      undefined,
      "no",
      undefined,
      undefined,
    ]);
  });
});

describe("Msrp.upgrade", () => {
  const key = defineKey<string>("test.value");
  const request: UpgradeRequest = { url: "/", headers: new Map(), remoteAddress: "192.0.2.1", secure: true };

  test("what a middleware sets is on the connection before the stage `connect` [7977-7-01]", async () => {
    const seen: unknown[] = [];
    const app = new Msrp().use(
      definePlugin({
        name: "login",
        upgrade: (c, next) => {
          c.set(handshakeUser, { user: "alice" });
          c.set(key, "kept");
          c.set(key, undefined);
          return next();
        },
        connect: (c, next) => {
          const connection = c.connection as ConnectionHandle;
          seen.push(connection.get(handshakeUser), connection.get(key));
          return next();
        },
      }),
    );
    const { verdict, accept } = app.upgrade(request) as UpgradeResult;
    expect(verdict.accepted).toBe(true);
    memoryPair(() => ({ received() {}, drained() {}, ended() {} }), accept, { framing: "message" });
    await settle();
    expect(seen).toEqual([{ user: "alice" }, undefined]);
    await app.close({ drainMs: 0 });
  });

  test("is a promise only where a middleware's verdict is one", async () => {
    const later = new Msrp().use(definePlugin({ name: "later", upgrade: async (c) => c.reject(401) }));
    const result = later.upgrade(request);
    expect(result).toBeInstanceOf(Promise);
    expect((await result).verdict.status).toBe(401);
    expect(new Msrp().upgrade(request)).not.toBeInstanceOf(Promise);
  });

  test("the clock of the request is the node's, as long as it has no other", () => {
    const clock = new FakeClock();
    const times: number[] = [];
    const app = new Msrp().use(
      definePlugin("watch", (host) => ({
        name: "watch",
        upgrade: (_, next) => {
          times.push(host.now());
          return next();
        },
      })),
    );
    void clock.advance(5000);
    void app.upgrade(request);
    void app.upgrade({ ...request, clock });
    expect(times).toEqual([0, clock.now()]);
  });

  test("a node that is closed takes nobody", async () => {
    const app = new Msrp();
    await app.close();
    expect(((await app.upgrade(request)) as UpgradeResult).verdict.status).toBe(503);
  });
});
