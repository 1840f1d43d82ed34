// Ties each requirement row of tests/conformance/req-*.md to the tests that name its id and to the code they test.
// `tsx scripts/requirements.ts` writes docs/2.reference/requirements-*.md; the rules test reads the same functions.
import { mkdirSync, writeFileSync } from "node:fs";
import { type Flow, parseScript } from "../tests/flows/script.ts";
import type { Checks } from "../tests/vectors/registry.ts";
import { readEntries } from "../tests/vectors/vector_files.ts";
import { filesBelow, read, root } from "./tree.ts";

/** One row of a requirements table. */
export interface Requirement {
  /**
   * As the table has it; `4976/4975-7.1-01` for a row of req-4976.md about RFC 4975, whose rows are in another table.
   */
  readonly id: string;
  /** The code that must obey, e.g. `SND`; the table's head explains the letters. */
  readonly binds: readonly string[];
  readonly level: string;
  readonly text: string;
  /** Ids of test vectors that the row names, ranges written out. */
  readonly vectors: readonly string[];
  /** Ids of flows that the row names. */
  readonly flows: readonly string[];
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
  "tests/conformance/req-4976.md": ["digest"],
};
// The flows that a table's last column means: `npm run flows` plays them against the relay's process.
const flowFiles: Readonly<Record<string, string>> = {
  "tests/conformance/req-4976.md": "tests/conformance/flows-4976.md",
};
// RFCs whose rows stand in two tables: in the second one they get its number in front.
const shared: Readonly<Record<string, RegExp>> = { "tests/conformance/req-4976.md": /^(4975|6714)-/ };

// How req-4976.md writes levels: D is what the text, grammar or an example fixes, H a rule of our own.
const levels: Readonly<Record<string, string>> = {
  M: "MUST",
  MN: "MUST NOT",
  S: "SHOULD",
  SN: "SHOULD NOT",
  D: "MUST°",
  H: "MUST (ours)",
};

const letters = /\b([A-Z])(\d{2,3})(?: to \1(\d{2,3}))?/g;
const idPattern = String.raw`(?:\d{4}/)?(?:\d{4}-[\w.]+-(?:\d+\w?|xxx)|\d{4}-T\d+|SEC-\d+)`;

/** The requirement tables of this checkout. */
export function tables(): string[] {
  return filesBelow("tests/conformance").filter((path) => /\/req-\w+\.md$/.test(path));
}

/** Every row of one table, in order. */
export function requirements(table: string): Requirement[] {
  const rows: Requirement[] = [];
  const number = /req-(\w+)\.md$/.exec(table)?.[1] ?? "";
  let heading = "";
  let answers = 0;
  for (const line of read(table).split("\n")) {
    if (line.startsWith("## ")) heading = line.slice(3);
    const [, trap, text = ""] = /^\*\*T(\d+) (.*?)\.?\*\*/.exec(line) ?? [];
    if (trap !== undefined && number === "4976") {
      rows.push({ id: `4976-T${trap}`, binds: ["N"], level: "trap, MUST", text, vectors: [], flows: [] });
    }
    const cells = line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim());
    const [plain = ""] = cells;
    if (heading === "Relay answer table" && cells.length === 6 && !/^(Situation|-+)$/.test(plain)) {
      rows.push(answerRow(`4976-answer-${String(++answers).padStart(2, "0")}`, cells));
    }
    if (!new RegExp(`^${idPattern}$`).test(plain)) continue;
    const id = shared[table]?.test(plain) === true ? `${number}/${plain}` : plain;
    if (cells.length === 6) {
      const [, , binds = "", letter = "", text = "", test = ""] = cells;
      const level = levels[letter] ?? letter;
      rows.push({ id, binds: binds.split(/,\s*/), level, text, ...namedIn(table, test) });
    } else if (cells.length === 5) {
      // The table of status codes: code, when it is sent, what its receiver does.
      const [, status = "", sent = "", duty = "", test = ""] = cells;
      const text = `${status}: ${sent}; then: ${duty}`;
      rows.push({ id, binds: ["SND", "RCV"], level: "MUST°", text, ...namedIn(table, test) });
    }
  }
  return rows;
}

/** A row of req-4976.md's table of answers: the situation, then what becomes of each kind of request. */
function answerRow(id: string, [situation = "", ...outcomes]: readonly string[]): Requirement {
  const kinds = ["SEND", "partial", "no", "AUTH and others", "REPORT"];
  const said = kinds.flatMap((kind, index) => (outcomes[index] ? [`${kind}: ${outcomes[index]}`] : []));
  const text = `${situation}. ${said.join("; ")}`;
  return { id, binds: ["R"], level: "MUST (ours)", text, vectors: [], flows: [] };
}

/** Every row of one table with its tests, its code, and the reason if it binds no code here. */
export async function coverage(table: string): Promise<Coverage[]> {
  const rows = await covered(table);
  const { same } = exemptions();
  if (!rows.some(({ id }) => same[id] !== undefined)) return rows;
  const others = new Map<string, Coverage>();
  for (const other of tables()) {
    if (other !== table) for (const row of await covered(other)) others.set(row.id, row);
  }
  return rows.map((row) => {
    const twins = (same[row.id] ?? []).map((id) => others.get(id));
    if (twins.length === 0 || !twins.every((twin) => (twin?.tests.length ?? 0) > 0)) return row;
    const tests = [...row.tests, ...twins.flatMap((twin) => twin?.tests ?? [])];
    const code = [...new Set([...row.code, ...twins.flatMap((twin) => twin?.code ?? [])])].sort();
    return { ...row, tests, code };
  });
}

