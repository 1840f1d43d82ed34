/**
 * Transport suite, part 2: every way in which a connection can end. The sink hears of it exactly once, after everything
 * else.
 */
import type { TestFramework } from "./framework.ts";
import { latch, type Probe, pattern } from "./probe.ts";
import { rawServer, readAll, startHarness, turns } from "./transport_pair.ts";
import type { TransportSubject } from "./transport_suite.ts";

const mib = 1_048_576;

function codeOf(error: Error | undefined): string | undefined {
  return (error as { code?: string } | undefined)?.code;
}

/** Declares the tests of this part. */
export function endingTests(subject: TransportSubject, { expect, test }: TestFramework): void {
  const expectOneEnd = (...probes: Probe[]): void => {
    for (const probe of probes) {
      expect(probe.endings).toBe(1);
      expect(probe.callsAfterEnd).toBe(0);
    }
  };

  test("close() flushes what was written, both sides hear of one clean end", async () => {
    const harness = await startHarness(subject);
    const { client, server } = await harness.pair();
    const body = pattern(12 * mib, 11);
    client.transport.write(body.slice());
    client.transport.close();
    expect(await server.ended_).toBe(undefined);
    expect(await client.ended_).toBe(undefined);
    expect(server.received_).toBe(body.byteLength);
    expect(Buffer.compare(server.content, body)).toBe(0);
    expectOneEnd(client, server);
    await harness.close();
  });

  test("close() right after many small writes loses none", async () => {
    const harness = await startHarness(subject);
    const { client, server } = await harness.pair();
    for (let index = 0; index < 1_000; index += 1) client.transport.write(pattern(100, index));
    client.transport.close();
    await server.ended_;
    expect(server.received_).toBe(100_000);
    await harness.close();
  });

  test("close() twice and after the end does nothing more", async () => {
    const harness = await startHarness(subject);
    const { client, server } = await harness.pair();
    client.transport.close();
    client.transport.close();
    await Promise.all([client.ended_, server.ended_]);
    client.transport.close();
    client.transport.abort();
    expect(client.transport.write(new Uint8Array(1))).toBe(false);
    await turns(subject, 3);
    expectOneEnd(client, server);
    await harness.close();
  });

  test("what the peer sends after our close() is still received until it ends too", async () => {
    const serving = latch<void>();
    const server = await rawServer((socket) => {
      socket.resume();
      socket.once("end", () => {
        socket.end(Buffer.from("the last word"));
        serving.resolve();
      });
    });
    const harness = await startHarness(subject);
    const { client } = await connectTo(subject, server.port);
    client.transport.close();
    await serving.promise;
    await client.ended_;
    expect(new TextDecoder().decode(client.content)).toBe("the last word");
    server.close();
    await harness.close();
  });

  test("half-close: the peer ends its side first and still gets the whole answer", async () => {
    const harness = await startHarness(subject, { echo: true });
    const socket = await harness.raw();
    const body = pattern(8 * mib, 9);
    const answer = readAll(socket);
    socket.end(body.slice());
    expect(Buffer.compare(await answer, body)).toBe(0);
    const server = await harness.servers.next();
    expect(await server.ended_).toBe(undefined);
    expectOneEnd(server);
    await harness.close();
  });

  test("half-close: an answer made in the turn after the last bytes is not lost", async () => {
    const harness = await startHarness(subject, {
      onReceived: (_bytes, probe) => {
        if (probe.received_ === 5) void Promise.resolve().then(() => probe.transport.write(pattern(10, 1)));
      },
    });
    const socket = await harness.raw();
    const answer = readAll(socket);
    socket.end(Buffer.from("hello"));
    expect((await answer).byteLength).toBe(10);
    await harness.close();
  });

  test("halfOpenMs keeps the write side open for late answers, close() ends the wait", async () => {
    const harness = await startHarness(subject, { listen: { halfOpenMs: 20_000 } });
    const socket = await harness.raw();
    const answer = readAll(socket);
    const ended = new Promise<void>((resolve) => socket.end(Buffer.from("hello"), () => resolve()));
    const server = await harness.servers.next();
    await ended;
    await server.bytes(5);
    await turns(subject, 10);
    expect(server.endings).toBe(0);
    server.transport.write(pattern(mib, 1));
    server.transport.close();
    expect((await answer).byteLength).toBe(mib);
    await server.ended_;
    expectOneEnd(server);
    await harness.close();
  });

  test("halfOpenMs 0: the peer's end closes the connection without our doing", async () => {
    const harness = await startHarness(subject);
    const socket = await harness.raw();
    const answer = readAll(socket);
    socket.end();
    expect((await answer).byteLength).toBe(0);
    const server = await harness.servers.next();
    expect(await server.ended_).toBe(undefined);
    await harness.close();
  });

  test("reset by the peer: ended() with an error, once", async () => {
    const harness = await startHarness(subject);
    const socket = await harness.raw();
    const server = await harness.servers.next();
    socket.write("x");
    await server.bytes(1);
    socket.resetAndDestroy();
    const error = await server.ended_;
    expect(codeOf(error)).toBe("connection-reset");
    expectOneEnd(server);
    await harness.close();
  });

  test("reset by the peer while we write: ended() with an error, once", async () => {
    const harness = await startHarness(subject);
    const socket = await harness.raw();
    socket.pause();
    const server = await harness.servers.next();
    while (server.transport.write(pattern(65_536, 1))) {
      // Until it is full.
    }
    socket.resetAndDestroy();
    const error = await server.ended_;
    expect(codeOf(error)).toBe("connection-reset");
    expectOneEnd(server);
    await harness.close();
  });

  test("abort() drops what waits and ends at once on both sides", async () => {
    const harness = await startHarness(subject, { onAccept: (probe) => probe.transport.pause() });
    const { client, server } = await harness.pair();
    while (client.transport.write(pattern(65_536, 1))) {
      // Until it is full.
    }
    client.transport.abort();
    expect(await client.ended_).toBe(undefined);
    server.transport.resume();
    await server.ended_;
    expectOneEnd(client, server);
    await harness.close();
  });

  test("abort() from inside received() is safe", async () => {
    const harness = await startHarness(subject, { onReceived: (_bytes, probe) => probe.transport.abort() });
    const { client, server } = await harness.pair();
    client.transport.write(pattern(mib, 1));
    await Promise.all([server.ended_, client.ended_]);
    expectOneEnd(client, server);
    await harness.close();
  });

  test("abort() from inside accept ends the connection, once", async () => {
    const harness = await startHarness(subject, { onAccept: (probe) => probe.transport.abort() });
    // The reset may be here before the raw side knows that it is connected.
    harness
      .raw()
      .then((socket) => socket.on("error", () => {}))
      .catch(() => {});
    const server = await harness.servers.next();
    await server.ended_;
    expectOneEnd(server);
    await harness.close();
  });

  test("close() of a paused transport discards what comes and still ends", async () => {
    const harness = await startHarness(subject, { onAccept: (probe) => probe.transport.pause() });
    const { client, server } = await harness.pair();
    const pumping = client.pump(4 * mib);
    server.transport.close();
    await pumping;
    await Promise.all([client.ended_, server.ended_]);
    expectOneEnd(client, server);
    await harness.close();
  });

  test("lingerMs: a peer that neither reads nor ends cannot hold a closing connection", async () => {
    const server = await rawServer((socket) => socket.pause());
    const { client } = await connectTo(subject, server.port, { lingerMs: 50 });
    while (client.transport.write(pattern(65_536, 1))) {
      // Until it is full.
    }
    client.transport.close();
    await client.ended_;
    expectOneEnd(client);
    server.close();
  });

  test("a sink that throws costs its connection, not the process", async () => {
    const harness = await startHarness(subject, {
      onReceived: () => {
        throw new Error("a fault of the sink");
      },
    });
    const { client, server } = await harness.pair();
    client.transport.write(pattern(10, 1));
    expect(codeOf(await server.ended_)).toBe("sink-failed");
    await client.ended_;
    await harness.close();
  });
}

async function connectTo(
  subject: TransportSubject,
  port: number,
  settings: { lingerMs?: number } = {},
): Promise<{ client: Probe }> {
  const { Probes } = await import("./probe.ts");
  const clients = new Probes();
  const connector = subject.createConnector(settings);
  await connector({ host: "127.0.0.1", port, secure: false }, clients.accept);
  return { client: await clients.next() };
}
