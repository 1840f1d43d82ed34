/**
 * The type lists of RFC 4975 §8.6 (accept-types, accept-wrapped-types) and what they allow to be sent.
 * Types compare without case and without parameters; `*` and `type/*` are wildcards.
 */
import { RemoteProtocolError } from "../errors.ts";
import type { OnOddity } from "./lines.ts";

/** What a peer accepts, as its SDP says. */
export interface AcceptedTypes {
  /** Types that may be the root of a message, in the order of preference. */
  readonly acceptTypes: readonly string[];
  /** Types that may stand only inside a container that `acceptTypes` lists. */
  readonly acceptWrappedTypes: readonly string[];
}

const token = "[!#$%&'*+.0-9A-Z^_`a-z{|}~-]+";
const quoted = '"(?:[^"\\\\]|\\\\.)*"';
const formatEntry = new RegExp(`^(?:\\*|${token}/${token}(?:;${token}=(?:${token}|${quoted}))*)$`);

/**
 * Reads a format-list. A blank beside `;` is taken out: RFC 8591 §6 prints entries that way.
 *
 * @param code error code of this attribute
 * @throws RemoteProtocolError with `code`
 */
export function readTypeList(text: string, code: string, onOddity: OnOddity): string[] {
  const list = text.trim();
  if (list !== text) onOddity("blank-around-list", text, code);
  // The grammar wants one entry, the IANA registration of the attribute says zero or more.
  if (list === "") onOddity("empty-list", text, code);
  const found = splitEntries(list);
  if (found.includes("")) onOddity("blanks-between-entries", text, code);
  const entries = found.filter((entry) => entry !== "");
  if (!entries.every((entry) => formatEntry.test(entry))) {
    throw new RemoteProtocolError(code, `Cannot read type list: "${text}"`);
  }
  return entries;
}

// One pass without a pattern: a hostile list of blanks or quotes must not cost more than its length.
function splitEntries(list: string): string[] {
  const entries: string[] = [];
  let entry = "";
  let quotes = false;
  let blanks = 0;
  for (let at = 0; at < list.length; at++) {
    const character = list[at] as string;
    if (character === " " && !quotes) {
      blanks++;
      continue;
    }
    if (blanks > 0 && character !== ";" && !entry.endsWith(";")) {
      entries.push(entry, ...(blanks > 1 ? [""] : []));
      entry = "";
    }
    blanks = 0;
    if (character === '"') quotes = !quotes;
    entry += character;
    if (character === "\\" && quotes) entry += list[++at] ?? "";
  }
  if (entry !== "") entries.push(entry);
  return entries;
}

/** Whether `entry` is an entry of a type list by the grammar of RFC 4975 §8.6. */
export function isTypeEntry(entry: string): boolean {
  return formatEntry.test(entry);
}

/** A media type without parameters, in lower case. */
export function essence(type: string): string {
  const end = type.indexOf(";");
  return (end < 0 ? type : type.slice(0, end)).trim().toLowerCase();
}

/** Whether an entry of a type list covers `type`, and how: by its own name or by a wildcard. */
export function covers(entry: string, type: string): "listed" | "wildcard" | "no" {
  const pattern = essence(entry);
  const wanted = essence(type);
  if (pattern === wanted) return "listed";
  // "*/*" is no wildcard of the grammar, but senders that think in HTTP terms write it.
  if (pattern === "*" || pattern === "*/*") return "wildcard";
  return pattern.endsWith("/*") && wanted.startsWith(pattern.slice(0, -1)) ? "wildcard" : "no";
}

/**
 * Whether a message may be sent to a peer that accepts these types (RFC 4975 §8.6, RFC 3264 §7).
 *
 * @param root Content-Type of the message
 * @param inner types inside it, when the root is a container, of all depths
 */
export function allowed(accepted: AcceptedTypes, root: string, inner: readonly string[] = []): boolean {
  const asRoot = (type: string): boolean =>
    accepted.acceptTypes.some((entry) => covers(entry, type) !== "no");
  const wrapped = (type: string): boolean =>
    accepted.acceptWrappedTypes.some((entry) => covers(entry, type) !== "no");
  return asRoot(root) && inner.every((type) => asRoot(type) || wrapped(type));
}

/**
 * The best root type for a message that can be written in several: the candidate that the peer lists first by name,
 * else the first candidate that a wildcard lets through (RFC 4975 §8.6: listed types are preferred), else `undefined`.
 */
export function pickType(accepted: AcceptedTypes, candidates: readonly string[]): string | undefined {
  for (const entry of accepted.acceptTypes) {
    const listed = candidates.find((candidate) => covers(entry, candidate) === "listed");
    if (listed !== undefined) return listed;
  }
  return candidates.find((candidate) => allowed(accepted, candidate));
}

/** Whether two type lists have a type in common, so that at least one message can be sent. */
export function haveCommonType(a: readonly string[], b: readonly string[]): boolean {
  return a.some((left) => b.some((right) => covers(left, right) !== "no" || covers(right, left) !== "no"));
}
