// The #test harness under Node: the subset of bun:test's API that our suite uses, over node:test and npm's expect.
// Types come from here for every runtime, so a matcher that only Bun has does not type-check.
import { after, afterEach, before, beforeEach, describe as nodeDescribe, test as nodeTest } from "node:test";
import { expect } from "expect";

type Body = () => void | Promise<void>;

const defaultTimeoutMs = 60_000;

/** Groups tests under a name. */
export function describe(name: string, body: () => void): void {
  nodeDescribe(name, body);
}

/** Declares one test; the third argument is its time limit in milliseconds, as in bun:test. @default 60000 */
export function test(name: string, body: Body, timeoutMs: number = defaultTimeoutMs): void {
  nodeTest(name, { timeout: timeoutMs }, () => body());
}

/** Runs once before the tests of the enclosing group or file. */
export function beforeAll(body: Body): void {
  before(() => body());
}

/** Runs once after the tests of the enclosing group or file. */
export function afterAll(body: Body): void {
  after(() => body());
}

export { afterEach, beforeEach, expect };
