// The transport over a socket of node:net, with a gate below it: both are told to stop, and what waits in both counts.
// Run by Node only; Deno uses it through its pipe, and the transport suite there tests that.
import { once } from "node:events";
import net from "node:net";
import { describe, expect, test } from "#test";
import { resolveLimits } from "../../../adapters/_limits.ts";
import { type Gate, NodeSocketTransport } from "../../../adapters/_node_socket.ts";
import { Probe } from "../../../testing/probe.ts";

const facts = { remoteAddress: "192.0.2.1", secure: false };

class FakeGate implements Gate {
  readonly calls: string[] = [];
  waiting = 0;
  hold(): void {
    this.calls.push("hold");
  }
  release(): void {
    this.calls.push("release");
  }
  cut(): void {
    this.calls.push("cut");
  }
}

async function joined(maxPendingBytes = 1_000): Promise<{
  gate: FakeGate;
  transport: NodeSocketTransport;
  probe: Probe;
  peer: net.Socket;
}> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = net.connect((server.address() as net.AddressInfo).port, "127.0.0.1");
  const [peer] = (await once(server, "connection")) as [net.Socket];
  server.close();
  const gate = new FakeGate();
  const transport = new NodeSocketTransport(socket, facts, resolveLimits({ maxPendingBytes }), gate);
  let probe!: Probe;
  transport.start();
  transport.bind(
    (made) => (probe = new Probe(made)),
    () => {},
  );
  return { gate, transport, probe, peer };
}

describe("NodeSocketTransport", () => {
  test("the gate is told of pause, resume and the drop", async () => {
    const { gate, transport, probe, peer } = await joined();
    transport.pause();
    transport.resume();
    transport.resume();
    transport.abort();
    await probe.ended_;
    expect(gate.calls).toEqual(["hold", "release", "cut"]);
    peer.destroy();
  });

  test("bytes that wait below the socket count towards maxPendingBytes", async () => {
    const { gate, transport, probe, peer } = await joined(100_000);
    peer.pause();
    gate.waiting = 100_001;
    const piece = new Uint8Array(20_000);
    expect(transport.write(piece)).toBe(false);
    const error = await probe.ended_;
    expect((error as { code?: string } | undefined)?.code).toBe("write-overflow");
    peer.destroy();
  });

  test("what is delivered is a Uint8Array and no Buffer, whose slice would not copy", async () => {
    const { transport, probe, peer } = await joined();
    peer.write("abc");
    await probe.bytes(3);
    let kind = "";
    probe.received = (bytes) => {
      kind = bytes.constructor.name;
      transport.abort();
    };
    peer.write("d");
    await probe.ended_;
    expect(kind).toBe("Uint8Array");
    peer.destroy();
  });
});
