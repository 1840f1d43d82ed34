/**
 * Which paths of a relay client need another one, and the attempts to get it: one log-in after the other, and after a
 * failure a wait that doubles. It decides nothing else.
 */
import { MsrpError } from "../errors.ts";
import type { Clock } from "../node/transport.ts";
import type { PathRenewal, RelayClientLimits, RenewalProblem } from "./client_options.ts";
import type { RelayPath } from "./client_path.ts";

/** Timers of runtimes hold 31 bits of milliseconds; a longer time is waited for in parts. */
export const longestTimerMs: number = 2 ** 31 - 1;

// Failures that another try would only repeat: somebody has to change something first.
const final: ReadonlySet<string> = new Set([
  "auth-refused",
  "no-credentials",
  "no-usable-challenge",
  "relay-not-verified",
  "relay-client-closed",
  "rspauth-mismatch",
  "node-closed",
]);

/** What the renewals need of their client. */
export interface RenewalsHost {
  /** Undefined as long as there was no connection. */
  readonly clock: Clock | undefined;
  /** Logs in. */
  allocate(): Promise<RelayPath>;
  /** There is a new path; `replaces` is undefined when it has been released in the meantime. */
  renewed(path: RelayPath, replaces: RelayPath | undefined, reason: PathRenewal["reason"]): void;
  /** A log-in has failed; without another try `given` are given up. */
  failed(problem: RenewalProblem, given: readonly RelayPath[]): void;
}

/** The renewals of one client. */
export class Renewals {
  readonly #limits: RelayClientLimits;
  readonly #host: RenewalsHost;
  readonly #due: Map<RelayPath, PathRenewal["reason"]> = new Map();
  #running = false;
  #failures = 0;
  #cancel: (() => void) | undefined;

  constructor(limits: RelayClientLimits, host: RenewalsHost) {
    this.#limits = limits;
    this.#host = host;
  }

  /** Asks for another path, at once unless a wait is under way. */
  want(path: RelayPath, reason: PathRenewal["reason"]): void {
    this.#due.set(path, reason);
    if (this.#cancel === undefined) void this.#run();
  }

  /** Asks for others after a while: all clients of a relay that ended come back, and not in the same moment. */
  wantLater(paths: Iterable<RelayPath>, reason: PathRenewal["reason"]): void {
    for (const path of paths) this.#due.set(path, reason);
    if (this.#due.size > 0) this.#wait(this.#delay(0));
  }

  /** It is not needed any more. */
  drop(path: RelayPath): void {
    this.#due.delete(path);
  }

  /** No more. */
  stop(): void {
    this.#due.clear();
    this.#cancel?.();
    this.#cancel = undefined;
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      for (const [replaces, reason] of this.#due) {
        const path = await this.#host.allocate();
        this.#failures = 0;
        const wanted = this.#due.delete(replaces);
        this.#host.renewed(path, wanted ? replaces : undefined, reason);
      }
    } catch (error) {
      this.#failed(error as Error);
    } finally {
      this.#running = false;
    }
  }

  #failed(error: Error): void {
    if (this.#due.size === 0) return;
    if (error instanceof MsrpError && final.has(error.code)) {
      const given = [...this.#due.keys()];
      this.#due.clear();
      this.#host.failed({ error, retryInMs: undefined }, given);
      return;
    }
    const retryInMs = this.#delay(this.#failures++);
    this.#wait(retryInMs);
    this.#host.failed({ error, retryInMs }, []);
  }

  #wait(delayMs: number): void {
    this.#cancel?.();
    this.#cancel = this.#host.clock?.setTimer(() => {
      this.#cancel = undefined;
      void this.#run();
    }, delayMs);
  }

  // Between half and the whole of a wait that doubles.
  #delay(failures: number): number {
    const { retryMinMs, retryMaxMs } = this.#limits;
    const whole = Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(failures, 30));
    const random = (crypto.getRandomValues(new Uint16Array(1))[0] ?? 0) / 2 ** 16;
    return Math.min(longestTimerMs, whole * (0.5 + random / 2));
  }
}

/**
 * How long before its end a path is replaced: a new offer and its answer take as long as a ringing phone at worst, and a
 * short life is not to be spent on log-ins.
 */
export function leadMs(lifetimeMs: number): number {
  return Math.min(60_000, lifetimeMs / 4);
}
