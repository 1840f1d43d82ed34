// The contexts that middlewares see: values, verdicts, and that synchronous chunks share one object.
import { describe, expect, test } from "#test";
import type { ChunkContext, MessageContext } from "../../../../core/node/context.ts";
import { BaseContext } from "../../../../core/node/contexts.ts";
import { definePlugin, type Middleware } from "../../../../core/node/plugin.ts";
import { ACCEPTED } from "../../../../core/node/verdict.ts";
import { defineKey } from "../../../../core/session/key.ts";
import { NodePair, settle } from "../../../support/nodes.ts";

const Tag = defineKey<string>("tag");

describe("a context", () => {
  test("holds values under typed keys", () => {
    const c = new BaseContext();
    expect(c.get(Tag)).toBe(undefined);
    c.set(Tag, "x");
    expect(c.get(Tag)).toBe("x");
    expect(c.get(defineKey<string>("tag"))).toBe(undefined);
    c.set(Tag, undefined);
    expect(c.get(Tag)).toBe(undefined);
  });

  test("makes verdicts: a plain acceptance is shared, a refusal must be one", () => {
    const c = new BaseContext();
    expect(c.accept()).toBe(ACCEPTED);
    expect(c.accept([["X-Note", "1"]]).headers).toEqual([["X-Note", "1"]]);
    expect(c.reject(415, "Not That")).toMatchObject({ status: 415, comment: "Not That" });
    for (const status of [200, 299, 1000, 403.5, Number.NaN])
      expect(() => c.reject(status)).toThrow("refusals");
  });
});

describe("chunk contexts", () => {
  test("are used again for synchronous chunks, without their values", async () => {
    const seen: ChunkContext[] = [];
    const tags: unknown[] = [];
    const plugin = definePlugin({
      name: "watch",
      chunk: (c, next) => {
        seen.push(c);
        tags.push(c.get(Tag));
        c.set(Tag, "left behind");
        return next();
      },
    });
    const pair = new NodePair({ serverPlugins: [plugin] });
    const session = await pair.connect();
    await session.send("one").accepted;
    await session.send("two").accepted;
    expect(new Set(seen).size).toBe(1);
    expect(tags).toEqual([undefined, undefined, undefined]);
    await pair.close();
  });

  test("stay put for an asynchronous middleware, with the octets of their chunk", async () => {
    const texts: string[] = [];
    const plugin = definePlugin({
      name: "slow",
      chunk: async (c, next) => {
        await settle(5);
        texts.push(
          `${c.method} ${c.messageId} ${new TextDecoder().decode(c.body)} ${c.first} ${c.last} ${c.flag}`,
        );
        return next();
      },
    });
    const pair = new NodePair({ serverPlugins: [plugin] });
    const session = await pair.connect();
    texts.length = 0;
    const sent = [session.send("one", { messageId: "m.one" }), session.send("two", { messageId: "m.two" })];
    await Promise.all(sent.map(({ accepted }) => accepted));
    expect(texts).toEqual(["SEND m.one one true true $", "SEND m.two two true true $"]);
    await pair.close();
  });
});

test("a message context shows the message, its first chunk's fields and its octets", async () => {
  const seen: unknown[] = [];
  const look: Middleware<MessageContext> = (c, next) => {
    seen.push([
      c.messageId,
      c.contentType,
      c.headers.get("X-Note"),
      new TextDecoder().decode(c.body),
      c.connection.direction,
    ]);
    return next();
  };
  const plugin = definePlugin({
    name: "look",
    message: look,
    deliver: look,
  });
  const pair = new NodePair({ serverPlugins: [plugin] });
  const session = await pair.connect();
  await session.send("body", { messageId: "m.look", contentType: "text/x", headers: [["X-Note", "1"]] })
    .accepted;
  expect(seen).toEqual([
    ["m.look", "text/x", "1", "body", "inbound"],
    ["m.look", "text/x", "1", "body", "inbound"],
  ]);
  await pair.close();
});