async function covered(table: string): Promise<Coverage[]> {
  const named = testNames();
  const ran = await vectorChecks(vectorFiles[table] ?? []);
  const played = flowsOf(table);
  return requirements(table).map((row) => {
    const { rows: others, later } = exemptions();
    // What is not here, or not yet, has not been tested by a vector or flow that another row needs as well.
    const building = (under(others, row.id) ?? under(later, row.id)) !== undefined;
    const tests = [
      ...(named.get(row.id) ?? []),
      ...(building ? [] : vectorCoverage(row, ran)),
      ...(building ? [] : row.flows.flatMap((id) => played.get(id) ?? [])),
    ];
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

/** Vectors and flows in a row's last column: `W085, W198 to W200`; in req-4976.md `F21, V:MSRP-MD5-05 to 07`. */
function namedIn(table: string, text: string): { vectors: string[]; flows: string[] } {
  if (flowFiles[table] === undefined) return { vectors: numbered(text), flows: [] };
  const vectors = [...text.matchAll(/V:\s?((?:[\w-]+(?: to |, )?)+)/g)].flatMap(([, list = ""]) => {
    const stem = /^(.*?)\d*$/.exec(list.split(/ to |, /)[0] ?? "")?.[1] ?? "";
    return list === "all" ? ["all"] : expand(list.replaceAll(stem, ""), stem);
  });
  const outside = text.replace(/V:[^;|]*/g, "");
  return { vectors, flows: numbered(outside).filter((id) => id.startsWith("F")) };
}

/** `W085, W198 to W200` written out. */
function numbered(text: string): string[] {
  return [...text.matchAll(letters)].flatMap(([, letter = "", first = "", last]) =>
    expand(last === undefined ? first : `${first} to ${last}`, letter),
  );
}

/** `05 to 07, 11` written out behind a stem. */
function expand(numbers: string, stem: string): string[] {
  return [...numbers.matchAll(/(\d+)(?: to (\d+))?/g)].flatMap(([, first = "", last = first]) => {
    const ids: string[] = [];
    for (let n = Number(first); n <= Number(last); n += 1) {
      ids.push(stem + String(n).padStart(first.length, "0"));
    }
    return ids;
  });
}

/** Flows that are played, by id; those over WebSocket are not, as long as the player has none. */
function flowsOf(table: string): Map<string, { file: string; name: string }[]> {
  const file = flowFiles[table];
  if (file === undefined) return new Map();
  const { later } = exemptions();
  const played = parseScript(read(file)).flows.filter(({ id }) => later[id] === undefined);
  return new Map(played.map(({ id, title }: Flow) => [id, [{ file, name: `flow ${title}` }]]));
}

/** Row id -> the tests whose name has it in brackets; `[4975-7.2-03, 4975-7.2-04]` counts for both. */
function testNames(): Map<string, { file: string; name: string }[]> {
  const found = new Map<string, { file: string; name: string }[]>();
  const inName = new RegExp(
    String.raw`(["'\x60])((?:\\.|(?!\1)[^\\\n])*\[${idPattern}[^\]]*\](?:\\.|(?!\1)[^\\\n])*)\1`,
    "g",
  );
  const files = [...filesBelow("tests"), ...filesBelow("testing")];
  for (const file of files.filter((path) => path.endsWith(".ts"))) {
    for (const match of read(file).matchAll(inName)) {
      const name = match[2] ?? "";
      const shown = name.replace(new RegExp(String.raw`\s*\[${idPattern}[^\]]*\]`, "g"), "");
      for (const [bracket] of name.matchAll(/\[[^\]]*\]/g)) {
        for (const [id] of bracket.matchAll(new RegExp(String.raw`(?<![\w/-])${idPattern}(?![\w-])`, "g"))) {
          found.set(id, [...(found.get(id) ?? []), { file, name: shown }]);
        }
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
    // In req-4976.md a vector's id may be cut short: MSRP-MD5-05 is MSRP-MD5-05-chained.
    const [full, file] = [...ran].find(([one]) => one === id || one.startsWith(`${id}-`)) ?? [id, undefined];
    if (id === "all") for (const every of new Set(ran.values())) byFile.set(every, ["(all)"]);
    else if (file !== undefined) byFile.set(file, [...(byFile.get(file) ?? []), full]);
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
  /** Reasons by what a row binds. */
  readonly binds: Readonly<Record<string, string>>;
  /** Reasons by id, or by what an id begins with. */
  readonly rows: Readonly<Record<string, string>>;
  /** Rows that say what rows of other tables say: their tests count. */
  readonly same: Readonly<Record<string, readonly string[]>>;
  /** Rows and flows of parts that are being built. */
  readonly later: Readonly<Record<string, string>>;
}

function exemptions(): Exemptions {
  return JSON.parse(read("scripts/requirements_exempt.json")) as Exemptions;
}

/** Why a row binds no code here: by its own id or a prefix of it, or because all it binds is another's. */
function exemption({ id, binds, level }: Requirement): string | undefined {
  const { rows, binds: others, later } = exemptions();
  const own = under(rows, id) ?? under(later, id);
  if (own !== undefined) return own;
  const reasons = binds.map((name) => others[name]);
  if (reasons.every((reason) => reason !== undefined)) return reasons[0];
  return /MUST|SHOULD/.test(level) ? undefined : "optional";
}

/** The entry of an id, or of what it begins with. */
function under(list: Readonly<Record<string, string>>, id: string): string | undefined {
  const key = Object.keys(list).find((one) => id === one || id.startsWith(`${one}-`));
  return key === undefined ? undefined : list[key];
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
