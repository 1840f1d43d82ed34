// The clock of the socket transports: it goes forward, its timers fire once and can be called off.
import { describe, expect, test } from "#test";
import { systemClock } from "../../../adapters/_clock.ts";
import { latch } from "../../../testing/probe.ts";

describe("systemClock", () => {
  test("never goes backwards, and a timer fires after its delay", async () => {
    const start = systemClock.now();
    const fired = latch<number>();
    systemClock.setTimer(() => fired.resolve(systemClock.now()), 5);
    // Timers may fire a fraction of a millisecond early.
    expect((await fired.promise) - start).toBeGreaterThan(3);
  });

  test("a cancelled timer does not fire; cancelling late does nothing; a delay above 2^31 does not fire at once", async () => {
    const fired: string[] = [];
    const cancel = systemClock.setTimer(() => fired.push("cancelled"), 1);
    cancel();
    const cancelFar = systemClock.setTimer(() => fired.push("far"), 2 ** 40);
    const done = latch<void>();
    const late = systemClock.setTimer(() => {
      fired.push("fired");
      done.resolve();
    }, 5);
    await done.promise;
    late();
    cancelFar();
    expect(fired).toEqual(["fired"]);
  });
});
