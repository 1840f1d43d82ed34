// Lists the files of this checkout that git would track, for the scripts and the rules tests.
// A plain directory walk: it needs no git, so it also works in an unpacked archive.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The checkout's root directory, ending in a slash. */
export const root: string = fileURLToPath(new URL("../", import.meta.url));

const ignored = new Set(["node_modules", "dist", "coverage", "results", ".git", ".tmp"]);

/** Paths of all files below `directory`, relative to the root, sorted; nothing when it does not exist. */
export function filesBelow(directory: string): string[] {
  const found: string[] = [];
  let entries: ReturnType<typeof readEntries>;
  try {
    entries = readEntries(directory);
  } catch {
    return found;
  }
  for (const entry of entries) {
    const path = directory === "." ? entry.name : `${directory}/${entry.name}`;
    if (ignored.has(entry.name)) continue;
    if (entry.isDirectory()) found.push(...filesBelow(path));
    else found.push(path);
  }
  return found.sort();
}

/** The text of a file named relative to the root. */
export function read(path: string): string {
  return readFileSync(root + path, "utf8");
}

function readEntries(directory: string): import("node:fs").Dirent[] {
  return readdirSync(root + directory, { withFileTypes: true });
}
