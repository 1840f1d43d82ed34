/**
 * The lines of a session description: cut, checked for order, grouped into the session part and one part per m= line.
 * Every line keeps its octets and its line ending, so a description that nobody changed is written back byte for byte.
 */
import { RemoteProtocolError } from "../errors.ts";

/** One line of a session description. */
export interface SdpLine {
  /** The type letter; empty for a line that tolerant reading skipped (blank, or with an unknown letter). */
  readonly type: string;
  /** Everything after `=`, without the blanks that do not belong there. */
  readonly value: string;
  /** The line as it was written, without its ending. */
  readonly raw: string;
  /** The line ending as it was written: CRLF, a bare LF, or nothing after the last line. */
  readonly ending: string;
}

/** The lines of a description, grouped. */
export interface SdpParts {
  /** Lines before the first m= line. */
  readonly session: readonly SdpLine[];
  /** One list per m= line, which is its first element. */
  readonly media: readonly (readonly SdpLine[])[];
}

/** Something irregular that tolerant reading let through. */
export interface SdpOddity {
  /** Stable identifier, for example `"blank-after-colon"`. */
  readonly code: string;
  /** What was seen. */
  readonly detail: string;
}

/** Where irregularities go: strict reading throws them, tolerant reading collects them. */
export type OnOddity = (code: string, detail: string, strictCode: string) => void;

/** Longest session description that is read, in UTF-16 units; SIP stacks cap the whole message at 64 KiB. */
export const maxDescriptionLength: number = 65_536;

// RFC 8866 §9, as patterns over the row of type letters. k= stays in the grammar although it is obsolete (§5.12).
const sessionOrder = /^vosi?u?e*p*c?b*(?:tr*z?)+k?a*$/;
const mediaOrder = /^mi?c*b*k?a*$/;
const knownLetters = "vosiuepcbtrzkam";

/** Cuts `text` into lines and groups them. @throws RemoteProtocolError `too-long`, `bad-line`, `bad-order`, `bad-version` */
export function readLines(text: string, onOddity: OnOddity): SdpParts {
  if (text.length > maxDescriptionLength) {
    throw new RemoteProtocolError(
      "too-long",
      `Cannot read SDP of more than ${maxDescriptionLength} characters`,
    );
  }
  const session: SdpLine[] = [];
  const media: SdpLine[][] = [];
  let part = session;
  for (const line of cut(text, onOddity)) {
    if (line.type === "m") media.push((part = []));
    part.push(line);
  }
  checkOrder(session, sessionOrder);
  for (const lines of media) checkOrder(lines, mediaOrder);
  const version = session.find((line) => line.type === "v");
  if (version?.value !== "0")
    throw new RemoteProtocolError("bad-version", `Cannot read SDP version "${version?.value}"`);
  return { session, media };
}

/** Writes lines back, each with the ending that it came with. */
export function joinLines(lines: readonly SdpLine[]): string {
  return lines.map((line) => line.raw + line.ending).join("");
}

function cut(text: string, onOddity: OnOddity): SdpLine[] {
  const lines: SdpLine[] = [];
  let start = 0;
  while (start < text.length) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    const crlf = newline > start && text[newline - 1] === "\r";
    const line = text.slice(start, crlf ? end - 1 : end);
    const ending = newline < 0 ? "" : crlf ? "\r\n" : "\n";
    // RFC 8866 §5: parsers should accept a bare LF, so only the missing last one is worth a remark.
    if (newline < 0) onOddity("no-final-line-end", line, "");
    lines.push(readLine(line, ending, onOddity));
    start = end + 1;
  }
  return lines;
}

function readLine(line: string, ending: string, onOddity: OnOddity): SdpLine {
  if (/[\0\r]/.test(line)) {
    throw new RemoteProtocolError(
      "bad-line",
      `Cannot read SDP line with NUL or CR: ${JSON.stringify(masked(line))}`,
    );
  }
  const type = line[0] ?? "";
  if (line[1] !== "=" || !/[a-z]/.test(type)) {
    if (line !== "") throw new RemoteProtocolError("bad-line", `Cannot read SDP line: "${masked(line)}"`);
    onOddity("blank-line", line, "bad-line");
    return { type: "", value: "", raw: line, ending };
  }
  if (!knownLetters.includes(type)) {
    // RFC 8866 §5: a parser that meets an unknown letter ignores the line or refuses the whole description.
    onOddity("unknown-letter", line, "bad-line");
    return { type: "", value: "", raw: line, ending };
  }
  const written = line.slice(2);
  // s= may be one blank (RFC 8866 §5.3); elsewhere there is none on either side of "=".
  const value = type === "s" || type === "i" ? written : written.trimStart();
  if (written === "") onOddity("empty-value", line, "bad-line");
  else if (value !== written) onOddity("blank-after-equals", line, "bad-line");
  return { type, value, raw: line, ending };
}

function checkOrder(lines: readonly SdpLine[], order: RegExp): void {
  const letters = lines.map((line) => line.type).join("");
  if (!order.test(letters)) {
    throw new RemoteProtocolError("bad-order", `Cannot read SDP: lines in the order "${letters}"`);
  }
}

/** Text for errors and oddities, which end in logs: the session-ids of URIs are secrets (RFC 4975 §14.1). */
export function masked(text: string): string {
  return text.replace(/(msrps?:\/\/[^\s/;]*\/)[^\s;"]+/gi, "$1…");
}
