// A session in its node: handlers and loops, slow readers, refused slices, states of plugins, errors of the application.
import { describe, expect, test } from "#test";
import type { DeliveryError, MsrpError } from "../../../../core/errors.ts";
import { definePlugin } from "../../../../core/node/plugin.ts";
import type { Session } from "../../../../core/session/session.ts";
import { reassembly } from "../../../../plugins/reassembly.ts";
import { NodePair, rejection, settle, thrown } from "../../../support/nodes.ts";

describe("delivery", () => {
  test("calls the node's handlers and the session's, and keeps nothing for a loop then", async () => {
    const pair = new NodePair();
    const log: string[] = [];
    pair.server.onMessage(
      async (message, session) => void log.push(`node ${await message.text()} ${session.role}`),
    );
    pair.server.onSession(
      (session) => void session.onMessage((message) => void log.push(`session ${message.body.length}`)),
    );
    const [session, there] = await pair.sessions();
    await session.send("hello").accepted;
    await settle();
    expect(log.sort()).toEqual(["node hello passive", "session 5"]);
    await there.close();
    expect(await there[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
    await pair.close();
  });

  test("RFC 4975 §7.1.3: what a plugin takes for itself is delivered: it is reported, and no handler sees it", async () => {
    for (const later of [false, true]) {
      const taking = definePlugin({
        name: "taking",
        message: (c) => (later ? Promise.resolve(c.accept()) : c.accept()),
      });
      const pair = new NodePair({ serverPlugins: [taking] });
      const seen: unknown[] = [];
      pair.server.onMessage((message) => void seen.push(message));
      const [session] = await pair.sessions();
      await session.send("for the plugin").delivered;
      expect(seen).toEqual([]);
      await pair.close();
    }
  });

  test("keeps what came before the first loop, in order", async () => {
    const pair = new NodePair();
    const [session, there] = await pair.sessions();
    for (const text of ["one", "two", "three"]) await session.send(text).accepted;
    const texts: string[] = [];
    for await (const message of there) {
      texts.push(await message.text());
      if (texts.length === 3) break;
    }
    expect(texts).toEqual(["one", "two", "three"]);
    await pair.close();
  });

  test("a loop that is behind stops the session at its bound and nothing is lost", async () => {
    const pair = new NodePair({ server: { session: { maxQueuedMessages: 3 }, maxHeldFrames: 4 } });
    const [session, there] = await pair.sessions();
    let accepted = 0;
    const sent = Array.from({ length: 20 }, (_, index) => session.send(`message ${index}`));
    for (const { accepted: done } of sent) done.then(() => accepted++);
    await settle(500);
    expect(accepted).toBe(3);
    const loop = there[Symbol.asyncIterator]();
    const texts: string[] = [];
    for (let round = 0; round < 20; round++) {
      const next = await loop.next();
      if (!next.done) texts.push(await next.value.text());
    }
    await Promise.all(sent.map(({ accepted: done }) => done));
    expect(texts).toEqual(Array.from({ length: 20 }, (_, index) => `message ${index}`));
    await pair.close();
  });

  test("while it is blocked, its frames are answered in time and held, and another session goes on", async () => {
    const pair = new NodePair({ server: { session: { maxQueuedMessages: 1 }, answerWithinMs: 1000 } });
    const [slow] = await pair.sessions();
    const [quick] = await pair.sessions();
    await slow.send("fills the queue").accepted;
    const waiting = slow.send("waits");
    let done = false;
    waiting.accepted.then(() => {
      done = true;
    });
    await quick.send("goes on").accepted;
    await settle();
    expect(done).toBe(false);
    await pair.clock.advance(1000);
    expect(done).toBe(true);
    await pair.close();
  });
});

describe("handlers that fail", () => {
  test("at once: the response says so, and only the status", async () => {
    const pair = new NodePair();
    pair.server.onMessage(() => {
      throw Object.assign(new Error("secret"), { status: 413 });
    });
    const session = await pair.connect();
    const error = await rejection<DeliveryError>(session.send("x").accepted);
    expect([error.status, error.comment]).toEqual([413, "Stop Sending"]);
    expect(pair.errors).toEqual([]);
    await pair.close();
  });

  test("later: accepted stands, delivered fails, and the error tap names the application", async () => {
    const pair = new NodePair();
    pair.server.onMessage(async () => {
      await settle(3);
      throw new Error("disk full");
    });
    const session = await pair.connect();
    const sent = session.send("x", { successReport: true });
    await sent.accepted;
    expect((await rejection<DeliveryError>(sent.delivered)).status).toBe(403);
    expect(pair.errors.map(({ plugin, stage }) => `${plugin} ${stage}`)).toEqual(["(application) onMessage"]);
    await pair.close();
  });

  test("RFC 4975 §10.6: while the message still streams: the sender is stopped at once [4975-10-413]", async () => {
    const pair = new NodePair({ serverPlugins: [reassembly({ onMessageStart: () => "stream" })] });
    pair.server.onMessage(async () => {
      await settle(3);
      throw new Error("disk full");
    });
    const session = await pair.connect();
    const endless = new ReadableStream<Uint8Array>({ pull: (c) => c.enqueue(new Uint8Array(10_000)) });
    const error = await rejection<DeliveryError>(session.send(endless).accepted);
    expect([error.code, error.status]).toEqual(["refused", 413]);
    expect(pair.errors.map(({ plugin, stage }) => `${plugin} ${stage}`)).toEqual(["(application) onMessage"]);
    await pair.close();
  });
});

describe("RFC 4975 §8.6: accept-wrapped-types [4975-8.6-06, 4975-8.6-09]", () => {
  const cpim = (type: string, body = "x"): string =>
    `From: <sip:a@example.com>\r\nTo: <sip:b@example.com>\r\n\r\nContent-Type: ${type}\r\n\r\n${body}`;
  const contentType = "message/cpim";

  test("what is inside a container and on neither list is answered 415", async () => {
    const types = { acceptTypes: ["message/cpim", "text/plain"], acceptWrappedTypes: ["text/html"] };
    const pair = new NodePair({ server: { session: types } });
    const got: string[] = [];
    pair.server.onMessage(async (message) => void got.push(await message.text()));
    const session = await pair.connect();
    await session.send(cpim("text/html"), { contentType }).accepted;
    await session.send(cpim("Text/Plain;charset=utf-8"), { contentType, chunkBytes: 40 }).accepted;
    const refused = session.send(cpim("image/png"), { contentType, chunkBytes: 40 });
    expect((await rejection<DeliveryError>(refused.accepted)).status).toBe(415);
    expect(got).toEqual([cpim("text/html"), cpim("Text/Plain;charset=utf-8")]);
    await pair.close();
  });

  test("a message that streams is refused by its first octets", async () => {
    const types = { acceptTypes: ["message/cpim"], acceptWrappedTypes: ["text/html"] };
    const plugin = reassembly({ onMessageStart: () => "stream" });
    const pair = new NodePair({ server: { session: types }, serverPlugins: [plugin] });
    let delivered = 0;
    pair.server.onMessage(async (message) => {
      delivered++;
      await message.bytes();
    });
    const session = await pair.connect();
    const refused = session.send(cpim("image/png", "x".repeat(100_000)), { contentType });
    expect((await rejection<DeliveryError>(refused.accepted)).status).toBe(415);
    expect(delivered).toBe(0);
    await pair.close();
  });

  test("send refuses what the peer does not take inside; what nobody said is not looked at", async () => {
    const pair = new NodePair();
    const peer = { peerAcceptTypes: ["message/cpim"], peerAcceptWrappedTypes: ["text/plain"] };
    const session = await pair.connect(peer);
    await session.send(cpim("text/plain"), { contentType }).accepted;
    expect(thrown<MsrpError>(() => session.send(cpim("text/html"), { contentType })).code).toBe(
      "type-not-accepted",
    );
    expect(thrown<MsrpError>(() => session.send("x")).code).toBe("type-not-accepted");
    const free = await pair.connect({ peerAcceptTypes: ["message/cpim"] });
    await free.send(cpim("text/html"), { contentType }).accepted;
    await pair.close();
  });
});

describe("chunks of a long request", () => {
  test("a refused slice is answered at once, and the rest of the request is dropped", async () => {
    let slices = 0;
    const plugin = definePlugin({
      name: "slices",
      chunk: (c, next) => {
        if (c.body === undefined) return next();
        slices++;
        return c.byteRange !== undefined && c.byteRange.start > 100_000 ? c.reject(413) : next();
      },
    });
    const pair = new NodePair({ serverPlugins: [plugin] });
    const session = await pair.connect();
    const error = await rejection<DeliveryError>(session.send(new Uint8Array(10_000_000)).accepted);
    expect(error.status).toBe(413);
    const before = slices;
    await session.send("still alive").accepted;
    expect(slices).toBe(before + 1);
    expect(before < 20).toBe(true);
    await pair.close();
  });
});

describe("a plugin's state", () => {
  test("is made with the session, handed to every hook, and given back at its end", async () => {
    const log: string[] = [];
    const plugin = definePlugin({
      name: "state",
      session: (session: Session) => ({ role: session.role, count: 0 }),
      chunk: (c, next, own) => {
        if (c.body !== undefined) own.count++;
        return next();
      },
      message: (_c, next, own) => {
        log.push(`message after ${own.count}`);
        return next();
      },
      outgoing: (c, next, own) => {
        log.push(`outgoing ${c.method} of ${own.role}`);
        return next();
      },
      ended: (_session, own, error) => void log.push(`ended ${own.count} ${error === undefined}`),
    });
    const pair = new NodePair({ serverPlugins: [plugin] });
    const [session, there] = await pair.sessions();
    await session.send("a").accepted;
    await there.send("b").accepted;
    await there.close();
    expect(log).toEqual(["message after 1", "outgoing SEND of passive", "ended 1 true"]);
    await pair.close();
  });
});

test("a request whose verdict never came costs the session no message after it", async () => {
  const stuck = definePlugin({ name: "stuck", request: () => new Promise(() => undefined) });
  const pair = new NodePair({ serverPlugins: [stuck] });
  const [session] = await pair.sessions();
  const asked = rejection(session.request("NICKNAME", { headers: [["Use-Nickname", '"al"']] }));
  await settle();
  await pair.clock.advance(61_000);
  await asked;
  expect(pair.errors.map(({ plugin, stage }) => [plugin, stage])).toEqual([["stuck", "request"]]);
  await session.send("after it").accepted;
  await pair.close();
});
