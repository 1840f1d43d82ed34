/**
 * The octets of an incomplete message, as a sorted list of pieces. Memory follows what was received and never a number
 * from a header: a stranger who sends one octet at position 2^40, or a million chunks of one octet, pays for each octet he holds here.
 */

/** Octets in a row grow inside one piece up to this size; the largest body that the decoder gives fits one piece. */
const pieceBytes = 65_536;
/** Neighbours smaller than this together become one piece, so that tiny chunks in any order cannot make tiny pieces. */
const joinedBytes = 16_384;

interface Piece {
  start: number;
  length: number;
  /** Holds `length` octets at its beginning, and room. */
  buffer: Uint8Array;
}

/** Octets by position, the position of the first octet of the message being 1. */
export class PieceList {
  readonly #pieces: Piece[] = [];
  #octets = 0;

  /** How many octets are held. */
  get octets(): number {
    return this.#octets;
  }

  /** How many pieces they are in. */
  get count(): number {
    return this.#pieces.length;
  }

  /** Copies `bytes` in; what was there before is overwritten (RFC 4975 §7.3.1: the chunk received last wins). */
  write(start: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const last = this.#pieces[this.#pieces.length - 1];
    if (last === undefined || start >= last.start + last.length) {
      this.#put(this.#pieces.length, start, bytes);
      return;
    }
    const end = start + bytes.length;
    let position = start;
    while (position < end) {
      const index = this.#firstEndingBehind(position);
      const piece = this.#pieces[index];
      const stop = piece === undefined ? end : Math.min(end, Math.max(piece.start, position));
      if (piece !== undefined && piece.start <= position) {
        const upTo = Math.min(end, piece.start + piece.length);
        piece.buffer.set(bytes.subarray(position - start, upTo - start), position - piece.start);
        position = upTo;
      } else {
        this.#put(index, position, bytes.subarray(position - start, stop - start));
        position = stop;
      }
    }
  }

  /** All octets from 1 to `total`, which must all be here, in one array. */
  join(total: number): Uint8Array {
    const only = this.#pieces[0];
    if (only !== undefined && only.length >= total && only.buffer.length <= total + (total >> 2)) {
      return only.buffer.subarray(0, total);
    }
    const whole = new Uint8Array(total);
    for (const piece of this.#pieces) {
      if (piece.start > total) break;
      const length = Math.min(piece.length, total - piece.start + 1);
      whole.set(piece.buffer.subarray(0, length), piece.start - 1);
    }
    return whole;
  }

  /** Takes the first piece out when it begins at `position`; undefined when that octet is not here. */
  shift(position: number): Uint8Array | undefined {
    const first = this.#pieces[0];
    if (first === undefined || first.start !== position) return undefined;
    this.#pieces.shift();
    this.#octets -= first.length;
    return first.buffer.subarray(0, first.length);
  }

  /** Drops everything above `end`. */
  truncate(end: number): void {
    for (
      let last = this.#pieces.at(-1);
      last !== undefined && last.start + last.length - 1 > end;
      last = this.#pieces.at(-1)
    ) {
      const kept = Math.max(0, end - last.start + 1);
      this.#octets -= last.length - kept;
      last.length = kept;
      if (kept > 0) break;
      this.#pieces.pop();
    }
  }

  /** Drops everything. */
  clear(): void {
    this.#pieces.length = 0;
    this.#octets = 0;
  }

  /** Puts octets that are not here in front of the piece `index`, into a neighbour where there is room. */
  #put(index: number, start: number, bytes: Uint8Array): void {
    const before = this.#pieces[index - 1];
    const after = this.#pieces[index];
    this.#octets += bytes.length;
    if (
      before !== undefined &&
      before.start + before.length === start &&
      before.length + bytes.length <= pieceBytes
    ) {
      append(before, bytes);
      if (after !== undefined && touches(before, after) && before.length + after.length <= joinedBytes) {
        append(before, after.buffer.subarray(0, after.length));
        this.#pieces.splice(index, 1);
      }
      return;
    }
    const length = bytes.length;
    if (after !== undefined && start + length === after.start && length + after.length <= joinedBytes) {
      const buffer = new Uint8Array(length + after.length);
      buffer.set(bytes);
      buffer.set(after.buffer.subarray(0, after.length), length);
      this.#pieces[index] = { start, length: buffer.length, buffer };
      return;
    }
    const full = before !== undefined && before.start + before.length === start;
    // Behind a full piece the message is long already, so that a whole piece of room does not even double it.
    const buffer = full && length < pieceBytes ? grown(bytes, pieceBytes) : bytes.slice();
    const piece: Piece = { start, length, buffer };
    if (index === this.#pieces.length) this.#pieces.push(piece);
    else this.#pieces.splice(index, 0, piece);
  }

  /** Index of the first piece that holds `position` or lies behind it. */
  #firstEndingBehind(position: number): number {
    let low = 0;
    let high = this.#pieces.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const piece = this.#pieces[middle] as Piece;
      if (piece.start + piece.length <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function touches(before: Piece, after: Piece): boolean {
  return before.start + before.length === after.start;
}

function append(piece: Piece, bytes: Uint8Array): void {
  const length = piece.length + bytes.length;
  if (length > piece.buffer.length) {
    // Doubling keeps the copies linear and the unused room below what is held.
    piece.buffer = grown(
      piece.buffer.subarray(0, piece.length),
      Math.min(pieceBytes, Math.max(length, piece.length * 2)),
    );
  }
  piece.buffer.set(bytes, piece.length);
  piece.length = length;
}

function grown(bytes: Uint8Array, size: number): Uint8Array {
  const buffer = new Uint8Array(size);
  buffer.set(bytes);
  return buffer;
}
