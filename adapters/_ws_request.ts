// The HTTP request of a WebSocket handshake (RFC 6455 §4.2.1), read strictly, and the responses to it.
// Only what a handshake needs of HTTP/1.1: a request with a body, or one that two servers could read differently, is refused.
import { createHash } from "node:crypto";
import type { HeaderFields } from "../core/mod.ts";
import { httpStatus, isField, type Refusal, type RequestHead, token, value } from "./_ws_handshake.ts";

const single: ReadonlySet<string> = new Set([
  "host",
  "origin",
  "authorization",
  "content-length",
  "sec-websocket-key",
  "sec-websocket-version",
]);
const standardPhrases: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  408: "Request Timeout",
  421: "Misdirected Request",
  426: "Upgrade Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** Where the head ends: the index after its empty line, or -1. */
export function endOfHead(bytes: Uint8Array, from: number): number {
  for (let at = Math.max(0, from - 3); at + 3 < bytes.length; at++) {
    if (bytes[at] === 13 && bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10)
      return at + 4;
  }
  return -1;
}

/** Reads a head, empty line included. */
export function readHead(bytes: Uint8Array, maxFields: number): RequestHead | Refusal {
  let text = "";
  for (const octet of bytes.subarray(0, -4)) text += String.fromCharCode(octet);
  const [start = "", ...lines] = text.split("\r\n");
  // RFC 6455 §4.2.1: the absolute form is a client's behind a proxy; whose name it has does not matter here.
  const [, method, url, minor] =
    /^([!#$%&'*+.^_`|~\w-]+) (?:https?:\/\/[\w.:[\]-]+)?(\/[\u0021-\u007e]*) HTTP\/1\.(\d)$/.exec(start) ??
    [];
  if (method === undefined || url === undefined)
    return { status: 400, reason: "The request line cannot be read" };
  if (minor === "0") return { status: 400, reason: "A WebSocket needs HTTP/1.1" };
  if (lines.length > maxFields) return { status: 431, reason: `More than ${maxFields} header fields` };
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const content = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "");
    if (colon < 1 || !token.test(name) || !value.test(content))
      return { status: 400, reason: "A header field cannot be read" };
    const before = headers.get(name);
    if (before !== undefined && single.has(name))
      return { status: 400, reason: `Header field ${name} is there twice` };
    headers.set(
      name,
      before === undefined ? content : `${before}${name === "cookie" ? ";" : ","} ${content}`,
    );
  }
  return { method, url, headers };
}

/** True when this is a refusal. */
export function isRefusal(given: RequestHead | Refusal): given is Refusal {
  return "status" in given;
}

/** The 101. */
export function switchingProtocols(key: string, fields: HeaderFields): Uint8Array {
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  return head("101 Switching Protocols", [
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Accept", accept],
    ...fields,
  ]);
}

/** A refusal, as HTTP. */
export function refusal({ status, reason, headers = [] }: Refusal): Uint8Array {
  const code = httpStatus(status);
  const body = new TextEncoder().encode(`${reason}\n`);
  const start = head(`${code} ${standardPhrases[code] ?? "Refused"}`, [
    ["Connection", "close"],
    ["Content-Type", "text/plain; charset=utf-8"],
    ["Content-Length", String(body.length)],
    ...headers.filter(isField),
  ]);
  const bytes = new Uint8Array(start.length + body.length);
  bytes.set(start);
  bytes.set(body, start.length);
  return bytes;
}

function head(status: string, fields: HeaderFields): Uint8Array {
  const lines = fields.map(([name, content]) => `${name}: ${content}\r\n`);
  return new TextEncoder().encode(`HTTP/1.1 ${status}\r\n${lines.join("")}\r\n`);
}
