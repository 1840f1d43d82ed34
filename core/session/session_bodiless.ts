/**
 * A SEND without a body, as a promise of its answer. It carries no message, and its answer says that the session is
 * there (RFC 4975 §5.4, §7.1).
 */
import type { Transaction, TransactionOwner } from "../connection/transaction.ts";
import { DeliveryError, LocalProtocolError } from "../errors.ts";
import type { Sent } from "./sent.ts";

/** Watches one bodiless SEND. */
export class BodilessSent implements Sent, TransactionOwner {
  readonly messageId: string;
  readonly accepted: Promise<void>;
  #resolve!: () => void;
  #reject!: (error: Error) => void;

  constructor(messageId: string) {
    this.messageId = messageId;
    this.accepted = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.accepted.catch(() => undefined); // nobody has to watch
  }

  get delivered(): Promise<void> {
    const none = Promise.reject<void>(
      new LocalProtocolError("no-success-report", "Cannot tell of delivery: there is no body to report on"),
    );
    none.catch(() => undefined);
    return none;
  }

  /** It is one frame, and cannot be taken back. */
  abort(): void {}

  responded(_transaction: Transaction, status: number, comment: string | undefined): void {
    if (status >= 200 && status < 300) this.#resolve();
    else this.#reject(this.#error(status === 408 ? "timeout" : "refused", status, comment));
  }

  timedOut(): void {
    this.#reject(this.#error("timeout", 408, undefined));
  }

  lost(_transaction: Transaction | undefined, error: Error): void {
    this.#reject(error);
  }

  #error(code: string, status: number, comment: string | undefined): DeliveryError {
    return new DeliveryError(code, `SEND without body failed with ${status}${comment ? ` ${comment}` : ""}`, {
      status,
      messageId: this.messageId,
      comment,
    });
  }
}
