// Texts of flow scripts: escapes, placeholders and patterns.
// What is sent is filled in; what is expected becomes a regular expression that binds what it captures.
import { randomBytes, randomInt } from "node:crypto";

/** Names and their values; a macro has its own, and sees those of the run besides. */
export class Scope {
  readonly #own = new Map<string, string>();
  readonly #outer: Scope | undefined;

  constructor(outer?: Scope) {
    this.#outer = outer;
  }

  /** The value of a name. */
  get(name: string): string | undefined {
    return this.#own.get(name) ?? this.#outer?.get(name);
  }

  /** Gives a name a value. */
  set(name: string, value: string): void {
    this.#own.set(name, value);
  }
}

const letters = "abcdefghijklmnopqrstuvwxyz";
const alphanumerics = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** A value for a name that is made up at its first use, or undefined when the name is none of those. */
function fresh(name: string): string | undefined {
  if (!/^[tmsch][0-9A-Z]$/.test(name)) return undefined;
  const draw = (from: string, length: number): string =>
    Array.from({ length }, () => from[randomInt(from.length)]).join("");
  if (name[0] === "h") return draw(letters, 12);
  if (name[0] === "s") return randomBytes(16).toString("base64url");
  return draw(alphanumerics, 16);
}

/** The value of a name; made up if it is of that kind. @throws when nothing is known of it */
export function namedValue(name: string, scope: Scope): string {
  const known = scope.get(name);
  if (known !== undefined) return known;
  const made = fresh(name);
  if (made === undefined) throw new Error(`The script uses {${name}} before it has a value`);
  scope.set(name, made);
  return made;
}

interface Part {
  readonly kind: "text" | "placeholder";
  readonly text: string;
}

function parts(template: string): Part[] {
  const found: Part[] = [];
  let rest = template;
  for (let open = rest.indexOf("{"); open >= 0; open = rest.indexOf("{")) {
    const close = rest.indexOf("}", open);
    if (close < 0) break;
    if (open > 0) found.push({ kind: "text", text: rest.slice(0, open) });
    found.push({ kind: "placeholder", text: rest.slice(open + 1, close) });
    rest = rest.slice(close + 1);
  }
  if (rest !== "") found.push({ kind: "text", text: rest });
  return found;
}

/** Octets as a string of the same length, one character each. */
function octetsOf(text: string): string {
  const raw = Buffer.from(text, "utf8").toString("latin1");
  return raw.replace(/\\(?:r|n|\\|x([0-9a-fA-F]{2}))/g, (sequence, hex: string | undefined) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    return sequence === "\\r" ? "\r" : sequence === "\\n" ? "\n" : "\\";
  });
}

/** N octets, octet i = (i * 7 + i div 256) mod 256. */
function data(length: number): string {
  const bytes = Buffer.alloc(length);
  for (let index = 0; index < length; index++) bytes[index] = (index * 7 + Math.floor(index / 256)) % 256;
  return bytes.toString("latin1");
}

function generated(placeholder: string): string | undefined {
  const [, count] = /^data:(\d+)$/.exec(placeholder) ?? [];
  if (count !== undefined) return data(Number(count));
  const [, text = "", times] = /^rep:(.*):(\d+)$/s.exec(placeholder) ?? [];
  return times === undefined ? undefined : text.repeat(Number(times));
}

/** A text with everything filled in, one character for each octet. */
export function fill(template: string, scope: Scope): string {
  return parts(template)
    .map(({ kind, text }) =>
      kind === "text" ? octetsOf(text) : (generated(text) ?? namedValue(text, scope)),
    )
    .join("");
}

/** A pattern for a text, and the names that its groups bind. */
export interface Pattern {
  readonly expression: RegExp;
  readonly names: readonly string[];
}

/** Makes a pattern; `matched` binds what it captures. */
export function pattern(template: string, scope: Scope): Pattern {
  const names: string[] = [];
  const source = parts(template)
    .map(({ kind, text }) => {
      if (kind === "text") return literal(octetsOf(text));
      const produced = generated(text);
      if (produced !== undefined) return literal(produced);
      if (text === "*") return "[^\\r\\n]*";
      const equals = text.indexOf("=");
      const name = equals < 0 ? text : text.slice(0, equals);
      const rule = equals < 0 ? undefined : text.slice(equals + 1);
      if (name === "") return `(?:${withoutModifiers(rule ?? "")})`;
      const known = scope.get(name);
      if (known !== undefined) return literal(known);
      if (names.includes(name)) return `\\k<${name}>`;
      names.push(name);
      if (rule === "*") return `(?<${name}>[^\\r\\n]*)`;
      return `(?<${name}>${rule === undefined ? "[^\\s]+?" : withoutModifiers(rule)})`;
    })
    .join("");
  return { expression: new RegExp(`^${source}$`, "s"), names };
}

/** Binds what a pattern captures; false when it does not match. */
export function matched({ expression, names }: Pattern, text: string, scope: Scope): boolean {
  const found = expression.exec(text);
  if (found === null) return false;
  for (const name of names) scope.set(name, found.groups?.[name] ?? "");
  return true;
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}

/** `(?i:…)` is too new for some runtimes: each letter becomes a class. */
function withoutModifiers(rule: string): string {
  return rule.replace(
    /\(\?i:([^)]*)\)/g,
    (_, text: string) =>
      `(?:${text.replace(/[a-z]/gi, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`)})`,
  );
}
