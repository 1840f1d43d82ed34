/**
 * The test framework that a suite declares its tests with: `bun:test`, Vitest, Jest, or `node:test` with npm's `expect`.
 * The suites are given it by whoever calls them, so that this package drags none along.
 */

/** What is asserted with; the matchers are those that every framework of the kind has. */
export interface Assertions {
  toBe(expected: unknown): unknown;
  toBeGreaterThan(expected: number): unknown;
  toBeInstanceOf(expected: unknown): unknown;
  toBeLessThan(expected: number): unknown;
  toContain(expected: unknown): unknown;
  toEqual(expected: unknown): unknown;
  toMatch(expected: RegExp): unknown;
  toThrow(expected?: unknown): unknown;
}

/** What is asserted with, and its opposite. */
export interface Expectation extends Assertions {
  readonly not: Assertions;
}

/** The functions of a framework that the suites use. */
export interface TestFramework {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly test: (name: string, body: () => void | Promise<void>, timeoutMs?: number) => unknown;
  readonly expect: (actual: unknown) => Expectation;
  readonly beforeAll: (body: () => void | Promise<void>) => unknown;
  readonly afterAll: (body: () => void | Promise<void>) => unknown;
}
