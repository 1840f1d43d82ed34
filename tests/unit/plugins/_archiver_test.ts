// The archiver by its hooks: which stages it stands in, and that messages which are still coming are bounded.
// What it does with them is in archive_test.ts.
import { describe, expect, test } from "#test";
import { memoryPair, settle } from "../../../adapters/memory.ts";
import { archive, memoryArchive } from "../../../plugins/archive.ts";
import { NodePair } from "../../../testing/pair.ts";
import { Peer, request } from "../../../testing/wire.ts";

describe("Archiver", () => {
  test("stands in the stages chunk and outgoing", () => {
    const host = { now: () => 0, setTimer: () => () => undefined, error: () => undefined };
    const [hooks] = archive({ store: memoryArchive() }).setup(host);
    expect(Object.keys(hooks ?? {}).sort()).toEqual([
      "chunk",
      "ended",
      "name",
      "outgoing",
      "session",
      "taps",
    ]);
  });

  test("of messages that never end the oldest gives way, kept as far as it came", async () => {
    const store = memoryArchive();
    const pair = new NodePair({ serverPlugins: [archive({ store, maxOpenMessages: 2, batchMs: 1 })] });
    let peer!: Peer;
    memoryPair((transport) => (peer = new Peer(transport)), pair.server.accept, { clock: pair.clock });
    const to = "msrp://bob.example:12051/rawSession;tcp";
    const from = "msrp://carol.example:7313/secret;tcp";
    for (const messageId of ["one1", "two2", "three3"])
      peer.write(request({ to, from, messageId, range: "1-2/10", body: "ab", flag: "+" }));
    await settle(200);
    await pair.clock.advance(10);
    const { messages } = await store.search({});
    expect(messages.map(({ messageId, fate, size }) => [messageId, fate, size])).toEqual([
      ["one1", "failed", 2],
    ]);
    await pair.close();
  });
});
