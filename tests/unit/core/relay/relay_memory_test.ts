// A relay that goes on where another one was: the URIs it has given out hold until their time, on the same connections.
import { describe, expect, test } from "#test";
import { FakeClock, settle } from "../../../../adapters/memory.ts";
import type { ConnectionHandle } from "../../../../core/node/context.ts";
import { Msrp } from "../../../../core/node/node.ts";
import type { TransportSink } from "../../../../core/node/transport.ts";
import { handshakeUser } from "../../../../core/node/upgrade.ts";
import { StaticCredentials } from "../../../../core/relay/credentials.ts";
import { type RelayPlugin, relay } from "../../../../core/relay/relay.ts";
import { messageTransport as pipe, receive } from "../../../support/message_transport.ts";

interface Instance {
  readonly node: Msrp;
  readonly plugin: RelayPlugin;
}

function instance(): Instance {
  const plugin = relay({
    domains: ["relay.example"],
    listen: ["msrps://relay.example:443;ws"],
    credentials: StaticCredentials.of("relay.example", { alice: "one" }),
  });
  return { node: new Msrp().use(plugin), plugin };
}

const client = "msrps://client.invalid:2855/client0000000001;ws";
const peer = "msrps://peer.invalid:2855/peer000000000001;ws";

function request(id: string, method: string, to: string, from: string, fields = ""): string {
  return `MSRP ${id} ${method}\r\nTo-Path: ${to}\r\nFrom-Path: ${from}\r\n${fields}-------${id}$\r\n`;
}

const send = (id: string, to: string, from: string): string =>
  request(id, "SEND", to, from, `Message-ID: m.${id}\r\n`);

describe("the memory of a relay", () => {
  test("RFC 4976 §6.3: URIs hold in the next instance, for their client and until their time, and ways back to peers", async () => {
    const clock = new FakeClock();
    const first = instance();
    const [alice, bob] = [pipe(clock), pipe(clock)];
    const sinks = [alice, bob].map(({ transport }) => first.node.accept(transport));
    const [aliceSink, bobSink] = sinks as [TransportSink, TransportSink];
    await settle();
    // As somebody whom the handshake has shown.
    (aliceSink as unknown as { handle: ConnectionHandle }).handle.set(handshakeUser, { user: "alice" });
    receive(
      aliceSink,
      request("auth00000001", "AUTH", "msrps://relay.example:443;ws", client, "Expires: 600\r\n"),
    );
    await settle();
    const [, use = ""] = /Use-Path: (\S+)/.exec(alice.written.join("")) ?? [];
    expect(use).toContain("msrps://relay.example:443/");
    // A stranger's SEND to her, which is answered: the way back is known now.
    receive(bobSink, send("bob000000001", `${use} ${client}`, peer));
    await settle();
    const forwarded = /^MSRP (\S+) SEND/m.exec(alice.written.join("").slice(alice.written[0]?.length))?.[1];
    expect(forwarded).not.toBe(undefined);
    expect(first.node.memory.quiet).toBe(false);
    receive(
      aliceSink,
      `MSRP ${forwarded} 200 OK\r\nTo-Path: ${use}\r\nFrom-Path: ${client}\r\n-------${forwarded}$\r\n`,
    );
    await settle();
    expect(first.node.memory.quiet).toBe(true);
    const memories = sinks.map((sink) => JSON.parse(JSON.stringify(first.node.memory.of(sink))));
    expect(memories[0].values["relay.user"]).toEqual({ user: "alice", realm: "relay.example" });

    const next = instance();
    const [alice2, bob2] = [pipe(clock), pipe(clock)];
    const [aliceBack, bobBack] = [alice2, bob2].map(({ transport }) =>
      next.node.memory.attach(transport),
    ) as [TransportSink, TransportSink];
    // In whatever order the connections come.
    next.node.memory.resume([
      [bobBack, memories[1]],
      [aliceBack, memories[0]],
    ]);
    expect([next.plugin.bindingCount, next.plugin.connectionCount]).toEqual([1, 2]);
    receive(aliceBack, send("alice0000001", `${use} ${peer}`, client));
    await settle();
    expect(bob2.written.join("")).toContain(`To-Path: ${peer}\r\nFrom-Path: ${use} ${client}\r\n`);
    // What is on another connection is not hers.
    receive(bobBack, send("bob000000002", `${use} msrps://other.example:9/x;tcp`, peer));
    await settle();
    expect(bob2.written.at(-1)).toMatch(/^MSRP bob000000002 481 /);
    await clock.advance(600_000);
    expect(next.plugin.bindingCount).toBe(0);
    receive(aliceBack, send("alice0000002", `${use} ${peer}`, client));
    await settle();
    expect(alice2.written.at(-1)).toMatch(/^MSRP alice0000002 481 /);
  });
});
