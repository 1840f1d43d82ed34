// What the rules tests know about a TypeScript file: its imports, and its code without comments and strings.
// Regular expressions suffice, because the formatter keeps every import at the start of a line.
import { filesBelow, read } from "../../scripts/tree.ts";

/** The folders whose files are shipped or shown to readers. */
export const sourceFolders: readonly string[] = [
  "core",
  "plugins",
  "adapters",
  "server",
  "testing",
  "samples",
];

/** One module that a file imports, as written and, for a relative one, as a path from the root. */
export interface Import {
  readonly specifier: string;
  readonly path: string | undefined;
  readonly typeOnly: boolean;
}

/** All shipped TypeScript files, `mod.ts` included. */
export function sourceFiles(): string[] {
  return typeScript(["mod.ts", ...sourceFolders.flatMap(filesBelow)]).filter(exists);
}

/** The TypeScript files among some paths. */
export function typeScript(paths: readonly string[]): string[] {
  return paths.filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"));
}

/** Every import, re-export and dynamic import of a file. */
export function importsOf(path: string): Import[] {
  const text = read(path).replace(/^\s*\/\/.*$|\/\*[\s\S]*?\*\//gm, "");
  const found: Import[] = [];
  for (const match of text.matchAll(/^(?:import|export)\b(\s+type\b)?[^;"']*?\bfrom\s+"([^"]+)"/gm)) {
    found.push(toImport(path, match[2] ?? "", match[1] !== undefined));
  }
  for (const match of text.matchAll(/^import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gm)) {
    found.push(toImport(path, match[1] ?? match[2] ?? "", false));
  }
  return found;
}

/** The file's code with comments removed and the contents of strings emptied. */
export function codeOf(path: string): string {
  const literal = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g;
  return read(path).replace(literal, (match) => (match.startsWith("/") ? "" : '""'));
}

function toImport(from: string, specifier: string, typeOnly: boolean): Import {
  const relative = specifier.startsWith(".");
  const path = relative ? new URL(specifier, `file:///${from}`).pathname.slice(1) : undefined;
  return { specifier, path, typeOnly };
}

function exists(path: string): boolean {
  return path !== "mod.ts" || filesBelow(".").includes("mod.ts");
}
