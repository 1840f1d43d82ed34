// What a forwarder gets from its node: requests before sessions do, the stages, and connections.
// The forwarder here takes what begins with a letter, and leaves the rest.
import { describe, expect, test } from "#test";
import {
  definePlugin,
  type ForwardHop,
  type ForwardHost,
  type ForwardLink,
  type Plugin,
  Verdict,
} from "../../../../core/mod.ts";
import { NodePair } from "../../../support/nodes.ts";

function forwarder(log: string[], use: (host: ForwardHost) => void): Plugin {
  return definePlugin({
    name: "forwarder",
    forward: (host) => {
      use(host);
      return {
        connected: (link: ForwardLink): ForwardHop => ({
          request: (frame) => {
            const known = frame.toPath[0] !== undefined && host.knows(frame.toPath[0]);
            log.push(`${frame.method} ${known}`);
            if (frame.method !== "TAKEN") return false;
            const verdict = host.request(frame, link, () => new Verdict(403, "inner"));
            if (verdict instanceof Verdict) {
              const { transactionId, toPath, fromPath } = frame;
              link.respond({ transactionId, status: verdict.status, toPath: fromPath, fromPath: toPath });
            }
            return true;
          },
          response: () => undefined,
          refill: () => undefined,
          ended: () => void log.push("ended"),
        }),
        drain: async () => void log.push("drained"),
      };
    },
  });
}

describe("the node as its forwarder sees it", () => {
  test("gives it every request first; what it leaves goes to the sessions", async () => {
    const log: string[] = [];
    const pair = new NodePair({ serverPlugins: [forwarder(log, () => undefined)] });
    const [client] = await pair.sessions();
    await client.send("hello").accepted;
    const answer = await client.request("TAKEN");
    expect([answer.status, log]).toEqual([403, ["SEND false", "SEND true", "TAKEN true"]]);
    await pair.close();
    expect(log.slice(-2).sort()).toEqual(["drained", "ended"]);
  });

  test("runs the stages, dials through the connect stage, and makes sessions for plugins", async () => {
    let host: ForwardHost | undefined;
    const seen: string[] = [];
    const watcher = definePlugin<string>({
      name: "watcher",
      session: () => "state",
      request: (c, next) => {
        seen.push(c.method);
        return next();
      },
      chunk: (_c, next) => next(),
      connect: (c, next) => (c.target?.port === 1 ? c.reject(403) : next()),
      ended: (_session, own) => void seen.push(`ended ${own}`),
    });
    const pair = new NodePair({
      serverPlugins: [
        forwarder([], (given) => {
          host = given;
        }),
        watcher,
      ],
    });
    const [client] = await pair.sessions();
    await client.request("TAKEN");
    const target = { host: "bob.example", port: 12051, secure: false };
    const link = await host?.dial(target, pair.network.connect, 1000);
    expect([link?.open, link?.mayForward, link?.handle.direction]).toEqual([true, true, "outbound"]);
    await expect(host?.dial({ ...target, port: 1 }, pair.network.connect, 1000)).rejects.toThrow("refused");
    const relayed = host?.session(pair.serverUri(), [pair.clientUri()]);
    relayed?.end(undefined);
    expect([host?.hasChunkStage, relayed?.session.state, seen]).toEqual([
      true,
      "idle",
      ["TAKEN", "ended state"],
    ]);
    await pair.close();
  });
});
