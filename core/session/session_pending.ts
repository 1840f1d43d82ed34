/**
 * A message whose plugins have not decided yet. It looks like any other `Sent`, and becomes one when they let it go.
 */
import { DeliveryError } from "../errors.ts";
import type { Sent } from "./sent.ts";

/** Stands in for a message until it is in the outbox. */
export class PendingSent implements Sent {
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
  constructor(messageId: string, decided: Promise<void>, enqueue: () => Sent) {
    this.messageId = messageId;
    this.#inner = decided.then(() => {
      if (this.#abortedBy !== undefined) throw aborted(messageId, this.#abortedBy.reason);
      this.#message = enqueue();
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
