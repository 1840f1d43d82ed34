// The transport over a Deno connection, on a connection that is only written down: one write in flight, small writes joined,
// nothing delivered while paused. Run by Deno only.
import { describe, expect, test } from "#test";
import { DenoSocketTransport } from "../../../adapters/_deno_socket.ts";
import { resolveLimits } from "../../../adapters/_limits.ts";
import { ReadBuffers } from "../../../adapters/_read_buffers.ts";
import { latch, Probe, pattern } from "../../../testing/probe.ts";

class FakeConn {
  readonly remoteAddr = { hostname: "192.0.2.1", port: 1, transport: "tcp" };
  readonly localAddr = { hostname: "192.0.2.2", port: 2, transport: "tcp" };
  readonly writes: number[] = [];
  readonly calls: string[] = [];
  inFlight = 0;
  mostInFlight = 0;
  #reads: ((buffer: Uint8Array) => number | null)[] = [];
  #reader: (() => void) | undefined;

  readonly takesAtOnce: number;

  constructor(takesAtOnce: number = 1_000_000) {
    this.takesAtOnce = takesAtOnce;
  }
  async write(bytes: Uint8Array): Promise<number> {
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    await Promise.resolve();
    this.inFlight -= 1;
    const count = Math.min(this.takesAtOnce, bytes.byteLength);
    this.writes.push(count);
    return count;
  }
  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#reads.length === 0) {
      await new Promise<void>((resolve) => {
        this.#reader = resolve;
      });
    }
    return this.#reads.shift()!(buffer);
  }
  /** The next read gives these bytes, or the end. */
  give(bytes: Uint8Array | null): void {
    this.#reads.push((buffer) => {
      if (bytes === null) return null;
      buffer.set(bytes);
      return bytes.byteLength;
    });
    this.#reader?.();
  }
  closeWrite(): Promise<void> {
    this.calls.push("closeWrite");
    return Promise.resolve();
  }
  close(): void {
    this.calls.push("close");
  }
}

function joined(conn: FakeConn): { transport: DenoSocketTransport; probe: Probe; buffers: ReadBuffers } {
  const buffers = new ReadBuffers();
  const transport = new DenoSocketTransport(conn as unknown as Deno.TcpConn, resolveLimits({}), buffers);
  let probe!: Probe;
  transport.bind(
    (made) => (probe = new Probe(made)),
    () => {},
  );
  transport.start();
  return { transport, probe, buffers };
}

describe("DenoSocketTransport", () => {
  test("one write is in flight; what comes meanwhile goes out together", async () => {
    const conn = new FakeConn();
    const { transport, probe } = joined(conn);
    for (let index = 0; index < 10; index += 1) expect(transport.write(pattern(100, index))).toBe(true);
    expect(transport.write(pattern(262_144, 1))).toBe(false);
    await probe.drain();
    expect([conn.writes, conn.mostInFlight]).toEqual([[100, 900, 262_144], 1]);
    transport.abort();
    await probe.ended_;
  });

  test("partial writes go on where they stopped, close ends the write side after the last", async () => {
    const conn = new FakeConn(30_000);
    const { transport, probe } = joined(conn);
    transport.write(pattern(100_000, 1));
    transport.close();
    conn.give(null);
    expect(await probe.ended_).toBe(undefined);
    expect(conn.writes).toEqual([30_000, 30_000, 30_000, 10_000]);
    expect(conn.calls).toEqual(["closeWrite", "close"]);
  });

  test("what was read when pause came waits for resume", async () => {
    const conn = new FakeConn();
    const { transport, probe } = joined(conn);
    transport.pause();
    conn.give(new Uint8Array([1, 2, 3]));
    const turn = latch<void>();
    setTimeout(() => turn.resolve(), 0);
    await turn.promise;
    expect(probe.received_).toBe(0);
    transport.resume();
    await probe.bytes(3);
    expect([...probe.content]).toEqual([1, 2, 3]);
    transport.abort();
    await probe.ended_;
  });

  test("an ended connection gives its large buffer back", async () => {
    const conn = new FakeConn();
    const { probe, buffers } = joined(conn);
    conn.give(new Uint8Array(2_048));
    await probe.bytes(2_048);
    conn.give(new Uint8Array(100_000));
    await probe.bytes(102_048);
    expect(buffers.lent).toBe(1);
    conn.give(null);
    await probe.ended_;
    expect(buffers.lent).toBe(0);
  });
});
