// Plugins of the chunk stage, for what is relayed: the same hooks as for sessions of a node, with a session of their own.
// Chunks keep their order while a verdict is pending.
import { describe, expect, test } from "#test";
import { type ChunkContext, defineKey, definePlugin, type MaybeVerdict } from "../../../../core/mod.ts";
import { RelayBench, settle } from "../../../support/relay_bench.ts";

type Gate = (c: ChunkContext, next: () => MaybeVerdict) => MaybeVerdict;

async function setup(chunk: Gate) {
  const log: string[] = [];
  const plugin = definePlugin<{ chunks: number }>({
    name: "filter",
    session: () => ({ chunks: 0 }),
    chunk: (c, next, own) => {
      own.chunks++;
      return chunk(c, next);
    },
    ended: (_session, own) => void log.push(`ended after ${own.chunks}`),
    taps: { settled: ({ verdict, session }) => void log.push(`${verdict.status} ${session?.local.host}`) },
  });
  const bench = new RelayBench({}, plugin);
  const alice = await bench.peer();
  const token = await bench.login(alice, "alice");
  const peer = await bench.peer();
  return { bench, alice, peer, way: `${token} ${alice.uri}`, log };
}

describe("the chunk stage of a relay", () => {
  test("RFC 4976 §9.4: a plugin refuses by type, as Failure-Report permits [4976-9.4-04] [4976-9.4-05]", async () => {
    const { bench, alice, peer, way, log } = await setup((c, next) =>
      c.contentType === "text/plain" ? next() : c.reject(415),
    );
    peer.send(way);
    peer.send(way, { type: "image/png" });
    peer.send(way, { type: "image/png", headers: ["Failure-Report: no"] });
    expect(await peer.heard()).toEqual(["200", "415"]);
    expect(await alice.heard()).toEqual(["SEND"]);
    alice.close();
    await settle();
    expect(log).toContain("ended after 3");
    expect(log).toContain("200 relay.example");
    await bench.close();
  });

  test("one verdict that is late holds back its own session, and nothing is put out of order", async () => {
    const gates: ((open: boolean) => void)[] = [];
    const { bench, alice, peer, way } = await setup(async (c, next) => {
      const wait = c.headers.has("X-Wait");
      const open = !wait || (await new Promise<boolean>((resolve) => gates.push(resolve)));
      return open ? next() : c.reject(403);
    });
    peer.send(way, { headers: ["X-Wait: 1"], messageId: "m0001" });
    peer.send(way, { messageId: "m0002" });
    peer.send(way, { headers: ["X-Wait: 1"], messageId: "m0003" });
    expect([await peer.heard(), await alice.heard()]).toEqual([[], []]);
    gates[0]?.(true);
    expect((await alice.take()).map(({ headers }) => headers["Message-ID"])).toEqual(["m0001", "m0002"]);
    gates[1]?.(false);
    expect(await peer.heard()).toEqual(["200", "200", "403"]);
    await bench.close();
  });

  test("RFC 4975 §5.3: a verdict that takes too long is a 200 and, if it refuses, a REPORT", async () => {
    let refuse = (): void => {};
    const { bench, peer, way } = await setup(async (c) => {
      await new Promise<void>((resolve) => {
        refuse = resolve;
      });
      return c.reject(403);
    });
    peer.send(way, { messageId: "m0001" });
    expect(await peer.heard()).toEqual([]);
    await bench.clock.advance(10_000);
    expect(await peer.heard()).toEqual(["200"]);
    refuse();
    expect((await peer.heard()).map((what) => what.slice(0, 14))).toEqual(["REPORT 000 403"]);
    await bench.close();
  });

  test("all slices of a long chunk are seen; a refusal in the middle ends it", async () => {
    const seen: string[] = [];
    const { bench, alice, peer, way } = await setup((c, next) => {
      seen.push(`${c.first} ${c.last}`);
      return c.first ? next() : c.reject(413);
    });
    peer.send(way, { body: "x".repeat(200_000), range: "1-*/200000" });
    expect(await peer.heard()).toEqual(["413"]);
    expect([seen, (await alice.take()).length]).toEqual([["true false", "false false"], 1]);
    await bench.close();
  });

  test("values of a session stay with the URI", async () => {
    const counter = defineKey<number>("test.counter");
    const { bench, alice, peer, way } = await setup((c, next) => {
      c.session.set(counter, (c.session.get(counter) ?? 0) + 1);
      return (c.session.get(counter) ?? 0) > 2 ? c.reject(403) : next();
    });
    peer.send(way);
    expect(await peer.heard()).toEqual(["200"]);
    alice.send(`${way.split(" ")[0]} ${peer.uri}`);
    expect(await alice.heard()).toEqual(["SEND", "200"]);
    peer.send(way);
    expect(await peer.heard()).toEqual(["SEND", "403"]);
    await bench.close();
  });
});
