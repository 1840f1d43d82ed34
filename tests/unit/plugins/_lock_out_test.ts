// Failures by key: how many lock somebody out, for how long, and how many keys are remembered.
// Time is a number that the test gives.
import { describe, expect, test } from "#test";
import { LockOut } from "../../../plugins/_lock_out.ts";

describe("locking out", () => {
  const limits = { windowMs: 1000, lockMs: 5000, maxKeys: 3 };

  test("so many failures within the window lock a key, for lockMs from the last of them", () => {
    const locks = new LockOut(limits);
    expect([locks.failed("a", 3, 0), locks.failed("a", 3, 500), locks.locked("a", 500)]).toEqual([
      false,
      false,
      false,
    ]);
    expect([locks.failed("a", 3, 999), locks.locked("a", 999), locks.locked("b", 999)]).toEqual([
      true,
      true,
      false,
    ]);
    expect([locks.locked("a", 5998), locks.locked("a", 5999), locks.size]).toEqual([true, false, 0]);
  });

  test("failures outside the window do not count, a success wipes them out, and failing while locked prolongs nothing", () => {
    const locks = new LockOut(limits);
    locks.failed("a", 2, 0);
    expect(locks.failed("a", 2, 1000)).toBe(false);
    locks.succeeded("a");
    expect(locks.failed("a", 2, 1100)).toBe(false);
    locks.failed("a", 2, 1200);
    locks.failed("a", 2, 6000);
    expect(locks.locked("a", 6200)).toBe(false);
  });

  test("the keys that failed longest ago are forgotten first", () => {
    const locks = new LockOut(limits);
    for (const key of ["a", "b", "c", "a", "d"]) locks.failed(key, 1, 0);
    expect(["a", "b", "c", "d"].map((key) => locks.locked(key, 1))).toEqual([true, false, true, true]);
    expect(locks.size).toBe(3);
  });
});
