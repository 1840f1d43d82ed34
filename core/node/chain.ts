/**
 * One stage of the pipeline: its middlewares composed once, as an onion with `next()`. It stays synchronous, and
 * makes no garbage, until a middleware returns a promise.
 *
 * Theory: `next` takes no argument, so it must know its run. A run holds the context and one `next` per step, made
 * once; a run that ended synchronously serves the next chunk, one that returned a promise is left to its chunk.
 */
import { LocalProtocolError } from "../errors.ts";
import { checkComment, checkFields } from "../wire/outgoing.ts";
import { errorVerdict, isExpected, thenable } from "./fault.ts";
import type { Middleware, Next } from "./plugin.ts";
import { ACCEPTED, type MaybeVerdict, refusedBy, Verdict } from "./verdict.ts";

/** A middleware in its place: whose it is, and where the plugin's state lies in `own`. */
export interface Step<C> {
  /** Name of the plugin. */
  readonly plugin: string;
  /** Index of the plugin's state in the array given to `run`. */
  readonly index: number;
  readonly middleware: Middleware<C, never>;
}

/** Told of everything that goes wrong in a stage. */
export type ChainError<C> = (error: unknown, plugin: string, stage: string, c: C | undefined) => void;

/** What stands at the core of the onion. */
export type Terminal<C> = (c: C) => MaybeVerdict;

/** A composed stage. */
export class Chain<C extends object> {
  /** Name of the stage. */
  readonly stage: string;
  readonly steps: readonly Step<C>[];
  readonly #terminal: Terminal<C>;
  readonly #onError: ChainError<C>;
  #spare: Run<C> | undefined;
  readonly #pending: WeakMap<C, Run<C>> = new WeakMap();

  constructor(stage: string, steps: readonly Step<C>[], terminal: Terminal<C>, onError: ChainError<C>) {
    this.stage = stage;
    this.steps = steps;
    this.#terminal = terminal;
    this.#onError = onError;
  }

  /** Runs the stage. Never throws and never rejects: errors become verdicts (fail closed) and go to the error tap. */
  run(c: C, own: readonly unknown[]): MaybeVerdict {
    const run = this.#spare ?? new Run(this.stage, this.steps, this.#terminal, this.#onError);
    this.#spare = undefined; // a nested run of the same stage takes another one
    const verdict = run.start(c, own);
    if (verdict instanceof Verdict) this.#spare = run;
    else this.#pending.set(c, run);
    return verdict;
  }

  /** The plugin whose verdict on `c` is awaited; undefined when none is, or when what stands inside the stage is asked. */
  awaited(c: C): string | undefined {
    return this.#pending.get(c)?.awaited;
  }
}

/** One passage through a stage. */
class Run<C extends object> {
  readonly #stage: string;
  readonly #steps: readonly Step<C>[];
  readonly #terminal: Terminal<C>;
  readonly #onError: ChainError<C>;
  readonly #nexts: readonly Next[];
  #c: C | undefined;
  #own: readonly unknown[] = [];
  #reached = -1; // deepest step begun; -1 = not running
  #open = -1; // deepest step begun that has not decided
  #broken = false; // next() was called twice: whatever the outcome, refuse
  #promise: Promise<Verdict> | undefined; // the last one that is known to be checked already

  constructor(stage: string, steps: readonly Step<C>[], terminal: Terminal<C>, onError: ChainError<C>) {
    this.#stage = stage;
    this.#steps = steps;
    this.#terminal = terminal;
    this.#onError = onError;
    this.#nexts = steps.map((_, index) => () => this.#next(index));
  }

  start(c: C, own: readonly unknown[]): MaybeVerdict {
    this.#c = c;
    this.#own = own;
    this.#reached = 0;
    const verdict = this.#step(0);
    if (verdict instanceof Verdict) return this.#end(verdict);
    return verdict.then((late) => this.#end(late));
  }

  get awaited(): string | undefined {
    return this.#steps[this.#open]?.plugin;
  }

  #end(verdict: Verdict): Verdict {
    this.#reached = -1;
    this.#open = -1;
    this.#c = undefined;
    this.#promise = undefined;
    if (!this.#broken) return verdict;
    this.#broken = false;
    return verdict.accepted ? new Verdict(403) : verdict;
  }

  #next(index: number): MaybeVerdict {
    if (this.#reached !== index) throw this.#misuse(index);
    this.#reached = index + 1;
    const verdict = this.#step(index + 1);
    if (verdict instanceof Verdict) this.#open = index;
    return verdict;
  }

  #misuse(index: number): LocalProtocolError {
    const running = this.#reached >= 0;
    this.#broken = running;
    const error = new LocalProtocolError(
      running ? "next-called-twice" : "next-called-late",
      `Cannot call next() ${running ? "twice" : "after the verdict"} in stage "${this.#stage}"`,
    );
    this.#onError(error, this.#steps[index]?.plugin ?? "(node)", this.#stage, this.#c);
    return error;
  }

  #step(index: number): MaybeVerdict {
    const step = this.#steps[index];
    this.#open = index;
    let result: MaybeVerdict;
    try {
      result =
        step === undefined
          ? this.#terminal(this.#c as C)
          : step.middleware(this.#c as C, this.#nexts[index] as Next, this.#own[step.index] as never);
    } catch (error) {
      return this.#failed(error, index);
    }
    if (result === ACCEPTED || (result !== undefined && result === this.#promise)) return result;
    if (result instanceof Verdict) return this.#decided(result, index);
    return this.#later(result, index);
  }

  // What comes from inside the stage is the node's, or was noted by a stage further on.
  #decided(verdict: Verdict, index: number): Verdict {
    const plugin = this.#steps[index]?.plugin ?? "(node)";
    const { status, comment, headers, cause } = verdict;
    if (comment === undefined && headers === undefined) return refusedBy(verdict, plugin);
    try {
      checkComment(comment ?? "");
      checkFields(headers ?? []);
      return refusedBy(verdict, plugin);
    } catch (error) {
      // What the grammar forbids cannot be written: the status alone must do.
      this.#onError(error, plugin, this.#stage, this.#c);
      return refusedBy(new Verdict(status, undefined, undefined, cause), plugin);
    }
  }

  // Anything but a verdict: a promise to be watched, or a mistake.
  #later(result: unknown, index: number): MaybeVerdict {
    if (!thenable(result)) return this.#noVerdict(result, index);
    const promise = Promise.resolve(result).then(
      (verdict) => {
        this.#open = index - 1;
        return verdict instanceof Verdict ? this.#decided(verdict, index) : this.#noVerdict(verdict, index);
      },
      (error: unknown) => {
        this.#open = index - 1;
        return this.#failed(error, index);
      },
    );
    this.#promise = promise;
    return promise;
  }

  #noVerdict(result: unknown, index: number): Verdict {
    return this.#failed(
      new TypeError(
        `Cannot use what a middleware of stage "${this.#stage}" returned: ${typeof result} is no verdict`,
      ),
      index,
    );
  }

  #failed(error: unknown, index: number): Verdict {
    if (!isExpected(error) && !(error instanceof LocalProtocolError && this.#broken)) {
      this.#onError(error, this.#steps[index]?.plugin ?? "(node)", this.#stage, this.#c);
    }
    return this.#decided(errorVerdict(error), index);
  }
}
