// Writes the tables of docs/2.reference/limits.md: every option that bounds something, with its default and the reason. A
// comment of the page says where the options of a section are declared; `tsx scripts/limits.ts` after a change there.
import { writeFileSync } from "node:fs";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { read, root } from "./tree.ts";

const path = "docs/2.reference/limits.md";
const section = /(<!-- limits: (\w+) of (\S+) -->\n)(?:\|.*\n)*/g;

/** The page as it should be. */
export function limitsPage(): string {
  const page = read(path);
  const bare = page
    .split(/^## /m)
    .slice(1)
    .filter((text) => text.split(section).length !== 5);
  if (bare.length > 0)
    throw new Error(`Not one list of limits: ${bare.map((text) => text.split("\n", 1)[0])}`);
  return page.replace(section, (_all, comment: string, declaration: string, file: string) => {
    const rows = optionsOf(read(file), declaration).map(
      ({ name, fallback, text }) => `| \`${name}\` | ${fallback} | ${text} |\n`,
    );
    return `${comment}| option | default | what it bounds, and why so much |\n|---|---|---|\n${rows.join("")}`;
  });
}

interface Option {
  readonly name: string;
  readonly fallback: string;
  readonly text: string;
}

/** The options of an interface whose default is a number, or that switch a limit off. */
function optionsOf(source: string, declaration: string): Option[] {
  const start = source.search(new RegExp(`export interface ${declaration}\\b`));
  if (start < 0) throw new Error(`Cannot find interface ${declaration}`);
  const body = source.slice(start, source.indexOf("\n}", start));
  const found: Option[] = [];
  for (const match of body.matchAll(/\/\*\*([\s\S]*?)\*\/\s*(?:readonly )?(\w+)\?:/g)) {
    const comment = match[1]!
      .replace(/\n\s*\* ?/g, " ")
      .replace(/\s+/g, " ")
      .trim();
    const [text = "", fallback = ""] = comment.split("@default").map((part) => part.trim());
    if (!/^(\d+|Infinity)(?![\w ])/.test(fallback)) continue;
    found.push({ name: match[2]!, fallback: grouped(fallback), text: text.replace(/\|/g, "\\|") });
  }
  if (found.length === 0) throw new Error(`Cannot find limits in ${declaration}`);
  return found;
}

/** A number with blanks between groups of three digits. */
function grouped(fallback: string): string {
  return fallback.replace(/^(\d{5,})/, (digits) => digits.replace(/\B(?=(\d{3})+$)/g, " "));
}

if (argv[1] === fileURLToPath(import.meta.url)) writeFileSync(root + path, limitsPage());
