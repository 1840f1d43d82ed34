// node:test and node:assert as a framework for the suites: every matcher, both ways, and what is declared.
import assert from "node:assert/strict";
import { describe, expect, test } from "#test";
import type { Assertions, TestFramework } from "../../../testing/framework.ts";
import { type NodeTestRunner, nodeFramework } from "../../../testing/node_framework.ts";

const declared: unknown[] = [];
const runner: NodeTestRunner = {
  describe: (name, body) => {
    declared.push(["describe", name]);
    body();
  },
  test: (name, { timeout }) => declared.push(["test", name, timeout]),
  before: () => declared.push(["before"]),
  after: () => declared.push(["after"]),
};
const framework: TestFramework = nodeFramework(runner, assert);

/** Whether an assertion holds. */
function holds(actual: unknown, assertion: (expectation: Assertions) => unknown): [boolean, boolean] {
  const outcome = (expectation: Assertions): boolean => {
    try {
      assertion(expectation);
      return true;
    } catch {
      return false;
    }
  };
  const expectation = framework.expect(actual);
  return [outcome(expectation), outcome(expectation.not)];
}

describe("nodeFramework", () => {
  test("declares what it is told, with a time limit", () => {
    framework.describe("group", () => {
      framework.beforeAll(() => undefined);
      framework.test("one", () => undefined);
      framework.test("two", () => undefined, 5);
      framework.afterAll(() => undefined);
    });
    expect(declared).toEqual([
      ["describe", "group"],
      ["before"],
      ["test", "one", 60_000],
      ["test", "two", 5],
      ["after"],
    ]);
  });

  test("each matcher holds for what fits and fails for what does not, and the other way round with not", () => {
    const boom = (): never => {
      throw new RangeError("boom");
    };
    const cases: [unknown, (expectation: Assertions) => unknown, boolean][] = [
      [1, (one) => one.toBe(1), true],
      [1, (one) => one.toBe("1"), false],
      [[1, { a: 2 }], (one) => one.toEqual([1, { a: 2 }]), true],
      [[1], (one) => one.toEqual([2]), false],
      [2, (one) => one.toBeGreaterThan(1), true],
      [1, (one) => one.toBeGreaterThan(1), false],
      [1, (one) => one.toBeLessThan(2), true],
      [2, (one) => one.toBeLessThan(2), false],
      [new RangeError("x"), (one) => one.toBeInstanceOf(Error), true],
      ["x", (one) => one.toBeInstanceOf(Error), false],
      ["hello", (one) => one.toContain("ell"), true],
      [[1, 2], (one) => one.toContain(3), false],
      ["hello", (one) => one.toMatch(/^h/), true],
      ["hello", (one) => one.toMatch(/^e/), false],
      [boom, (one) => one.toThrow(), true],
      [boom, (one) => one.toThrow(RangeError), true],
      [boom, (one) => one.toThrow("oo"), true],
      [boom, (one) => one.toThrow(/^oo/), false],
      [boom, (one) => one.toThrow(TypeError), false],
      [() => 1, (one) => one.toThrow(), false],
    ];
    for (const [actual, assertion, right] of cases) {
      expect([String(assertion), holds(actual, assertion)]).toEqual([String(assertion), [right, !right]]);
    }
  });
});
