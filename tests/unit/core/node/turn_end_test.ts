// The end of a turn: who waits for it, who does not, and that a crowd does not wait for the last of it.
import { describe, expect, test } from "#test";
import { FakeClock, settle } from "../../../../adapters/memory.ts";
import { TurnEnd, type TurnMember } from "../../../../core/node/turn_end.ts";

function turn(): {
  turnEnd: TurnEnd;
  end(): void;
  asked(): number;
  log: string[];
  member(name: string): TurnMember;
} {
  const ends: (() => void)[] = [];
  let asked = 0;
  const log: string[] = [];
  const clock = Object.assign(new FakeClock(), {
    afterTurn: (callback: () => void): void => {
      asked++;
      ends.push(callback);
    },
  });
  return {
    turnEnd: new TurnEnd(clock),
    end: () => {
      for (const callback of ends.splice(0)) callback();
    },
    asked: () => asked,
    log,
    member: (name) => ({ endTurn: () => log.push(name) }),
  };
}

describe("the end of a turn", () => {
  test("is waited for by those who may, in order, and asked for once", async () => {
    const { turnEnd, end, asked, log, member } = turn();
    turnEnd.add(member("a"), true);
    turnEnd.add(member("b"), true);
    await settle();
    expect([log, asked()]).toEqual([[], 1]);
    end();
    expect(log).toEqual(["a", "b"]);
    turnEnd.add(member("c"), true);
    expect(asked()).toBe(2);
    end();
    expect(log).toEqual(["a", "b", "c"]);
  });

  test("who may not wait is called in a microtask", async () => {
    const { turnEnd, asked, log, member } = turn();
    turnEnd.add(member("a"), false);
    expect(log).toEqual([]);
    await settle();
    expect([log, asked()]).toEqual([["a"], 0]);
  });

  test("eight are enough: they do not wait for the others, and each is called once", async () => {
    const { turnEnd, end, asked, log, member } = turn();
    for (let index = 0; index < 7; index++) turnEnd.add(member(`${index}`), true);
    await settle();
    expect(log).toEqual([]);
    turnEnd.add(member("7"), true);
    await settle();
    expect(log.length).toBe(8);
    turnEnd.add(member("8"), true);
    expect(asked()).toBe(1);
    end();
    expect(log).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8"]);
  });

  test("one that throws does not take the others with it", () => {
    const { turnEnd, end, log, member } = turn();
    const throwing: TurnMember = {
      endTurn: () => {
        throw new Error("boom");
      },
    };
    turnEnd.add(throwing, true);
    turnEnd.add(member("a"), true);
    expect(end).toThrow("boom");
    end();
    expect(log).toEqual(["a"]);
  });

  test("a clock that does not tell: everybody is called in a microtask", async () => {
    const log: string[] = [];
    const turnEnd = new TurnEnd(new FakeClock());
    turnEnd.add({ endTurn: () => log.push("a") }, true);
    await settle();
    expect([turnEnd.known, log]).toEqual([false, ["a"]]);
  });
});
