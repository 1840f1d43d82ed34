// Conditional use of a plugin: middlewares run where the predicate holds, everything else always.
import { describe, expect, test } from "#test";
import type { DeliveryError } from "../../../../core/errors.ts";
import type { ChunkContext } from "../../../../core/node/context.ts";
import { definePlugin } from "../../../../core/node/plugin.ts";
import { when } from "../../../../core/node/when.ts";
import { NodePair, rejection } from "../../../support/nodes.ts";

describe("when()", () => {
  test("passes a middleware over where the predicate is false", async () => {
    const bound: string[] = [];
    const noImages = definePlugin({
      name: "no-images",
      chunk: (c) => c.reject(415),
      taps: { bound: () => void bound.push("bound") },
    });
    const plugin = when((c) => (c as ChunkContext).contentType?.startsWith("image/") === true, noImages);
    expect(plugin.name).toBe("no-images");
    const pair = new NodePair({ serverPlugins: [plugin] });
    const session = await pair.connect();
    await session.send("text").accepted;
    const error = await rejection<DeliveryError>(session.send("png", { contentType: "image/png" }).accepted);
    expect(error.status).toBe(415);
    expect(bound).toEqual(["bound"]);
    await pair.close();
  });
});
