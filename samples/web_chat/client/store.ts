/**
 * Holds the state of the page and tells who wants to know when it changes. Changes that come together are told once.
 */
import { type ChatState, emptyState } from "./state.ts";

/** The state, and who listens. */
export class Store {
  #state: ChatState = emptyState;
  readonly #listeners: Set<(state: ChatState) => void> = new Set();
  readonly #later: (tell: () => void) => void;
  #told = true;

  /** @param later calls its argument soon; a page gives requestAnimationFrame. @default at once */
  constructor(later: (tell: () => void) => void = (tell) => tell()) {
    this.#later = later;
  }

  get state(): ChatState {
    return this.#state;
  }

  /** Puts a new state in the place of the old one. */
  update(change: (state: ChatState) => ChatState): void {
    const next = change(this.#state);
    if (next === this.#state) return;
    this.#state = next;
    if (!this.#told) return;
    this.#told = false;
    this.#later(() => {
      this.#told = true;
      for (const listener of this.#listeners) listener(this.#state);
    });
  }

  /** Calls `listener` after changes. The function returned ends that. */
  subscribe(listener: (state: ChatState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
