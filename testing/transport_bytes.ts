/**
 * Transport suite, part 1: octets arrive whole and in order. A reader that does not read slows the writer down instead of
 * filling the memory.
 */
import process from "node:process";
import type { TestFramework } from "./framework.ts";
import { type Probe, pattern } from "./probe.ts";
import { startHarness, turns } from "./transport_pair.ts";
import type { TransportSubject } from "./transport_suite.ts";

const mib = 1_048_576;

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && Buffer.compare(a, b) === 0;
}

/** Resident memory of this process, highest value while `work` ran, in bytes above the value before it. */
async function peakGrowth(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage().rss;
  let peak = before;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 5);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return Math.max(peak, process.memoryUsage().rss) - before;
}

/** Declares the tests of this part. */
export function bytesTests(subject: TransportSubject, { expect, test }: TestFramework): void {
  for (const size of [1, 2, 1_399, 4_096, 16_384, 65_536, 65_537, 262_144, 1_000_003]) {
    test(`echo: ${size} bytes come back equal`, async () => {
      const harness = await startHarness(subject, { echo: true, keep: false });
      const { client } = await harness.pair();
      const body = pattern(size, size);
      client.transport.write(body.slice());
      await client.bytes(size);
      expect(equalBytes(client.content, body)).toBe(true);
      await harness.close();
    });
  }

  test("the bytes of many writes of odd sizes stay in order", async () => {
    const harness = await startHarness(subject);
    const { client, server } = await harness.pair();
    const body = pattern(3 * mib, 7);
    let at = 0;
    for (let step = 1; at < body.byteLength; step += 1) {
      const piece = body.slice(at, at + ((step * 7_919) % 50_000));
      at += piece.byteLength;
      if (piece.byteLength > 0 && !client.transport.write(piece)) await client.drain();
    }
    await server.bytes(body.byteLength);
    expect(equalBytes(server.content, body)).toBe(true);
    await harness.close();
  });

  test("one write far above every buffer arrives whole (partial writes)", async () => {
    const harness = await startHarness(subject, { client: { maxPendingBytes: 64 * mib } });
    const { client, server } = await harness.pair();
    const body = pattern(32 * mib, 3);
    expect(client.transport.write(body.slice())).toBe(false);
    await client.drain();
    await server.bytes(body.byteLength);
    expect(equalBytes(server.content, body)).toBe(true);
    await harness.close();
  });

  test("256 MiB pass through with flat memory", async () => {
    const harness = await startHarness(subject, { keep: false });
    const { client, server } = await harness.pair({ keep: false });
    const growth = await peakGrowth(async () => {
      await client.pump(256 * mib);
      await server.bytes(256 * mib);
    });
    expect(server.received_).toBe(256 * mib);
    // Both ends and the garbage of a quarter of a GiB live in this process.
    expect(growth).toBeLessThan(128 * mib);
    await harness.close();
  });

  test("a reader that stops: write() says false, what waits is bounded, then everything arrives", async () => {
    const total = 24 * mib;
    const harness = await startHarness(subject, { onAccept: (probe) => probe.transport.pause() });
    const { client, server } = await harness.pair();
    const body = pattern(total, 5);
    let written = 0;
    while (written < total) {
      const piece = body.slice(written, written + 65_536);
      written += piece.byteLength;
      if (!client.transport.write(piece)) break;
    }
    // Whatever the kernel's buffers hold, it is not all.
    expect(written).toBeLessThan(total);
    await turns(subject, 20);
    const held = server.received_;
    await turns(subject, 20);
    expect(server.received_).toBe(held);
    expect(held).toBeLessThan(mib);
    server.transport.resume();
    while (written < total) {
      const piece = body.slice(written, written + 65_536);
      if (client.drains === 0) await client.drain();
      written += piece.byteLength;
      if (!client.transport.write(piece)) await client.drain();
    }
    await server.bytes(total);
    expect(equalBytes(server.content, body)).toBe(true);
    await harness.close();
  });

  test("pause() in mid-stream stops reading, resume() goes on without loss", async () => {
    const total = 32 * mib;
    const harness = await startHarness(subject, {
      keep: false,
      onReceived: (_bytes, probe) => {
        if (probe.received_ >= mib && probe.drains === 0) {
          probe.drains = 1;
          probe.transport.pause();
        }
      },
    });
    const { client, server } = await harness.pair({ keep: false });
    const pumping = client.pump(total);
    await server.bytes(mib);
    await turns(subject, 20);
    const held = server.received_;
    await turns(subject, 20);
    expect(server.received_).toBe(held);
    expect(held).toBeLessThan(4 * mib);
    server.transport.resume();
    await pumping;
    await server.bytes(total);
    expect(server.received_).toBe(total);
    await harness.close();
  });

  test("drained() comes once for each false, never without one", async () => {
    const harness = await startHarness(subject, { keep: false });
    const { client, server } = await harness.pair();
    let refusals = 0;
    for (let round = 0; round < 200; round += 1) {
      if (!client.transport.write(pattern(200_000, round))) {
        refusals += 1;
        await client.drain();
      }
    }
    await server.bytes(200 * 200_000);
    expect(client.drains).toBe(refusals);
    await harness.close();
  });

  test("maxPendingBytes: below it nothing happens, above it the connection is dropped with write-overflow", async () => {
    const harness = await startHarness(subject, {
      client: { maxPendingBytes: 2 * mib },
      onAccept: (probe) => probe.transport.pause(),
    });
    const patient = (await harness.pair()).client;
    while (patient.transport.write(pattern(65_536, 1))) {
      // Until it is full.
    }
    patient.transport.write(pattern(mib, 1));
    await turns(subject, 5);
    expect(patient.endings).toBe(0);

    const greedy = (await harness.pair()).client;
    for (let index = 0; index < 512 && greedy.endings === 0; index += 1)
      greedy.transport.write(pattern(65_536, 1));
    const error = await greedy.ended_;
    expect((error as { code?: string } | undefined)?.code).toBe("write-overflow");
    await harness.close();
  });

  test("1,000 simultaneous connections each echo their own bytes", async () => {
    const harness = await startHarness(subject, { echo: true, keep: false });
    const clients: Probe[] = [];
    for (let batch = 0; batch < 20; batch += 1) {
      const opened = await Promise.all(Array.from({ length: 50 }, () => harness.pair()));
      clients.push(...opened.map(({ client }) => client));
    }
    expect(harness.connections()).toBe(1_000);
    for (const [index, client] of clients.entries()) client.transport.write(pattern(1_000 + index, index));
    await Promise.all(clients.map((client, index) => client.bytes(1_000 + index)));
    const wrong = clients.filter(
      (client, index) => !equalBytes(client.content, pattern(1_000 + index, index)),
    );
    expect(wrong.length).toBe(0);
    for (const client of clients) client.transport.close();
    await Promise.all(clients.map((client) => client.ended_));
    await Promise.all(harness.servers.all.map((server) => server.ended_));
    expect(harness.connections()).toBe(0);
    expect(clients.every((client) => client.endings === 1)).toBe(true);
    await harness.close();
  });
}
