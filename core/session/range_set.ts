/**
 * A set of octet positions, kept as sorted ranges: which octets of a message were received, or reported. Adding at the
 * end costs the same for every size; anywhere else it costs a binary search and a shift of the ranges behind.
 */
import type { ByteRange } from "../wire/byte_range.ts";

/** Ranges of positions, from 1 and inclusive as in Byte-Range (RFC 4975 §7.1.1). */
export class RangeSet {
  // Range i is #starts[i]..#ends[i]; ranges are sorted and never touch.
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #octets = 0;

  /** How many positions are in the set. */
  get octets(): number {
    return this.#octets;
  }

  /** How many separate ranges the set has. */
  get count(): number {
    return this.#starts.length;
  }

  /** The highest position in the set, 0 when it is empty. */
  get end(): number {
    return this.#ends[this.#ends.length - 1] ?? 0;
  }

  /** The last position up to which nothing is missing, counted from 1; 0 when 1 itself is missing. */
  get contiguousEnd(): number {
    return this.#starts[0] === 1 ? (this.#ends[0] as number) : 0;
  }

  /** Adds `start` to `end`; returns how many of these positions are new. An end before the start adds nothing. */
  add(start: number, end: number): number {
    if (end < start) return 0;
    const last = this.#starts.length - 1;
    // In order, nearly always: the new range continues or follows the last one.
    if (last < 0 || start > (this.#ends[last] as number)) {
      if (last >= 0 && start === (this.#ends[last] as number) + 1) this.#ends[last] = end;
      else {
        this.#starts.push(start);
        this.#ends.push(end);
      }
      this.#octets += end - start + 1;
      return end - start + 1;
    }
    return this.#merge(start, end);
  }

  /** Whether every position from `start` to `end` is in the set; true for an empty range. */
  covers(start: number, end: number): boolean {
    if (end < start) return true;
    const index = this.#firstEndingAt(start);
    return (
      index < this.#starts.length &&
      (this.#starts[index] as number) <= start &&
      (this.#ends[index] as number) >= end
    );
  }

  /** Takes everything above `end` out. */
  truncate(end: number): void {
    while (this.#starts.length > 0 && this.end > end) {
      const last = this.#starts.length - 1;
      const start = this.#starts[last] as number;
      const cut = Math.max(start - 1, end);
      this.#octets -= (this.#ends[last] as number) - cut;
      if (cut < start) {
        this.#starts.pop();
        this.#ends.pop();
      } else this.#ends[last] = cut;
    }
  }

  /** The ranges, in order. */
  *[Symbol.iterator](): Generator<{ start: number; end: number }, void, undefined> {
    for (let index = 0; index < this.#starts.length; index++) {
      yield { start: this.#starts[index] as number, end: this.#ends[index] as number };
    }
  }

  /** What is missing between 1 and `total`, in order. */
  missing(total: number): ByteRange[] {
    const gaps: ByteRange[] = [];
    let next = 1;
    for (const { start, end } of this) {
      if (start > total) break;
      if (start > next) gaps.push({ start: next, end: start - 1, total });
      next = end + 1;
    }
    if (next <= total) gaps.push({ start: next, end: total, total });
    return gaps;
  }

  #merge(start: number, end: number): number {
    const starts = this.#starts;
    const ends = this.#ends;
    // Touching counts as overlapping, so that neighbours become one range.
    const first = this.#firstEndingAt(start - 1);
    let behind = first;
    let known = 0;
    let from = start;
    let to = end;
    while (behind < starts.length && (starts[behind] as number) <= end + 1) {
      const low = starts[behind] as number;
      const high = ends[behind] as number;
      known += Math.max(0, Math.min(high, end) - Math.max(low, start) + 1);
      from = Math.min(from, low);
      to = Math.max(to, high);
      behind++;
    }
    if (behind === first + 1) {
      starts[first] = from;
      ends[first] = to;
    } else {
      starts.splice(first, behind - first, from);
      ends.splice(first, behind - first, to);
    }
    const added = end - start + 1 - known;
    this.#octets += added;
    return added;
  }

  /** Index of the first range whose end is at `position` or above. */
  #firstEndingAt(position: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ends[middle] as number) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
