// The heap of timers: order, moving, cancelling, and that one timer of the runtime is all it uses.
import { describe, expect, test } from "#test";
import { FakeClock } from "../../../../adapters/memory.ts";
import { Timer, Timers } from "../../../../core/node/timers.ts";

function setup(): { clock: FakeClock; timers: Timers; log: string[]; timer(name: string): Timer } {
  const clock = new FakeClock();
  const log: string[] = [];
  return {
    clock,
    timers: new Timers(clock),
    log,
    timer: (name) => new Timer((now) => log.push(`${name}@${now}`)),
  };
}

describe("timers", () => {
  test("fire in order of time, with one timer of the runtime", async () => {
    const { clock, timers, log, timer } = setup();
    for (const at of [50, 10, 30, 20, 40]) timers.schedule(timer(`t${at}`), at);
    expect(clock.pending).toBe(1);
    await clock.advance(100);
    expect(log).toEqual(["t10@10", "t20@20", "t30@30", "t40@40", "t50@50"]);
    expect([timers.size, clock.pending]).toEqual([0, 0]);
  });

  test("move both ways, and a cancelled one never fires", async () => {
    const { clock, timers, log, timer } = setup();
    const [a, b, c] = [timer("a"), timer("b"), timer("c")];
    timers.schedule(a, 10);
    timers.schedule(b, 20);
    timers.schedule(c, 30);
    timers.schedule(a, 40);
    timers.schedule(c, 5);
    timers.cancel(b);
    timers.cancel(b);
    await clock.advance(100);
    expect(log).toEqual(["c@5", "a@40"]);
  });

  test("scheduled for ever is cancelled, and nothing stays armed", () => {
    const { clock, timers, timer } = setup();
    const a = timer("a");
    timers.schedule(a, 10);
    timers.schedule(a, Number.POSITIVE_INFINITY);
    expect([timers.size, clock.pending]).toEqual([0, 0]);
  });

  test("one that schedules itself again waits for its next time", async () => {
    const { clock, timers } = setup();
    let rounds = 0;
    const again: Timer = new Timer((now) => {
      if (++rounds < 5) timers.schedule(again, now);
    });
    timers.schedule(again, 10);
    await clock.advance(10);
    expect(rounds).toBe(5);
  });

  test("one that throws does not take the others with it", async () => {
    const { clock, timers, log, timer } = setup();
    const throwing = new Timer(() => {
      throw new Error("boom");
    });
    timers.schedule(throwing, 10);
    timers.schedule(timer("a"), 10);
    await clock.advance(10).catch(() => undefined);
    await clock.advance(10);
    expect(log).toEqual(["a@10"]);
  });

  test("ten thousand random ones, half of them cancelled, come in order", async () => {
    const { clock, timers } = setup();
    const fired: number[] = [];
    let seed = 42;
    const random = (): number => (seed = (seed * 1103515245 + 12345) % 2147483648);
    let kept = 0;
    for (let index = 0; index < 10_000; index++) {
      const timer = new Timer((now) => fired.push(now));
      timers.schedule(timer, random() % 1000);
      if (index % 3 === 0) timers.schedule(timer, random() % 1000);
      if (index % 2 === 0) timers.cancel(timer);
      else kept++;
    }
    await clock.advance(1000);
    expect(fired.length).toBe(kept);
    expect(fired.every((at, index) => index === 0 || at >= (fired[index - 1] as number))).toBe(true);
  });
});
