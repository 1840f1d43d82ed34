/**
 * The octets of one message as its chunks come, in any order, up to a bound and within a budget. Memory follows the octets
 * that came, never a number in a header field.
 */

/** Octets that all bodies together may still take. */
export interface BodyBudget {
  left: number;
}

interface Late {
  readonly from: number;
  readonly end: number;
  /** Undefined when there was no room for them. */
  readonly bytes: Uint8Array | undefined;
}

// Chunks that wait for an earlier one; hardly anybody sends a single one.
const maxLate = 256;
const none: Uint8Array = new Uint8Array(0);

/** A body that is being collected. */
export class CollectedBody {
  readonly #maxBytes: number;
  readonly #budget: BodyBudget;
  #bytes: Uint8Array = none;
  #length = 0;
  #position = 0;
  #seen = 0;
  #late: Late[] = [];
  #taken = 0;
  #truncated = false;
  #lost = false;

  constructor(maxBytes: number, budget: BodyBudget) {
    this.#maxBytes = maxBytes;
    this.#budget = budget;
  }

  /** Octets that are there without a gap. */
  get position(): number {
    return this.#position;
  }

  /** True when something is missing of what came. */
  get truncated(): boolean {
    return this.#truncated || this.#lost;
  }

  /** True when all octets of a message of this size have come. */
  covers(total: number): boolean {
    return this.#position >= total || (this.#lost && this.#seen >= total);
  }

  /** Takes octets, which need only be valid during the call. @param start the first one's number, from 1 */
  write(start: number, bytes: Uint8Array): void {
    this.#put(start - 1, start - 1 + bytes.length, bytes);
  }

  /** Notes octets without keeping them. */
  mark(start: number, end: number): void {
    this.#put(start - 1, end, undefined);
  }

  /** What was kept, from the first octet on. The budget is free of it. */
  take(): Uint8Array {
    const bytes = this.#length === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, this.#length);
    this.#bytes = none;
    this.#late = [];
    this.#budget.left += this.#taken;
    this.#taken = 0;
    return bytes;
  }

  #put(from: number, end: number, bytes: Uint8Array | undefined): void {
    this.#seen += end - from;
    if (from > this.#position) {
      this.#keep(from, end, bytes);
      return;
    }
    this.#apply(from, end, bytes);
    for (let index = 0; index < this.#late.length; index++) {
      const late = this.#late[index] as Late;
      if (late.from > this.#position) continue;
      this.#late.splice(index, 1);
      if (late.bytes !== undefined) this.#free(late.bytes.length);
      this.#apply(late.from, late.end, late.bytes);
      index = -1;
    }
  }

  #keep(from: number, end: number, bytes: Uint8Array | undefined): void {
    if (this.#late.length >= maxLate) {
      this.#lost = true;
      return;
    }
    const kept = bytes !== undefined && from < this.#maxBytes && this.#afford(bytes.length);
    this.#late.push({ from, end, bytes: kept ? bytes.slice() : undefined });
  }

  #apply(from: number, end: number, bytes: Uint8Array | undefined): void {
    this.#position = Math.max(this.#position, end);
    if (end === from) return;
    const wanted = Math.min(end, this.#maxBytes);
    if (bytes === undefined || from > this.#length || !this.#grow(wanted)) this.#truncated = true;
    else {
      // Of octets that come twice the last ones count (RFC 4975 §7.3.1).
      if (from < wanted) this.#bytes.set(bytes.subarray(0, wanted - from), from);
      this.#length = Math.max(this.#length, wanted);
      if (end > this.#maxBytes) this.#truncated = true;
    }
  }

  #grow(wanted: number): boolean {
    const { length } = this.#bytes;
    if (wanted <= length) return true;
    // Nearly all messages are one chunk; those that are not grow by doubling.
    const size = length === 0 ? wanted : Math.min(Math.max(wanted, length * 2), this.#maxBytes);
    if (!this.#afford(size - length)) return false;
    const bytes = new Uint8Array(size);
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
    return true;
  }

  #afford(bytes: number): boolean {
    if (bytes > this.#budget.left) return false;
    this.#budget.left -= bytes;
    this.#taken += bytes;
    return true;
  }

  #free(bytes: number): void {
    this.#budget.left += bytes;
    this.#taken -= bytes;
  }
}
