/**
 * Names for received files. A peer proposes a name in Content-Disposition (RFC 2183, RFC 5547 §6); what
 * comes out here is one harmless path segment on every system, whatever the peer wrote.
 */

/** Longest name in octets of UTF-8; leaves room below the 255 of common file systems for " (99)" and ".part.json". */
export const MAX_NAME_BYTES = 200;

/** Names that Windows gives to devices, with any extension. */
const DEVICES = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;

/**
 * Turns a proposed name into a safe one: the last path segment, without control characters, characters that
 * a file system or shell treats specially, leading dots, or trailing dots and blanks.
 *
 * @param proposed the peer's name
 * @param fallback used when nothing is left of the proposal, itself made safe
 */
export function safeFileName(proposed: string, fallback: string): string {
  const segment = proposed.normalize("NFC").split(/[/\\]/).pop() ?? "";
  const cleaned = segment
    // Control and format characters; U+202E and its like can make "txt.exe" look like "exe.txt".
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "")
    .replace(/[<>:"|?*]/g, "_")
    .replace(/^[.\s]+|[.\s]+$/g, "");
  const named = DEVICES.test(cleaned) ? `_${cleaned}` : cleaned;
  if (named !== "") return shorten(named);
  return fallback === "" ? "message" : safeFileName(fallback, "");
}

/** Cuts a name to {@link MAX_NAME_BYTES}, at a character border and before the extension. */
function shorten(name: string): string {
  const encoder = new TextEncoder();
  if (encoder.encode(name).length <= MAX_NAME_BYTES) return name;
  const dot = name.lastIndexOf(".");
  const extension = dot > 0 && name.length - dot <= 16 ? name.slice(dot) : "";
  let stem = [...(extension === "" ? name : name.slice(0, dot))];
  const room = MAX_NAME_BYTES - encoder.encode(extension).length;
  while (encoder.encode(stem.join("")).length > room) stem = stem.slice(0, -1);
  return stem.join("") + extension;
}

/**
 * The file name that a Content-Disposition field proposes, or `undefined`.
 * Reads `filename*=UTF-8''…` (RFC 8187) before `filename="…"`, which may be percent-encoded (RFC 5547 §6).
 */
export function proposedFileName(contentDisposition: string | undefined): string | undefined {
  if (contentDisposition === undefined) return undefined;
  const extended = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(contentDisposition);
  if (extended !== null) return decodePercent(extended[1]!);
  const plain = /;\s*filename\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^;\s]+))/i.exec(contentDisposition);
  if (plain === null) return undefined;
  return decodePercent(plain[1]?.replace(/\\(.)/g, "$1") ?? plain[2]!);
}

/** Undoes percent-encoding; text that is not properly encoded stays as it is. */
function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * A Content-Disposition field that proposes a name, with everything outside printable ASCII, quotes and
 * percent signs percent-encoded (RFC 5547 §6).
 */
export function contentDisposition(name: string): string {
  const encoded = name.replace(/[^\x20-\x7e]+|["%\\]/gu, (part) =>
    [...new TextEncoder().encode(part)]
      .map((octet) => `%${octet.toString(16).toUpperCase().padStart(2, "0")}`)
      .join(""),
  );
  return `attachment; filename="${encoded}"`;
}

/** `name`, then `name (1)`, `name (2)` …, each before the extension: what to try while a name is taken. */
export function alternativeName(name: string, attempt: number): string {
  if (attempt === 0) return name;
  const dot = name.lastIndexOf(".");
  return dot > 0 ? `${name.slice(0, dot)} (${attempt})${name.slice(dot)}` : `${name} (${attempt})`;
}
