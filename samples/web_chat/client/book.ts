/**
 * The store and the archive together: what changes on the page and must outlast it is written down. Writing may fail, for
 * example in a private window; the page then works, and forgets at its end.
 */
import { type Archive, itemKey } from "./archive.ts";
import { type ChatState, findItem, type Item, withItem } from "./state.ts";
import type { Store } from "./store.ts";

/** Messages that are shown and kept. */
export class Book {
  readonly #store: Store;
  readonly #archive: Archive;
  /** Keys of messages whose newest state is about to be written. */
  readonly #writing: Set<string> = new Set();

  constructor(store: Store, archive: Archive) {
    this.#store = store;
    this.#archive = archive;
  }

  get state(): ChatState {
    return this.#store.state;
  }

  /** Changes what is shown, and keeps nothing. */
  update(change: (state: ChatState) => ChatState): void {
    this.#store.update(change);
  }

  /** Shows and keeps a message. */
  put(item: Item): void {
    this.#store.update((state) => withItem(state, item));
    this.keep(item);
  }

  /** Writes down the newest state of a message. Several changes in one turn are one write. */
  keep({ peer, id, out }: Pick<Item, "peer" | "id" | "out">): void {
    const key = itemKey({ peer, id, out });
    if (this.#writing.has(key)) return;
    this.#writing.add(key);
    void Promise.resolve().then(() => {
      this.#writing.delete(key);
      const item = findItem(this.state, peer, id, out);
      if (item !== undefined) this.#archive.putItem(item).catch(() => undefined);
    });
  }
}
