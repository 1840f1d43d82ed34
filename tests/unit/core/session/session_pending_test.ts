// Messages whose plugins have not decided: order, outcome, giving up, refusals.
import { describe, expect, test } from "#test";
import type { DeliveryError, MsrpError } from "../../../../core/errors.ts";
import { definePlugin } from "../../../../core/node/plugin.ts";
import type { Sent } from "../../../../core/session/sent.ts";
import { PendingSent } from "../../../../core/session/session_pending.ts";
import { NodePair, rejection, settle, thrown } from "../../../support/nodes.ts";

function inner(log: string[]): () => Sent {
  return () => {
    const delivered = Promise.reject(new Error("not delivered"));
    delivered.catch(() => undefined);
    return {
      messageId: "m.inner",
      accepted: Promise.resolve(),
      delivered,
      abort: (reason) => void log.push(`abort ${reason}`),
    };
  };
}

describe("a pending message", () => {
  test("has the outcome of the message that it becomes", async () => {
    const sent = new PendingSent("m.1", Promise.resolve(), inner([]));
    await sent.accepted;
    expect((await rejection(sent.delivered)).message).toBe("not delivered");
  });

  test("given up before it went never goes, afterwards it is the message that is given up", async () => {
    const log: string[] = [];
    const early = new PendingSent("m.1", Promise.resolve(), inner(log));
    early.abort("changed my mind");
    expect((await rejection<DeliveryError>(early.accepted)).code).toBe("aborted");
    const late = new PendingSent("m.2", Promise.resolve(), inner(log));
    await late.accepted;
    late.abort("too late");
    expect(log).toEqual(["abort too late"]);
  });
});

describe("the outgoing stage", () => {
  test("changes what goes out, asynchronously too, and messages keep their order", async () => {
    const plugin = definePlugin({
      name: "wrap",
      outgoing: async (c, next) => {
        await settle(c.body === "slow" ? 20 : 1);
        c.body = `<${String(c.body)}>`;
        c.contentType = "text/wrapped";
        c.headers.push(["X-Wrapped", "1"]);
        return next();
      },
    });
    const pair = new NodePair({ clientPlugins: [plugin] });
    const [here, there] = await pair.sessions();
    const sent = ["slow", "fast"].map((text) => here.send(text));
    await Promise.all(sent.map(({ delivered }) => delivered));
    const got: string[] = [];
    for await (const message of there) {
      got.push(`${await message.text()} ${message.contentType} ${message.headers.get("X-Wrapped")}`);
      if (got.length === 2) break;
    }
    expect(got).toEqual(["<slow> text/wrapped 1", "<fast> text/wrapped 1"]);
    await pair.close();
  });

  test("refuses: at once it throws, later it rejects", async () => {
    const plugin = definePlugin({
      name: "no",
      outgoing: (c) =>
        c.body === "later" ? Promise.resolve(c.reject(403, "Not This")) : c.reject(403, "Not This"),
    });
    const pair = new NodePair({ clientPlugins: [plugin] });
    const here = await pair.connect();
    const error = thrown<MsrpError>(() => here.send("now"));
    expect([error.code, error.message.includes("403 Not This")]).toEqual(["outgoing-refused", true]);
    expect((await rejection<MsrpError>(here.send("later").accepted)).code).toBe("outgoing-refused");
    await pair.close();
  });
});
