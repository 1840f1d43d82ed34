// Which checker verifies which kind of vector, and how a checker answers.
// A module `*_checks.ts` exports `checks`: from the kind of a vector to a function that names what is wrong, or nothing.
import { readdirSync } from "node:fs";

/** One entry of a vector file. */
export interface Vector {
  readonly id: string;
  readonly expect: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** Returns the reason why the code does not do what the vector expects, or `undefined` when it does. */
export type Check = (vector: Vector) => string | undefined | Promise<string | undefined>;

/** The checks of one module, by the kind that `kindOf` gives a vector. */
export type Checks = Record<string, Check>;

/** Every check of the modules beside this one. A kind has one checker. */
export async function loadChecks(): Promise<ReadonlyMap<string, Check>> {
  const all = new Map<string, Check>();
  const modules = readdirSync(new URL(".", import.meta.url)).filter((name) => name.endsWith("_checks.ts"));
  for (const name of modules.sort()) {
    const { checks } = (await import(new URL(name, import.meta.url).href)) as { checks: Checks };
    for (const [kind, check] of Object.entries(checks)) {
      if (all.has(kind)) throw new Error(`Two modules check vectors of kind "${kind}"; one is ${name}`);
      all.set(kind, check);
    }
  }
  return all;
}

/** Names the kind of a vector by its shape; `group` is the list of its file that it stood in. */
export function kindOf(vector: Vector, group: string): string {
  if (vector["wire_base64"] !== undefined) return "wire";
  const type = vector["type"] ?? vector["kind"];
  // "parse" is what both a URI and an SDP vector call themselves.
  if (type === "parse" && vector["uri"] !== undefined) return "uri-parse";
  if (type === "compare" && vector["a"] !== undefined) return "uri-compare";
  return typeof type === "string" ? type : group;
}
