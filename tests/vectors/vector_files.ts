// Finds vector files and the entries in them: an array, or an object with one or more arrays of entries.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { kindOf, type Vector } from "./registry.ts";

/** One entry with its kind. */
export interface Entry {
  readonly kind: string;
  readonly vector: Vector;
}

/** Every JSON file below a directory, or the file itself, sorted. */
export function findFiles(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => {
      const child = join(path, name);
      return statSync(child).isDirectory() || name.endsWith(".json") ? findFiles(child) : [];
    });
}

/** The entries of one file. @throws when the file holds no list of entries with ids */
export function readEntries(file: string): Entry[] {
  const content: unknown = JSON.parse(readFileSync(file, "utf8").replace(/^\uFEFF/, "")) ?? [];
  const groups: [string, unknown][] = Array.isArray(content)
    ? [["", content]]
    : Object.entries(content as Record<string, unknown>);
  // A file that names its format keeps its kinds apart from those of others: "cpim:parse".
  const format = Array.isArray(content) ? undefined : (content as { format?: unknown }).format;
  const prefix = typeof format === "string" ? `${format.replace(/^.*?\/|-vectors\/.*$/g, "")}:` : "";
  const entries: Entry[] = [];
  for (const [group, list] of groups) {
    if (!Array.isArray(list)) continue;
    for (const item of list as unknown[]) {
      if (typeof item !== "object" || item === null || typeof (item as Vector).id !== "string") continue;
      entries.push({ kind: prefix + kindOf(item as Vector, group), vector: item as Vector });
    }
  }
  if (entries.length === 0) throw new Error(`${file} holds no vectors: nothing with an id`);
  return entries;
}
