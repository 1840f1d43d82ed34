/**
 * Finds end-lines in bodies. A receiver wants CRLF, seven hyphens, the exact id, a flag and CRLF (RFC 4975 §9);
 * a sender must keep hyphens, id and flag out of its bodies wherever they stand (§7.1).
 *
 * Seven hyphens in a row always cover one of every seventh octet, so looking at those is enough. A body full of
 * hyphens makes that slow, and is searched by Horspool's method on the whole end-line until the flood is over.
 */
import { encodeText, sameBytes } from "./text.ts";

/** Octets of an end-line beside its id: CRLF and seven hyphens before it, flag and CRLF after it. */
export const endLineOverhead = 12;

const hyphen = 45;
/** So many false hits are counted before the share of hits is looked at. */
const floodHits = 64;
/** A flood is searched by Horspool's method for so many octets before the faster probe is tried again. */
const floodOctets = 65_536;
const shifts = new Uint8Array(256);

/**
 * Index of the CR of the first end-line that lies wholly within octets `from` to `end`, or -1.
 * The id is given as octets `idStart` to `idStart + idLength` of `id`.
 */
export function findEndLine(
  bytes: Uint8Array,
  from: number,
  end: number,
  id: Uint8Array,
  idStart: number,
  idLength: number,
): number {
  const last = end - endLineOverhead - idLength;
  // Every candidate's hyphens end at or before this octet.
  const stop = last + 8;
  let probe = from + 8;
  let hits = 0;
  let mark = probe;
  for (; probe <= stop; probe += 7) {
    while (
      probe + 21 <= stop &&
      bytes[probe] !== hyphen &&
      bytes[probe + 7] !== hyphen &&
      bytes[probe + 14] !== hyphen &&
      bytes[probe + 21] !== hyphen
    ) {
      probe += 28;
    }
    if (bytes[probe] === hyphen) {
      // The id begins with no hyphen, so the run of hyphens is exactly seven long and begins at most six octets back.
      let start = probe;
      const earliest = probe - 6;
      while (start > earliest && bytes[start - 1] === hyphen) start--;
      start -= 2;
      if (start >= from && start <= last && isEndLine(bytes, start, id, idStart, idLength)) return start;
      if (++hits === floodHits) {
        if (probe - mark < floodHits * 14) {
          // No end-line begins more than eight octets before the probe: those were all looked at.
          const until = Math.min(end, probe + floodOctets);
          const found = findInFlood(bytes, Math.max(from, probe - 8), until, id, idStart, idLength);
          if (found >= 0) return found;
          // Candidates that reach beyond `until` begin later than this.
          probe = Math.max(probe, until - endLineOverhead - idLength + 1);
        }
        hits = 0;
        mark = probe;
      }
    }
  }
  return -1;
}

/**
 * As `findEndLine`, for a few hundred octets: without what only long bodies and floods need, and apart from it, so that
 * compilers see one use of it. The id lies in the same octets.
 */
export function findNearEndLine(
  bytes: Uint8Array,
  from: number,
  end: number,
  idStart: number,
  idLength: number,
): number {
  const last = end - endLineOverhead - idLength;
  for (let probe = from + 8; probe <= last + 8; probe += 7) {
    if (bytes[probe] !== hyphen) continue;
    let start = probe;
    const earliest = probe - 6;
    while (start > earliest && bytes[start - 1] === hyphen) start--;
    start -= 2;
    if (start >= from && start <= last && isEndLine(bytes, start, bytes, idStart, idLength)) return start;
  }
  return -1;
}

/** True when an end-line stands at `start`; the caller knows that it would fit. */
function isEndLine(
  bytes: Uint8Array,
  start: number,
  id: Uint8Array,
  idStart: number,
  idLength: number,
): boolean {
  if (bytes[start + 1] !== 10 || bytes[start] !== 13) return false;
  for (let index = start + 2; index < start + 9; index++) {
    if (bytes[index] !== hyphen) return false;
  }
  const at = start + 9;
  if (!sameBytes(bytes, at, id, idStart, idLength)) return false;
  const flag = at + idLength;
  return isFlag(bytes[flag]!) && bytes[flag + 1] === 13 && bytes[flag + 2] === 10;
}

function isFlag(octet: number): boolean {
  return octet === 36 || octet === 43 || octet === 35;
}

/**
 * Horspool's search. An end-line's LF occurs nowhere else in it but at its second octet, so every octet that passes
 * the first comparison is followed by a skip of nearly the whole length: the search stays linear for any input and id.
 */
