// TCP from Workers over streams of the test: bytes both ways, back-pressure, both ends first, and what cannot be had.
import { describe, expect, test } from "#test";
import { type WorkersSocket, workersConnector } from "../../../adapters/_workers_dial.ts";
import { FakeClock, settle } from "../../../adapters/memory.ts";
import type { Accept, Transport } from "../../../core/node/transport.ts";
import { untilTrue } from "../../harness/poll.ts";
import { rejection } from "../../support/nodes.ts";

const target = { host: "peer.example", port: 2855, secure: false };

/** A socket whose other end is the test, and the sink's calls. */
function scene(openedBy: Promise<unknown> = Promise.resolve()) {
  const seen = {
    calls: [] as string[],
    asked: [] as unknown[],
    written: [] as string[],
    ended: false,
    closed: 0,
  };
  let input!: ReadableStreamDefaultController<Uint8Array>;
  let stuck: Promise<void> | undefined;
  const socket: WorkersSocket = {
    readable: new ReadableStream({ start: (controller) => void (input = controller) }),
    writable: new WritableStream({
      write: async (bytes) => {
        await stuck;
        seen.written.push(new TextDecoder().decode(bytes));
      },
      close: () => void (seen.ended = true),
    }),
    opened: openedBy,
    close: async () => void seen.closed++,
  };
  let received: (bytes: Uint8Array) => void = (bytes) =>
    void seen.calls.push(`received ${new TextDecoder().decode(bytes)}`);
  const accept: Accept = () => ({
    received: (bytes) => received(bytes),
    drained: () => void seen.calls.push("drained"),
    ended: (error) => void seen.calls.push(`ended ${(error as { code?: string } | undefined)?.code ?? ""}`),
  });
  const clock = new FakeClock();
  const connect = workersConnector(
    (address, options) => {
      seen.asked.push({ ...address, ...options });
      return socket;
    },
    { clock, highWaterBytes: 4, lingerMs: 50, connectTimeoutMs: 100 },
  );
  return {
    seen,
    clock,
    open: (): Promise<Transport> => connect(target, accept),
    connect,
    accept,
    bytes: (text: string): void => input.enqueue(new TextEncoder().encode(text)),
    end: (): void => input.close(),
    fail: (error: Error): void => input.error(error),
    stick: (until: Promise<void>): void => void (stuck = until),
    throwing: (error: Error): void => {
      received = () => {
        throw error;
      };
    },
  };
}

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("TCP from Workers", () => {
  test("bytes go both ways; a paused transport delivers none", async () => {
    const { seen, open, bytes } = scene();
    const transport = await open();
    expect(seen.asked).toEqual([
      { hostname: "peer.example", port: 2855, secureTransport: "off", allowHalfOpen: true },
    ]);
    expect(transport.write(octets("a"))).toBe(true);
    bytes("one");
    await untilTrue(() => seen.calls.length === 1 && seen.written.length === 1);
    transport.pause();
    bytes("two");
    await settle();
    expect([seen.calls, seen.written]).toEqual([["received one"], ["a"]]);
    transport.resume();
    await untilTrue(() => seen.calls.length === 2);
    expect(seen.calls).toEqual(["received one", "received two"]);
  });

  test("says when it is full, and when there is room again", async () => {
    const { seen, open, stick } = scene();
    const transport = await open();
    let free = (): void => undefined;
    stick(new Promise((resolve) => void (free = resolve)));
    expect([transport.write(octets("abc")), transport.write(octets("d"))]).toEqual([true, false]);
    free();
    await untilTrue(() => seen.calls.length === 1);
    expect([seen.calls, seen.written]).toEqual([["drained"], ["abc", "d"]]);
  });

  test("ends when the peer does, once what was written is out; a failure is told", async () => {
    const one = scene();
    const transport = await one.open();
    transport.write(octets("last"));
    one.end();
    await untilTrue(() => one.seen.calls.includes("ended "));
    expect([one.seen.written, one.seen.ended, one.seen.closed]).toEqual([["last"], true, 1]);
    const two = scene();
    await two.open();
    two.fail(new Error("reset"));
    await untilTrue(() => two.seen.calls.length === 1);
    expect(two.seen.calls[0]).toMatch(/^ended connection-/);
    const three = scene();
    three.throwing(new Error("bug"));
    await three.open();
    three.bytes("x");
    await untilTrue(() => three.seen.calls.length === 1);
    expect(three.seen.closed).toBe(1);
  });

  test("a close flushes and waits for the peer, but not for ever; after it nothing is written", async () => {
    const { seen, open, clock } = scene();
    const transport = await open();
    transport.write(octets("bye"));
    transport.close();
    expect(transport.write(octets("more"))).toBe(false);
    await untilTrue(() => seen.ended);
    expect([seen.written, seen.calls]).toEqual([["bye"], []]);
    await clock.advance(50);
    await untilTrue(() => seen.calls.length === 1);
    transport.abort();
    await settle();
    expect(seen.calls).toEqual(["ended "]);
  });

  test("a connection that does not come up fails with a reason, and TLS options that Workers have not are refused", async () => {
    const refused = scene(Promise.reject(new Error("refused")));
    expect((await rejection<{ code: string } & Error>(refused.open())).code).toBe("connect-failed");
    const slow = scene(new Promise(() => undefined));
    const waiting = rejection<{ code: string } & Error>(slow.open());
    await slow.clock.advance(100);
    expect((await waiting).code).toBe("connect-timeout");
    const abort = new AbortController();
    const given = scene(new Promise(() => undefined));
    const aborted = rejection<{ code: string } & Error>(
      given.connect(target, given.accept, { signal: abort.signal }),
    );
    abort.abort();
    expect((await aborted).code).toBe("aborted");
    expect(given.seen.closed).toBe(1);
    const tls = { ...target, secure: true, tls: { ca: "PEM" } };
    expect((await rejection<{ code: string } & Error>(given.connect(tls, given.accept))).code).toBe("tls");
    expect(given.seen.asked.length).toBe(1);
  });
});
