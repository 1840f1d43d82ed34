// Bytes that the system would not take yet, in order. Bun and Deno buffer nothing themselves, so what a partial write
// left over waits here.
const gatherBytes = 65_536;

/** A queue of byte arrays that is read from the front, in any portions. */
export class PendingBytes {
  #parts: Uint8Array[] = [];
  #head = 0;
  #length = 0;

  /** Bytes that wait. */
  get length(): number {
    return this.#length;
  }

  push(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#length += bytes.byteLength;
  }

  /**
   * Bytes to write next, not yet taken off. Small parts are joined up to 64 KiB, because each write costs a call into
   * the system; large ones are given as they are. Undefined when nothing waits.
   */
  front(): Uint8Array | undefined {
    const first = this.#parts[this.#head];
    if (!first || first.byteLength >= gatherBytes || this.#parts.length - this.#head === 1) return first;
    let end = this.#head;
    let size = 0;
    for (; end < this.#parts.length; end += 1) {
      const next = this.#parts[end]!.byteLength;
      if (size + next > gatherBytes) break;
      size += next;
    }
    if (end - this.#head < 2) return first;
    const joined = new Uint8Array(size);
    let at = 0;
    for (let index = this.#head; index < end; index += 1) {
      joined.set(this.#parts[index]!, at);
      at += this.#parts[index]!.byteLength;
    }
    this.#head = end - 1;
    this.#parts[this.#head] = joined;
    return joined;
  }

  /** Takes `count` bytes off the front; at most what `front` gave. */
  advance(count: number): void {
    const first = this.#parts[this.#head]!;
    this.#length -= count;
    if (count < first.byteLength) {
      this.#parts[this.#head] = first.subarray(count);
      return;
    }
    this.#head += 1;
    if (this.#head === this.#parts.length) {
      this.#parts = [];
      this.#head = 0;
    } else if (this.#head > 64) {
      this.#parts.splice(0, this.#head);
      this.#head = 0;
    }
  }

  clear(): void {
    this.#parts = [];
    this.#head = 0;
    this.#length = 0;
  }
}
