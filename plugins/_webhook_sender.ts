/**
 * Events on their way to a webhook: a bounded queue, sent in batches, one after the other and in order. What cannot be sent
 * is tried again, later and later; what is given up is counted and told.
 */
import type { PluginHost } from "../core/mod.ts";
import { Delivery, type DeliveryWaits } from "./_delivery.ts";
import { randomHex } from "./_random_hex.ts";
import { discard, type PostOptions, post, retryAfter } from "./_webhook_http.ts";

/** What a webhook tells the operator. */
export interface WebhookProblem {
  /**
   * `"retry"`: events could not be sent and will be tried again; `"dropped"`: they are given up, or there was no room for
   * them; `"policy"`: the policy service gave no verdict.
   */
  readonly kind: "retry" | "dropped" | "policy";
  /** Events, or questions, it is about. */
  readonly count: number;
  readonly error: Error;
}

/** Limits of a sender. */
export interface SenderOptions extends PostOptions, DeliveryWaits {
  readonly maxQueued: number;
  readonly maxBatch: number;
  readonly timeoutMs: number;
  readonly maxAttempts: number;
  readonly maxRetryAfterMs: number;
  readonly problem: (problem: WebhookProblem) => void;
  /** Told when there is something to flush, and when there is nothing. */
  readonly busy: (sender: WebhookSender, busy: boolean) => void;
}

/** One batch, the same each time it is tried. */
interface Batch {
  readonly events: number;
  readonly body: string;
  readonly delivery: string;
  attempts: number;
}

/** A sender of one node. */
export class WebhookSender {
  readonly #options: SenderOptions;
  readonly #host: Pick<PluginHost, "setTimer">;
  readonly #delivery: Delivery;
  #queue: object[] = [];
  #batch: Batch | undefined;
  #overflow = 0;
  #abort: AbortController | undefined;

  constructor(options: SenderOptions, host: Pick<PluginHost, "setTimer">) {
    this.#options = options;
    this.#host = host;
    const [empty, deliver] = [() => this.#empty, () => this.#sendNext()];
    this.#delivery = new Delivery(options, { empty, deliver, done: () => options.busy(this, false) }, host);
  }

  /** Events that have not been sent. */
  get queued(): number {
    return this.#queue.length + (this.#batch?.events ?? 0);
  }

  get #empty(): boolean {
    return this.#queue.length === 0 && this.#batch === undefined;
  }

  /** Takes an event. When there is no room it is dropped: nobody waits for a webhook. */
  push(event: object): void {
    if (this.queued >= this.#options.maxQueued) {
      // Told once for a row of them.
      if (this.#overflow++ === 0) this.#dropped(1, new Error("Too many events wait to be sent"));
      return;
    }
    this.#tellOverflow();
    if (this.#empty) this.#options.busy(this, true);
    this.#queue.push(event);
    this.kick();
  }

  /** Sees to it that what waits is sent. */
  kick(): void {
    this.#delivery.kick();
  }

  /** Sends everything. @returns false when not all of it was sent within the time */
  async flush(withinMs: number): Promise<boolean> {
    const sent = await this.#delivery.flush(withinMs);
    // Nothing of it outlives the time that there was.
    if (!sent) this.#abort?.abort(new Error("The time to send what waits is over"));
    return sent;
  }

  async #sendNext(): Promise<boolean> {
    this.#batch ??= this.#nextBatch();
    if (!(await this.#send(this.#batch))) return false;
    this.#batch = undefined;
    this.#tellOverflow();
    return true;
  }

  #nextBatch(): Batch {
    const events = this.#queue.slice(0, this.#options.maxBatch);
    this.#queue = this.#queue.slice(events.length);
    return {
      events: events.length,
      body: JSON.stringify({ events }),
      delivery: randomHex(16),
      attempts: 0,
    };
  }

  // True when the batch is done with: it was taken, or is given up.
  async #send(batch: Batch): Promise<boolean> {
    const { timeoutMs, maxAttempts, maxRetryAfterMs, wallClock, problem } = this.#options;
    batch.attempts++;
    const abort = new AbortController();
    this.#abort = abort;
    const cancel = this.#timeLimit(() => {
      abort.abort(new Error(`No answer within ${timeoutMs} ms`));
    }, timeoutMs);
    let error: Error;
    let wanted = 0;
    try {
      const response = await post(
        this.#options,
        batch.body,
        { "msrpkit-delivery": batch.delivery },
        abort.signal,
      );
      discard(response);
      const { status } = response;
      if (status >= 200 && status < 300) {
        this.#delivery.succeeded();
        return true;
      }
      error = new Error(`The webhook answered ${status}`);
      if (!mayRetry(status)) {
        this.#dropped(batch.events, error);
        return true;
      }
      wanted = retryAfter(response, wallClock()) ?? 0;
    } catch (thrown) {
      error = thrown instanceof Error ? thrown : new Error(String(thrown));
    } finally {
      cancel();
      this.#abort = undefined;
    }
    if (batch.attempts >= maxAttempts) {
      this.#dropped(batch.events, error);
      return true;
    }
    this.#delivery.failed(Math.min(wanted, maxRetryAfterMs));
    problem({ kind: "retry", count: batch.events, error });
    return false;
  }

  #timeLimit(callback: () => void, delayMs: number): () => void {
    if (!this.#delivery.flushing) return this.#host.setTimer(callback, delayMs);
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  }

  #tellOverflow(): void {
    if (this.#overflow > 1) this.#dropped(this.#overflow - 1, new Error("Too many events waited to be sent"));
    this.#overflow = 0;
  }

  #dropped(count: number, error: Error): void {
    this.#options.problem({ kind: "dropped", count, error });
  }
}

function mayRetry(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}
