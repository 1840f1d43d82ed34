// What a WebSocket handshake for MSRP must be and may be (RFC 6455 §4.2, RFC 7977 §4.1), decided on fields that were read.
// Nothing here needs a runtime, so that it holds on Workers as it does in own listeners.
import type { HeaderFields } from "../core/mod.ts";

/** Characters of the name of a field. */
export const token: RegExp = /^[!#$%&'*+.^_`|~\w-]+$/;
/** Characters of the content of a field. */
export const value: RegExp = /^[^\u0000-\u0008\u000a-\u001f\u007f]*$/;

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

/** Why a request is no handshake, where the runtime has looked at it and shows only some of its fields. */
export function notUpgrade(headers: ReadonlyMap<string, string>): Refusal | undefined {
  if (headers.get("upgrade")?.toLowerCase() === "websocket") return undefined;
  return { status: 426, reason: "Here is MSRP over WebSocket", headers: [["Upgrade", "websocket"]] };
}

/** The status of a refusal as HTTP has it: MSRP has statuses from 600 on. */
export function httpStatus(status: number): number {
  return status >= 300 && status <= 599 ? status : 403;
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
