// Checks every vector file below the directories given (default: this one) and says what does not hold.
// `npm run vectors -- DIR…`; the last line is `N passed, N failed`, and the exit status is 1 when any failed.
import { basename } from "node:path";
import process, { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { type Check, loadChecks } from "./registry.ts";
import { type Entry, findFiles, readEntries } from "./vector_files.ts";

interface Totals {
  passed: number;
  failed: number;
}

/** Checks one entry; whatever is thrown is a failure too. */
export async function checkEntry(
  entry: Entry,
  checks: ReadonlyMap<string, Check>,
): Promise<string | undefined> {
  const check = checks.get(entry.kind);
  if (check === undefined) return `unknown kind of vector "${entry.kind}"`;
  try {
    return await check(entry.vector);
  } catch (error) {
    return `the check threw ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
  }
}

async function runFile(file: string, checks: ReadonlyMap<string, Check>, totals: Totals): Promise<void> {
  const entries = readEntries(file);
  // A format that is known by its name, and that nothing here reads.
  if (entries.every((entry) => entry.kind.includes(":") && !checks.has(entry.kind))) {
    console.log(`${basename(file)}: not checked, there is nothing here for its format`);
    return;
  }
  let passed = 0;
  for (const entry of entries) {
    const reason = await checkEntry(entry, checks);
    if (reason === undefined) passed++;
    else console.log(`${entry.vector.id} ${reason.replaceAll("\n", " ").slice(0, 300)}`);
  }
  console.log(`${basename(file)}: ${passed} of ${entries.length}`);
  totals.passed += passed;
  totals.failed += entries.length - passed;
}

function failed(file: string, error: unknown, totals: Totals): void {
  totals.failed++;
  console.log(`${basename(file)} ${error instanceof Error ? error.message : String(error)}`);
}

async function main(paths: readonly string[]): Promise<boolean> {
  const checks = await loadChecks();
  const totals: Totals = { passed: 0, failed: 0 };
  for (const path of paths.length > 0 ? paths : [fileURLToPath(new URL(".", import.meta.url))]) {
    let file = path;
    try {
      for (file of findFiles(path)) {
        await runFile(file, checks, totals).catch((error: unknown) => failed(file, error, totals));
      }
    } catch (error) {
      failed(file, error, totals);
    }
  }
  console.log(`${totals.passed} passed, ${totals.failed} failed`);
  return totals.failed === 0 && totals.passed > 0;
}

if (argv[1] !== undefined && fileURLToPath(import.meta.url) === argv[1]) {
  process.exitCode = (await main(argv.slice(2))) ? 0 : 1;
}
