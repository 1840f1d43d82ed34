// The #test harness under Bun: bun:test itself, cut down to what all three runtimes share.
// The other two files of this folder offer the same names over node:test and npm's expect.
import {
  afterAll as bunAfterAll,
  afterEach as bunAfterEach,
  beforeAll as bunBeforeAll,
  beforeEach as bunBeforeEach,
  test as bunTest,
} from "bun:test";

export { describe, expect } from "bun:test";

type Body = () => void | Promise<void>;

// Servers under test are child processes of a real runtime: five seconds, Bun's default for tests and hooks, is too near.
// Bun has setDefaultTimeout, but it holds for one file only.
const defaultTimeoutMs = 60_000;

/** Runs once before the tests of the enclosing group or file. */
export function beforeAll(body: Body): void {
  bunBeforeAll(() => body(), defaultTimeoutMs);
}

/** Runs once after the tests of the enclosing group or file. */
export function afterAll(body: Body): void {
  bunAfterAll(() => body(), defaultTimeoutMs);
}

/** Runs before each test of the enclosing group or file. */
export function beforeEach(body: Body): void {
  bunBeforeEach(() => body(), defaultTimeoutMs);
}

/** Runs after each test of the enclosing group or file. */
export function afterEach(body: Body): void {
  bunAfterEach(() => body(), defaultTimeoutMs);
}

/** Declares one test; the third argument is its time limit in milliseconds. @default 60000 */
export function test(name: string, body: Body, timeoutMs: number = defaultTimeoutMs): void {
  bunTest(name, () => body(), timeoutMs);
}
