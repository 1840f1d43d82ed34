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

  test("ten thousand steps of any kind: each timer fires once, at the time that it was given last", async () => {
    const { clock, timers } = setup();
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return Math.floor((seed / 2147483648) * below);
    };
    const fired: [number, number][] = [];
    const expected = new Map<number, number>();
    const all = Array.from({ length: 300 }, (_, index) => new Timer((now) => fired.push([index, now])));
    for (let step = 0; step < 10_000; step++) {
      const index = random(all.length);
      const timer = all[index] as Timer;
      if (random(3) === 0) {
        timers.cancel(timer);
        expected.delete(index);
      } else {
        const at = random(100_000);
        timers.schedule(timer, at);
        expected.set(index, at);
      }
      expect(timers.size).toBe(expected.size);
    }
    expect(clock.pending).toBe(1);
    await clock.advance(100_000);
    expect(fired.map(([, at]) => at)).toEqual([...expected.values()].sort((a, b) => a - b));
    expect(new Map(fired)).toEqual(expected);
    expect([timers.size, clock.pending]).toEqual([0, 0]);
  });

  test("a thousand that were cancelled leave nothing behind that fires, and one timer of the runtime", async () => {
    const { clock, timers, log, timer } = setup();
    const kept = timer("kept");
    timers.schedule(kept, 5000);
    const gone = Array.from({ length: 1000 }, (_, index) => timer(`gone${index}`));
    for (const [index, one] of gone.entries()) timers.schedule(one, index);
    for (const one of gone) timers.cancel(one);
    expect([timers.size, clock.pending]).toEqual([1, 1]);
    await clock.advance(5000);
    expect(log).toEqual(["kept@5000"]);
  });
});
