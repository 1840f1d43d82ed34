// Options of plugins: strict at run time, and the same in the interface and in the schema at compile time.
// The compile-time half is checked by the type checker, through what it must refuse here.
import { z } from "zod";
import { describe, expect, test } from "#test";
import { callback, limit, readOptions } from "../../../plugins/_options.ts";

interface Options {
  readonly size?: number;
  readonly hook?: () => string;
}

const schema = z.strictObject({
  size: z.exactOptional(limit()),
  hook: z.exactOptional(callback<() => string>()),
});

describe("readOptions", () => {
  test("gives back what is right", () => {
    const hook = (): string => "x";
    expect(readOptions<Options, typeof schema>("plug", schema, { size: 3, hook })).toEqual({ size: 3, hook });
    expect(readOptions<Options, typeof schema>("plug", schema, { size: Number.POSITIVE_INFINITY }).size).toBe(
      Number.POSITIVE_INFINITY,
    );
    expect(readOptions<Options, typeof schema>("plug", schema, {})).toEqual({});
  });

  test("names the plugin and each option that is wrong or unknown", () => {
    const wrong = (options: unknown): (() => void) => {
      return () => void readOptions<Options, typeof schema>("plug", schema, options as Options);
    };
    expect(wrong({ size: 0 })).toThrow('Cannot make plugin "plug": size: a whole number of at least 1');
    expect(wrong({ size: 1.5 })).toThrow("size");
    expect(wrong({ size: "1" })).toThrow("size");
    expect(wrong({ size: Number.NaN })).toThrow("size");
    expect(wrong({ size: undefined })).toThrow("size");
    expect(wrong({ hook: 1 })).toThrow("hook: a function is wanted");
    expect(wrong({ sise: 1 })).toThrow("sise");
    expect(wrong({ size: 0, hook: 0 })).toThrow(TypeError);
    expect(wrong(7)).toThrow(TypeError);
  });

  test("does not compile when interface and schema differ", () => {
    const narrower = z.strictObject({ size: z.exactOptional(limit()) });
    const other = z.strictObject({
      size: z.exactOptional(z.string()),
      hook: z.exactOptional(callback<() => string>()),
    });
    const options: Options = {};
    const readings = [
      // @ts-expect-error: the schema lacks an option
      () => readOptions("plug", narrower, options),
      // @ts-expect-error: an option has another type
      () => readOptions("plug", other, options),
    ];
    expect(readings.map((read) => read())).toEqual([{}, {}]);
  });
});

describe("limit", () => {
  test("may allow zero", () => {
    expect(limit(0).safeParse(0).success).toBe(true);
    expect(limit(0).safeParse(-1).success).toBe(false);
    expect(limit().safeParse(0).success).toBe(false);
  });
});
