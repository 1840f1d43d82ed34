// Handshakes that a listener has under way. When there are too many, the one that has taken longest is given up: whoever
// connects and says nothing, however often, keeps nobody out who does say something.
import { ConnectionError } from "../core/mod.ts";

/** The handshakes of one listener. */
export class Handshakes {
  readonly #most: number;
  readonly #underWay = new Set<(error: Error) => void>();

  /** @param most how many may be under way */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many are under way. */
  get size(): number {
    return this.#underWay.size;
  }

  /** One begins. @param giveUp ends it, and its connection @returns to be called when it is over */
  begin(giveUp: (error: Error) => void): () => void {
    this.#underWay.add(giveUp);
    const [oldest] = this.#underWay;
    if (this.#underWay.size > this.#most && oldest !== undefined) {
      this.#underWay.delete(oldest);
      const limit = `More than ${this.#most} handshakes under way (maxHandshakes)`;
      oldest(new ConnectionError("too-many-connections", limit));
    }
    return () => void this.#underWay.delete(giveUp);
  }
}
