/**
 * The small syntax of CPIM headers (RFC 3862 §2.3, §3.6): names, escapes, URIs and points in time. Pure functions
 * over text; what breaks a rule is told to the caller, who knows how strict to be.
 */

/** Namespace of the headers that RFC 3862 itself defines. */
export const cpimNamespace: string = "urn:ietf:params:cpim-headers:";

/** Namespace of the headers of disposition notifications (RFC 5438 §6.1). */
export const imdnNamespace: string = "urn:ietf:params:imdn";

const nameChars = "!#-'*+\\-0-9A-Z^-`a-z|~";
const tokenChars = `${nameChars}.\\u0080-\\uFFFF`;

/** `Name`: visible ASCII without separators and dot (RFC 3862 §3.1). */
export const namePattern: RegExp = new RegExp(`^[${nameChars}]+$`);

/** `Token`, in the repertoire of Unicode. */
export const tokenPattern: RegExp = new RegExp(`^[${tokenChars}]+$`);

/** `1*(Token SP)` without the last space: a display name that needs no quotes. */
export const tokensPattern: RegExp = new RegExp(`^[${tokenChars}]+(?: [${tokenChars}]+)*$`);

/** One parameter behind the colon of a header: `;name=value` (RFC 3862 §3.3). Sticky. */
export const parameterPattern: RegExp = new RegExp(
  `;([${nameChars}]+)=(?:"((?:[^"\\\\]|\\\\.)*)"|([${tokenChars}]+))`,
  "y",
);

// An absolute URI (RFC 2396) as far as a reader of addresses needs: a scheme, and nothing that could end it early.
const absoluteUri = /^[A-Za-z][A-Za-z0-9+.-]*:[!$-;=?-Z_a-z~[\]]+$/;

/** True for an absolute URI without fragment. */
export function isAbsoluteUri(text: string): boolean {
  return absoluteUri.test(text);
}

/** True when text holds no control character; escaped ones are no control characters. */
export function isClean(text: string): boolean {
  return !/[\u0000-\u001f\u007f]/.test(text);
}

const short: Readonly<Record<string, string>> = { "\b": "\\b", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** Writes text into a header value: what must be escaped is, and nothing else (RFC 3862 §2.3.1). */
export function escapeText(text: string, quoted = false): string {
  return wellFormed(text).replace(/[\u0000-\u001f\u007f\\"]/g, (char) => {
    if (char === '"') return quoted ? '\\"' : char;
    if (char === "\\") return "\\\\";
    return short[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

const meaning: Readonly<Record<string, string>> = { b: "\b", t: "\t", n: "\n", r: "\r" };

/**
 * Reads the escapes of a header value: `\uXXXX` is one UCS-2 unit, an unknown escape stands for the character itself, and
 * a lone backslash at the end for nothing (RFC 3862 §2.3.1). Halves of a pair that lost the other become U+FFFD.
 */
export function unescapeText(text: string): string {
  if (!text.includes("\\")) return text;
  return wellFormed(
    text.replace(/\\(?:u([0-9A-Fa-f]{4})|([\s\S]?))/g, (_all, unit: string | undefined, char = "") =>
      unit === undefined ? (meaning[char as string] ?? char) : String.fromCharCode(Number.parseInt(unit, 16)),
    ),
  );
}

/** The same text with halves of surrogate pairs that stand alone replaced by U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, "\uFFFD");
}

/** Text without the spaces at its ends: a line has none there (RFC 3862 §2.2), and no escape is there to write one. */
export function trimSpaces(text: string): string {
  let begin = 0;
  let end = text.length;
  while (text[begin] === " ") begin++;
  while (end > begin && text[end - 1] === " ") end--;
  return text.slice(begin, end);
}

const dateTime =
  /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

/** The moment that a date-time of RFC 3339 names, with a leap second as the one that follows; undefined for any other text. */
export function parseDateTime(text: string): Date | undefined {
  const match = dateTime.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const offset = (match[8] === "-" ? -1 : 1) * (Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0));
  const fraction = Number(`0.${match[7] ?? "0"}`) * 1000;
  date.setUTCHours(hour, minute - offset, second, Math.floor(fraction));
  // RFC 3339 §5.7: only the last minute of a day, in UTC, has a 61st second.
  if (second === 60 && (date.getUTCMinutes() !== 0 || date.getUTCHours() !== 0)) return undefined;
  return date;
}

/** A moment as RFC 3339 writes it, in UTC with milliseconds. */
export function formatDateTime(date: Date): string {
  return date.toISOString();
}
