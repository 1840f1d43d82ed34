/**
 * A lane of an outbox: so many messages of one kind are on their way at a time, the others wait in order. Streams have
 * a lane because each reads ahead, long messages because each is an incomplete one that the peer has to hold.
 */

/** What a lane asks of a message. */
export interface LaneMessage {
  /** Given up while it waited: it takes no place. */
  readonly aborted: boolean;
}

/** A queue with a limited number of places. */
export class OutboxLane<M extends LaneMessage> {
  readonly #limit: number;
  readonly #start: (message: M) => void;
  readonly #running = new Set<M>();
  #waiting: M[] = [];
  #starting = false;

  /** @param limit messages on their way at a time @param start sends a message whose turn has come */
  constructor(limit: number, start: (message: M) => void) {
    this.#limit = limit;
    this.#start = start;
  }

  /** Starts the message now, or when a place is free. */
  add(message: M): void {
    this.#waiting.push(message);
    this.#fill();
  }

  /** The message has left or failed: its place is free. Does nothing for one that has none. */
  done(message: M): void {
    if (this.#running.delete(message)) this.#fill();
  }

  /** Forgets the messages that wait. */
  clear(): void {
    this.#waiting = [];
  }

  #fill(): void {
    // A start that fails at once frees its place from within: the loop below sees that.
    if (this.#starting) return;
    this.#starting = true;
    while (this.#waiting.length > 0 && this.#running.size < this.#limit) {
      const message = this.#waiting.shift()!;
      if (message.aborted) continue;
      this.#running.add(message);
      this.#start(message);
    }
    this.#starting = false;
  }
}
