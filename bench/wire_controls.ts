// The controls of the wire benchmark: the least that any decoder must do, written as bare as it gets.
// They check nothing, make no frame and no string; what we reach is given as a share of what they reach.

const hyphen = 45;

/**
 * Bare skip search: looks at every seventh octet, four to a turn, and returns where the first end-line of the id
 * begins, or -1.
 */
export function bareSkipSearch(bytes: Uint8Array, from: number, end: number, id: Uint8Array): number {
  const last = end - id.length - 12;
  for (let probe = from + 8; probe <= last + 8; probe += 7) {
    while (
      probe + 21 <= last + 8 &&
      bytes[probe] !== hyphen &&
      bytes[probe + 7] !== hyphen &&
      bytes[probe + 14] !== hyphen &&
      bytes[probe + 21] !== hyphen
    ) {
      probe += 28;
    }
    if (bytes[probe] !== hyphen) continue;
    let start = probe;
    while (bytes[start - 1] === hyphen) start--;
    if (bytes[start - 1] !== 10 || bytes[start - 2] !== 13) continue;
    let match = 0;
    while (match < id.length && bytes[start + 7 + match] === id[match]) match++;
    if (match === id.length) return start - 2;
  }
  return -1;
}

/** What the bare scanner fills in for each frame: one record, used again and again. */
export interface BareRecord {
  idStart: number;
  idEnd: number;
  wordEnd: number;
  /** Header lines found. */
  count: number;
  /** Of each header line: where its name begins, its colon, and where its value ends. */
  readonly lines: Int32Array;
  bodyStart: number;
  bodyEnd: number;
  flag: number;
}

/** An empty record. */
export function bareRecord(): BareRecord {
  const lines = new Int32Array(3 * 64);
  return { idStart: 0, idEnd: 0, wordEnd: 0, count: 0, lines, bodyStart: 0, bodyEnd: 0, flag: 0 };
}

/**
 * Bare lazy scanner: start line, offsets of every header line, and end-line of one well-formed frame with a body;
 * returns where the next frame begins.
 */
export function bareScan(bytes: Uint8Array, start: number, end: number, record: BareRecord): number {
  let at = start + 5;
  record.idStart = at;
  while (bytes[at] !== 32) at++;
  record.idEnd = at;
  while (bytes[at] !== 13 || bytes[at + 1] !== 10) at++;
  record.wordEnd = at;
  at += 2;
  const { lines } = record;
  let slot = 0;
  while (bytes[at] !== 13 || bytes[at + 1] !== 10) {
    lines[slot++] = at;
    while (bytes[at] !== 58) at++;
    lines[slot++] = at;
    while (bytes[at] !== 13 || bytes[at + 1] !== 10) at++;
    lines[slot++] = at;
    at += 2;
  }
  record.count = slot / 3;
  at += 2;
  record.bodyStart = at;
  const { idStart, idEnd } = record;
  for (let probe = at + 6; probe < end; probe += 7) {
    if (bytes[probe] !== hyphen) continue;
    let line = probe;
    while (bytes[line - 1] === hyphen) line--;
    let match = 0;
    while (idStart + match < idEnd && bytes[line + 7 + match] === bytes[idStart + match]) match++;
    if (idStart + match < idEnd) continue;
    record.bodyEnd = line - 2;
    record.flag = bytes[line + 7 + match]!;
    return line + 10 + match;
  }
  return -1;
}
