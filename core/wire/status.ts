/**
 * Status codes: the Status field of REPORTs and the comments that we write beside codes (RFC 4975 §7.1.2, §10).
 * Namespace 000 alone holds response codes.
 */
import { RemoteProtocolError } from "../errors.ts";

/** The value of a Status field: `000 200 OK` (RFC 4975 §7.1.2). */
export interface StatusHeader {
  /** 0 for the codes of RFC 4975; any other namespace has no meaning for transactions. */
  namespace: number;
  /** Three-digit status code. */
  status: number;
  /** Text after the code; empty when there is none. */
  comment: string;
}

const grammar = /^([0-9]{3}) ([0-9]{3})(?: (.*))?$/s;

/**
 * Reads the value of a Status field.
 *
 * @throws {RemoteProtocolError} `bad-status`
 */
export function parseStatus(text: string): StatusHeader {
  const match = grammar.exec(text);
  if (match === null)
    throw new RemoteProtocolError("bad-status", `Cannot parse Status: "${text.slice(0, 64)}"`);
  return { namespace: Number(match[1]), status: Number(match[2]), comment: match[3] ?? "" };
}

/** Writes the value of a Status field; `comment` defaults to the usual one of the code. */
export function formatStatus(status: number, comment?: string, namespace = 0): string {
  return `${String(namespace).padStart(3, "0")} ${String(status).padStart(3, "0")} ${comment ?? defaultComment(status)}`;
}

// RFC 4975 §10 describes its codes without naming them; 401 is RFC 4976's, 404 to 428 are RFC 7701's.
const comments: ReadonlyMap<number, string> = new Map([
  [200, "OK"],
  [400, "Bad Request"],
  [401, "Unauthorized"],
  [403, "Forbidden"],
  [404, "Not Found"],
  [408, "Timeout"],
  [413, "Stop Sending"],
  [415, "Unsupported Media Type"],
  [423, "Parameter Out Of Bounds"],
  [424, "Malformed Nickname"],
  [425, "Nickname Reserved Or In Use"],
  [428, "Private Messages Not Supported"],
  [481, "No Such Session"],
  [501, "Unknown Method"],
  [506, "Session Bound To Another Connection"],
]);

/**
 * The comment that we write beside a code. Never empty: deployed parsers take a status line without a comment for
 * a request (RFC 4975 §9 makes it optional).
 */
export function defaultComment(status: number): string {
  return comments.get(status) ?? (status >= 200 && status < 300 ? "OK" : "Failed");
}
