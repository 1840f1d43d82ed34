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
  methodEnd: number;
  toPath: number;
  fromPath: number;
  messageId: number;
  byteRange: number;
  contentType: number;
  bodyStart: number;
  bodyEnd: number;
  flag: number;
}

/** An empty record. */
export function bareRecord(): BareRecord {
  return {
    idStart: 0,
    idEnd: 0,
    methodEnd: 0,
    toPath: 0,
    fromPath: 0,
    messageId: 0,
    byteRange: 0,
    contentType: 0,
    bodyStart: 0,
    bodyEnd: 0,
    flag: 0,
  };
}

/** Bare lazy scanner: start line, header offsets and end-line of one well-formed SEND; returns where the next begins. */
export function bareScan(bytes: Uint8Array, start: number, end: number, record: BareRecord): number {
  let at = start + 5;
  record.idStart = at;
  while (bytes[at] !== 32) at++;
  record.idEnd = at;
  while (bytes[at] !== 13) at++;
  record.methodEnd = at;
  at += 2;
  while (bytes[at] !== 13) {
    const line = at;
    // The first letter and one more tell the fields apart.
    const name = (bytes[line]! << 8) | bytes[line + 5]!;
    while (bytes[at] !== 13) at++;
    if (name === 0x5461) record.toPath = line;
    else if (name === 0x4650) record.fromPath = line;
    else if (name === 0x4d67) record.messageId = line;
    else if (name === 0x4252) record.byteRange = line;
    else if (name === 0x436e) record.contentType = line;
    at += 2;
  }
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
