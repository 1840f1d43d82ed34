/**
 * Reads the block of message headers of a CPIM message: lines, names, namespaces, parameters, escapes (RFC 3862 §3).
 * What the headers mean is `_cpim_fields.ts`'s matter.
 */
import { RemoteProtocolError } from "../core/mod.ts";
import {
  cpimNamespace,
  imdnNamespace,
  isAbsoluteUri,
  isClean,
  namePattern,
  parameterPattern,
  unescapeText,
} from "./_cpim_text.ts";
import type { CpimHeader } from "./_cpim_types.ts";

/** What a reader does about a broken rule: nothing, note it, or give up. */
export interface CpimJudge {
  readonly lenient: boolean;
  /** A rule is broken that a lenient reader passes over: noted there, and the end of a strict one. */
  odd(code: string, what: string): void;
  /** A rule is broken that no reader passes over. */
  fail(code: string, what: string): never;
}

/** The judge of a mode; `warnings` gets each code once. */
export function judge(lenient: boolean, warnings: Set<string>): CpimJudge {
  const fail = (code: string, what: string): never => {
    throw new RemoteProtocolError(code, `Cannot read the CPIM message: ${what}`);
  };
  const odd = (code: string, what: string): void => {
    if (!lenient) fail(code, what);
    warnings.add(code);
  };
  return { lenient, odd, fail };
}

/** A header on one line: continuation lines are joined to it. */
export interface CpimLine {
  readonly text: string;
  readonly folded: boolean;
}

/** Cuts a block into lines; the empty line at its end is left out. */
export function cpimLines(block: string, by: CpimJudge): CpimLine[] {
  const lines: { text: string; folded: boolean }[] = [];
  for (const piece of block.split("\n")) {
    const text = piece.endsWith("\r") ? piece.slice(0, -1) : piece;
    if (text === "") {
      if (piece === "" || lines.length === 0) continue;
      break;
    }
    if (text === piece) by.odd("bare-line-ending", "a line ends without CR LF");
    if (!by.lenient && text.includes("\r")) by.fail("bare-line-ending", "a CR stands alone");
    if (text.startsWith(" ") || text.startsWith("\t")) {
      if (!by.lenient) by.fail("folded-header", "a header goes on in a second line");
      const last = lines.at(-1);
      if (last === undefined) lines.push({ text: text.trim(), folded: true });
      else lines[lines.length - 1] = { text: `${last.text} ${text.trim()}`, folded: true };
    } else lines.push({ text, folded: false });
  }
  return lines;
}

const noParameters: ReadonlyMap<string, string> = new Map();
// Seen undeclared from deployed peers.
const knownPrefixes: ReadonlyMap<string, string> = new Map([["imdn", imdnNamespace]]);
const declaration = /^NS:[ ]*([^<\s]+?)[ ]*<([^<>]*)>[ ]*$/;

/** Reads lines as headers, in order: a namespace holds from its declaration on. */
export class CpimHeaderReader {
  readonly #by: CpimJudge;
  readonly #namespaces: Map<string, string> = new Map();
  readonly #lines: readonly CpimLine[];
  #default = cpimNamespace;
  #later: Map<string, string> | undefined;

  /** @param lines all of them: a lenient reader may have to look ahead */
  constructor(lines: readonly CpimLine[], by: CpimJudge) {
    this.#lines = lines;
    this.#by = by;
  }

  /** Reads the next line; the lines come in their order. One that declares a namespace is a header like others. */
  read({ text, folded }: CpimLine): CpimHeader {
    const by = this.#by;
    if (folded) by.odd("folded-header", "a header goes on in a second line");
    if (!isClean(text)) by.odd("control-char", "a header has a control character in it");
    const colon = text.indexOf(":");
    if (colon < 0) by.fail("no-colon", "a header has no colon");
    const written = text.slice(0, colon);
    const name = this.resolve(written) ?? this.#oddName(written);
    const [parameters, end] = this.#parameters(text, colon + 1);
    const raw = this.#value(text.slice(end));
    const { prefix, namespace } = name;
    const value = unescapeText(raw);
    const header = { name: name.name, prefix, namespace, value, raw, parameters };
    return this.#declares(header) ? this.#declare(header) : header;
  }

