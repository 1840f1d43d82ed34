/**
 * The text of a message as searches see it, and a message as a line of JSON. Both take octets that nobody has checked.
 */
import { parseMediaType } from "../core/mod.ts";
import type { ArchivePage, ArchiveQuery, ArchiveRecord } from "./_archive_types.ts";
import { sameOctets } from "./_same_octets.ts";

// A search looks at so much of a message; a text that is longer is hardly one.
const maxTextBytes = 65_536;
const textual = /^(text|message|multipart)\/|^application\/(json|xml)$|\+(json|xml)$/;

// What was found of types; a service has a handful.
const decoders: Map<string, TextDecoder | undefined> = new Map();
const maxDecoders = 64;

/** The text of a body; undefined when its type has none. */
export function textOf(contentType: string | undefined, body: Uint8Array): string | undefined {
  if (contentType === undefined) return undefined;
  let decoder = decoders.get(contentType);
  if (decoder === undefined && !decoders.has(contentType)) {
    const type = parseMediaType(contentType);
    const text = type !== undefined && textual.test(type.essence);
    decoder = text ? decoderOf(type.parameters.get("charset")) : undefined;
    if (decoders.size >= maxDecoders) decoders.clear();
    decoders.set(contentType, decoder);
  }
  return decoder?.decode(body.length > maxTextBytes ? body.subarray(0, maxTextBytes) : body);
}

const utf8: TextDecoder = new TextDecoder();

function decoderOf(charset: string | undefined): TextDecoder {
  if (charset === undefined || /^utf-?8$/i.test(charset)) return utf8;
  try {
    return new TextDecoder(charset as "utf-8");
  } catch {
    return utf8; // a charset that the runtime does not know
  }
}

/**
 * Messages of an archive as lines of JSON, without their line ends, the oldest first: text as it is, other octets as base64.
 *
 * ```ts
 * for await (const line of archiveLines(store, { party: "alice@example.org" })) file.write(`${line}\n`);
 * ```
 */
export async function* archiveLines(
  store: { search(query: ArchiveQuery): Promise<ArchivePage> },
  query: Omit<ArchiveQuery, "limit"> = {},
): AsyncGenerator<string, void, undefined> {
  let after = query.after;
  do {
    // Bodies are in the pages: a hundred megabytes at once are the most.
    const page = await store.search({ ...query, after, limit: 100 });
    for (const record of page.messages) yield archiveLine(record);
    after = page.next;
  } while (after !== undefined);
}

/** One message as a line of JSON. */
export function archiveLine(record: ArchiveRecord): string {
  const { body, text, at, fateAt, ...fields } = record;
  const exact = text !== undefined && sameOctets(new TextEncoder().encode(text), body);
  return JSON.stringify({
    at: new Date(at).toISOString(),
    ...fields,
    fateAt: fields.fate === "pending" ? undefined : new Date(fateAt).toISOString(),
    ...(exact ? { text } : { base64: base64Of(body) }),
  });
}

function base64Of(octets: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < octets.length; at += 32_768)
    binary += String.fromCharCode(...octets.subarray(at, at + 32_768));
  return btoa(binary);
}
