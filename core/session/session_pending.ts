/**
 * Messages whose plugins have not decided yet. Each looks like any other `Sent`, and becomes one when they let it go; they keep
 * their order, whether plugins think about them or not.
 */
import { DeliveryError } from "../errors.ts";
import type { Sent } from "./sent.ts";

/** Where the messages of one session wait for their plugins. */
export class SendGate {
  /** Messages that wait. */
  size = 0;
  #last: Promise<void> | undefined;

  /** Settles when the message that came last has been decided; undefined when none waits. */
  get last(): Promise<void> | undefined {
    return this.#last;
  }

  /** Begins with a message when those before it have been decided, at once when there are none. */
  after<T>(begin: () => T | Promise<T>): T | Promise<T> {
    return this.#last === undefined ? begin() : this.#last.then(begin);
  }

  /** Holds a message until it has been decided. @param enqueue puts it into the outbox */
  hold<T>(messageId: string, decided: Promise<T>, enqueue: (final: T) => Sent): Sent {
    this.size++;
    let waits = true;
    const leave = (): void => {
      if (waits) this.size--;
      waits = false;
    };
    const sent = new PendingSent(messageId, decided, (final: T) => {
      leave();
      return enqueue(final);
    });
    const last = decided.then(leave, leave);
    this.#last = last;
    last.then(() => {
      if (this.#last === last) this.#last = undefined;
    });
    return sent;
  }
}

/** Stands in for a message until it is in the outbox. */
export class PendingSent<T> implements Sent {
  readonly messageId: string;
  readonly accepted: Promise<void>;
  readonly #inner: Promise<Sent>;
  #message: Sent | undefined;
  #abortedBy: { reason: unknown } | undefined;
  #delivered: Promise<void> | undefined;

  /**
   * @param decided resolves when the message may go
   * @param enqueue puts it into the outbox; called once
   */
  constructor(messageId: string, decided: Promise<T>, enqueue: (final: T) => Sent) {
    this.messageId = messageId;
    this.#inner = decided.then((final) => {
      if (this.#abortedBy !== undefined) throw aborted(messageId, this.#abortedBy.reason);
      this.#message = enqueue(final);
      return this.#message;
    });
    this.accepted = this.#inner.then((sent) => sent.accepted);
    this.accepted.catch(() => undefined); // nobody has to watch
  }

  get delivered(): Promise<void> {
    if (this.#delivered === undefined) {
      this.#delivered = this.#inner.then((sent) => sent.delivered);
      this.#delivered.catch(() => undefined);
    }
    return this.#delivered;
  }

  abort(reason?: unknown): void {
    if (this.#message !== undefined) this.#message.abort(reason);
    else this.#abortedBy ??= { reason };
  }
}

function aborted(messageId: string, cause: unknown): DeliveryError {
  return new DeliveryError("aborted", "Message was given up before its first octet", {
    status: 0,
    messageId,
    cause,
  });
}
