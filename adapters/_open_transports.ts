// The open transports of one listener, so that closing the listener can close them too and wait until they are gone.
// Handshakes that are still going on are in it as well.
import type { CloseOptions } from "./_limits.ts";

interface Closable {
  close(): void;
  abort(): void;
}

/** A set that can be emptied and waited for. */
export class OpenTransports {
  readonly #open = new Set<Closable>();
  #empty: (() => void) | undefined;

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  add(transport: Closable): void {
    this.#open.add(transport);
  }

  delete(transport: Closable): void {
    this.#open.delete(transport);
    if (this.#open.size === 0) this.#empty?.();
  }

  /** Closes or drops all of them and waits until the last has ended; `"keep"` does neither. */
  async close(how: NonNullable<CloseOptions["connections"]>): Promise<void> {
    if (how === "keep" || this.#open.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#empty = resolve;
    });
    for (const transport of [...this.#open]) {
      if (how === "close") transport.close();
      else transport.abort();
    }
    await empty;
  }
}
