/**
 * How many octets of incomplete messages may be in memory: one budget per session, drawing on one per node. A budget
 * counts what is held now, so it is back at zero when nothing is.
 */

/** Octets that a node holds for incomplete messages of all its sessions, at most. */
export const defaultNodeBudgetBytes: number = 268_435_456;

/** A bounded count of octets; what is taken here is taken from `parent` as well. */
export class InboxBudget {
  /** The limit, in octets. */
  readonly maxBytes: number;
  readonly #parent: InboxBudget | undefined;
  #used = 0;
  #closed = false;

  /**
   * @param maxBytes the limit; the default, 256 MiB, leaves room beside it in a container of 512 MiB
   * @param parent a wider budget that this one is part of
   */
  constructor(maxBytes: number = defaultNodeBudgetBytes, parent?: InboxBudget) {
    this.maxBytes = maxBytes;
    this.#parent = parent;
  }

  /** Octets taken now. */
  get used(): number {
    return this.#used;
  }

  /** Whether `bytes` more fit, here and in the parents. */
  fits(bytes: number): boolean {
    return this.#used + bytes <= this.maxBytes && (this.#parent === undefined || this.#parent.fits(bytes));
  }

  /** Takes `bytes`; ask `fits` before. A negative number gives back. */
  take(bytes: number): void {
    if (this.#closed) return;
    this.#used += bytes;
    this.#parent?.take(bytes);
  }

  /** Gives everything back, and takes part no more: for the end of a session whose streams are still being read. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#parent?.take(-this.#used);
    this.#used = 0;
  }
}
