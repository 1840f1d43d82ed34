// Read buffers for runtimes that fill a buffer of the caller's (Deno). A pending read holds its buffer, so ten thousand idle
// connections must not hold ten thousand large ones.
const smallBytes = 2_048;
const middleBytes = 16_384;
const largeBytes = 262_144;

/** The buffer of one connection, which grows while much comes in. */
export interface Reader {
  /** Buffer for the next read; what the last read put there is gone afterwards. */
  readonly buffer: Uint8Array;
  /** Tells how much the last read brought. */
  filled(count: number): void;
  /** Gives a large buffer back; no read may follow. */
  release(): void;
}

/** Hands out readers that share a bounded number of large buffers. */
export class ReadBuffers {
  readonly #free: Uint8Array[] = [];
  readonly #maxLarge: number;
  #lent = 0;

  /** @param maxLarge most large buffers (256 KiB) in use at one time. @default 64 */
  constructor(maxLarge: number = 64) {
    this.#maxLarge = maxLarge;
  }

  /** Large buffers lent out now. */
  get lent(): number {
    return this.#lent;
  }

  /**
   * A reader for one connection: 2 KiB while it is quiet, 256 KiB while reads fill that. When all large buffers are lent
   * out, to connections that stopped in mid-stream for instance, 16 KiB of its own have to do.
   */
  reader(): Reader {
    const take = (): Uint8Array | undefined => this.#take();
    const give = (buffer: Uint8Array): void => this.#give(buffer);
    return new GrowingReader(take, give);
  }

  #take(): Uint8Array | undefined {
    if (this.#lent >= this.#maxLarge) return undefined;
    this.#lent += 1;
    return this.#free.pop() ?? new Uint8Array(largeBytes);
  }

  #give(buffer: Uint8Array): void {
    this.#lent -= 1;
    // A few are kept warm; the rest go back to the system with the burst that needed them.
    if (this.#free.length < 8) this.#free.push(buffer);
  }
}

class GrowingReader implements Reader {
  buffer: Uint8Array = new Uint8Array(smallBytes);
  readonly #take: () => Uint8Array | undefined;
  readonly #give: (buffer: Uint8Array) => void;
  #small: Uint8Array = this.buffer;

  constructor(take: () => Uint8Array | undefined, give: (buffer: Uint8Array) => void) {
    this.#take = take;
    this.#give = give;
  }

  filled(count: number): void {
    const size = this.buffer.byteLength;
    if (size === largeBytes) {
      if (count < middleBytes) this.release();
    } else if (count === size) {
      this.buffer = this.#take() ?? (size === middleBytes ? this.buffer : new Uint8Array(middleBytes));
    } else if (size === middleBytes && count < smallBytes) {
      this.buffer = this.#small;
    }
  }

  release(): void {
    if (this.buffer.byteLength === largeBytes) this.#give(this.buffer);
    this.buffer = this.#small;
  }
}

/** The buffers of this process. */
export const readBuffers: ReadBuffers = new ReadBuffers();
