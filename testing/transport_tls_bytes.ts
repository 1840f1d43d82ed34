/**
 * Transport suite, part 5: octets through TLS. A slow reader holds the writer back here too, and what was written arrives
 * before the end does.
 */
import process from "node:process";
import { type Certificates, type Identity, makeCertificates } from "./certificates.ts";
import type { TestFramework } from "./framework.ts";
import { pattern } from "./probe.ts";
import { startHarness, turns } from "./transport_pair.ts";
import type { TransportSubject } from "./transport_suite.ts";

const mib = 1_048_576;

/** Declares the tests of this part. */
export function tlsBytesTests(subject: TransportSubject, { beforeAll, expect, test }: TestFramework): void {
  let certificates: Certificates;

  beforeAll(async () => {
    certificates = await makeCertificates();
  });

  const identity = ({ cert, key }: Identity): { cert: string; key: string } => ({ cert, key });

  test("a reader that stops holds the writer back through TLS too, and memory stays bounded", async () => {
    const total = 96 * mib;
    const harness = await startHarness(subject, {
      keep: false,
      onAccept: (probe) => probe.transport.pause(),
      listen: { tls: identity(certificates.server) },
    });
    const { client, server } = await harness.pair({}, { host: "localhost", tls: { ca: certificates.ca } });
    let written = 0;
    const piece = pattern(65_536, 1);
    const before = process.memoryUsage().rss;
    // Wait for room as long as there is any: what the kernel holds on both sides is far below the total.
    for (let idle = 0; idle < 5 && written < total; ) {
      if (client.transport.write(piece)) idle = 0;
      else {
        const drained = await Promise.race([
          client.drain().then(() => true),
          turns(subject, 20).then(() => false),
        ]);
        idle = drained ? 0 : idle + 5;
      }
      written += piece.byteLength;
    }
    expect(written).toBeLessThan(32 * mib);
    expect(server.received_).toBeLessThan(mib);
    expect(process.memoryUsage().rss - before).toBeLessThan(128 * mib);
    server.transport.resume();
    await server.bytes(written);
    expect(server.received_).toBe(written);
    await harness.close();
  });

  for (const [how, options] of [
    ["authority", { requestCert: false }],
    ["client certificate", { requestCert: true }],
  ] as const) {
    test(`32 MiB each way over TLS (${how}), with a pause in the middle, then close() loses nothing`, async () => {
      const total = 32 * mib;
      const harness = await startHarness(subject, {
        keep: false,
        listen: { tls: { ...identity(certificates.server), ...options, ca: certificates.ca } },
      });
      const own = options.requestCert ? identity(certificates.client) : {};
      const { client, server } = await harness.pair(
        { keep: false },
        { host: "localhost", tls: { ca: certificates.ca, ...own } },
      );
      const there = client.pump(total);
      const back = server.pump(total);
      await server.bytes(total / 2);
      server.transport.pause();
      client.transport.pause();
      server.transport.resume();
      client.transport.resume();
      await Promise.all([there, back]);
      client.transport.write(pattern(5 * mib, 1));
      await client.bytes(total);
      client.transport.close();
      expect(await server.ended_).toBe(undefined);
      expect(server.received_).toBe(total + 5 * mib);
      expect(await client.ended_).toBe(undefined);
      await harness.close();
    });
  }
}
