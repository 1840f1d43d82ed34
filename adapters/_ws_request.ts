// The HTTP request of a WebSocket handshake (RFC 6455 §4.2.1), read strictly, and the responses to it.
// Only what a handshake needs of HTTP/1.1: a request with a body, or one that two servers could read differently, is refused.
import { createHash } from "node:crypto";
import type { HeaderFields } from "../core/mod.ts";

/** A request head. */
export interface RequestHead {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Lower-case names; fields that came several times are joined. */
  readonly headers: ReadonlyMap<string, string>;
}

/** What is answered instead of 101. */
export interface Refusal {
  readonly status: number;
  /** One sentence for whoever debugs a client. */
  readonly reason: string;
  readonly headers?: HeaderFields | undefined;
}

const single: ReadonlySet<string> = new Set([
  "host",
  "origin",
  "authorization",
  "content-length",
  "sec-websocket-key",
  "sec-websocket-version",
]);
const token = /^[!#$%&'*+.^_`|~\w-]+$/;
const value = /^[^\u0000-\u0008\u000a-\u001f\u007f]*$/;
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
  const [, method, url, minor] =
    /^([!#$%&'*+.^_`|~\w-]+) (\/[\u0021-\u007e]*) HTTP\/1\.(\d)$/.exec(start) ?? [];
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

/** Why a request cannot become an MSRP WebSocket; undefined when it can (RFC 6455 §4.2, RFC 7977 §4.1). */
export function handshakeFault({ method, headers }: RequestHead): Refusal | undefined {
  const has = (name: string, wanted: string): boolean =>
    (headers.get(name) ?? "").split(",").some((one) => one.trim().toLowerCase() === wanted);
  if ((headers.get("content-length") ?? "0") !== "0" || headers.has("transfer-encoding"))
    return { status: 400, reason: "A handshake has no body" };
  if (!headers.get("host")) return { status: 400, reason: "Header field Host is missing" };
  if (method !== "GET") return { status: 400, reason: "A WebSocket begins with GET" };
  if (!has("upgrade", "websocket") || !has("connection", "upgrade")) {
    const reason = "Here is nothing but MSRP over WebSocket (RFC 7977)";
    return { status: 426, reason, headers: [["Upgrade", "websocket"]] };
  }
  if (headers.get("sec-websocket-version") !== "13") {
    const reason = "The version of WebSocket is 13";
    return {
      status: 426,
      reason,
      headers: [
        ["Sec-WebSocket-Version", "13"],
        ["Upgrade", "websocket"],
      ],
    };
  }
  // 16 octets in base64.
  if (!/^[A-Za-z0-9+/]{21}[AQgw]==$/.test(headers.get("sec-websocket-key") ?? ""))
    return { status: 400, reason: "Sec-WebSocket-Key is not that of a handshake" };
  return undefined;
}

/** Why a handshake is not for MSRP, or comes from a page that may not; undefined when it may pass. */
export function policyFault(
  headers: ReadonlyMap<string, string>,
  origins: readonly string[] | undefined,
): Refusal | undefined {
  const offered = (headers.get("sec-websocket-protocol") ?? "").split(",").map((one) => one.trim());
  if (!offered.includes("msrp"))
    return { status: 400, reason: "Sub-protocol msrp is not offered (RFC 7977 §4.1)" };
  const origin = headers.get("origin");
  if (origin !== undefined && origins !== undefined && !origins.includes(origin))
    return { status: 403, reason: "Pages of this origin may not come here" };
  return undefined;
}

/** Header fields of the 101 besides those of RFC 6455: the sub-protocol, and the permission that RFC 7977 §7 asks for. */
export function upgradeFields(headers: ReadonlyMap<string, string>, given: HeaderFields = []): HeaderFields {
  const origin = headers.get("origin");
  const allowed = given.some(([name]) => name.toLowerCase() === "access-control-allow-origin");
  return [
    ["Sec-WebSocket-Protocol", "msrp"],
    ...(origin === undefined || allowed ? [] : ([["Access-Control-Allow-Origin", origin]] as const)),
    ...given.filter(([name]) => !/^(?:sec-websocket-.*|upgrade|connection)$/i.test(name)).filter(isField),
  ];
}

/** Whether name and value of a field can be sent, and nothing else with them. */
export function isField([name, content]: readonly [string, string]): boolean {
  return token.test(name) && value.test(content);
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
  // 6xx to 9xx are no HTTP.
  const code = status >= 300 && status <= 599 ? status : 403;
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

/** Where a handshake comes from. */
export interface Peer {
  readonly remoteAddress: string;
  readonly secure: boolean;
}

/** Where a handshake comes from, by the connection or, where a proxy is trusted, by what it says. */
export function peerOf(
  { remoteAddress, secure }: Peer,
  headers: ReadonlyMap<string, string>,
  behindProxy: boolean | undefined,
): Peer {
  if (behindProxy !== true) return { remoteAddress, secure };
  const last = (name: string): string | undefined => headers.get(name)?.split(",").at(-1)?.trim();
  return {
    remoteAddress: last("x-forwarded-for") || remoteAddress,
    secure: secure || last("x-forwarded-proto")?.toLowerCase() === "https",
  };
}