  /** What a name with or without prefix means at this point, as `Require` uses it; undefined when it is no name. */
  resolve(text: string): { name: string; prefix: string | undefined; namespace: string } | undefined {
    const dot = text.indexOf(".");
    const prefix = dot < 0 ? undefined : text.slice(0, dot);
    const name = text.slice(dot + 1);
    if (!namePattern.test(name) || (prefix !== undefined && !namePattern.test(prefix))) return undefined;
    return { name, prefix, namespace: prefix === undefined ? this.#default : this.#namespaceOf(prefix) };
  }

  #oddName(written: string): { name: string; prefix: string | undefined; namespace: string } {
    this.#by.odd("bad-header-name", "a header name has characters that no name has");
    return this.resolve(written.trim()) ?? { name: written, prefix: undefined, namespace: "" };
  }

  #parameters(text: string, start: number): [ReadonlyMap<string, string>, number] {
    if (text[start] !== ";") return [noParameters, start];
    const found = new Map<string, string>();
    let at = start;
    while (text[at] === ";") {
      parameterPattern.lastIndex = at;
      const match = parameterPattern.exec(text);
      if (match === null) this.#by.fail("bad-param", "a parameter of a header cannot be read");
      found.set(match[1] as string, match[3] ?? unescapeText(match[2] as string));
      at += match[0].length;
    }
    return [found, at];
  }

  #value(rest: string): string {
    const by = this.#by;
    if (!rest.startsWith(" ")) by.odd("missing-space", "no space stands behind the colon of a header");
    let begin = rest.startsWith(" ") ? 1 : 0;
    if (rest[begin] === " ") by.odd("extra-space", "more than one space stands behind the colon of a header");
    while (rest[begin] === " ") begin++;
    let end = rest.length;
    while (end > begin && isBlank(rest[end - 1])) end--;
    if (end < rest.length) by.odd("trailing-whitespace", "a header ends with white space");
    return rest.slice(begin, end);
  }

  // Whatever the default namespace is by then, NS alone declares: how else could it be changed back?
  #declares({ name, prefix, namespace }: CpimHeader): boolean {
    if (name === "NS") return prefix === undefined || namespace === cpimNamespace;
    return this.#by.lenient && prefix === undefined && namespace === cpimNamespace && /^ns$/i.test(name);
  }

  #declare(header: CpimHeader): CpimHeader {
    const match = /^([^<\s]*)[ ]*<([^<>]*)>$/.exec(header.raw);
    const [, prefix = "", uri = ""] = match ?? [];
    if (!isAbsoluteUri(uri) || (prefix !== "" && !namePattern.test(prefix))) {
      this.#by.fail("bad-ns", "a namespace is no absolute URI without fragment, or its prefix no name");
    }
    if (header.name !== "NS") this.#by.odd("header-case", "a header name is written in other letters");
    if (prefix === "") this.#default = uri;
    else this.#namespaces.set(prefix, uri);
    const { value, raw, parameters } = header;
    return { name: "NS", prefix: header.prefix, namespace: cpimNamespace, value, raw, parameters };
  }

  #namespaceOf(prefix: string): string {
    const uri = this.#namespaces.get(prefix);
    if (uri !== undefined) return uri;
    this.#by.odd("undeclared-prefix", "a namespace prefix is used before it is declared");
    this.#later ??= new Map(
      this.#lines.flatMap(({ text }) => {
        const match = declaration.exec(text);
        return match === null ? [] : [[match[1] as string, match[2] as string] as const];
      }),
    );
    return this.#later.get(prefix) ?? knownPrefixes.get(prefix) ?? "";
  }
}

function isBlank(char: string | undefined): boolean {
  return char === " " || char === "\t";
}
