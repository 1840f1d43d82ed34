/**
 * What the headers that RFC 3862 §4 defines mean: addresses, points in time, subjects, required features. Takes headers
 * as they were read and is as strict as its judge.
 */
import type { CpimHeaderReader, CpimJudge } from "./_cpim_headers.ts";
import {
  cpimNamespace,
  isAbsoluteUri,
  parseDateTime,
  tokensPattern,
  trimSpaces,
  unescapeText,
} from "./_cpim_text.ts";
import type { CpimAddress, CpimHeader, CpimMode, CpimName, CpimSubject } from "./_cpim_types.ts";

/** The core headers of one message. */
export class CpimCoreFields {
  from: CpimAddress | undefined;
  readonly to: CpimAddress[] = [];
  readonly cc: CpimAddress[] = [];
  readonly subjects: CpimSubject[] = [];
  readonly require: CpimName[] = [];
  /** As it was written; undefined when there is none that can be read. */
  dateTime: string | undefined;
}

const canonical: ReadonlyMap<string, string> = new Map(
  ["From", "To", "cc", "DateTime", "Subject", "NS", "Require"].map((name) => [name.toLowerCase(), name]),
);
const atMostOnce: ReadonlySet<string> = new Set(["From", "DateTime", "Subject", "Require"]);

/** Name of the core header that this is; undefined for every other one. */
function coreName({ name, namespace, prefix }: CpimHeader, by: CpimJudge): string | undefined {
  if (namespace !== cpimNamespace) return undefined;
  if (canonical.get(name.toLowerCase()) === name) return name;
  if (!by.lenient || prefix !== undefined) return undefined;
  if (name === "Required") {
    by.odd("required-alias", '"Required" stands for "Require"');
    return "Require";
  }
  const meant = canonical.get(name.toLowerCase());
  if (meant !== undefined) by.odd("header-case", `"${meant}" is written in other letters`);
  return meant;
}

/** Fills the core fields from headers, one after the other. */
export class CpimFieldReader {
  readonly #core: CpimCoreFields;
  readonly #mode: CpimMode;
  readonly #by: CpimJudge;
  readonly #seen: Set<string> = new Set();

  constructor(core: CpimCoreFields, mode: CpimMode, by: CpimJudge) {
    this.#core = core;
    this.#mode = mode;
    this.#by = by;
  }

  /** Takes a header; false when RFC 3862 does not define it. @param names tells what names mean at this point */
  take(header: CpimHeader, names: CpimHeaderReader): boolean {
    const by = this.#by;
    const name = coreName(header, by);
    if (name === undefined) return false;
    if (this.#mode !== "cpim" && atMostOnce.has(name) && this.#seen.has(name)) {
      by.odd("duplicate-header", `${name} stands there twice (RFC 4975 §13)`);
    }
    this.#seen.add(name);
    this.#fill(name, header, names);
    return true;
  }

  /** RFC 4975 §13: what MSRP wants to be there. Asked last, when all else can be read. */
  finish(): void {
    if (this.#mode === "cpim") return;
    if (this.#core.from === undefined) this.#by.odd("missing-from", "From is missing");
    if (this.#core.to.length === 0) this.#by.odd("missing-to", "To is missing");
  }

  #fill(name: string, { raw, value, parameters }: CpimHeader, names: CpimHeaderReader): void {
    const core = this.#core;
    const by = this.#by;
    if (name === "From") {
      const from = parseAddress(raw, by);
      core.from ??= from;
    } else if (name === "To") core.to.push(parseAddress(raw, by));
    else if (name === "cc") core.cc.push(parseAddress(raw, by));
    else if (name === "Subject") core.subjects.push({ text: value, lang: parameters.get("lang") });
    else if (name === "DateTime") {
      if (parseDateTime(raw) === undefined) by.odd("bad-datetime", "DateTime is no date-time of RFC 3339");
      else core.dateTime ??= raw;
    } else if (name === "Require") core.require.push(...features(raw, names, by));
  }
}

function features(raw: string, names: CpimHeaderReader, by: CpimJudge): CpimName[] {
  return raw.split(",").map((item) => {
    const feature = names.resolve(item.trim());
    if (feature === undefined) by.fail("bad-require", "Require names something that is no header name");
    return { namespace: feature.namespace, name: feature.name };
  });
}

/** Reads `[ Formal-name ] "<" URI ">"` (RFC 3862 §4.1), in all the forms that a lenient judge lets pass. */
export function parseAddress(raw: string, by: CpimJudge): CpimAddress {
  const bad = (): never => by.fail("bad-address", "an address is not a URI in angle brackets");
  const quoted = raw.startsWith('"') ? /^"((?:[^"\\]|\\.)*)"/.exec(raw) : null;
  if (raw.startsWith('"') && quoted === null) bad();
  const before = quoted?.[0].length ?? 0;
  const open = quoted === null ? raw.lastIndexOf("<") : raw.indexOf("<", before);
  if (open < 0) {
    if (!by.lenient || quoted !== null || !isAbsoluteUri(raw)) bad();
    by.odd("bare-uri", "an address has no angle brackets");
    return { display: undefined, uri: raw };
  }
  const close = raw.indexOf(">", open);
  const uri = raw.slice(open + 1, close);
  if (close < 0 || !isAbsoluteUri(uri)) bad();
  const name = raw.slice(before, open);
  const strict =
    close === raw.length - 1 &&
    (quoted === null
      ? name === "" || (name.endsWith(" ") && tokensPattern.test(name.slice(0, -1)))
      : name === "" || name === " ");
  if (!strict) {
    if (!by.lenient) bad();
    by.odd("address-syntax", "an address is not written as RFC 3862 has it");
  }
  const display =
    quoted === null
      ? unescapeText(trimSpaces(name.replaceAll("\t", " ")))
      : unescapeText(quoted[1] as string);
  return { display: display === "" ? undefined : display, uri };
}
