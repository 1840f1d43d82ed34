/**
 * Handlers of one kind of event. What a handler throws is told elsewhere: it must not pass for a fault of who called it.
 */

/** A list of handlers. */
export class Handlers<Event> {
  readonly #handlers: Set<(event: Event) => void> = new Set();

  /** Adds one; the function returned takes it out. */
  add(handler: (event: Event) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** Calls all. @param threw is told what a handler throws */
  call(event: Event, threw: (error: unknown) => void): void {
    for (const handler of [...this.#handlers]) {
      try {
        handler(event);
      } catch (error) {
        threw(error);
      }
    }
  }
}
