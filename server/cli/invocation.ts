/**
 * How the user started this command, to be shown in hints.
 * What works in a second terminal is what worked in the first one.
 */

/** The part of `process` that tells. */
export interface Invocation {
  /** Arguments with the program's path second. */
  readonly argv: readonly string[];
  /** Environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The words to type before the name of a command, for example `npx bun server/bin.ts` or `msrpkit`. */
export function invocation({ argv, env }: Invocation): string {
  const script = argv[1] ?? "";
  // An installed package runs dist/server/bin.js through a link named msrpkit.
  if (!/(^|[/\\])server[/\\]bin\.ts$/.test(script)) return "msrpkit";
  if ("Deno" in globalThis) return "deno run -A server/bin.ts";
  if (!("Bun" in globalThis)) return "npx tsx server/bin.ts";
  // npm's Bun is not on the PATH of a second terminal, but npx finds it.
  return (env["npm_config_user_agent"] ?? "").startsWith("npm/")
    ? "npx bun server/bin.ts"
    : "bun server/bin.ts";
}
