/**
 * One message of an outbox: the connection reads its octets and tells it of responses, the session of reports, and its
 * caller holds it as `Sent`. Failure of any chunk is failure of the message (RFC 4975 §7.3.2).
 */
import type { OutgoingMessage } from "../connection/message.ts";
import type { Transaction } from "../connection/transaction.ts";
import { DeliveryError } from "../errors.ts";
import type { ByteRange } from "../wire/byte_range.ts";
import type { FailureReport } from "../wire/frame.ts";
import type { MsrpUri } from "../wire/uri.ts";
import { type BodySource, type BodySourceEvents, bodySource } from "./body_source.ts";
import { Delivery } from "./delivery.ts";
import type { BodyContent, SendOptions, Sent } from "./sent.ts";

/** What an outbox does for its messages. */
export interface OutboxHost {
  readonly toPath: readonly MsrpUri[];
  readonly fromPath: readonly MsrpUri[];
  readonly prefetchBytes: number;
  /** Whether messages ask for success reports when their options do not say. */
  readonly successReport: boolean;
  /** The message has octets again, has ended, or was aborted. */
  wake(message: OutboxMessage): void;
  /** `accepted`, `delivered` or the source may have changed: the outbox looks after its books. */
  progressed(message: OutboxMessage): void;
  /** A response or a report refused the message. */
  refused(message: OutboxMessage, error: DeliveryError): void;
}

const noHeaders: readonly (readonly [string, string])[] = [];

/** A message from `enqueue` to its last report. */
export class OutboxMessage implements OutgoingMessage, BodySourceEvents, Sent {
  readonly messageId: string;
  readonly contentType: string;
  readonly successReport: boolean;
  readonly failureReport: FailureReport;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly maxChunkBytes: number;
  aborted = false;
  refused = false;
  readonly #host: OutboxHost;
  readonly #delivery: Delivery;
  /** Octets of the message before the body. */
  readonly #before: number;
  readonly #source: BodySource;
  readonly #onProgress: SendOptions["onProgress"];
  readonly #onFailure: SendOptions["onFailure"];
  #progressDue = false;
  #signal: AbortSignal | undefined;
  #onSignal: (() => void) | undefined;

