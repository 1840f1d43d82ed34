// Which checker verifies which kind of vector, and how a checker answers.
// A checker module exports `checks`: from the kind of a vector to a function that names what is wrong, or nothing.

/** One entry of a vector file; every format has at least these three. */
export interface Vector {
  readonly id: string;
  readonly expect: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** Returns the reason why the code does not do what the vector expects, or `undefined` when it does. */
export type Check = (vector: Vector) => string | undefined | Promise<string | undefined>;

/** The checks of one module, by the kind that `kindOf` gives a vector. */
export type Checks = Record<string, Check>;
