/**
 * The octets of a file, piece by piece, with a gate that can be shut. A paused file stands still between two pieces.
 */

/** Octets read from a file at a time: two of what a sender reads ahead would be too many to stop soon. */
const pieceBytes = 131_072;

/** Open, or shut until somebody opens it. */
export class Gate {
  #shut: Promise<void> | undefined;
  #open: (() => void) | undefined;

  constructor(shut = false) {
    if (shut) this.shut();
  }

  /** Stops what passes. */
  shut(): void {
    this.#shut ??= new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  /** Lets it pass again. */
  open(): void {
    this.#open?.();
    this.#shut = this.#open = undefined;
  }

  /** Resolves once the gate is open. */
  async pass(): Promise<void> {
    while (this.#shut !== undefined) await this.#shut;
  }
}

/** The octets of `blob` from `start`, counted from 0, as the gate lets them pass. */
export async function* gated(
  blob: Blob,
  start: number,
  gate: Gate,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = start; at < blob.size; at += pieceBytes) {
    await gate.pass();
    yield new Uint8Array(await blob.slice(at, at + pieceBytes).arrayBuffer());
  }
}