  /** @throws what `bodySource` throws */
  constructor(
    host: OutboxHost,
    body: BodyContent,
    contentType: string,
    messageId: string,
    options: SendOptions,
  ) {
    this.#host = host;
    this.messageId = messageId;
    this.contentType = contentType;
    this.failureReport = options.failureReport ?? "yes";
    this.headers = options.headers ?? noHeaders;
    this.maxChunkBytes = options.chunkBytes ?? Number.POSITIVE_INFINITY;
    this.#before = (options.start ?? 1) - 1;
    if (!(Number.isSafeInteger(this.#before) && this.#before >= 0)) {
      throw new RangeError(`Cannot send from octet ${options.start} on (must be a whole number from 1)`);
    }
    this.#delivery = new Delivery(this.#before);
    this.successReport = options.successReport ?? host.successReport;
    this.#onProgress = options.onProgress;
    this.#onFailure = options.onFailure;
    this.#source = bodySource(body, options.total, host.prefetchBytes, this);
    if (options.signal !== undefined) this.#follow(options.signal);
  }

  get toPath(): readonly MsrpUri[] {
    return this.#host.toPath;
  }

  get fromPath(): readonly MsrpUri[] {
    return this.#host.fromPath;
  }

  get total(): number | undefined {
    const { total } = this.#source;
    return total === undefined ? undefined : this.#before + total;
  }

  get position(): number {
    return this.#before + this.#source.position;
  }

  get ended(): boolean {
    return this.#source.ended;
  }

  /** Whether its source reads ahead. */
  get streaming(): boolean {
    return this.#source.streaming;
  }

  /** Result tracking, for the outbox. */
  get delivery(): Delivery {
    return this.#delivery;
  }

  get accepted(): Promise<void> {
    return this.#delivery.accepted;
  }

  get delivered(): Promise<void> {
    if (!this.successReport) this.#delivery.withoutReports();
    return this.#delivery.delivered;
  }

  abort(reason?: unknown): void {
    if (this.#delivery.isSent || this.aborted) return;
    const text = `Message was given up before its end${reason instanceof Error ? `: ${reason.message}` : ""}`;
    this.fail(
      new DeliveryError("aborted", text, { status: 0, messageId: this.messageId, cause: reason }),
      reason,
    );
  }

  read(max: number): Uint8Array | undefined {
    const piece = this.#source.read(max);
    if (piece === undefined) return undefined;
    if (this.#onProgress !== undefined) this.#reportProgress();
    return piece;
  }

  chunkSent(transaction: Transaction): void {
    if (this.aborted) return;
    const total = transaction.flag === "$" ? this.position : undefined;
    this.#delivery.sent(this.failureReport === "yes", total);
    if (total !== undefined) this.#host.progressed(this);
  }

  responded(transaction: Transaction, status: number, comment: string | undefined): void {
    if (this.aborted) return;
    // RFC 4975 §10: a 2xx that we do not know is a success, any other code a failure.
    if (status >= 200 && status < 300) {
      if (this.failureReport !== "yes") return;
      this.#delivery.answered();
      if (this.#delivery.isAccepted) this.#host.progressed(this);
      return;
    }
    this.#refusedWith(status, comment, transaction.range, false);
  }

  timedOut(transaction: Transaction): void {
    if (!this.aborted) this.#refusedWith(408, undefined, transaction.range, false);
  }

  lost(_transaction: Transaction | undefined, error: Error): void {
    this.fail(error, error);
  }

  /** The source has octets again, or has ended. */
  changed(): void {
    this.#host.wake(this);
  }

  /** The source failed, or did not keep to what it announced. */
  failed(error: unknown): void {
    this.abort(error);
  }

  /** A REPORT in namespace 000 came (RFC 4975 §7.3.2): it counts as a response with this status, and success as delivery. */
  reported(status: number, comment: string | undefined, range: ByteRange | undefined): void {
    if (this.aborted) return;
    if (status < 200 || status > 299) {
      this.#refusedWith(status, comment, range, true);
      return;
    }
    this.#delivery.reported(range, this.position);
    if (this.#delivery.isDelivered) this.#host.progressed(this);
  }

  /** Ends the message with an error; an open chunk is closed with `#`. */
  fail(error: Error, reason: unknown = error): void {
    this.#delivery.fail(error);
    this.#source.cancel(reason);
    if (!this.aborted) {
      this.aborted = true;
      this.#host.wake(this);
    }
    this.release();
    this.#host.progressed(this);
  }

  /** Lets go of what only a message on its way needs. */
  release(): void {
    if (this.#onSignal !== undefined) this.#signal?.removeEventListener("abort", this.#onSignal);
    this.#signal = this.#onSignal = undefined;
    if (this.#delivery.isSent) this.#source.cancel(undefined);
  }

  #refusedWith(
    status: number,
    comment: string | undefined,
    range: ByteRange | undefined,
    report: boolean,
  ): void {
    // RFC 4975 §10.4: 408 is a local timeout under another name; in a REPORT it says that octets did not arrive.
    const code = status !== 408 ? "refused" : report ? "not-received" : "timeout";
    const refusal = `was refused with ${status}${comment ? ` ${comment}` : ""}`;
    const error = new DeliveryError(
      code,
      `Message ${status === 408 ? "was not confirmed in time" : refusal}`,
      {
        status,
        messageId: this.messageId,
        range,
        comment,
      },
    );
    this.refused = status !== 408;
    this.fail(error);
    this.#host.refused(this, error);
    try {
      this.#onFailure?.(error);
    } catch {
      // An observer's mistake must not reach the connection; the error itself is in the promises.
    }
  }

  /** At most one call per turn of the event loop, however many pieces a write took. */
  #reportProgress(): void {
    if (this.#progressDue) return;
    this.#progressDue = true;
    Promise.resolve()
      .then(() => {
        this.#progressDue = false;
        this.#onProgress?.(this.position, this.total);
      })
      .catch((error: unknown) => this.abort(error));
  }

  #follow(signal: AbortSignal): void {
    if (signal.aborted) {
      this.abort(signal.reason);
      return;
    }
    this.#signal = signal;
    this.#onSignal = () => this.abort(signal.reason);
    signal.addEventListener("abort", this.#onSignal, { once: true });
  }
}
