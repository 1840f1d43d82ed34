// The #test harness under Bun: bun:test itself, cut down to what all three runtimes share.
// The other two files of this folder offer the same names over node:test and npm's expect.
import { test as bunTest } from "bun:test";

export { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from "bun:test";

// Servers under test are child processes of a real runtime: five seconds, Bun's default, is too near. Bun has
// setDefaultTimeout, but it holds for one file only.
const defaultTimeoutMs = 60_000;

/** Declares one test; the third argument is its time limit in milliseconds. @default 60000 */
export function test(
  name: string,
  body: () => void | Promise<void>,
  timeoutMs: number = defaultTimeoutMs,
): void {
  bunTest(name, () => body(), timeoutMs);
}
