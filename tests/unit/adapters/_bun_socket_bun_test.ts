// The transport over a Bun socket, on a socket that is only written down: partial writes, the order of flushing and ending, and
// what a close means that nobody announced. Run by Bun only.
import type { Socket } from "bun";
import { describe, expect, test } from "#test";
import { type BunSocketState, BunSocketTransport } from "../../../adapters/_bun_socket.ts";
import { resolveLimits } from "../../../adapters/_limits.ts";
import { Probe, pattern } from "../../../testing/probe.ts";

class FakeSocket {
  readonly calls: string[] = [];
  readonly written: number[] = [];
  takes = 0;
  remoteAddress = "192.0.2.1";
  remotePort = 1;
  localAddress = "192.0.2.2";
  localPort = 2;
  write(bytes: Uint8Array): number {
    if (this.takes < 0) return -1;
    const count = Math.min(this.takes, bytes.byteLength);
    this.takes -= count;
    this.written.push(...bytes.subarray(0, count));
    return count;
  }
  end(): void {
    this.calls.push("end");
  }
  shutdown(): void {
    this.calls.push("shutdown");
  }
  terminate(): void {
    this.calls.push("terminate");
  }
  pause(): void {
    this.calls.push("pause");
  }
  resume(): void {
    this.calls.push("resume");
  }
}

function joined(maxPendingBytes = 1_000): {
  socket: FakeSocket;
  transport: BunSocketTransport;
  probe: Probe;
} {
  const socket = new FakeSocket();
  const given = socket as unknown as Socket<BunSocketState>;
  const transport = new BunSocketTransport(given, false, resolveLimits({ maxPendingBytes }));
  let probe!: Probe;
  transport.bind(
    (made) => (probe = new Probe(made)),
    () => {},
  );
  return { socket, transport, probe };
}

describe("BunSocketTransport", () => {
  test("what the kernel did not take waits, in order, and goes out as room comes", () => {
    const { socket, transport, probe } = joined();
    const bytes = pattern(300, 1);
    socket.takes = 100;
    expect(transport.write(bytes.slice(0, 200))).toBe(false);
    expect(transport.write(bytes.slice(200))).toBe(false);
    socket.takes = 150;
    transport.onDrain();
    expect([socket.written.length, probe.drains]).toEqual([250, 0]);
    socket.takes = 1_000;
    transport.onDrain();
    expect(socket.written).toEqual([...bytes]);
    expect(probe.drains).toBe(1);
    expect(transport.write(new Uint8Array(1))).toBe(true);
    transport.onDrain();
    expect(probe.drains).toBe(1);
  });

  test("close flushes first, then ends the write side, then waits for the peer", () => {
    const { socket, transport } = joined();
    transport.write(pattern(10, 1));
    transport.close();
    expect(socket.calls).toEqual([]);
    socket.takes = 10;
    transport.onDrain();
    expect(socket.calls).toEqual(["shutdown"]);
    transport.onEnd();
    expect(socket.calls).toEqual(["shutdown", "end"]);
    transport.onClose(undefined);
  });

  test("a close that neither side announced is a reset, one after our close is not", async () => {
    const reset = joined();
    reset.transport.onClose(undefined);
    expect(((await reset.probe.ended_) as { code?: string }).code).toBe("connection-reset");
    const ours = joined();
    ours.transport.close();
    ours.transport.onClose(undefined);
    expect(await ours.probe.ended_).toBe(undefined);
    const broken = joined();
    broken.transport.onError(Object.assign(new Error("bad record"), { code: "EPROTO" }));
    broken.transport.onClose(undefined);
    expect(((await broken.probe.ended_) as { code?: string }).code).toBe("tls");
  });

  test("pause and resume reach the socket once; a closed socket takes nothing; too much is dropped", async () => {
    const { socket, transport, probe } = joined(100);
    transport.pause();
    transport.pause();
    transport.resume();
    transport.resume();
    expect(socket.calls).toEqual(["pause", "resume"]);
    socket.takes = -1;
    expect(transport.write(new Uint8Array(100))).toBe(false);
    expect(probe.endings).toBe(0);
    expect(transport.write(new Uint8Array(1))).toBe(false);
    expect(((await probe.ended_) as { code?: string }).code).toBe("write-overflow");
    expect(socket.calls.at(-1)).toBe("terminate");
  });
});
