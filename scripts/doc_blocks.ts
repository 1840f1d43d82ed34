// Finds the code blocks of the README and the docs, so that tests can run every one of them.
// A block's info string says how: see "Code in the docs" in CONTRIBUTING.md.
import { filesBelow, read } from "./tree.ts";

/** One fenced block of TypeScript or shell in a Markdown file. */
export interface DocBlock {
  /** The file, relative to the root. */
  readonly doc: string;
  /** The line of the opening fence, from 1. */
  readonly line: number;
  readonly language: "ts" | "sh";
  /** `run`: must end with status 0. `serve`: runs until its document ends. `check`: type-checked only (ts). */
  readonly how: "run" | "serve" | "check" | "tested" | undefined;
  /** The runtimes it is for; empty means all three. */
  readonly runtimes: readonly string[];
  /** With `tested-by=FILE`: the test that runs these commands. */
  readonly testedBy: string | undefined;
  /** The code, after the text of a `<!-- before: … -->` comment that stands right above the block. */
  readonly code: string;
}

/** The Markdown files whose code is run. */
export function documents(): string[] {
  return ["README.md", "CONTRIBUTING.md", ...filesBelow("docs")].filter(
    (path) => path.endsWith(".md") && filesBelow(".").includes(path),
  );
}

/** Every block of TypeScript or shell in one Markdown file, in order. */
export function blocksOf(doc: string): DocBlock[] {
  const text = read(doc);
  const fence =
    /(?:<!-- before:([\s\S]*?)-->\s*\n)?^```(ts|typescript|js|javascript|sh|bash|shell|console)\b([^\n]*)\n([\s\S]*?)^```/gm;
  return [...text.matchAll(fence)].map((match): DocBlock => {
    const [whole, before = "", language = "", info = "", body = ""] = match;
    const words = info.trim().split(/\s+/).filter(Boolean);
    const how = words.find((word) => ["run", "serve", "check"].includes(word));
    const testedBy = words.find((word) => word.startsWith("tested-by="))?.slice("tested-by=".length);
    const start = text.slice(0, match.index + whole.indexOf("```")).split("\n").length;
    return {
      doc,
      line: start,
      language: /^(ts|typescript|js|javascript)$/.test(language) ? "ts" : "sh",
      how: testedBy === undefined ? (how as DocBlock["how"]) : "tested",
      runtimes: words.filter((word) => ["bun", "deno", "node"].includes(word)),
      testedBy,
      code: before.trim() === "" ? body : `${before.trim()}\n${body}`,
    };
  });
}
