// Runs every vector whose kind has a checker as one test each.
// The command-line runner beside this file does the same for vectors from anywhere.
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "#test";
import { loadChecks } from "./registry.ts";
import { checkEntry } from "./run.ts";
import { findFiles, readEntries } from "./vector_files.ts";

const checks = await loadChecks();

for (const file of findFiles(fileURLToPath(new URL(".", import.meta.url)))) {
  const entries = readEntries(file).filter((entry) => checks.has(entry.kind));
  if (entries.length === 0) continue;
  describe(basename(file), () => {
    for (const entry of entries) {
      const { id, section, description } = entry.vector;
      test(`${id} (§${String(section ?? "?")}): ${String(description ?? "")}`, async () => {
        expect(await checkEntry(entry, checks)).toBe(undefined);
      });
    }
  });
}
