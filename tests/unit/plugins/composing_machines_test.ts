// The two state machines of typing indications: what the vectors leave out.
import { describe, expect, test } from "#test";
import { ComposingReceiver, ComposingSender } from "../../../plugins/_composing_machines.ts";

describe("ComposingSender", () => {
  test("early calls of wake do nothing, and idle needs no repeating [IC-16]", () => {
    const sender = new ComposingSender({ idleMs: 15, refreshMs: 60, gapMs: 0 });
    expect([sender.state, sender.deadline, sender.wake(1000)]).toEqual([
      "idle",
      Number.POSITIVE_INFINITY,
      undefined,
    ]);
    expect([sender.edited(0), sender.edited(1), sender.deadline]).toEqual(["active", undefined, 16]);
    expect([sender.wake(15), sender.wake(16), sender.state]).toEqual([undefined, "idle", "idle"]);
    expect([sender.deadline, sender.stopped()]).toEqual([Number.POSITIVE_INFINITY, undefined]);
  });

  test("what was not told is not taken back", () => {
    const sender = new ComposingSender({ idleMs: 15, refreshMs: undefined, gapMs: 100 });
    expect([sender.edited(0), sender.stopped(), sender.edited(10), sender.state]).toEqual([
      "active",
      "idle",
      undefined,
      "active",
    ]);
    expect([sender.wake(25), sender.edited(110)]).toEqual([undefined, "active"]);
  });
});

describe("ComposingReceiver", () => {
  test("the last status counts, up to the longest time", () => {
    const receiver = new ComposingReceiver(120, 5000);
    expect([receiver.status("active", undefined, 0), receiver.deadline]).toEqual([true, 120]);
    expect([receiver.status("active", 60, 10), receiver.deadline]).toEqual([false, 5010]);
    expect([receiver.wake(5009), receiver.wake(5010), receiver.state]).toEqual([false, true, "idle"]);
    expect([receiver.content(), receiver.deadline]).toEqual([false, Number.POSITIVE_INFINITY]);
  });
});
