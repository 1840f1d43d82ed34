/**
 * Which media types stand inside a container: what `accept-wrapped-types` is about (RFC 4975 §8.6). Knows as much of
 * message/cpim and multipart/* as it takes to find the Content-Types, and changes nothing.
 */
import { parseMediaType } from "../wire/media_type.ts";
import { decodeText } from "../wire/text.ts";

const maxDepth = 8;
const maxTypes = 256;
const maxHeadBytes = 16_384;
const LF = 0x0a;
const CR = 0x0d;

/**
 * The types inside a body, of all depths, in the order in which they stand; empty for what is no container. Undefined
 * when it holds too many, or too deep, to be looked through.
 *
 * @param whole false for the beginning of a body alone: what is not there yet is not looked for
 */
export function innerTypes(contentType: string, body: Uint8Array, whole = true): string[] | undefined {
  const search: Search = { found: [], whole };
  return collect(search, contentType, body, 0) ? search.found : undefined;
}

/** True for the types that this module looks into. */
export function isContainer(essence: string): boolean {
  return essence === "message/cpim" || essence.startsWith("multipart/");
}

interface Search {
  readonly found: string[];
  readonly whole: boolean;
}

function collect(search: Search, contentType: string, body: Uint8Array, depth: number): boolean {
  const type = parseMediaType(contentType);
  if (type === undefined) return true;
  if (type.essence === "message/cpim") {
    // RFC 3862 §2: message headers, then the MIME part.
    return part(search, body.subarray(headEnd(body)), "text/plain", depth);
  }
  if (type.type !== "multipart") return true;
  const boundary = type.parameters.get("boundary");
  if (boundary === undefined || boundary === "") return true;
  const usual = type.subtype === "digest" ? "message/rfc822" : "text/plain";
  const parts = split(body, `--${boundary}`);
  // RFC 4975 §14.3: signed content is taken also by those who cannot check the signature.
  const looked = type.subtype === "signed" ? parts.slice(0, 1) : parts;
  return looked.every((one) => part(search, one, usual, depth));
}

function part(search: Search, octets: Uint8Array, usual: string, depth: number): boolean {
  const end = headEnd(octets);
  if (!search.whole && end === octets.length) return true; // its head may go on
  const { found } = search;
  const head = decodeText(octets, 0, Math.min(end, maxHeadBytes));
  const type = /^content-type:[ \t]*([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)/im.exec(head)?.[1] ?? usual;
  if (found.length === maxTypes || depth === maxDepth) return false;
  const unfolded = type.replace(/\r?\n/g, "").trim();
  found.push(unfolded);
  return collect(search, unfolded, octets.subarray(end), depth + 1);
}

// Behind the empty line that ends a head; the end when there is none.
function headEnd(octets: Uint8Array): number {
  let line = 0;
  while (line < octets.length) {
    const end = octets.indexOf(LF, line);
    if (end < 0) return octets.length;
    if (end === line || (end === line + 1 && octets[line] === CR)) return end + 1;
    line = end + 1;
  }
  return octets.length;
}

// One pass over the lines, whatever they hold; a part ends where the next delimiter line begins.
function split(body: Uint8Array, delimiter: string): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let begin: number | undefined;
  for (let line = 0; line < body.length; ) {
    const end = body.indexOf(LF, line);
    const next = end < 0 ? body.length : end + 1;
    const last = startsWith(body, line, `${delimiter}--`);
    if (last || isDelimiter(body, line, delimiter)) {
      if (begin !== undefined) parts.push(body.subarray(begin, line));
      begin = last ? undefined : next;
      if (begin === undefined || parts.length > maxTypes) return parts;
    }
    line = next;
  }
  if (begin !== undefined) parts.push(body.subarray(begin));
  return parts;
}

// Of two boundaries one may be the beginning of the other: behind it only blanks may stand (RFC 2046 §5.1.1).
function isDelimiter(body: Uint8Array, line: number, delimiter: string): boolean {
  if (!startsWith(body, line, delimiter)) return false;
  const next = body[line + delimiter.length];
  return next === undefined || next === CR || next === LF || next === 0x20 || next === 0x09;
}

function startsWith(octets: Uint8Array, at: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (octets[at + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}
