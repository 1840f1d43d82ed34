/**
 * Several notifications in one message (RFC 5438 §8.3): a multipart/mixed of notification documents. Reads also what has no
 * end, as the RFC's own figure; never more parts than a limit.
 */
import { LocalProtocolError, parseMediaType, RemoteProtocolError } from "../core/mod.ts";
import { buildImdn, type ImdnNotification, imdnContentType, parseImdn } from "./_imdn_document.ts";
import { mimeField, mimeWord, parseMimeFields } from "./_mime_head.ts";
import type { XmlLimits } from "./_xml.ts";

/** Limits of an aggregate. */
export interface ImdnAggregateLimits extends XmlLimits {
  /** Notifications in one message. @default 256 */
  readonly maxNotifications?: number;
}

/**
 * Reads all notifications of a multipart; parts of other types are passed over.
 *
 * @param contentType that of the multipart, with its boundary
 * @throws {RemoteProtocolError} `missing-boundary`, `too-many-notifications` (status 413), and what `parseImdn` throws
 */
export function parseImdnAggregate(
  contentType: string,
  body: Uint8Array,
  limits: ImdnAggregateLimits = {},
): ImdnNotification[] {
  const boundary = parseMediaType(contentType)?.parameters.get("boundary");
  if (boundary === undefined || boundary === "") {
    throw new RemoteProtocolError(
      "missing-boundary",
      "Cannot read the notifications: the multipart has no boundary",
    );
  }
  const { maxNotifications = 256 } = limits;
  const found: ImdnNotification[] = [];
  for (const part of parts(body, boundary)) {
    const [fields, content] = split(part);
    if (mimeWord(mimeField(fields, "content-type")) !== imdnContentType) continue;
    if (found.length === maxNotifications) {
      throw new RemoteProtocolError(
        "too-many-notifications",
        `Cannot read more than ${maxNotifications} notifications in one message`,
        { status: 413 },
      );
    }
    found.push(parseImdn(content, limits));
  }
  return found;
}

/**
 * Writes notifications as one multipart/mixed, for one sender: what an intermediary sends when it has collected several.
 *
 * @throws {LocalProtocolError} `nothing-to-aggregate`, and what `buildImdn` throws
 */
export function buildImdnAggregate(notifications: readonly ImdnNotification[]): {
  readonly contentType: string;
  readonly body: Uint8Array;
} {
  if (notifications.length === 0) {
    throw new LocalProtocolError("nothing-to-aggregate", "Cannot write an aggregate of no notifications");
  }
  const documents = notifications.map((one) => buildImdn(one));
  // Nothing of XML begins a line with hyphens and this word unless somebody aims at it.
  let boundary = "imdn";
  for (let number = 1; documents.some((text) => text.includes(`--${boundary}`)); number++)
    boundary = `imdn${number}`;
  const lines = documents.map(
    (text) => `--${boundary}\r\nContent-Type: ${imdnContentType}\r\n\r\n${text}\r\n`,
  );
  return {
    contentType: `multipart/mixed; boundary="${boundary}"`,
    body: new TextEncoder().encode(`${lines.join("")}--${boundary}--\r\n`),
  };
}

const LF = 0x0a;
const CR = 0x0d;

// One pass over the lines; the line end before a delimiter belongs to it.
function* parts(body: Uint8Array, boundary: string): Generator<Uint8Array> {
  const delimiter = new TextEncoder().encode(`--${boundary}`);
  let begin: number | undefined;
  for (let line = 0; line < body.length; ) {
    const end = body.indexOf(LF, line);
    const next = end < 0 ? body.length : end + 1;
    const kind = delimiterAt(body, line, delimiter);
    if (kind !== undefined) {
      if (begin !== undefined) yield body.subarray(begin, Math.max(begin, beforeLineEnd(body, line)));
      begin = next;
      if (kind === "last") return;
    }
    line = next;
  }
  if (begin !== undefined && begin < body.length) yield body.subarray(begin);
}

function delimiterAt(body: Uint8Array, at: number, delimiter: Uint8Array): "next" | "last" | undefined {
  for (let index = 0; index < delimiter.length; index++) {
    if (body[at + index] !== delimiter[index]) return undefined;
  }
  const behind = body[at + delimiter.length];
  if (behind === 0x2d && body[at + delimiter.length + 1] === 0x2d) return "last";
  const ends = behind === undefined || behind === CR || behind === LF || behind === 0x20 || behind === 0x09;
  return ends ? "next" : undefined;
}

function beforeLineEnd(body: Uint8Array, line: number): number {
  const at = body[line - 1] === LF ? line - 1 : line;
  return body[at - 1] === CR ? at - 1 : at;
}

function split(part: Uint8Array): [fields: readonly (readonly [string, string])[], content: Uint8Array] {
  for (let line = 0; line < part.length; ) {
    const end = part.indexOf(LF, line);
    if (end < 0) break;
    if (end === line || (end === line + 1 && part[line] === CR)) {
      return [parseMimeFields(new TextDecoder().decode(part.subarray(0, line))), part.subarray(end + 1)];
    }
    line = end + 1;
  }
  return [parseMimeFields(new TextDecoder().decode(part)), new Uint8Array(0)];
}
