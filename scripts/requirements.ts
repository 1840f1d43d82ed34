// Ties each requirement row of tests/conformance/req-*.md to the tests that name its id and to the code they test.
// `tsx scripts/requirements.ts` writes docs/2.reference/requirements-*.md; the rules test reads the same functions.
import { mkdirSync, writeFileSync } from "node:fs";
import type { Checks } from "../tests/vectors/registry.ts";
import { readEntries } from "../tests/vectors/vector_files.ts";
import { filesBelow, read, root } from "./tree.ts";

/** One row of a requirements table. */
export interface Requirement {
  readonly id: string;
  /** The code that must obey, e.g. `SND`; the table's head explains the letters. */
  readonly binds: readonly string[];
  readonly level: string;
  readonly text: string;
  /** Ids of test vectors that the row names, ranges written out. */
  readonly vectors: readonly string[];
}

/** A row with what was found for it. */
export interface Coverage extends Requirement {
  readonly tests: readonly { readonly file: string; readonly name: string }[];
  readonly code: readonly string[];
  readonly exempt: string | undefined;
}

// The vector files that a table's last column means; vector ids are unique only among them.
const vectorFiles: Readonly<Record<string, readonly string[]>> = {
  "tests/conformance/req-4975.md": ["wire", "streams", "uri", "sdp"],
};

const letters = /\b([A-Z])(\d{2,3})(?: to \1(\d{2,3}))?/g;

/** The requirement tables of this checkout. */
export function tables(): string[] {
  return filesBelow("tests/conformance").filter((path) => /\/req-\w+\.md$/.test(path));
}

/** Every row of one table, in order. */
export function requirements(table: string): Requirement[] {
  const rows: Requirement[] = [];
  for (const line of read(table).split("\n")) {
    const cells = line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim());
    const [id = ""] = cells;
    if (!/^\w+-[\w.]+-(\d+\w?|xxx)$/.test(id)) continue;
    if (cells.length === 6) {
      const [, , binds = "", level = "", text = "", test = ""] = cells;
      rows.push({ id, binds: binds.split(/,\s*/), level, text, vectors: vectorIds(test) });
    } else if (cells.length === 5) {
      // The table of status codes: code, when it is sent, what its receiver does.
      const [, status = "", sent = "", duty = "", test = ""] = cells;
      const text = `${status}: ${sent}; then: ${duty}`;
      rows.push({ id, binds: ["SND", "RCV"], level: "MUST°", text, vectors: vectorIds(test) });
    }
  }
  return rows;
}

/** Every row of one table with its tests, its code, and the reason if it binds no code here. */
export async function coverage(table: string): Promise<Coverage[]> {
  const named = testNames();
  const ran = await vectorChecks(vectorFiles[table] ?? []);
  return requirements(table).map((row) => {
    const tests = [...(named.get(row.id) ?? []), ...vectorCoverage(row, ran)];
    const code = [...new Set(tests.flatMap(({ file }) => codeOf(file)))].sort();
    return { ...row, tests, code, exempt: exemption(row) };
  });
}

/** The rows that bind code here and that no test names; what only MAY be done binds nobody. */
export function missing(rows: readonly Coverage[]): Coverage[] {
  return rows.filter(({ tests, exempt }) => tests.length === 0 && exempt === undefined);
}

/** The Markdown page of one table. */
export function page(table: string, rows: readonly Coverage[]): string {
  const covered = rows.filter(({ tests }) => tests.length > 0).length;
  const exempt = rows.filter(({ tests, exempt }) => tests.length === 0 && exempt !== undefined).length;
  const lines = rows.map(({ id, level, text, code, tests, exempt }) => {
    const short = [
      ...new Set(tests.map(({ file, name }) => (name === "" ? `\`${file}\`` : `\`${file}\`: ${cell(name)}`))),
    ];
    const shown = short.length > 0 ? short.slice(0, 4).join("<br>") : (exempt ?? "**none**");
    return `| ${id} | ${level} | ${text} | ${code.map((file) => `\`${file}\``).join("<br>")} | ${shown} |`;
  });
  return `# Requirements: ${table.replace(/^.*req-|\.md$/g, "")}

Made by \`npm run requirements\` from \`${table}\` and the names of the tests; do not edit. ${rows.length} rows:
${covered} tested, ${exempt} that bind no code here (the last column says why), ${missing(rows).length} without a test.

| row | level | requirement | code | tests |
|---|---|---|---|---|
${lines.join("\n")}
`;
}

