/**
 * The queues of a plugin that have something to deliver, one for each node that has the plugin. A queue that is empty is
 * its node's alone, and goes with it.
 */

/** What can be flushed. */
export interface Flushable {
  flush(withinMs: number): Promise<boolean>;
}

/** Those that have something to deliver. */
export class Undelivered<Queue extends Flushable> {
  readonly #queues: Set<Queue> = new Set();

  /** Notes whether a queue has something to deliver. */
  note(queue: Queue, busy: boolean): void {
    if (busy) this.#queues.add(queue);
    else this.#queues.delete(queue);
  }

  /** Delivers everything. @returns false when not all of it was delivered within the time */
  async flush(withinMs = 5_000): Promise<boolean> {
    const all = await Promise.all([...this.#queues].map((queue) => queue.flush(withinMs)));
    return all.every(Boolean);
  }

  /** Sum of a figure of all of them. */
  sum(figure: (queue: Queue) => number): number {
    let sum = 0;
    for (const queue of this.#queues) sum += figure(queue);
    return sum;
  }
}
