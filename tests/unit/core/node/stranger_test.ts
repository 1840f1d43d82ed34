// Requests that belong to no session of their connection: refused, unless a plugin of the request stage answers them.
import { describe, expect, test } from "#test";
import type { Msrp } from "../../../../core/node/node.ts";
import { definePlugin } from "../../../../core/node/plugin.ts";
import { Fixture } from "../../../../testing/endpoint_fixture.ts";
import { request } from "../../../../testing/wire.ts";
import { memorySubject } from "../../../support/memory_subject.ts";
import { settle } from "../../../support/nodes.ts";

const subject = memorySubject();
const relay = "msrp://relay.example:2855;tcp";

describe("requests without a session", () => {
  test("reach the request stage, in order, and a plugin may answer them with fields [4975-12-03]", async () => {
    const auth = definePlugin({
      name: "auth",
      request: async (c, next) => {
        if (c.method !== "AUTH") return next();
        await settle(c.headers.get("X-Slow") === undefined ? 1 : 20);
        return c.session === undefined ? c.accept([["Use-Path", `${relay}`]]) : next();
      },
    });
    const fixture = await Fixture.start(subject, {}, (app: Msrp) => void app.use(auth));
    const peer = await fixture.peer();
    const common = { to: relay, from: fixture.peerUri, method: "AUTH" };
    peer.write(request({ ...common, id: "slow1", headers: ["X-Slow: 1"] }));
    peer.write(request({ ...common, id: "fast1" }));
    peer.write(request({ ...common, id: "ping1", method: "PING" }));
    const answers = [await peer.frame(), await peer.frame(), await peer.frame()];
    expect(answers.map(({ id, what }) => `${id} ${what}`)).toEqual(["slow1 200", "fast1 200", "ping1 481"]);
    expect(answers[0]?.headers).toEqual({ "Use-Path": relay });
    expect(answers[0]?.fromPath).toEqual([relay]);
    await fixture.close();
  });

  test("never are messages: a SEND to nowhere meets no plugin", async () => {
    const seen: string[] = [];
    const watch = definePlugin({
      name: "watch",
      request: (c, next) => {
        seen.push(c.method);
        return next();
      },
    });
    const fixture = await Fixture.start(subject, {}, (app: Msrp) => void app.use(watch));
    const peer = await fixture.peer();
    peer.write(request({ to: relay, from: fixture.peerUri, body: "x" }));
    expect((await peer.frame()).what).toBe("481");
    peer.write(
      request({ to: relay, from: fixture.peerUri, method: "PING", headers: ["Failure-Report: no"] }),
    );
    expect(await peer.silence()).toEqual([]);
    expect(seen).toEqual(["PING"]);
    await fixture.close();
  });

  test("a session's own requests get their session, and an unknown method 501", async () => {
    const nickname = definePlugin({
      name: "nickname",
      request: (c, next) => (c.method === "NICKNAME" && c.session !== undefined ? c.accept() : next()),
    });
    const fixture = await Fixture.start(subject, {}, (app: Msrp) => void app.use(nickname));
    const session = fixture.expect();
    const peer = await fixture.bound(session);
    for (const [method, status] of [
      ["NICKNAME", "200"],
      ["PING", "501"],
    ]) {
      peer.write(request({ to: session.local.text, from: fixture.peerUri, method: method ?? "" }));
      expect((await peer.frame()).what).toBe(status ?? "");
    }
    await fixture.close();
  });
});
