/**
 * The header fields of a frame after From-Path, read from the octets only when somebody asks.
 * The head was validated when it came in, so this walk trusts its line ends.
 */
import { decodeText, equalsIgnoringCase } from "./text.ts";

/** Header fields in the order and spelling of the wire; `get` and `has` ignore letter case (RFC 4975 §9). */
export class HeaderList implements Iterable<readonly [name: string, value: string]> {
  readonly #source: HeaderSource;

  /** @param source the head whose fields these are */
  constructor(source: HeaderSource) {
    this.#source = source;
  }

  /** Number of fields. */
  get size(): number {
    let size = 0;
    for (const _ of this) size++;
    return size;
  }

  /** Value of the first field of this name, or `undefined`. */
  get(name: string): string | undefined {
    const { bytes, fieldsStart, fieldsEnd } = this.#source;
    const wanted = name.toLowerCase();
    for (let line = fieldsStart; line < fieldsEnd; ) {
      const end = lineEnd(bytes, line, fieldsEnd);
      const colon = colonOf(bytes, line, end);
      if (colon > 0 && equalsIgnoringCase(bytes, line, colon, wanted)) return valueAt(bytes, colon, end);
      line = end + 2;
    }
    return undefined;
  }

  /** True when there is a field of this name. */
  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** Every field in order, names as written. */
  *[Symbol.iterator](): Iterator<readonly [name: string, value: string]> {
    // The source may be moved by retain() between two steps, so offsets are taken relative to it.
    const source = this.#source;
    for (let offset = 0; source.fieldsStart + offset < source.fieldsEnd; ) {
      const { bytes, fieldsEnd } = source;
      const line = source.fieldsStart + offset;
      const end = lineEnd(bytes, line, fieldsEnd);
      const colon = colonOf(bytes, line, end);
      offset += end + 2 - line;
      if (colon > 0) yield [decodeText(bytes, line, colon), valueAt(bytes, colon, end)];
    }
  }
}

/** Where a `HeaderList` finds its lines; each ends in CRLF. */
export interface HeaderSource {
  readonly bytes: Uint8Array;
  /** First octet of the first line. */
  readonly fieldsStart: number;
  /** Octet after the CRLF of the last line. */
  readonly fieldsEnd: number;
}

function lineEnd(bytes: Uint8Array, start: number, limit: number): number {
  let index = start;
  while (index < limit && !(bytes[index] === 13 && bytes[index + 1] === 10)) index++;
  return index;
}

/** Index of the colon, or -1 for a line that is no field (a faulty head is still readable). */
function colonOf(bytes: Uint8Array, start: number, end: number): number {
  for (let index = start; index < end; index++) {
    if (bytes[index] === 58) return index;
  }
  return -1;
}

function valueAt(bytes: Uint8Array, colon: number, end: number): string {
  // One blank belongs to the syntax; a second one is part of the value (RFC 4975 §9).
  const start = bytes[colon + 1] === 32 ? colon + 2 : colon + 1;
  return decodeText(bytes, Math.min(start, end), end);
}
