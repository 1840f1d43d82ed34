// When a Durable Object may leave memory: its node has had nothing to do for a moment.
// Then what is to be kept goes to its sockets and into its storage, and an alarm stands for the timers.
import type { Msrp, SessionMemory } from "../core/mod.ts";
import type { WorkersClock } from "./_workers_clock.ts";
import type { DurableStorage } from "./_workers_types.ts";

/** What it does it with. */
export interface SleepHost {
  readonly app: Msrp;
  readonly clock: WorkersClock;
  readonly storage: DurableStorage;
  /** Keeps what the connections need. */
  save(): void;
  /** Something is written to storage. */
  writing(promise: Promise<unknown>): void;
}

/** Key of the sessions that are expected. */
export const expectedKey = "msrpkit:expected";

// How often it is looked whether there is anything to do; the runtime takes 10 s more.
const lookMs = 1000;
// How long reports of what was sent are waited for, from the last event on: as long as a sender waits for an answer.
const reportsMs = 30_000;
// Timers that are due sooner are waited for.
const napMs = 5000;

/** The state of one object between work and sleep. */
export class Sleep {
  readonly #host: SleepHost;
  #awake = false;
  #busy = false;
  #usedAt = 0;
  #alarmAt: number;
  #expected: string;

  /** @param alarmAt of the alarm that is set @param expected what is in storage */
  constructor(host: SleepHost, alarmAt: number | null, expected: readonly SessionMemory[]) {
    this.#host = host;
    this.#alarmAt = alarmAt ?? Number.POSITIVE_INFINITY;
    this.#expected = JSON.stringify(expected);
  }

  /** Something happens. */
  touch(): void {
    this.#busy = true;
    if (this.#awake) return;
    this.#awake = true;
    this.#host.clock.wake();
    this.#look();
  }

  /** The alarm rings. */
  rang(): void {
    this.#alarmAt = Number.POSITIVE_INFINITY;
    this.touch();
  }

  #look(): void {
    setTimeout(() => {
      const { app, clock } = this.#host;
      const now = clock.now();
      if (this.#busy) this.#usedAt = now;
      const { memory } = app;
      const reports = now - this.#usedAt < reportsMs && memory.awaitsReports;
      if (this.#busy || reports || clock.next - now < napMs || !memory.quiet) {
        this.#busy = false;
        this.#look();
      } else this.#lieDown();
    }, lookMs);
  }

  #lieDown(): void {
    const { app, clock, storage, save, writing } = this.#host;
    this.#awake = false;
    clock.rest();
    save();
    const expected = JSON.stringify(app.memory.expected);
    if (expected !== this.#expected) writing(storage.put(expectedKey, JSON.parse(expected)));
    this.#expected = expected;
    const { next } = clock;
    // One that is set too early rings for nothing, which costs less than to move it each time.
    if (next < this.#alarmAt) writing(storage.setAlarm(next));
    else if (next < Number.POSITIVE_INFINITY || this.#alarmAt === next) return;
    else writing(storage.deleteAlarm());
    this.#alarmAt = next;
  }
}
