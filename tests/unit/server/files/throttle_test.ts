// The throttle under a clock of the test: octets arrive unchanged and never faster than the rate.
// No real time passes.
import { describe, expect, test } from "#test";
import { throttle } from "../../../../server/files/throttle.ts";

function fakePace(): { now(): number; wait(ms: number): Promise<void>; time: number } {
  return {
    time: 0,
    now() {
      return this.time;
    },
    wait(ms) {
      this.time += ms;
      return Promise.resolve();
    },
  };
}

async function* pieces(...sizes: number[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const size of sizes) yield new Uint8Array(size).fill(size % 256);
}

describe("throttle", () => {
  test("takes as long as the rate says and keeps every octet", async () => {
    const pace = fakePace();
    let total = 0;
    for await (const bytes of throttle(pieces(10_000, 5_000, 0, 5_000), 1_000, pace)) total += bytes.length;
    expect(total).toBe(20_000);
    // The last piece (a twentieth of a second's worth) need not be waited for.
    expect(Math.round(pace.time)).toBe(19_950);
  });

  test("does not burst after the reader stalled", async () => {
    const pace = fakePace();
    const stamps: number[] = [];
    for await (const bytes of throttle(pieces(200), 1_000, pace)) {
      stamps.push(pace.time);
      if (stamps.length === 1) pace.time += 10_000;
      expect(bytes.length).toBe(50);
    }
    expect(stamps.map(Math.round)).toEqual([0, 10_000, 10_050, 10_100]);
  });

  test("goes on at rates below one piece", async () => {
    const pace = fakePace();
    let count = 0;
    for await (const bytes of throttle(pieces(3), 1, pace)) count += bytes.length;
    expect([count, pace.time]).toEqual([3, 2_000]);
  });
});
