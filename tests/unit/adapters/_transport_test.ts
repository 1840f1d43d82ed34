// The promises that all socket transports share, on a transport without a socket: the end is told once and last, a sink that
// is in trouble costs its connection only, and nothing is delivered to one that has gone.
import { describe, expect, test } from "#test";
import { resolveLimits, type SocketLimits } from "../../../adapters/_limits.ts";
import { SocketTransport } from "../../../adapters/_transport.ts";
import { Probe } from "../../../testing/probe.ts";

class Fake extends SocketTransport {
  readonly calls: string[] = [];
  flushed = 0;
  held = false;

  constructor(limits: SocketLimits = {}) {
    super({ remoteAddress: "192.0.2.1", secure: true }, resolveLimits(limits));
  }
  write(): boolean {
    return !this.closing;
  }
  pause(): void {
    this.held = true;
  }
  resume(): void {
    this.held = false;
    this.calls.push("resume");
  }
  get paused(): boolean {
    return this.held;
  }
  get flushedBytes(): number {
    return this.flushed;
  }
  startClose(): void {
    this.calls.push("startClose");
  }
  drop(): void {
    this.calls.push("drop");
    this.finish();
  }
  override deliver(bytes: Uint8Array): void {
    super.deliver(bytes);
  }
  override roomAgain(): void {
    super.roomAgain();
  }
  override peerEnded(): void {
    super.peerEnded();
  }
  override finish(error?: Error): void {
    super.finish(error);
  }
  override fail(error: Error): void {
    super.fail(error);
  }
}

function joined(limits?: SocketLimits): { fake: Fake; probe: Probe; ends: () => number } {
  const fake = new Fake(limits);
  let probe!: Probe;
  let ends = 0;
  fake.bind(
    (transport) => (probe = new Probe(transport)),
    () => {
      ends += 1;
    },
  );
  return { fake, probe, ends: () => ends };
}

describe("SocketTransport", () => {
  test("facts are told, unknown ones as empty", () => {
    const { fake } = joined();
    expect([fake.remoteAddress, fake.remotePort, fake.localAddress, fake.localPort]).toEqual([
      "192.0.2.1",
      0,
      "",
      0,
    ]);
    expect([fake.secure, fake.framing, fake.peerCertificate]).toEqual([true, "stream", undefined]);
  });

  test("ended comes once, after everything else, and not from inside a call of the sink's", async () => {
    const { fake, probe, ends } = joined();
    fake.deliver(new Uint8Array(3));
    fake.abort();
    expect(probe.endings).toBe(0);
    fake.finish(new Error("late"));
    fake.abort();
    fake.close();
    expect(await probe.ended_).toBe(undefined);
    fake.deliver(new Uint8Array(1));
    fake.roomAgain();
    expect([probe.endings, probe.received_, probe.drains, ends()]).toEqual([1, 3, 0, 1]);
    expect(fake.calls).toEqual(["drop"]);
  });

  test("the first reason is the one that is told", async () => {
    const { fake, probe } = joined();
    fake.fail(new Error("first"));
    fake.fail(new Error("second"));
    expect((await probe.ended_)?.message).toBe("first");
  });

  test("close while paused reads on and discards", async () => {
    const { fake, probe } = joined();
    fake.pause();
    fake.close();
    expect(fake.calls).toEqual(["resume", "startClose"]);
    fake.deliver(new Uint8Array(5));
    fake.finish();
    await probe.ended_;
    expect(probe.received_).toBe(0);
  });

  test("lingerMs counts from the last progress: a slow flush goes on, a dead one is dropped", async () => {
    const { fake, probe } = joined({ lingerMs: 20 });
    fake.close();
    let ticks = 0;
    const tick = (): void => {
      ticks += 1;
      if (ticks <= 10) {
        fake.flushed += 1;
        fake.clock.setTimer(tick, 5);
      }
    };
    tick();
    await probe.ended_;
    expect(ticks).toBeGreaterThan(10);
    expect(fake.calls).toEqual(["startClose", "drop"]);
  });

  test("the peer's end closes our side after halfOpenMs, unless it is closing already", async () => {
    const { fake, probe } = joined({ halfOpenMs: 5, lingerMs: 5 });
    fake.peerEnded();
    expect(fake.calls).toEqual([]);
    await probe.ended_;
    expect(fake.calls).toEqual(["startClose", "drop"]);

    const other = joined();
    other.fake.close();
    other.fake.peerEnded();
    other.fake.finish();
    await other.probe.ended_;
    expect(other.fake.calls).toEqual(["startClose"]);
  });

  test("a sink that throws, and an accept that throws", async () => {
    const fake = new Fake();
    let reason: Error | undefined;
    const over = new Promise<void>((resolve) =>
      fake.bind(
        () => ({
          received() {
            throw new Error("broken");
          },
          drained() {},
          ended(error) {
            reason = error;
          },
        }),
        () => queueMicrotask(resolve),
      ),
    );
    fake.deliver(new Uint8Array(1));
    await over;
    expect((reason as { code?: string } | undefined)?.code).toBe("sink-failed");

    const refused = new Fake();
    const bind = (): void =>
      refused.bind(
        () => {
          throw new Error("no room");
        },
        () => {},
      );
    expect(bind).toThrow("no room");
    expect(refused.calls).toEqual(["drop"]);
  });
});
