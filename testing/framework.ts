/**
 * The test framework that a suite declares its tests with: `bun:test`, Vitest, Jest, or `node:test` with npm's `expect`.
 * The suites are given it by whoever calls them, so that this package drags none along.
 */

/** What is asserted with; the matchers are those that every framework of the kind has. */
export interface Expectation {
  toBe(expected: unknown): void;
  toEqual(expected: unknown): void;
  toContain(expected: unknown): void;
}

/** The functions of a framework that the suites use. */
export interface TestFramework {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly test: (name: string, body: () => Promise<void>, timeoutMs?: number) => unknown;
  readonly expect: (actual: unknown) => Expectation;
}
