/**
 * The value of an `a=dcmap` line (RFC 8864 §5.1). It tells which SCTP stream is a channel, its label and sub-protocol, and
 * how reliable it is.
 */
import { LocalProtocolError, RemoteProtocolError } from "../errors.ts";

/** A channel of an association. */
export interface DataChannelMap {
  /** SCTP stream, 0 to 65534. */
  readonly streamId: number;
  readonly label?: string | undefined;
  readonly subprotocol?: string | undefined;
  /** @default true */
  readonly ordered?: boolean | undefined;
  /** Most times that a message is sent again. */
  readonly maxRetr?: number | undefined;
  /** Most milliseconds in which it is. */
  readonly maxTime?: number | undefined;
  /** @default 256 */
  readonly priority?: number | undefined;
}

const maxStreamId = 65_534;
const option =
  /^(?:(label|subprotocol)="((?:[\x20-\x21\x23-\x24\x26-\x7e\x80-\uffff]|%[0-9A-Fa-f]{2})*)"|(?!label=|subprotocol=)([a-z-]+)=([\w-]+))$/;

/**
 * Reads the value of the line. Options that RFC 8864 does not have are passed over.
 *
 * @throws {RemoteProtocolError} `bad-dcmap`
 */
export function readMap(value: string): DataChannelMap {
  const match = /^(\d{1,5})(?: (.*?))?\s*$/.exec(value);
  const streamId = Number(match?.[1]);
  if (match === null || streamId > maxStreamId) throw bad(value);
  const given = new Map<string, string>();
  for (const part of splitOptions(match[2] ?? "")) {
    const parts = option.exec(part);
    if (parts === null) throw bad(value);
    const name = (parts[1] ?? parts[3]) as string;
    if (given.has(name)) throw bad(value);
    given.set(name, parts[1] === undefined ? (parts[4] as string) : unescaped(parts[2] as string, value));
  }
  const number = (name: string): number | undefined => {
    const text = given.get(name);
    if (text !== undefined && !/^\d{1,9}$/.test(text)) throw bad(value);
    return text === undefined ? undefined : Number(text);
  };
  const ordered = given.get("ordered");
  if (ordered !== undefined && ordered !== "true" && ordered !== "false") throw bad(value);
  const map = {
    streamId,
    label: given.get("label"),
    subprotocol: given.get("subprotocol"),
    ordered: ordered !== "false",
    maxRetr: number("max-retr"),
    maxTime: number("max-time"),
    priority: number("priority"),
  };
  // RFC 8864 §5.1: one or the other.
  if (map.maxRetr !== undefined && map.maxTime !== undefined) throw bad(value);
  return map;
}

/** Writes the value of the line. @throws {LocalProtocolError} `bad-dcmap`: no such stream, or text with line breaks */
export function formatMap(map: DataChannelMap): string {
  const { streamId, label, subprotocol, ordered, maxRetr, maxTime, priority } = map;
  if (!Number.isInteger(streamId) || streamId < 0 || streamId > maxStreamId) {
    throw new LocalProtocolError("bad-dcmap", `Cannot write a=dcmap for stream ${streamId}`);
  }
  const options = [
    label === undefined ? "" : `label="${escaped(label)}"`,
    subprotocol === undefined ? "" : `subprotocol="${escaped(subprotocol)}"`,
    ordered === false ? "ordered=false" : "",
    maxRetr === undefined ? "" : `max-retr=${maxRetr}`,
    maxTime === undefined ? "" : `max-time=${maxTime}`,
    priority === undefined ? "" : `priority=${priority}`,
  ].filter((text) => text !== "");
  return options.length === 0 ? String(streamId) : `${streamId} ${options.join(";")}`;
}

/** Semicolons inside quotes are text. */
function splitOptions(text: string): string[] {
  return text === "" ? [] : (text.match(/(?:"[^"]*"|[^";])+/g) ?? [""]).map((part) => part.trim());
}

// RFC 8864 §5.1.3: what may not stand in a quoted-string is escaped by its UTF-8 octets.
function escaped(text: string): string {
  if (/[\r\n\0]/.test(text))
    throw new LocalProtocolError("bad-dcmap", "Cannot write a label with line breaks");
  return text.replace(/["%]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
}

function unescaped(text: string, value: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw bad(value);
  }
}

function bad(value: string): RemoteProtocolError {
  return new RemoteProtocolError("bad-dcmap", `Cannot read a=dcmap: "${value.slice(0, 64)}"`);
}
