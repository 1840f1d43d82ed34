// Peers that vanish: bodiless SENDs when nothing came, and the end when nobody answers.
import { describe, expect, test } from "#test";
import { FakeClock, memoryPair } from "../../../../adapters/memory.ts";
import type { ConnectionError } from "../../../../core/errors.ts";
import { Msrp } from "../../../../core/node/node.ts";
import { Peer, request } from "../../../conformance/endpoint_fixture.ts";
import { NodePair, settle } from "../../../support/nodes.ts";

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
});
