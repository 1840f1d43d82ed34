/**
 * The character classes of the MSRP grammar (RFC 4975 §9) and the one way from octets to strings.
 * Classes are one table, because a chain of comparisons mispredicts on random ids.
 */

/** Bit of `classes`: letter or digit. */
export const ALPHANUM = 1;
/** Bit of `classes`: `ident-char`. */
export const IDENT = 2;
/** Bit of `classes`: `token` octet. */
export const TOKEN = 4;
/** Bit of `classes`: one-octet `utf8text`, HTAB and %x20-7E. */
export const TEXT = 8;
/** Bit of `classes`: letter. */
export const ALPHA = 16;

/** Bit of `classes`: capital letter. */
export const UPPER = 32;

/** For each octet, the sets of the grammar that it belongs to, as an or of the constants above. */
export const classes: Uint8Array = buildClasses();

function buildClasses(): Uint8Array {
  const table = new Uint8Array(256);
  for (let octet = 0; octet < 128; octet++) {
    const character = String.fromCharCode(octet);
    table[octet] =
      (/[A-Za-z0-9]/.test(character) ? ALPHANUM : 0) |
      (/[A-Za-z0-9.\-+%=]/.test(character) ? IDENT : 0) |
      (/[!#-'*+\-.0-9A-Z^-~]/.test(character) ? TOKEN : 0) |
      (/[\t\x20-\x7E]/.test(character) ? TEXT : 0) |
      (/[A-Za-z]/.test(character) ? ALPHA : 0) |
      (/[A-Z]/.test(character) ? UPPER : 0);
  }
  return table;
}

// A BOM is content like any other octet.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** Octets `start` to `end` as a string; octets that are no UTF-8 become U+FFFD. */
export function decodeText(bytes: Uint8Array, start: number, end: number): string {
  // TextDecoder costs about 100 ns a call, which a short loop of several characters a turn undercuts.
  if (end - start > 24) return decoder.decode(bytes.subarray(start, end));
  let highest = 0;
  for (let index = start; index < end; index++) highest |= bytes[index]!;
  if (highest > 127) return decoder.decode(bytes.subarray(start, end));
  let text = "";
  let index = start;
  for (; index + 8 <= end; index += 8) {
    text += String.fromCharCode(
      bytes[index]!,
      bytes[index + 1]!,
      bytes[index + 2]!,
      bytes[index + 3]!,
      bytes[index + 4]!,
      bytes[index + 5]!,
      bytes[index + 6]!,
      bytes[index + 7]!,
    );
  }
  for (; index < end; index++) text += String.fromCharCode(bytes[index]!);
  return text;
}

/** The octets of a string in UTF-8. */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

/** True when octets `start` to `end` are `utf8text`: HTAB, printable ASCII, whole UTF-8 sequences, no other controls. */
export function isUtf8Text(bytes: Uint8Array, start: number, end: number): boolean {
  let index = start;
  while (index < end) {
    const octet = bytes[index++]!;
    if ((classes[octet]! & TEXT) !== 0) continue;
    // The lead octets that the grammar names, C0 to FD, with one to five octets after them.
    const more =
      octet < 0xc0
        ? 0
        : octet < 0xe0
          ? 1
          : octet < 0xf0
            ? 2
            : octet < 0xf8
              ? 3
              : octet < 0xfc
                ? 4
                : octet < 0xfe
                  ? 5
                  : 0;
    if (more === 0 || index + more > end) return false;
    for (let count = 0; count < more; count++) {
      if ((bytes[index++]! & 0xc0) !== 0x80) return false;
    }
  }
  return true;
}

/** True when a string can stand as a header value or comment: no control characters but HTAB, no lone surrogates. */
export function isHeaderText(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 127) return !/[\x00-\x08\x0A-\x1F\x7F]/.test(text) && !/[\uD800-\uDFFF]/u.test(text);
    if ((classes[code]! & TEXT) === 0) return false;
  }
  return true;
}

/** True when octets `start` to `end` equal `text` in lower-case ASCII, without regard to their letter case. */
export function equalsIgnoringCase(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let index = 0; index < text.length; index++) {
    let octet = bytes[start + index]!;
    if (octet >= 65 && octet <= 90) octet += 32;
    if (octet !== text.charCodeAt(index)) return false;
  }
  return true;
}

/** Index of the first CR followed by LF with both before `end`, or -1. */
export function findCrLf(bytes: Uint8Array, start: number, end: number): number {
  for (let index = start + 1; index < end; index++) {
    if (bytes[index] === 10 && bytes[index - 1] === 13) return index - 1;
  }
  return -1;
}

/** True when octets at `start` are exactly those of `wanted`. */
export function bytesAt(bytes: Uint8Array, start: number, wanted: Uint8Array): boolean {
  for (let index = 0; index < wanted.length; index++) {
    if (bytes[start + index] !== wanted[index]) return false;
  }
  return true;
}

/** Index of the first octet from `start` that is no ident character, or `limit`; all octets before it are readable. */
export function skipIdent(bytes: Uint8Array, start: number, limit: number): number {
  let at = start;
  // Four at a time: the branch is what costs.
  while (
    at + 4 <= limit &&
    (classes[bytes[at]!]! &
      classes[bytes[at + 1]!]! &
      classes[bytes[at + 2]!]! &
      classes[bytes[at + 3]!]! &
      IDENT) !==
      0
  ) {
    at += 4;
  }
  while (at < limit && (classes[bytes[at]!]! & IDENT) !== 0) at++;
  return at;
}

/** True when `length` octets of `a` from `aStart` equal those of `b` from `bStart`. */
export function sameBytes(
  a: Uint8Array,
  aStart: number,
  b: Uint8Array,
  bStart: number,
  length: number,
): boolean {
  let index = 0;
  for (; index + 4 <= length; index += 4) {
    const at = aStart + index;
    const other = bStart + index;
    if (
      ((a[at]! ^ b[other]!) |
        (a[at + 1]! ^ b[other + 1]!) |
        (a[at + 2]! ^ b[other + 2]!) |
        (a[at + 3]! ^ b[other + 3]!)) !==
      0
    ) {
      return false;
    }
  }
  for (; index < length; index++) {
    if (a[aStart + index] !== b[bStart + index]) return false;
  }
  return true;
}
