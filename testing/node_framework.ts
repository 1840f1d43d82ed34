/**
 * `node:test` with `node:assert` as a framework for the suites: nothing to install, on Node, Bun and Deno. The modules are
 * given by the caller, so that importing the suites starts no test runner.
 */
import type { Assertions, Expectation, TestFramework } from "./framework.ts";

/** What is used of `node:test`. */
export interface NodeTestRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly test: (
    name: string,
    options: { readonly timeout: number },
    body: () => void | Promise<void>,
  ) => unknown;
  readonly before: (body: () => void | Promise<void>) => unknown;
  readonly after: (body: () => void | Promise<void>) => unknown;
}

/** What is used of `node:assert/strict`. */
export interface NodeAssert {
  ok(value: unknown, message?: string): void;
  deepEqual(actual: unknown, expected: unknown): void;
  notDeepEqual(actual: unknown, expected: unknown): void;
  equal(actual: unknown, expected: unknown): void;
  notEqual(actual: unknown, expected: unknown): void;
}

const defaultTimeoutMs = 60_000;

/**
 * Makes the framework.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import * as runner from "node:test";
 *
 * testPlugin(() => myPlugin(), nodeFramework(runner, assert));
 * ```
 */
export function nodeFramework(runner: NodeTestRunner, assert: NodeAssert): TestFramework {
  return {
    describe: (name, body) => runner.describe(name, body),
    test: (name, body, timeoutMs = defaultTimeoutMs) =>
      runner.test(name, { timeout: timeoutMs }, async () => await body()),
    beforeAll: (body) => runner.before(body),
    afterAll: (body) => runner.after(body),
    expect: (actual) => expectation(actual, assert),
  };
}

function expectation(actual: unknown, assert: NodeAssert): Expectation {
  const number = actual as number;
  const holds = (right: boolean): Assertions => {
    const check = (outcome: boolean, what: string, expected: unknown): void =>
      assert.ok(
        outcome === right,
        `${String(actual)} should ${right ? "" : "not "}${what} ${String(expected)}`,
      );
    return {
      toBe: (expected) => (right ? assert.equal(actual, expected) : assert.notEqual(actual, expected)),
      toEqual: (expected) =>
        right ? assert.deepEqual(actual, expected) : assert.notDeepEqual(actual, expected),
      toBeGreaterThan: (expected) => check(number > expected, "be greater than", expected),
      toBeLessThan: (expected) => check(number < expected, "be less than", expected),
      toBeInstanceOf: (expected) =>
        check(actual instanceof (expected as new () => unknown), "be an instance of", expected),
      toContain: (expected) =>
        check((actual as { includes(item: unknown): boolean }).includes(expected), "contain", expected),
      toMatch: (expected) => check(expected.test(String(actual)), "match", expected),
      toThrow: (expected) => check(throws(actual as () => unknown, expected), "throw", expected),
    };
  };
  return { ...holds(true), not: holds(false) };
}

/** Whether a call throws: anything, an error of a class, or one whose message has a text in it. */
function throws(call: () => unknown, expected: unknown): boolean {
  try {
    call();
  } catch (error) {
    if (expected === undefined) return true;
    if (typeof expected === "function") return error instanceof (expected as new () => unknown);
    const message = (error as Error).message;
    return expected instanceof RegExp ? expected.test(message) : message.includes(String(expected));
  }
  return false;
}
