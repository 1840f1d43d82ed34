/**
 * How plugins take their options: a hand-written interface for people, a strict schema beside it for the running
 * program, parsed once in the factory. The types here make the compiler refuse the two when they differ.
 */
import { z } from "zod";

/** True when two option types have the same keys and the same values; `readonly` does not count. */
export type Same<A, B> = [A] extends [B]
  ? [B] extends [A]
    ? [keyof A, keyof B] extends [keyof B, keyof A]
      ? true
      : false
    : false
  : false;

/** `unknown` when the schema says what the interface says, else a type that nothing fits. */
export type SchemaOf<Options, Schema extends z.ZodType> =
  Same<Options, z.output<Schema>> extends true ? unknown : { readonly differs: Options };

/**
 * Checks options, once.
 *
 * @param plugin name of the factory, for the error
 * @throws {TypeError} names each option that is unknown or wrong
 */
export function readOptions<Options extends object, Schema extends z.ZodType>(
  plugin: string,
  schema: Schema & SchemaOf<Options, Schema>,
  options: Options,
): Options {
  const checked = (schema as z.ZodType).safeParse(options);
  if (checked.success) return checked.data as Options;
  const faults = checked.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join(".")}: ${message}` : message,
  );
  throw new TypeError(`Cannot make plugin "${plugin}": ${faults.join("; ")}`);
}

/** A limit: a whole number of at least `least`, or Infinity for none. */
export function limit(least = 1): z.ZodType<number> {
  return z.custom<number>(
    (value) =>
      value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && (value as number) >= least),
    { error: `a whole number of at least ${least}, or Infinity, is wanted` },
  );
}

/** A function of the caller's. */
export function callback<Fn extends (...args: never[]) => unknown>(): z.ZodType<Fn> {
  return z.custom<Fn>((value) => typeof value === "function", { error: "a function is wanted" });
}
