/**
 * When something is delivered: a moment after it came, one batch after the other, later and later after a failure, and at
 * once when everything is flushed. What waits, and what a batch is, its owner knows: the spool of an archive, a webhook.
 */
import type { PluginHost } from "../core/mod.ts";
import { Backoff } from "./_backoff.ts";

/** How long deliveries wait. */
export interface DeliveryWaits {
  /** How long the first of a batch waits for others. */
  readonly batchMs: number;
  /** Wait after the first failure; twice as long after each further one. */
  readonly retryMs: number;
  /** Longest wait after a failure. */
  readonly maxRetryMs: number;
}

/** What is delivered. */
export interface DeliveryQueue {
  /** True when nothing waits. */
  readonly empty: () => boolean;
  /** Delivers a batch, or gives it up, and calls `succeeded()` or `failed()`; false when it is to be tried again. */
  readonly deliver: () => Promise<boolean>;
  /** Told when nothing waits any more. */
  readonly done: () => void;
}

/** How `Delivery.flush()` waits. */
export interface FlushWaits {
  /** Wait after a failure, the first one has 0. @default that of the failure */
  readonly pauseMs?: (failures: number) => number;
  /** Until the next try, when the time is over. @default that of the last failure */
  readonly laterMs?: number;
}

/** The deliveries of one queue. */
export class Delivery {
  readonly #batchMs: number;
  readonly #queue: DeliveryQueue;
  readonly #host: Pick<PluginHost, "setTimer">;
  readonly #backoff: Backoff;
  #cancel: (() => void) | undefined;
  #running: Promise<boolean> | undefined;
  #flushes = 0;
  #retryInMs = 0;

  constructor(waits: DeliveryWaits, queue: DeliveryQueue, host: Pick<PluginHost, "setTimer">) {
    this.#batchMs = waits.batchMs;
    this.#queue = queue;
    this.#host = host;
    this.#backoff = new Backoff(waits.retryMs, waits.maxRetryMs);
  }

  /** True while `flush()` runs: the clock of the node may stand still. */
  get flushing(): boolean {
    return this.#flushes > 0;
  }

  /** Sees to it that what waits is delivered. @param soon at once: somebody waits */
  kick(soon = false): void {
    if (this.#running !== undefined || this.flushing || this.#queue.empty()) return;
    if (this.#cancel !== undefined && (!soon || this.#backoff.failures > 0)) return;
    if (soon) void this.#run();
    else this.#later(this.#batchMs);
  }

  /** It worked. */
  succeeded(): void {
    this.#backoff.succeeded();
  }

  /** It failed. @param atLeastMs until the next try */
  failed(atLeastMs = 0): void {
    this.#retryInMs = Math.max(this.#backoff.failed(), atLeastMs);
  }

  /**
   * Delivers everything, on the clock of the runtime: that of a node stops with the node.
   *
   * @returns false when something is left after the time
   */
  async flush(withinMs: number, waits: FlushWaits = {}): Promise<boolean> {
    const { empty } = this.#queue;
    const { pauseMs = () => this.#retryInMs } = waits;
    let over = false;
    const limit = pause(withinMs);
    const ended = limit.ended.then((value) => {
      over = true;
      return value;
    });
    this.#flushes++;
    this.#cancelTimer();
    for (let failures = 0; !empty() && !over; ) {
      const delivered = await Promise.race([this.#running ?? this.#run(), ended]);
      if (delivered || over || empty()) continue;
      const waiting = pause(Math.min(pauseMs(failures++), withinMs));
      await Promise.race([waiting.ended, ended]);
      waiting.cancel();
    }
    limit.cancel();
    this.#flushes--;
    if (!empty()) this.#later(waits.laterMs ?? this.#retryInMs);
    return empty();
  }

  #later(delayMs: number): void {
    this.#cancelTimer();
    this.#cancel = this.#host.setTimer(() => {
      this.#cancel = undefined;
      if (this.#running === undefined) void this.#run();
    }, delayMs);
  }

  #cancelTimer(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #run(): Promise<boolean> {
    this.#cancelTimer();
    const running = this.#deliverAll().then((delivered) => {
      this.#running = undefined;
      if (!delivered && !this.flushing) this.#later(this.#retryInMs);
      return delivered;
    });
    this.#running = running;
    return running;
  }

  // Batch after batch until nothing is left or one fails.
  async #deliverAll(): Promise<boolean> {
    // What else comes in this turn goes along.
    await Promise.resolve();
    while (!this.#queue.empty()) if (!(await this.#queue.deliver())) return false;
    this.#queue.done();
    return true;
  }
}

function pause(delayMs: number): { readonly ended: Promise<false>; cancel(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ended = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), delayMs);
  });
  return { ended, cancel: () => clearTimeout(timer) };
}
