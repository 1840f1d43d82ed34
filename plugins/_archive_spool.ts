/**
 * What waits for a store: messages and fates, in order and bounded, written in batches and again after a failure. Nothing
 * leaves it before the store has it, but what the store says it will never take.
 */
import type { PluginHost } from "../core/mod.ts";
import type { ArchiveFate, ArchiveProblem, ArchiveRecord, ArchiveStore } from "./_archive_types.ts";
import { Delivery, type DeliveryWaits } from "./_delivery.ts";

/** Limits of a spool. */
export interface SpoolOptions extends DeliveryWaits {
  readonly store: Pick<ArchiveStore, "store">;
  readonly maxMessages: number;
  readonly maxBytes: number;
  readonly maxBatch: number;
  readonly storeTimeoutMs: number;
  readonly problem: (problem: ArchiveProblem) => void;
  /** Told when there is something to flush, and when there is nothing. */
  readonly busy: (spool: ArchiveSpool, busy: boolean) => void;
}

/** A message in the spool. */
export interface Spooled {
  record: ArchiveRecord;
  readonly bytes: number;
  /** `"waiting"`: its fate may still be changed here. */
  state: "waiting" | "writing" | "done";
  /** Called once: the store has it, or will never have it. */
  settled: ((stored: boolean) => void)[] | undefined;
}

interface Waiting {
  readonly record: ArchiveRecord;
  readonly resolve: (entry: Spooled | undefined) => void;
}

const overheadBytes = 512;
const none: Uint8Array = new Uint8Array(0);

/** A spool of one node. */
export class ArchiveSpool {
  readonly #options: SpoolOptions;
  readonly #host: PluginHost;
  readonly #delivery: Delivery;
  #queue: Spooled[] = [];
  #bytes = 0;
  readonly #fates: Map<string, ArchiveFate> = new Map();
  readonly #waiting: Set<Waiting> = new Set();
  // After the store has refused a batch for good: messages go alone, so that only the one at fault is lost.
  #alone = 0;

  constructor(options: SpoolOptions, host: PluginHost) {
    this.#options = options;
    this.#host = host;
    const [empty, deliver] = [() => this.#empty, () => this.#write()];
    this.#delivery = new Delivery(options, { empty, deliver, done: () => options.busy(this, false) }, host);
  }

  /** Messages that are not stored. */
  get messages(): number {
    return this.#queue.length;
  }

  /** Their octets. */
  get bytes(): number {
    return this.#bytes;
  }

  /** True when one more has to wait. */
  get full(): boolean {
    return this.#waiting.size > 0 || !this.#hasRoom;
  }

  get #hasRoom(): boolean {
    return this.#queue.length < this.#options.maxMessages && this.#bytes < this.#options.maxBytes;
  }

  get #empty(): boolean {
    return this.#queue.length === 0 && this.#fates.size === 0;
  }

  /** Takes a message. @param soon write it at once: somebody waits */
  add(record: ArchiveRecord, soon = false): Spooled {
    const bytes = record.body.length + (record.text?.length ?? 0) + overheadBytes;
    const entry: Spooled = { record, bytes, state: "waiting", settled: undefined };
    if (this.#empty) this.#options.busy(this, true);
    this.#queue.push(entry);
    this.#bytes += bytes;
    this.kick(soon);
    return entry;
  }

  /** Takes a message when there is room; undefined when there was none within the time. */
  admit(record: ArchiveRecord, withinMs: number, soon = false): Promise<Spooled | undefined> {
    if (!this.full) return Promise.resolve(this.add(record, soon));
    return new Promise((resolve) => {
      const waiting: Waiting = {
        record,
        resolve: (entry) => {
          cancel();
          resolve(entry);
        },
      };
      const cancel = this.#host.setTimer(() => {
        this.#waiting.delete(waiting);
        resolve(undefined);
      }, withinMs);
      this.#waiting.add(waiting);
    });
  }

  /** Resolves when the store has a message: true; false when it has not within the time. */
  stored(entry: Spooled, withinMs: number): Promise<boolean> {
    if (entry.state === "done") return Promise.resolve(true);
    return new Promise((resolve) => {
      const cancel = this.#host.setTimer(() => resolve(false), withinMs);
      entry.settled ??= [];
      entry.settled.push((stored) => {
        cancel();
        resolve(stored);
      });
    });
  }

  /** Notes the fate of a message. */
  decide(entry: Spooled, fate: Omit<ArchiveFate, "id">): void {
    if (entry.state === "waiting") {
      entry.record = { ...entry.record, ...fate };
      return;
    }
    if (this.#empty) this.#options.busy(this, true);
    this.#fates.set(entry.record.id, { id: entry.record.id, ...fate });
    this.kick(false);
  }

  /** Sees to it that what waits is written. */
  kick(soon: boolean): void {
    this.#delivery.kick(soon);
  }

  /** Writes everything. @returns false when not all of it was stored within the time */
  flush(withinMs: number): Promise<boolean> {
    const pauseMs = (failures: number): number => Math.min(50 * 2 ** failures, 1_000);
    return this.#delivery.flush(withinMs, { pauseMs, laterMs: this.#options.retryMs });
  }

  async #write(): Promise<boolean> {
    const batch = this.#queue.slice(0, this.#alone > 0 ? 1 : this.#options.maxBatch);
    const fates = [...this.#fates.values()].slice(0, this.#options.maxBatch);
    for (const entry of batch) entry.state = "writing";
    try {
      await this.#inTime(
        this.#options.store.store(
          batch.map(({ record }) => record),
          fates,
        ),
      );
    } catch (thrown) {
      return this.#failed(batch, thrown);
    }
    this.#delivery.succeeded();
    if (this.#alone > 0) this.#alone--;
    for (const fate of fates) if (this.#fates.get(fate.id) === fate) this.#fates.delete(fate.id);
    this.#leave(batch, true);
    return true;
  }

  #failed(batch: readonly Spooled[], thrown: unknown): boolean {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    for (const entry of batch) {
      const { id } = entry.record;
      // Its fate came while it was being written: now the two go together.
      const fate = this.#fates.get(id);
      if (fate !== undefined) entry.record = { ...entry.record, ...fate };
      this.#fates.delete(id);
      entry.state = "waiting";
    }
    if ((error as { permanent?: unknown }).permanent === true && batch.length > 0) {
      if (batch.length > 1) this.#alone = batch.length;
      else {
        this.#leave(batch, false);
        this.#options.problem({ kind: "lost", messages: 1, error });
      }
      return true;
    }
    this.#delivery.failed();
    this.#options.problem({ kind: "store", messages: this.#queue.length, error });
    return false;
  }

  #leave(batch: readonly Spooled[], stored: boolean): void {
    this.#queue = this.#queue.slice(batch.length);
    for (const entry of batch) {
      this.#bytes -= entry.bytes;
      entry.state = "done";
      // Who waits for reports holds the entry for long.
      entry.record = { ...entry.record, body: none, text: undefined };
      for (const settled of entry.settled ?? []) settled(stored);
      entry.settled = undefined;
    }
    for (const waiting of this.#waiting) {
      if (!this.#hasRoom) break;
      this.#waiting.delete(waiting);
      waiting.resolve(this.add(waiting.record));
    }
  }

  #inTime(storing: Promise<void>): Promise<void> {
    const { storeTimeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      const cancel = this.#host.setTimer(
        () => reject(new Error(`The store did not answer within ${storeTimeoutMs} ms`)),
        storeTimeoutMs,
      );
      storing.then(resolve, reject).finally(cancel);
    });
  }
}
