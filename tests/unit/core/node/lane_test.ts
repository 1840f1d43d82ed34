// Order within a session while a verdict is pending, early answers, gate timeouts and what is counted as waiting.
import { describe, expect, test } from "#test";
import { FakeClock, settle } from "../../../../adapters/memory.ts";
import { Lane, type LaneOwner } from "../../../../core/node/lane.ts";
import { Timers } from "../../../../core/node/timers.ts";
import { ACCEPTED, type MaybeVerdict, Verdict } from "../../../../core/node/verdict.ts";
import type { RequestFrame } from "../../../../core/wire/frame.ts";

class Setup implements LaneOwner {
  readonly clock = new FakeClock();
  readonly log: string[] = [];
  readonly gates: Map<string, (verdict: Verdict) => void> = new Map();
  readonly lane: Lane;
  blocked = false;
  deadline: number = Number.POSITIVE_INFINITY;
  held = 0;
  heldBytes = 0;
  touches = 0;

  constructor() {
    this.lane = new Lane(this, {
      timers: new Timers(this.clock),
      answerWithinMs: 100,
      gateTimeoutMs: 500,
      hold: (bytes) => {
        this.held++;
        this.heldBytes += bytes;
      },
      release: (bytes) => {
        this.held--;
        this.heldBytes -= bytes;
      },
      touch: () => {
        this.touches++;
      },
    });
  }

  gate(frame: RequestFrame): MaybeVerdict | undefined {
    const name = frame.transactionId;
    this.log.push(`gate ${name}`);
    if (name.startsWith("drop")) return undefined;
    if (!name.startsWith("slow")) return ACCEPTED;
    return new Promise((resolve) => this.gates.set(name, resolve));
  }
  settle(frame: RequestFrame, verdict: Verdict, answered: boolean): void {
    this.log.push(`${frame.transactionId} ${verdict.status}${answered ? " late" : ""}`);
  }
  answerEarly(frame: RequestFrame): void {
    this.log.push(`early ${frame.transactionId}`);
  }
  abandon(): void {
    this.log.push("abandon");
  }
  wake(): void {
    this.log.push("wake");
    this.deadline = Number.POSITIVE_INFINITY;
  }

  frames(...names: string[]): void {
    for (const name of names) {
      let kept = false;
      const frame = {
        transactionId: name,
        bodyLength: 1000,
        retain() {
          kept = true;
          return this;
        },
        get kept() {
          return kept;
        },
      };
      this.made.push(frame);
      this.lane.receive(frame as unknown as RequestFrame);
    }
  }
  readonly made: { kept: boolean }[] = [];
}

describe("a lane", () => {
  test("decides at once and copies nothing while verdicts are synchronous", () => {
    const setup = new Setup();
    setup.frames("a", "drop", "b");
    expect(setup.log).toEqual(["gate a", "a 200", "gate drop", "gate b", "b 200"]);
    expect(setup.made.map(({ kept }) => kept)).toEqual([false, false, false]);
    expect([setup.held, setup.clock.pending]).toEqual([0, 0]);
  });

  test("keeps order behind a pending verdict, and frees what waited", async () => {
    const setup = new Setup();
    setup.frames("slow1", "a", "slow2", "b");
    expect(setup.log).toEqual(["gate slow1"]);
    expect([setup.held, setup.heldBytes > 4000, setup.made.every(({ kept }) => kept)]).toEqual([
      4,
      true,
      true,
    ]);
    setup.gates.get("slow1")?.(new Verdict(403));
    await settle();
    expect(setup.log.slice(1)).toEqual(["slow1 403", "gate a", "a 200", "gate slow2"]);
    setup.gates.get("slow2")?.(ACCEPTED);
    await settle();
    expect(setup.log.slice(5)).toEqual(["slow2 200", "gate b", "b 200"]);
    expect([setup.held, setup.heldBytes, setup.clock.pending]).toEqual([0, 0, 0]);
    expect(setup.touches > 0).toBe(true);
  });

  test("RFC 4975 §5.3: what is not decided in time is answered, each frame by its own arrival [4975-5.3-01]", async () => {
    const setup = new Setup();
    setup.frames("slow1");
    await setup.clock.advance(60);
    setup.frames("a");
    await setup.clock.advance(50);
    expect(setup.log).toEqual(["gate slow1", "early slow1"]);
    await setup.clock.advance(60);
    expect(setup.log.slice(2)).toEqual(["early a"]);
    setup.gates.get("slow1")?.(new Verdict(413));
    await settle();
    expect(setup.log.slice(3)).toEqual(["slow1 413 late", "gate a", "a 200 late"]);
  });

  test("gives a gate up after its time, and ignores what it says later", async () => {
    const setup = new Setup();
    setup.frames("slow1", "a");
    await setup.clock.advance(500);
    expect(setup.log).toEqual([
      "gate slow1",
      "early slow1",
      "early a",
      "abandon",
      "slow1 413 late",
      "gate a",
      "a 200 late",
    ]);
    setup.gates.get("slow1")?.(ACCEPTED);
    await settle();
    expect(setup.log.length).toBe(7);
  });

  test("holds everything while its session is blocked, without a gate that could time out", async () => {
    const setup = new Setup();
    setup.blocked = true;
    setup.frames("a", "b");
    await setup.clock.advance(10_000);
    expect(setup.log).toEqual(["early a", "early b"]);
    setup.blocked = false;
    setup.lane.resume();
    expect(setup.log.slice(2)).toEqual(["gate a", "a 200 late", "gate b", "b 200 late"]);
    setup.lane.resume();
    expect(setup.held).toBe(0);
  });

  test("does not resume past a pending gate", () => {
    const setup = new Setup();
    setup.frames("slow1", "a");
    setup.lane.resume();
    expect(setup.log).toEqual(["gate slow1"]);
  });

  test("wakes its session at its deadline", async () => {
    const setup = new Setup();
    setup.deadline = 50;
    setup.frames("a");
    await setup.clock.advance(60);
    expect(setup.log).toEqual(["gate a", "a 200", "wake"]);
  });

  test("closed, it lets go of everything and stays silent", async () => {
    const setup = new Setup();
    setup.frames("slow1", "a");
    setup.lane.close();
    setup.gates.get("slow1")?.(ACCEPTED);
    setup.frames("b");
    await setup.clock.advance(1000);
    expect(setup.log).toEqual(["gate slow1"]);
    expect([setup.held, setup.heldBytes, setup.clock.pending, setup.lane.size]).toEqual([0, 0, 0, 0]);
  });
});
