/**
 * One MSRP frame that is one message of a WebSocket or data channel (RFC 7977 §5.1), read and written whole. It is the small
 * sibling of core/wire's decoder and writer, for clients that are downloaded: it knows no streams and no slices.
 */
import { LocalProtocolError, RemoteProtocolError } from "../errors.ts";
import type { Flag } from "../wire/frame.ts";
import { MsrpUri } from "../wire/uri.ts";

/** Header fields in order, names as written. */
export type Fields = readonly (readonly [name: string, value: string])[];

/** What a frame says, whichever way it goes. */
export interface ClientFrame {
  readonly transactionId: string;
  /** `"SEND"`, `"200"`: a method, or the status code of a response. */
  readonly word: string;
  /** Text behind a status code. */
  readonly comment?: string | undefined;
  readonly toPath: readonly MsrpUri[];
  readonly fromPath: readonly MsrpUri[];
  /** The fields after From-Path. */
  readonly headers: Fields;
  /** Undefined = no body; of length 0 = an empty one. */
  readonly body?: Uint8Array | undefined;
  /** @default "$" */
  readonly flag?: Flag;
  /** A header line or path could not be read; whatever could be is here. */
  readonly fault?: boolean;
}

const encoder: TextEncoder = new TextEncoder();
const decoder: TextDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const startLine = /^MSRP ([A-Za-z0-9][A-Za-z0-9.\-+%=]{3,63}) (?:(\d{3})(?: (.*))?|([A-Z]+))$/;
const fieldLine = /^([A-Za-z][!#-'*+\-.0-9A-Z^-~]*): ?(.*)$/i;
const maxHeadBytes = 65_536;
const hyphen = 45;

/** The value of a field, its name in lower case. */
export function field(headers: Fields, name: string): string | undefined {
  return headers.find(([key]) => key.toLowerCase() === name)?.[1];
}

/** Where hyphens and this id stand in `bytes` from `from` on, or -1. */
export function findEndLine(bytes: Uint8Array, transactionId: string, from = 0): number {
  const line = encoder.encode(`-------${transactionId}`);
  for (let at = bytes.indexOf(hyphen, from); at >= 0; at = bytes.indexOf(hyphen, at + 1)) {
    let same = 1;
    while (same < line.length && bytes[at + same] === line[same]) same++;
    if (same === line.length) return at;
  }
  return -1;
}

/**
 * Reads a whole frame.
 *
 * @throws {RemoteProtocolError} fatal `framing`: half a frame, more than one, or none (RFC 7977 §5.1)
 */
export function readFrame(bytes: Uint8Array): ClientFrame {
  const head = endOfHead(bytes);
  const lines = headText(bytes.subarray(0, head)).split("\r\n");
  const start = startLine.exec(lines[0] as string);
  if (start === null) throw broken("its start line");
  const transactionId = start[1] as string;
  let fault = false;
  const fields = lines.slice(1).map((line) => {
    const parts = fieldLine.exec(line);
    if (parts === null) fault = true;
    return [parts?.[1] ?? "", parts?.[2] ?? ""] as const;
  });
  const path = (given: readonly [string, string] | undefined, name: string): readonly MsrpUri[] => {
    const uris =
      given?.[0].toLowerCase() === name ? given[1].split(" ").map((text) => MsrpUri.read(text).uri) : [];
    const read = uris.filter((uri) => uri !== undefined);
    if (read.length === 0 || read.length < uris.length) fault = true;
    return read;
  };
  const toPath = path(fields[0], "to-path");
  const fromPath = path(fields[1], "from-path");
  const end = findEndLine(bytes, transactionId, head);
  const last = end + 7 + transactionId.length;
  const flag = String.fromCharCode(bytes[last] ?? 0) as Flag;
  if (
    end < 0 ||
    !"$+#".includes(flag) ||
    bytes[last + 1] !== 13 ||
    bytes[last + 2] !== 10 ||
    last + 3 !== bytes.length
  ) {
    throw broken("its end");
  }
  const headers = fields.slice(2);
  // Head, CRLF, CRLF, body, CRLF, end-line; without a body the end-line follows the head. Some peers end an empty body, or
  // none, without its CRLF.
  const first = head + 4;
  const crlf = bytes[end - 2] === 13 && bytes[end - 1] === 10;
  if (!crlf) throw broken("its end");
  const hasBody = end >= first + 2 || (end === first && field(headers, "content-type") !== undefined);
  return {
    transactionId,
    word: (start[2] ?? start[4]) as string,
    comment: start[3],
    toPath,
    fromPath,
    headers,
    body: hasBody ? bytes.subarray(first, Math.max(first, end - 2)) : undefined,
    flag,
    fault,
  };
}

/** Where the last line of the head ends, before its CRLF. */
function endOfHead(bytes: Uint8Array): number {
  const limit = Math.min(bytes.length, maxHeadBytes);
  for (let at = bytes.indexOf(13); at >= 0 && at < limit; at = bytes.indexOf(13, at + 1)) {
    const next = bytes[at + 2];
    // A header field begins with a letter: a blank line or hyphens end the head.
    if (bytes[at + 1] === 10 && (next === 13 || next === hyphen)) return at;
  }
  throw broken("its head");
}

function headText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw broken("its head, which is not UTF-8");
  }
}

// A field's value is text without control characters (RFC 4975 §9: utf8text).
function isLine(line: string): boolean {
  return !/[\0-\x08\x0a-\x1f\x7f]/.test(line);
}

function broken(what: string): RemoteProtocolError {
  return new RemoteProtocolError("framing", `Cannot read the frame: ${what}`, { fatal: true });
}

/**
 * Writes a frame. The caller has chosen an id that does not occur in the body.
 *
 * @throws {LocalProtocolError} `bad-header`: a name or value that would break the head
 */
export function writeFrame(frame: ClientFrame): Uint8Array {
  const { transactionId, word, comment, toPath, fromPath, headers, body, flag = "$" } = frame;
  const lines = [
    `MSRP ${transactionId} ${word}${comment === undefined ? "" : ` ${comment}`}`,
    `To-Path: ${toPath.join(" ")}`,
    `From-Path: ${fromPath.join(" ")}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  if (!lines.every(isLine))
    throw new LocalProtocolError("bad-header", "Cannot write a header with line breaks");
  const head = encoder.encode(`${lines.join("\r\n")}\r\n${body === undefined ? "" : "\r\n"}`);
  const tail = encoder.encode(`${body === undefined ? "" : "\r\n"}-------${transactionId}${flag}\r\n`);
  const bytes = new Uint8Array(head.length + (body?.length ?? 0) + tail.length);
  bytes.set(head);
  if (body !== undefined) bytes.set(body, head.length);
  bytes.set(tail, bytes.length - tail.length);
  return bytes;
}
