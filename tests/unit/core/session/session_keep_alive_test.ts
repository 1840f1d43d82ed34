// Peers that vanish: bodiless SENDs when nothing came, and the end when nobody answers.
import { describe, expect, test } from "#test";
import { FakeClock, memoryPair } from "../../../../adapters/memory.ts";
import type { ConnectionError } from "../../../../core/errors.ts";
import { Msrp } from "../../../../core/node/node.ts";
import type { Transport } from "../../../../core/node/transport.ts";
import { Peer, request } from "../../../../testing/wire.ts";
import { NodePair, rejection, settle } from "../../../support/nodes.ts";

describe("keep-alive", () => {
  test("asks only when nothing came for so long", async () => {
    const pair = new NodePair();
    const [here, there] = await pair.sessions({ keepAliveMs: 60_000 });
    let asked = 0;
    pair.server.tap("settled", ({ frame }) => {
      if (frame.body === undefined) asked++;
    });
    for (let round = 0; round < 4; round++) {
      await pair.clock.advance(30_000);
      await there.send("busy").accepted;
    }
    expect(asked).toBe(0);
    await pair.clock.advance(180_000);
    expect(asked).toBe(3);
    expect(here.state).toBe("bound");
    await here.close();
    await pair.clock.advance(300_000);
    expect(asked).toBe(3);
    await pair.close();
  });

  test("a peer that does not answer is gone, and every session of the connection with it", async () => {
    const clock = new FakeClock();
    const app = new Msrp();
    const local = "msrp://bob.example:12051/keepAlive;tcp";
    const from = "msrp://alice.example:7313/keepAlive;tcp";
    const session = app.session({ local, remote: from, keepAliveMs: 60_000 });
    const other = app.session({ local: `${local.replace("keepAlive", "other")}`, remote: from });
    let peer: Peer | undefined;
    memoryPair((transport) => (peer = new Peer(transport)), app.accept, { clock });
    await settle();
    peer?.write(request({ to: local, from }));
    peer?.write(request({ to: other.local.text, from }));
    await settle();
    const ended = Promise.all([session.closed, other.closed]);
    await clock.advance(60_000);
    expect(session.state).toBe("bound");
    await clock.advance(30_000);
    const errors = (await ended) as unknown as ConnectionError[];
    expect(errors.map(({ code }) => code)).toEqual(["peer-vanished", "peer-vanished"]);
    expect([app.connectionCount, clock.pending]).toEqual([0, 0]);
  });

  test("a peer that does not even read is gone as well, and is asked once: nothing piles up [4975-5.4-15]", async () => {
    const clock = new FakeClock();
    const app = new Msrp();
    const local = "msrp://bob.example:12051/stalled;tcp";
    const from = "msrp://alice.example:7313/stalled;tcp";
    const session = app.session({ local, remote: from, keepAliveMs: 1000 });
    let peer: Peer | undefined;
    let there: Transport | undefined;
    memoryPair(
      (transport) => {
        there = transport;
        peer = new Peer(transport);
        return peer;
      },
      app.accept,
      { clock, highWaterBytes: 1000 },
    );
    await settle();
    peer?.write(request({ to: local, from }));
    await settle();
    there?.pause();
    const sent = session.send(new Uint8Array(1_000_000));
    await settle();
    await clock.advance(30_900);
    expect(session.state).toBe("bound");
    await clock.advance(100);
    expect(((await session.closed) as ConnectionError).code).toBe("peer-vanished");
    expect((await rejection<ConnectionError>(sent.accepted)).code).toBe("peer-vanished");
    expect([app.connectionCount, clock.pending]).toEqual([0, 0]);
  });
});
