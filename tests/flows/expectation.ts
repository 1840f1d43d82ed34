// One expected message against one that came: start line, paths, listed fields in any order, body octet for octet.
// What it captures is bound only when all of it fits.
import { matched, pattern, type Scope } from "./template.ts";
import type { RawFrame } from "./wire.ts";

/** Why a frame is not the one expected; undefined = it is. */
export function mismatch(texts: readonly string[], frame: RawFrame, scope: Scope): string | undefined {
  const lines = [...texts];
  const start = lines.shift() ?? "";
  const end = lines.pop() ?? "";
  const blank = lines.indexOf(" \\r\\n");
  const marked = lines.filter((line) => line[0] !== " ");
  const fields = (blank < 0 ? lines : lines.slice(0, blank)).filter((line) => line[0] === " ");
  const body = blank < 0 ? undefined : lines.slice(blank + 1).filter((line) => line[0] === " ");
  const fits = (template: string, text: string): boolean => matched(pattern(template, scope), text, scope);
  if (!fits(plain(start), frame.startLine)) return `start line "${frame.startLine}"`;
  for (const [index, field] of fields.entries()) {
    const template = plain(field);
    const path = /^(?:To|From)-Path:/.test(template);
    const candidates = path ? [frame.headers[index] ?? ""] : frame.headers.slice(2);
    if (!candidates.some((header) => fits(template, header))) return `no field like "${template}"`;
  }
  for (const line of marked) {
    const rule = withoutEnd(line.slice(1));
    const name = rule.split(":")[0] ?? "";
    const found = frame.headers.filter((header) => header.startsWith(`${name}:`));
    if (line[0] === "!" && found.length > 0) return `unexpected field ${name}`;
    if (line[0] === "?" && !found.every((header) => fits(rule, header))) return `field ${name}`;
  }
  if (body === undefined && frame.body !== undefined) return "unexpected body";
  if (body !== undefined) {
    if (frame.body === undefined) return "no body";
    const type = frame.headers.findIndex((header) => header.startsWith("Content-Type:"));
    if (type !== frame.headers.length - 1) return "Content-Type is not the last field";
    // The CRLF before the end-line is the frame's, not the body's (trap T13).
    if (!fits(body.map((line) => line.slice(1)).join(""), `${frame.body}\r\n`)) return "body differs";
  }
  if (!fits(plain(end), `-------${frame.transactionId}${frame.flag}`)) return "end-line";
  return undefined;
}

/** Why the head of an HTTP response is not the one expected; undefined = it is. Names of fields in any case. */
export function headMismatch(
  texts: readonly string[],
  head: readonly string[],
  scope: Scope,
): string | undefined {
  const fits = (template: string, line: string): boolean => {
    const colon = template.indexOf(":");
    const name = template.slice(0, colon + 1);
    if (colon < 0 || !line.toLowerCase().startsWith(name.toLowerCase())) return false;
    return matched(pattern(template, scope), name + line.slice(colon + 1), scope);
  };
  const [start = "", ...lines] = texts.filter((text) => withoutEnd(text.slice(1)) !== "");
  if (!matched(pattern(plain(start), scope), head[0] ?? "", scope)) return `expected "${plain(start)}"`;
  for (const line of lines) {
    const rule = withoutEnd(line.slice(1));
    const name = `${rule.split(":")[0]?.toLowerCase()}:`;
    const found = head.slice(1).filter((one) => one.toLowerCase().startsWith(name));
    if (line[0] === "!" && found.length > 0) return `unexpected field ${name}`;
    if (line[0] === "?" && !found.every((one) => fits(rule, one))) return `field ${name}`;
    // RFC 6455 §11.3.4: none of the fields of the answer may be there twice.
    if (line[0] === " " && (found.length !== 1 || !fits(rule, found[0] ?? "")))
      return `no field like "${rule}"`;
  }
  return undefined;
}

function plain(line: string): string {
  return withoutEnd(line.slice(1));
}

function withoutEnd(text: string): string {
  return text.endsWith("\\r\\n") ? text.slice(0, -4) : text;
}
