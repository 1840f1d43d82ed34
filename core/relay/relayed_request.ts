/**
 * Requests that were passed on and whose outcome matters here: a part of a SEND, and any other request. Of the first
 * the relay reports the failure, of the second it carries the response back (RFC 4976 §6.4.1, §6.4.3).
 */
import type { Transaction, TransactionOwner } from "../connection/transaction.ts";
import type { ResponseFrame } from "../wire/frame.ts";
import type { Flow } from "./flow.ts";

/** A SEND as it was received: one report is due for it at most, however it was cut (RFC 4976 §6.4.1). */
export class SourceChunk {
  reported = false;
}

/** A SEND, or a slice of one, that went out as one chunk. */
export class RelayedSend implements TransactionOwner {
  readonly #flow: Flow;
  readonly #chunk: SourceChunk | undefined;
  readonly messageId: string;
  /** First octet in the message, from 1. */
  readonly start: number;
  /** Octets of body. */
  readonly length: number;
  readonly total: number | undefined;
  /** What it counts among the octets that its session has unanswered, and will be answered or lost. */
  counted = 0;

  /** @param chunk what it is a slice of; undefined when it is the whole */
  constructor(
    flow: Flow,
    messageId: string,
    start: number,
    length: number,
    total: number | undefined,
    chunk: SourceChunk | undefined,
  ) {
    this.#flow = flow;
    this.#chunk = chunk;
    this.messageId = messageId;
    this.start = start;
    this.length = length;
    this.total = total;
  }

  responded(_transaction: Transaction, status: number): void {
    this.#over();
    // RFC 4976 §6.4.3 says "other than 200", §6.4.1 "200-class": every 2xx is a success, whatever else is not.
    if (status < 200 || status > 299) this.failed(status);
  }

  timedOut(): void {
    this.#over();
    this.failed(408);
  }

  lost(): void {
    this.#over();
    this.failed(408);
  }

  #over(): void {
    const { counted } = this;
    if (counted === 0) return;
    this.counted = 0;
    this.#flow.answered(counted);
  }

  /** It will not arrive: tells its sender. */
  failed(status: number): void {
    if (this.#chunk?.reported) return;
    if (this.#chunk !== undefined) this.#chunk.reported = true;
    this.#flow.report(this, status);
  }
}

/** A request of another method than SEND and REPORT. */
export class RelayedRequest implements TransactionOwner {
  readonly #flow: Flow;
  readonly #transactionId: string;
  /** True for an AUTH with credentials: a 401 to it may be a guess that failed. */
  readonly #credentials: boolean;

  constructor(flow: Flow, transactionId: string, credentials: boolean) {
    this.#flow = flow;
    this.#transactionId = transactionId;
    this.#credentials = credentials;
  }

  /** The whole response, once `responded` has been told. */
  answered(frame: ResponseFrame): void {
    this.#flow.answer(this.#transactionId, frame, this.#credentials);
  }

  responded(): void {}

  /** RFC 4976 §6.4.2: nobody waits for it any more. */
  timedOut(): void {}

  lost(): void {
    this.failed(408);
  }

  /** It did not get to its next hop. */
  failed(status: number): void {
    this.#flow.refuseLate(this.#transactionId, status);
  }
}
