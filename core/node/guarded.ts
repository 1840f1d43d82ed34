/**
 * What a plugin has put into the stages `assemble` and `report`, with a guard before it: whatever it throws or gives back hurts
 * its session alone and is told under the plugin's name. The node's own occupants need none.
 */
import type { ChunkContext } from "./context.ts";
import { errorVerdict, isExpected, thenable } from "./fault.ts";
import type { Assembler, DeliverMessage, Reporter, SuccessReport } from "./plugin.ts";
import { type MaybeVerdict, refusedBy, Verdict } from "./verdict.ts";

/** Told of everything that goes wrong. */
export type GuardError = (error: unknown) => void;

/** One that is overdue again at once, after it was woken, gets its next turn so much later. */
const leastWaitMs = 1_000;

const LOST: Assembler = {
  receive: (c) => c.reject(403),
  deadline: Number.POSITIVE_INFINITY,
  wake: () => [],
  paused: false,
  onResume: undefined,
  close: () => undefined,
};

const MUTE: Reporter = { received: () => undefined, delivered: () => undefined, dropped: () => undefined };

/** An assembler of a plugin. Never throws, never rejects. */
export class GuardedAssembler implements Assembler {
  readonly #plugin: string;
  readonly #inner: Assembler;
  readonly #onError: GuardError;
  #wokenAt = Number.NEGATIVE_INFINITY;

  /** @param make gives the assembler; without one the session's messages are refused */
  constructor(plugin: string, make: () => Assembler, onError: GuardError) {
    this.#plugin = plugin;
    this.#onError = onError;
    const made = this.#ask(make, LOST);
    const fits = typeof made?.receive === "function" && typeof made.wake === "function";
    this.#inner = fits && typeof made.close === "function" ? made : LOST;
    if (this.#inner !== made) onError(new TypeError(`Cannot use what "assemble" gave: it is no Assembler`));
  }

  receive(c: ChunkContext, deliver: DeliverMessage): MaybeVerdict {
    let verdict: unknown;
    try {
      verdict = this.#inner.receive(c, deliver);
      if (verdict instanceof Verdict) return verdict;
      if (!thenable(verdict)) return this.#noVerdict(verdict);
    } catch (error) {
      return this.#failed(error);
    }
    return Promise.resolve(verdict as Promise<unknown>).then(
      (late) => (late instanceof Verdict ? late : this.#noVerdict(late)),
      (error: unknown) => this.#failed(error),
    );
  }

  refused(messageId: string, status: number, comment: string | undefined): void {
    this.#ask(() => this.#inner.refused?.(messageId, status, comment), undefined);
  }

  get deadline(): number {
    const at = this.#ask(() => this.#inner.deadline, Number.POSITIVE_INFINITY);
    if (typeof at !== "number" || Number.isNaN(at)) return Number.POSITIVE_INFINITY;
    return at <= this.#wokenAt ? this.#wokenAt + leastWaitMs : at;
  }

  wake(now: number): ReturnType<Assembler["wake"]> {
    this.#wokenAt = now;
    return this.#ask(() => [...this.#inner.wake(now)], []);
  }

  get paused(): boolean {
    return this.#ask(() => this.#inner.paused === true, false);
  }

  get onResume(): (() => void) | undefined {
    return this.#ask(() => this.#inner.onResume, undefined);
  }

  set onResume(call: (() => void) | undefined) {
    this.#ask(() => {
      if (this.#inner !== LOST) this.#inner.onResume = call;
    }, undefined);
  }

  close(error?: Error): void {
    this.#ask(() => this.#inner.close(error), undefined);
  }

  #ask<A>(question: () => A, otherwise: A): A {
    return asked(question, otherwise, this.#onError);
  }

  #noVerdict(result: unknown): Verdict {
    return this.#failed(new TypeError(`Cannot use what receive() returned: ${typeof result} is no verdict`));
  }

  #failed(error: unknown): Verdict {
    if (!isExpected(error)) this.#onError(error);
    return refusedBy(errorVerdict(error), this.#plugin);
  }
}

/** A reporter of a plugin. Never throws; what it could not report was accepted all the same. */
export class GuardedReporter implements Reporter {
  readonly #inner: Reporter;
  readonly #onError: GuardError;

  /** @param make gives the reporter; without one nothing is reported */
  constructor(make: () => Reporter, onError: GuardError) {
    this.#onError = onError;
    const made = asked(make, MUTE, onError);
    const fits = typeof made?.received === "function" && typeof made.delivered === "function";
    this.#inner = fits && typeof made.dropped === "function" ? made : MUTE;
    if (this.#inner !== made) onError(new TypeError(`Cannot use what "report" gave: it is no Reporter`));
  }

  received(c: ChunkContext, report: (fields: SuccessReport) => void): void {
    this.#ask(() => this.#inner.received(c, this.#checked(report)));
  }

  delivered(messageId: string, size: number, report: (fields: SuccessReport) => void): void {
    this.#ask(() => this.#inner.delivered(messageId, size, this.#checked(report)));
  }

  dropped(messageId: string): void {
    this.#ask(() => this.#inner.dropped(messageId));
  }

  #checked(report: (fields: SuccessReport) => void): (fields: SuccessReport) => void {
    return (fields) => {
      this.#ask(() => {
        if (typeof fields?.messageId !== "string" || typeof fields.byteRange?.start !== "number")
          throw new TypeError("Cannot report: a messageId and a byteRange are wanted");
        report(fields);
      });
    };
  }

  #ask(question: () => unknown): void {
    asked(question, undefined, this.#onError);
  }
}

// A promise that nobody awaits may reject: that would end the process.
function asked<A>(question: () => A, otherwise: A, onError: GuardError): A {
  try {
    const answer = question();
    if (thenable(answer)) Promise.resolve(answer).catch(onError);
    return answer;
  } catch (error) {
    onError(error);
    return otherwise;
  }
}