/** Vector ids in a row's last column: `W085, W198 to W200`. */
function vectorIds(text: string): string[] {
  return [...text.matchAll(letters)].flatMap(([, letter = "", first = "", last]) => {
    const ids: string[] = [];
    for (let n = Number(first); n <= Number(last ?? first); n += 1) {
      ids.push(letter + String(n).padStart(first.length, "0"));
    }
    return ids;
  });
}

/** Row id -> the tests whose name has it in brackets; `[4975-7.2-03, 4975-7.2-04]` counts for both. */
function testNames(): Map<string, { file: string; name: string }[]> {
  const found = new Map<string, { file: string; name: string }[]>();
  for (const file of filesBelow("tests").filter((path) => path.endsWith(".ts"))) {
    for (const match of read(file).matchAll(
      /(["'`])((?:\\.|(?!\1)[^\\\n])*\[\d{4}-[\w.]+-\w+[^\]]*\](?:\\.|(?!\1)[^\\\n])*)\1/g,
    )) {
      const name = match[2] ?? "";
      for (const [id] of name.matchAll(/\b\d{4}-[\w.]+-(?:\d+\w?|xxx)\b/g)) {
        found.set(id, [
          ...(found.get(id) ?? []),
          { file, name: name.replace(/\s*\[[^\]]*\d{4}-[^\]]*\]/g, "") },
        ]);
      }
    }
  }
  return found;
}

/** Vector id -> the module that checks it, which tests/vectors/vectors_test.ts runs. */
async function vectorChecks(stems: readonly string[]): Promise<Map<string, string>> {
  const modules = new Map<string, string>();
  for (const file of filesBelow("tests/vectors").filter((path) => path.endsWith("_checks.ts"))) {
    const { checks } = (await import(`../${file}`)) as { checks: Checks };
    for (const kind of Object.keys(checks)) modules.set(kind, file);
  }
  const found = new Map<string, string>();
  for (const stem of stems) {
    for (const { kind, vector } of readEntries(`${root}tests/vectors/${stem}.json`)) {
      const file = modules.get(kind);
      if (file !== undefined) found.set(vector.id, file);
    }
  }
  return found;
}

function vectorCoverage(row: Requirement, ran: Map<string, string>): { file: string; name: string }[] {
  const byFile = new Map<string, string[]>();
  for (const id of row.vectors) {
    const file = ran.get(id);
    if (file !== undefined) byFile.set(file, [...(byFile.get(file) ?? []), id]);
  }
  return [...byFile].map(([file, ids]) => ({ file, name: `vectors ${ids.join(", ")}` }));
}

/** The source that a test mirrors, else the sources that it imports. */
function codeOf(test: string): string[] {
  const mirrored = /^tests\/unit\/(.+?)(?:_bun|_deno|_node)?_test\.ts$/.exec(test)?.[1];
  if (mirrored !== undefined) return [`${mirrored}.ts`];
  const imports = [...read(test).matchAll(/from "(\.[^"]+)"/g)].map(([, specifier = ""]) => specifier);
  const paths = imports.map((specifier) => new URL(specifier, `file:///${test}`).pathname.slice(1));
  return paths.filter((path) => /^(core|plugins|adapters|server)\//.test(path));
}

interface Exemptions {
  readonly binds: Readonly<Record<string, string>>;
  readonly rows: Readonly<Record<string, string>>;
}

/** Why a row binds no code here: by its own id or a prefix of it, or because all it binds is another's. */
function exemption({ id, binds, level }: Requirement): string | undefined {
  const { rows, binds: others } = JSON.parse(read("scripts/requirements_exempt.json")) as Exemptions;
  const prefix = Object.keys(rows).find((key) => id === key || id.startsWith(`${key}-`));
  if (prefix !== undefined) return rows[prefix];
  const reasons = binds.map((name) => others[name]);
  if (reasons.every((reason) => reason !== undefined)) return reasons[0];
  return /MUST|SHOULD/.test(level) ? undefined : "optional";
}

function cell(text: string): string {
  return text.replace(/\|/g, "\\|").replace(/</g, "&lt;");
}

if (process.argv[1]?.endsWith("requirements.ts") === true) {
  mkdirSync(`${root}docs/2.reference`, { recursive: true });
  for (const table of tables()) {
    const rows = await coverage(table);
    const target = `docs/2.reference/${table.replace(/^.*req-/, "requirements-")}`;
    writeFileSync(root + target, page(table, rows));
    console.log(`${target}: ${rows.length} rows, ${missing(rows).length} without a test`);
  }
}
