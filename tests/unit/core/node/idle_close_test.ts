// How long a connection stays that nobody uses.
import { describe, expect, test } from "#test";
import { FakeClock } from "../../../../adapters/memory.ts";
import { IdleClose } from "../../../../core/node/idle_close.ts";
import { Timers } from "../../../../core/node/timers.ts";

function idle(): { clock: FakeClock; idle: IdleClose; sessions: Set<number>; expired: number[] } {
  const clock = new FakeClock();
  const [sessions, expired]: [Set<number>, number[]] = [new Set(), []];
  const limits = { maxUnboundMs: 100, idleCloseMs: 10 };
  const made = new IdleClose(new Timers(clock), limits, sessions, () => expired.push(clock.now()));
  return { clock, idle: made, sessions, expired };
}

describe("an idle connection", () => {
  test("ends when nobody ever used it", async () => {
    const { clock, expired } = idle();
    await clock.advance(99);
    expect(expired).toEqual([]);
    await clock.advance(1);
    expect(expired).toEqual([100]);
  });

  test("ends a while after its last session, not after the last but one", async () => {
    const { clock, idle: it, sessions, expired } = idle();
    sessions.add(1);
    it.hold();
    await clock.advance(1000);
    it.free();
    await clock.advance(1000);
    expect(expired).toEqual([]);
    sessions.clear();
    it.free();
    await clock.advance(10);
    expect(expired).toEqual([2010]);
  });

  test("stays while it is reserved; giving it back twice is giving it back once", async () => {
    const { clock, idle: it, expired } = idle();
    const [first, second] = [it.reserve(), it.reserve()];
    first();
    first();
    it.free();
    await clock.advance(1000);
    expect(expired).toEqual([]);
    second();
    await clock.advance(10);
    expect(expired).toEqual([1010]);
  });

  test("stays as long as the longest wish", async () => {
    const { clock, idle: it, expired } = idle();
    it.stay(500);
    it.stay(50);
    it.free();
    await clock.advance(499);
    expect(expired).toEqual([]);
    await clock.advance(1);
    expect(expired).toEqual([500]);
  });

  test("a close has its own time, which no session that ends moves", async () => {
    const { clock, idle: it, expired } = idle();
    it.closing(35);
    it.hold();
    it.free();
    await clock.advance(35);
    expect(expired).toEqual([35]);
  });

  test("after the end nothing comes", async () => {
    const { clock, idle: it, expired } = idle();
    const back = it.reserve();
    it.stop();
    back();
    await clock.advance(10_000);
    expect([expired, clock.pending]).toEqual([[], 0]);
  });
});
