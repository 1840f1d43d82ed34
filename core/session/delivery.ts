/**
 * What became of a message: which of its chunks are still unanswered, which octets the far end has reported, and the two
 * promises that follow from it. Reports are ranges of octets, never chunks: relays may cut anew (RFC 4975 §7.1.3).
 */
import type { MsrpError } from "../errors.ts";
import { LocalProtocolError } from "../errors.ts";
import type { ByteRange } from "../wire/byte_range.ts";
import { RangeSet } from "./range_set.ts";

/** Separate ranges of reported octets that are kept; a peer that reports crumbs beyond it is not believed. */
const maxReportedRanges = 1024;

/** The result tracking of one message. */
export class Delivery {
  readonly #accepted = new Outcome();
  readonly #delivered = new Outcome();
  #reported: RangeSet | undefined;
  #emptyReported = false;
  #unanswered = 0;
  /** Octets of the message, once its last chunk has left. */
  #total: number | undefined;

  /** @param before octets at the beginning of the message that need no report: an earlier session has delivered them */
  constructor(before: number = 0) {
    if (before === 0) return;
    this.#reported = new RangeSet();
    this.#reported.add(1, before);
  }

  /** Resolves when every chunk was answered, or left when no answer is due. */
  get accepted(): Promise<void> {
    return this.#accepted.promise;
  }

  /** Resolves when success reports cover every octet. */
  get delivered(): Promise<void> {
    return this.#delivered.promise;
  }

  /** Every chunk was answered, or left when no answer is due. */
  get isAccepted(): boolean {
    return this.#accepted.state === "done";
  }

  /** Success reports cover every octet. */
  get isDelivered(): boolean {
    return this.#delivered.state === "done";
  }

  /** The last chunk has left. */
  get isSent(): boolean {
    return this.#total !== undefined;
  }

  /** Nobody asked for success reports: `delivered` can only say so. */
  withoutReports(): void {
    this.#delivered.reject(
      new LocalProtocolError(
        "no-success-report",
        "Cannot tell of delivery: the message was sent without successReport",
      ),
    );
  }

  /**
   * A chunk has left.
   * @param responseDue whether a response will come (Failure-Report yes)
   * @param total octets of the message when this chunk was the last
   */
  sent(responseDue: boolean, total: number | undefined): void {
    if (responseDue) this.#unanswered++;
    if (total !== undefined) this.#total = total;
    this.#check();
  }

  /** A chunk was answered with success. */
  answered(): void {
    this.#unanswered--;
    this.#check();
  }

  /**
   * A success report.
   * @param range what it covers; undefined: all of it
   * @param sentOctets octets that have left: a report cannot honestly cover more, and an end of `*` means these
   */
  reported(range: ByteRange | undefined, sentOctets: number): void {
    if (sentOctets === 0) this.#emptyReported = true;
    const reported = (this.#reported ??= new RangeSet());
    const start = Math.max(1, range?.start ?? 1);
    const end = Math.min(range?.end ?? sentOctets, sentOctets);
    if (reported.count < maxReportedRanges || start <= reported.end) reported.add(start, end);
    this.#check();
  }

  /** Octets that success reports cover so far. */
  get reportedOctets(): number {
    return this.#reported?.octets ?? 0;
  }

  /** It failed; what is settled stays settled. */
  fail(error: MsrpError | Error): void {
    this.#accepted.reject(error);
    this.#delivered.reject(error);
  }

  #check(): void {
    const total = this.#total;
    if (total === undefined) return;
    if (this.#unanswered <= 0) this.#accepted.resolve();
    const complete = total === 0 ? this.#emptyReported : (this.#reported?.covers(1, total) ?? false);
    if (complete) this.#delivered.resolve();
  }
}

/** A promise that exists only once somebody asks for it, and whose rejection never counts as unhandled. */
class Outcome {
  state: "pending" | "done" | "failed" = "pending";
  #error: Error | undefined;
  #promise: Promise<void> | undefined;
  #settle: { resolve: () => void; reject: (error: Error) => void } | undefined;

  get promise(): Promise<void> {
    if (this.#promise !== undefined) return this.#promise;
    const promise =
      this.state === "done"
        ? Promise.resolve()
        : this.state === "failed"
          ? Promise.reject(this.#error)
          : new Promise<void>((resolve, reject) => {
              this.#settle = { resolve, reject };
            });
    promise.catch(() => undefined);
    this.#promise = promise;
    return promise;
  }

  resolve(): void {
    if (this.state !== "pending") return;
    this.state = "done";
    this.#settle?.resolve();
  }

  reject(error: Error): void {
    if (this.state !== "pending") return;
    this.state = "failed";
    this.#error = error;
    this.#settle?.reject(error);
  }
}
