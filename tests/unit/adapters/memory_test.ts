// Pipes in memory: order, back-pressure, cutting, scrubbing, both kinds of end, and the clock that stands still.
import { describe, expect, test } from "#test";
import { FakeClock, MemoryNetwork, memoryPair, settle } from "../../../adapters/memory.ts";
import type { ConnectionError } from "../../../core/errors.ts";
import type { Accept, TransportSink } from "../../../core/node/transport.ts";
import { rejection } from "../../support/nodes.ts";

class Sink implements TransportSink {
  readonly log: string[] = [];
  readonly kept: Uint8Array[] = [];
  received(bytes: Uint8Array): void {
    this.log.push(new TextDecoder().decode(bytes));
    this.kept.push(bytes);
  }
  drained(): void {
    this.log.push("(drained)");
  }
  ended(error?: Error): void {
    this.log.push(`(ended ${(error as ConnectionError | undefined)?.code ?? "well"})`);
  }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const into =
  (sink: Sink): Accept =>
  () =>
    sink;

describe("a pair of pipes", () => {
  test("delivers later, in order, and scrubs what was delivered", async () => {
    const [a, b] = [new Sink(), new Sink()];
    const [left, right] = memoryPair(into(a), into(b));
    left.write(bytes("one"));
    left.write(bytes("two"));
    right.write(bytes("back"));
    expect([a.log, b.log]).toEqual([[], []]);
    await settle();
    expect([a.log, b.log]).toEqual([["back"], ["one", "two"]]);
    expect(b.kept.map((part) => new TextDecoder().decode(part))).toEqual(["!!!", "!!!"]);
  });

  test("is full at its mark, and drains when the other side has read", async () => {
    const [a, b] = [new Sink(), new Sink()];
    const [left, right] = memoryPair(into(a), into(b), { highWaterBytes: 5 });
    right.pause();
    expect([left.write(bytes("1234")), left.write(bytes("5")), left.write(bytes("6"))]).toEqual([
      true,
      false,
      false,
    ]);
    await settle();
    expect([a.log, b.log]).toEqual([[], []]);
    right.resume();
    await settle();
    expect([a.log, b.log]).toEqual([["(drained)"], ["1234", "5", "6"]]);
  });

  test("cuts streams, and keeps messages whole", async () => {
    for (const [framing, expected] of [
      ["stream", ["ab", "cd", "e"]],
      ["message", ["abcde"]],
    ] as const) {
      const b = new Sink();
      const [left] = memoryPair(into(new Sink()), into(b), { framing, maxSegmentBytes: 2 });
      left.write(bytes("abcde"));
      await settle();
      expect(b.log).toEqual([...expected]);
    }
  });

  test("closes after what was written, aborts without it", async () => {
    const [a, b, c, d] = [new Sink(), new Sink(), new Sink(), new Sink()];
    const [left] = memoryPair(into(a), into(b));
    left.write(bytes("last"));
    left.close();
    left.close();
    left.write(bytes("too late"));
    await settle();
    expect([a.log, b.log]).toEqual([["(ended well)"], ["last", "(ended well)"]]);
    const [cut] = memoryPair(into(c), into(d));
    cut.write(bytes("lost"));
    cut.abort();
    cut.abort();
    await settle();
    expect([c.log, d.log]).toEqual([["(ended well)"], ["(ended connection-reset)"]]);
  });
});

describe("a network in memory", () => {
  test("connects to who listens, on the right port and with TLS on both sides or none", async () => {
    const network = new MemoryNetwork();
    const [a, b] = [new Sink(), new Sink()];
    const stop = network.listen("host.example", 1, into(b));
    const target = { host: "HOST.example", port: 1, secure: false };
    const transport = await network.connect(target, into(a));
    expect([transport.remoteAddress, transport.remotePort, network.opened]).toEqual(["HOST.example", 1, 1]);
    expect(() => network.listen("host.example", 1, into(b))).toThrow("in use");
    const failures = [
      network.connect({ ...target, port: 2 }, into(a)),
      network.connect({ ...target, secure: true }, into(a)),
      network.connect(target, into(a), { signal: AbortSignal.abort() }),
    ];
    const codes = await Promise.all(
      failures.map(async (attempt) => (await rejection<ConnectionError>(attempt)).code),
    );
    expect(codes).toEqual(["connect-failed", "tls", "aborted"]);
    stop();
    expect((await rejection<ConnectionError>(network.connect(target, into(a)))).code).toBe("connect-failed");
  });
});

describe("a clock that stands still", () => {
  test("moves only when told, and stops at every timer on the way", async () => {
    const clock = new FakeClock();
    const log: string[] = [];
    clock.setTimer(() => log.push(`b ${clock.now()}`), 20);
    clock.setTimer(() => {
      log.push(`a ${clock.now()}`);
      clock.setTimer(() => log.push(`c ${clock.now()}`), 5);
    }, 10);
    const cancel = clock.setTimer(() => log.push("never"), 15);
    cancel();
    cancel();
    await settle();
    expect([clock.now(), log.length, clock.pending]).toEqual([0, 0, 2]);
    await clock.advance(30);
    expect(log).toEqual(["a 10", "c 15", "b 20"]);
    expect([clock.now(), clock.pending]).toEqual([30, 0]);
  });
});
