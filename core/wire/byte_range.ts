/**
 * The Byte-Range of a chunk or report: which octets of the message it holds, counted from 1, both ends inclusive.
 * `*` is `undefined`; an empty range ends one before it starts (RFC 4975 §7.1.1).
 */
import { RemoteProtocolError } from "../errors.ts";

/** Octets of a message as its Byte-Range header field states them (RFC 4975 §7.1.1, §9). */
export interface ByteRange {
  /** Position of the first octet, from 1. */
  start: number;
  /** Position of the last octet; `start - 1` for an empty range; absent for `*`. */
  end?: number;
  /** Octets of the whole message; absent for `*`. */
  total?: number;
  /** The range-end where it is above 2^53-1: `end` is then absent, because no receiver can act on the number. */
  hugeEnd?: bigint;
  /** The total where it is above 2^53-1: `total` is then absent, as if it were unknown. */
  hugeTotal?: bigint;
}

/**
 * Reads the value of a Byte-Range field by the grammar alone; whether it makes sense is `byteRangeFault`'s question.
 * Numbers above 2^53-1 are kept exactly (as `hugeEnd`, `hugeTotal`), never rounded.
 *
 * @throws {RemoteProtocolError} `bad-byte-range`: not in the grammar; `range-too-large`: a start above 2^53-1
 */
export function parseByteRange(text: string): ByteRange {
  const hyphen = text.indexOf("-");
  const slash = text.indexOf("/", hyphen);
  if (hyphen < 1 || slash < 0 || !isNumber(text, 0, hyphen)) throw syntaxError(text);
  const start = Number(text.slice(0, hyphen));
  if (!Number.isSafeInteger(start)) {
    throw new RemoteProtocolError(
      "range-too-large",
      `Byte-Range starts above 2^53-1: "${text.slice(0, 64)}"`,
    );
  }
  const range: ByteRange = { start };
  const end = text.slice(hyphen + 1, slash);
  const total = text.slice(slash + 1);
  if (end !== "*") {
    if (!isNumber(end, 0, end.length)) throw syntaxError(text);
    if (Number.isSafeInteger(Number(end))) range.end = Number(end);
    else range.hugeEnd = BigInt(end);
  }
  if (total !== "*") {
    if (!isNumber(total, 0, total.length)) throw syntaxError(text);
    if (Number.isSafeInteger(Number(total))) range.total = Number(total);
    else range.hugeTotal = BigInt(total);
  }
  return range;
}

/** Digits and nothing else: what `Number` also takes (blanks, signs, 0x, points) is not in the grammar. */
function isNumber(text: string, start: number, end: number): boolean {
  for (let index = start; index < end; index++) {
    const code = text.charCodeAt(index);
    if (code < 48 || code > 57) return false;
  }
  return start < end;
}

function syntaxError(text: string): RemoteProtocolError {
  return new RemoteProtocolError("bad-byte-range", `Cannot parse Byte-Range: "${text.slice(0, 64)}"`);
}

/** Writes a range as the value of a Byte-Range field: `1-*` + `/12`, `1-12/12`, `1-0/0`. */
export function formatByteRange(range: ByteRange): string {
  return `${range.start}-${range.end ?? range.hugeEnd ?? "*"}/${range.total ?? range.hugeTotal ?? "*"}`;
}

/**
 * Names what makes a grammatical range meaningless, or `undefined`. One octet below the start is an empty range
 * (RFC 4975 §7.1.1); a wrong length is no fault, because octets received count (§7.3.1).
 */
export function byteRangeFault(range: ByteRange): string | undefined {
  if (range.start === 0) return "range-start-zero";
  const end = range.end ?? range.hugeEnd;
  const total = range.total ?? range.hugeTotal;
  if (end !== undefined && end < range.start - 1) return "range-inverted";
  if (total !== undefined && ((end !== undefined && end > total) || range.start - 1 > total)) {
    return "range-beyond-total";
  }
  return undefined;
}

/** The exact range of `length` octets that begin `offset` octets into the chunk that `range` describes. */
export function subRange(range: ByteRange | undefined, offset: number, length: number): ByteRange {
  const start = (range?.start ?? 1) + offset;
  const result: ByteRange = { start, end: start + length - 1 };
  if (range?.total !== undefined) result.total = range.total;
  if (range?.hugeTotal !== undefined) result.hugeTotal = range.hugeTotal;
  return result;
}
