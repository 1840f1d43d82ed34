// When an object may leave memory: after a moment without work, with an alarm for the timers, and not before.
import { describe, expect, test } from "#test";
import { WorkersClock } from "../../../adapters/_workers_clock.ts";
import { expectedKey, Sleep } from "../../../adapters/_workers_sleep.ts";
import { Msrp } from "../../../core/node/node.ts";
import { untilTrue } from "../../harness/poll.ts";
import { FakeState } from "../../support/durable_object.ts";

function sleeper(): { sleep: Sleep; clock: WorkersClock; state: FakeState; saved: () => number; app: Msrp } {
  const [state, app] = [new FakeState(), new Msrp()];
  const clock = new WorkersClock(() => sleep.touch());
  let saves = 0;
  const host = { app, clock, storage: state.storage, save: () => saves++, writing: () => undefined };
  const sleep = new Sleep(host, null, []);
  return { sleep, clock, state, saved: () => saves, app };
}

describe("an object that sleeps", () => {
  test("keeps what is to be kept, and sets an alarm for the first timer", async () => {
    const { sleep, clock, state, saved, app } = sleeper();
    const local = "msrp://a.example:2855/expected00000001;ws";
    app.session({ local });
    clock.setTimer(() => undefined, 3_600_000);
    sleep.touch();
    await untilTrue(() => saved() === 1);
    expect(Math.abs((state.alarmAt ?? 0) - Date.now() - 3_600_000)).toBeLessThan(10_000);
    expect(state.values.get(expectedKey)).toEqual([{ local, remote: [] }]);
    // A timer that is set now has come of work that nobody told of.
    clock.setTimer(() => undefined, 7_200_000);
    const [set] = [state.alarmAt];
    await untilTrue(() => saved() === 2);
    expect(state.alarmAt).toBe(set);
  });

  test("stays awake for a timer that is due soon, and takes an alarm back that nobody needs", async () => {
    const { sleep, clock, state, saved } = sleeper();
    const cancel = clock.setTimer(() => undefined, 20_000);
    sleep.touch();
    await untilTrue(() => saved() === 1);
    expect(state.alarmAt).not.toBe(null);
    cancel();
    let called = false;
    clock.setTimer(() => {
      called = true;
    }, 1500);
    await untilTrue(() => saved() === 2);
    expect([called, state.alarmAt]).toEqual([true, null]);
    sleep.rang();
    await untilTrue(() => saved() === 3);
    expect(state.alarmAt).toBe(null);
  });
});
