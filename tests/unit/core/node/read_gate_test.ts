// When a connection stops reading and when it goes on, on both sides of each bound.
import { describe, expect, test } from "#test";
import { ReadGate } from "../../../../core/node/read_gate.ts";

function setup(): { gate: ReadGate; log: string[]; congest(value: boolean): void } {
  const log: string[] = [];
  let congested = false;
  const transport = { pause: () => void log.push("pause"), resume: () => void log.push("resume") };
  const gate = new ReadGate(transport, { maxHeldFrames: 4, maxHeldBytes: 1000 }, () => congested);
  return {
    gate,
    log,
    congest: (value) => {
      congested = value;
      gate.update();
    },
  };
}

describe("a read gate", () => {
  test("stops at the bound of frames, and opens below half of it", () => {
    const { gate, log } = setup();
    for (let round = 0; round < 3; round++) gate.hold(1);
    expect(log).toEqual([]);
    gate.hold(1);
    gate.hold(1);
    expect(log).toEqual(["pause"]);
    for (let round = 0; round < 3; round++) gate.release(1);
    expect(log).toEqual(["pause"]);
    gate.release(1);
    expect(log).toEqual(["pause", "resume"]);
  });

  test("stops at the bound of octets, and opens below half of it", () => {
    const { gate, log } = setup();
    gate.hold(999);
    expect(log).toEqual([]);
    gate.hold(1);
    expect(log).toEqual(["pause"]);
    gate.release(500);
    expect(log).toEqual(["pause"]);
    gate.release(1);
    expect(log).toEqual(["pause", "resume"]);
  });

  test("stops while too much waits to be written", () => {
    const { log, congest } = setup();
    congest(true);
    congest(true);
    congest(false);
    expect(log).toEqual(["pause", "resume"]);
  });
});
