// What plugins see of a connection, on both of its sides.
import { describe, expect, test } from "#test";
import type { ConnectionHandle } from "../../../../core/node/context.ts";
import { defineKey } from "../../../../core/session/key.ts";
import { NodePair, settle } from "../../../support/nodes.ts";

const User = defineKey<string>("user");

describe("a connection's handle", () => {
  test("tells where it comes from and how many sessions it has", async () => {
    const pair = new NodePair({
      network: { client: { address: "198.51.100.7", certificate: { der: new Uint8Array(1) } } },
    });
    const handles: ConnectionHandle[] = [];
    pair.server.tap("bound", ({ connection }) => handles.push(connection));
    pair.client.tap("bound", ({ connection }) => handles.push(connection));
    await pair.connect();
    await pair.connect();
    const there = handles.find(({ direction }) => direction === "inbound") as ConnectionHandle;
    const here = handles.find(({ direction }) => direction === "outbound") as ConnectionHandle;
    expect([there.remoteAddress, there.localAddress, there.localPort]).toEqual([
      "198.51.100.7",
      "bob.example",
      12051,
    ]);
    expect([here.remoteAddress, here.remotePort, here.secure, here.framing]).toEqual([
      "bob.example",
      12051,
      false,
      "stream",
    ]);
    expect([there.sessionCount, here.sessionCount, there.peerCertificate?.der.length]).toEqual([2, 2, 1]);
    expect([here.openTransactions, here.waitingBytes]).toEqual([0, 0]);
    const sent = pair.client.sessions[0]?.send("x");
    await Promise.resolve();
    expect(here.openTransactions).toBe(1);
    await sent?.accepted;
    expect(here.openTransactions).toBe(0);
    there.set(User, "alice");
    expect([there.get(User), here.get(User)]).toEqual(["alice", undefined]);
    there.set(User, undefined);
    expect(there.get(User)).toBe(undefined);
    await pair.close();
  });

  test("closes or drops it, and its sessions end", async () => {
    const pair = new NodePair();
    for (const way of ["close", "abort"] as const) {
      let handle: ConnectionHandle | undefined;
      const stop = pair.server.tap("bound", ({ connection }) => {
        handle = connection;
      });
      const session = await pair.connect();
      stop();
      handle?.[way]();
      expect((await session.closed) instanceof Error).toBe(true);
      await settle();
      expect([pair.server.connectionCount, pair.client.connectionCount]).toEqual([0, 0]);
    }
    await pair.close();
  });
});
