/**
 * Writes CPIM messages (RFC 3862, with the rules of RFC 4975 §13). Has one reading only, the strict one: what cannot be
 * written that way is refused, and nothing in a value can make a line of its own.
 */
import { LocalProtocolError, parseMediaType } from "../core/mod.ts";
import {
  cpimNamespace,
  escapeText,
  formatDateTime,
  imdnNamespace,
  isAbsoluteUri,
  isClean,
  namePattern,
  parseDateTime,
  tokensPattern,
  trimSpaces,
} from "./_cpim_text.ts";
import type { CpimAddress, CpimFields, CpimName, CpimSubject } from "./_cpim_types.ts";

const knownPrefixes: ReadonlyMap<string, string> = new Map([
  [imdnNamespace, "imdn"],
  ["http://www.openmobilealliance.org/cpm/", "cpm"],
  ["http://www.gsma.com/rcs/maap/", "maap"],
]);
const langPattern = /^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*$/;
const mimeNamePattern = /^[!#-'*+\-.0-9A-Z^-z|~]+$/;

/**
 * Writes a CPIM message.
 *
 * ```ts
 * const octets = buildCpim(
 *   { from: { display: "Ana", uri: "sip:ana@example.org" }, to: "sip:bo@example.net", contentType: "text/plain" },
 *   "hello",
 * );
 * ```
 *
 * @throws {LocalProtocolError} `bad-address`, `bad-datetime`, `bad-header-name`, `bad-ns`, `bad-param`,
 *   `bad-content-type`, `bad-mime-header`, `duplicate-header`, `missing-to`
 */
export function buildCpim(fields: CpimFields, content: string | Uint8Array): Uint8Array {
  const head = buildCpimHead(fields);
  const body = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const octets = new Uint8Array(head.length + body.length);
  octets.set(head);
  octets.set(body, head.length);
  return octets;
}

/**
 * Writes everything of a CPIM message that stands before its content: for content that streams.
 *
 * @throws {LocalProtocolError} as `buildCpim`
 */
export function buildCpimHead(fields: CpimFields): Uint8Array {
  const to = listOf(fields.to);
  if (to.length === 0) throw refused("missing-to", "a recipient is missing");
  const lines = [`From: ${address(fields.from)}`];
  for (const one of to) lines.push(`To: ${address(one)}`);
  for (const one of fields.cc ?? []) lines.push(`cc: ${address(one)}`);
  if (fields.dateTime !== undefined) lines.push(`DateTime: ${dateTime(fields.dateTime)}`);
  for (const one of subjects(fields.subject)) lines.push(subjectLine(one));
  lines.push(...extensionLines(fields));
  const mime = [`Content-Type: ${contentType(fields.contentType)}`];
  for (const [name, value] of fields.mimeHeaders ?? []) mime.push(mimeLine(name, value));
  return new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n${mime.join("\r\n")}\r\n\r\n`);
}

/** Lines of the headers of other namespaces, each namespace declared before its first use. */
export function extensionLines({
  require = [],
  headers = [],
}: Pick<CpimFields, "require" | "headers">): string[] {
  const lines: string[] = [];
  const prefixes = new Map<string, string>();
  const written = ({ namespace, name }: CpimName, wish?: string): string => {
    if (!namePattern.test(name)) throw refused("bad-header-name", `"${name}" is no header name`);
    if (namespace === cpimNamespace) return name;
    let prefix = prefixes.get(namespace);
    if (prefix === undefined) {
      prefix = choosePrefix(namespace, wish, new Set(prefixes.values()));
      prefixes.set(namespace, prefix);
      lines.push(`NS: ${prefix} <${namespace}>`);
    }
    return `${prefix}.${name}`;
  };
  const required = require.map((one) => written(one));
  if (required.length > 0) lines.push(`Require: ${required.join(",")}`);
  for (const header of headers) {
    const name = written(header, header.prefix);
    lines.push(`${name}: ${escapeText(trimSpaces(header.value))}`);
  }
  return lines;
}

function choosePrefix(namespace: string, wish: string | undefined, taken: ReadonlySet<string>): string {
  if (!isAbsoluteUri(namespace)) {
    throw refused("bad-ns", `"${namespace}" is no absolute URI without fragment`);
  }
  if (wish !== undefined && !namePattern.test(wish)) {
    throw refused("bad-ns", `"${wish}" is no namespace prefix`);
  }
  const wished = wish ?? knownPrefixes.get(namespace);
  if (wished !== undefined && !taken.has(wished)) return wished;
  for (let number = 1; ; number++) if (!taken.has(`ns${number}`)) return `ns${number}`;
}

/** `[ Formal-name ] "<" URI ">"`; a name is quoted when it is no row of tokens. */
function address(given: CpimAddress | string): string {
  const { uri, display } = typeof given === "string" ? { uri: given, display: undefined } : given;
  if (!isAbsoluteUri(uri)) throw refused("bad-address", `"${uri}" is no absolute URI`);
  if (display === undefined || display === "") return `<${uri}>`;
  const name = tokensPattern.test(display) ? display : `"${escapeText(display, true)}"`;
  return `${name} <${uri}>`;
}

function dateTime(given: Date | string): string {
  const text = typeof given === "string" ? given : formatDateTime(given);
  if (parseDateTime(text) === undefined)
    throw refused("bad-datetime", `"${text}" is no date-time of RFC 3339`);
  return text;
}

function subjects(given: CpimFields["subject"]): readonly (string | CpimSubject)[] {
  const all = given === undefined ? [] : listOf(given);
  if (all.length > 1) throw refused("duplicate-header", "MSRP allows one Subject (RFC 4975 §13)");
  return all;
}

function subjectLine(given: string | CpimSubject): string {
  const { text, lang } = typeof given === "string" ? { text: given, lang: undefined } : given;
  if (lang !== undefined && !langPattern.test(lang)) {
    throw refused("bad-param", `"${lang}" is no language tag`);
  }
  return `Subject:${lang === undefined ? "" : `;lang=${lang}`} ${escapeText(trimSpaces(text))}`;
}

function contentType(value: string): string {
  if (parseMediaType(value) === undefined || !isClean(value)) {
    throw refused("bad-content-type", `"${value}" is no media type`);
  }
  return value;
}

function mimeLine(name: string, value: string): string {
  if (!mimeNamePattern.test(name) || !isClean(value) || name.toLowerCase() === "content-type") {
    throw refused("bad-mime-header", `"${name}" cannot be written as a MIME header`);
  }
  return `${name}: ${value.trim()}`;
}

/** One value, or several. */
export function listOf<T>(given: T | readonly T[]): readonly T[] {
  return Array.isArray(given) ? (given as readonly T[]) : [given as T];
}

function refused(code: string, why: string): LocalProtocolError {
  return new LocalProtocolError(code, `Cannot write a CPIM message: ${why}`);
}