function findInFlood(
  bytes: Uint8Array,
  from: number,
  end: number,
  id: Uint8Array,
  idStart: number,
  idLength: number,
): number {
  const length = idLength + endLineOverhead;
  shifts.fill(length);
  shifts[hyphen] = length - 9;
  for (let index = 0; index < idLength; index++) shifts[id[idStart + index]!] = idLength + 2 - index;
  shifts[36] = shifts[43] = shifts[35] = 2;
  shifts[13] = 1;
  shifts[10] = 0;
  let index = from + length - 1;
  while (index < end) {
    const shift = shifts[bytes[index]!]!;
    if (shift !== 0) {
      index += shift;
      continue;
    }
    const start = index - length + 1;
    if (isEndLine(bytes, start, id, idStart, idLength)) return start;
    index += length - 2;
  }
  return -1;
}

/**
 * Index where an end-line may have begun that `end` cuts off: octets from there to `end` are a proper prefix of one.
 * `end` when there is none. Looks at no more octets than one end-line has.
 */
export function findPartialEndLine(
  bytes: Uint8Array,
  from: number,
  end: number,
  id: Uint8Array,
  idStart: number,
  idLength: number,
): number {
  const first = Math.max(from, end - endLineOverhead - idLength + 1);
  for (let start = first; start < end; start++) {
    if (bytes[start] === 13 && isPrefix(bytes, start, end, id, idStart, idLength)) return start;
  }
  return end;
}

function isPrefix(
  bytes: Uint8Array,
  start: number,
  end: number,
  id: Uint8Array,
  idStart: number,
  idLength: number,
): boolean {
  for (let index = start; index < end; index++) {
    const position = index - start;
    const octet = bytes[index]!;
    const fits =
      position === 0 || position === idLength + 10
        ? octet === 13
        : position === 1
          ? octet === 10
          : position < 9
            ? octet === hyphen
            : position < idLength + 9
              ? octet === id[idStart + position - 9]
              : isFlag(octet);
    if (!fits) return false;
  }
  return true;
}

/**
 * True when a body holds seven hyphens, the id and a flag anywhere, at the start of a line or not: it must not be
 * sent under this id (RFC 4975 §7.1).
 */
export function containsEndLine(body: Uint8Array, transactionId: string): boolean {
  return body.length >= transactionId.length + 8 && findClash(body, transactionId) >= 0;
}

/** Index of the flag of the first clash, or -1. */
function findClash(body: Uint8Array, transactionId: string): number {
  const { length } = body;
  let probe = 6;
  while (probe < length) {
    // Four looks to a turn: most turns end here.
    while (
      probe + 21 < length &&
      body[probe] !== hyphen &&
      body[probe + 7] !== hyphen &&
      body[probe + 14] !== hyphen &&
      body[probe + 21] !== hyphen
    ) {
      probe += 28;
    }
    if (probe >= length) break;
    if (body[probe] !== hyphen) {
      probe += 7;
      continue;
    }
    let start = probe;
    while (start > 0 && start > probe - 6 && body[start - 1] === hyphen) start--;
    let next = probe + 1;
    while (body[next] === hyphen) next++;
    if (next - start >= 7) {
      const flag = next + transactionId.length;
      if (flag < body.length && isFlag(body[flag]!) && equalsAt(body, next, transactionId)) return flag;
    }
    // The octet at `next` is no hyphen, so the next run of seven covers `next + 7` at the earliest.
    probe = next + 7;
  }
  return -1;
}

function equalsAt(bytes: Uint8Array, start: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (bytes[start + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}

/** Watches a body that is sent in pieces for its own end-line, also where one straddles pieces (RFC 4975 §7.1). */
export class EndLineScanner {
  readonly #transactionId: string;
  /** The last octets seen, one fewer than a clash has. */
  readonly #tail: Uint8Array;
  #tailLength = 0;

  /** @param transactionId the id under which the pieces go out */
  constructor(transactionId: string) {
    this.#transactionId = transactionId;
    this.#tail = new Uint8Array(encodeText(transactionId).length + 7);
  }

  /**
   * How many octets of the next piece may go out under this id: all, or those before the flag that would complete
   * a clash. When it is fewer than all, close the chunk there and go on under a new id with a new scanner.
   */
  allowed(piece: Uint8Array): number {
    const tail = this.#tail;
    const reach = Math.min(piece.length, tail.length);
    if (this.#tailLength > 0) {
      const joint = new Uint8Array(this.#tailLength + reach);
      joint.set(tail.subarray(0, this.#tailLength));
      joint.set(piece.subarray(0, reach), this.#tailLength);
      const straddling = findClash(joint, this.#transactionId);
      // A clash wholly within the tail cannot be: it would have been found before.
      if (straddling >= 0) return straddling - this.#tailLength;
    }
    const clash = findClash(piece, this.#transactionId);
    if (clash >= 0) return clash;
    this.#remember(piece, reach);
    return piece.length;
  }

  #remember(piece: Uint8Array, reach: number): void {
    const tail = this.#tail;
    const kept = Math.min(this.#tailLength, tail.length - reach);
    tail.copyWithin(0, this.#tailLength - kept, this.#tailLength);
    tail.set(piece.subarray(piece.length - reach), kept);
    this.#tailLength = kept + reach;
  }
}
