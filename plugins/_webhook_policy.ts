/**
 * Asks a policy service over HTTP for a verdict: bounded in time and in number, remembered as long as is wished. A service
 * that gives none leaves it to the choice of the operator.
 */
import type { PluginHost } from "../core/mod.ts";
import { type PostOptions, post, readAnswer } from "./_webhook_http.ts";
import type { WebhookProblem } from "./_webhook_sender.ts";

/** What a service is asked. Nothing in it is a secret of the session. */
export interface PolicyQuestion {
  readonly session: string;
  readonly direction: "in" | "relayed";
  readonly from: string;
  readonly to: string;
  /** The user who logged in. */
  readonly user: string | undefined;
  readonly remoteAddress: string;
  readonly secure: boolean;
  /** The message; undefined when it is asked for the session. */
  readonly message: PolicyMessage | undefined;
}

/** A message that has begun. */
export interface PolicyMessage {
  readonly messageId: string | undefined;
  readonly contentType: string | undefined;
  /** Octets, when the sender has said. */
  readonly size: number | undefined;
}

/** What came of it. */
export interface PolicyVerdict {
  readonly accept: boolean;
  readonly status: number;
  readonly comment: string | undefined;
  /** False when the service gave no verdict: the next question is a new one. */
  readonly certain: boolean;
}

/** Limits of a policy. */
export interface PolicyParts extends PostOptions {
  readonly timeoutMs: number;
  readonly onFailure: "accept" | "refuse";
  readonly status: number;
  readonly maxConcurrent: number;
  readonly maxWaiting: number;
  readonly cacheMs: number;
  readonly maxCached: number;
  readonly problem: (problem: WebhookProblem) => void;
}

interface Cached {
  readonly verdict: PolicyVerdict;
  readonly until: number;
}

const maxAnswerBytes = 16_384;
const maxCommentLength = 200;

/** A policy service, as one node asks it. */
export class PolicyService {
  readonly #parts: PolicyParts;
  readonly #host: Pick<PluginHost, "now" | "setTimer">;
  readonly #cache: Map<string, Cached> = new Map();
  readonly #waiting: Set<() => void> = new Set();
  #running = 0;

  constructor(parts: PolicyParts, host: Pick<PluginHost, "now" | "setTimer">) {
    this.#parts = parts;
    this.#host = host;
  }

  /** The verdict; never rejects. At once when it is remembered. */
  ask(question: PolicyQuestion): PolicyVerdict | Promise<PolicyVerdict> {
    const { cacheMs } = this.#parts;
    if (cacheMs === 0) return this.#asked(question);
    const key = cacheKey(question);
    const known = this.#cache.get(key);
    if (known !== undefined && known.until > this.#host.now()) return known.verdict;
    return this.#asked(question).then((verdict) => {
      if (verdict.certain) this.#remember(key, verdict);
      return verdict;
    });
  }

  #remember(key: string, verdict: PolicyVerdict): void {
    const { cacheMs, maxCached } = this.#parts;
    this.#cache.delete(key);
    if (this.#cache.size >= maxCached) {
      const [oldest] = this.#cache.keys();
      this.#cache.delete(oldest as string);
    }
    this.#cache.set(key, { verdict, until: this.#host.now() + cacheMs });
  }

  async #asked(question: PolicyQuestion): Promise<PolicyVerdict> {
    const { timeoutMs, problem, onFailure, status } = this.#parts;
    const abort = new AbortController();
    const late = new Promise<never>((_resolve, reject) => {
      abort.signal.addEventListener("abort", () => reject(abort.signal.reason as Error), { once: true });
    });
    const cancel = this.#host.setTimer(
      () => abort.abort(new Error(`No verdict within ${timeoutMs} ms`)),
      timeoutMs,
    );
    try {
      return await Promise.race([this.#post(question, abort.signal), late]);
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      problem({ kind: "policy", count: 1, error });
      return { accept: onFailure === "accept", status, comment: undefined, certain: false };
    } finally {
      cancel();
    }
  }

  async #post(question: PolicyQuestion, signal: AbortSignal): Promise<PolicyVerdict> {
    await this.#turn(signal);
    try {
      signal.throwIfAborted();
      const response = await post(this.#parts, JSON.stringify(question), {}, signal);
      const answer = await readAnswer(response, maxAnswerBytes);
      if (response.status !== 200) throw new Error(`The policy service answered ${response.status}`);
      return this.#read(answer);
    } finally {
      // The place goes to whoever is next in line.
      const [next] = this.#waiting;
      if (next === undefined) this.#running--;
      else {
        this.#waiting.delete(next);
        next();
      }
    }
  }

  // A place among those who ask; taken when this resolves.
  async #turn(signal: AbortSignal): Promise<void> {
    const { maxConcurrent, maxWaiting } = this.#parts;
    if (this.#running < maxConcurrent) this.#running++;
    else {
      if (this.#waiting.size >= maxWaiting) throw new Error("Too many questions wait for the policy service");
      await new Promise<void>((resolve, reject) => {
        const go = (): void => resolve();
        this.#waiting.add(go);
        signal.addEventListener(
          "abort",
          () => {
            if (this.#waiting.delete(go)) reject(signal.reason as Error);
          },
          { once: true },
        );
      });
    }
  }

  #read(answer: string): PolicyVerdict {
    const { verdict, status, comment } = Object(JSON.parse(answer)) as Record<string, unknown>;
    const certain = true;
    if (verdict === "accept") return { accept: true, status: 200, comment: undefined, certain };
    if (verdict !== "reject") throw new Error('The policy service gave no verdict: "accept" or "reject"');
    const known = Number.isInteger(status) && (status as number) >= 300 && (status as number) <= 999;
    return {
      accept: false,
      status: known ? (status as number) : this.#parts.status,
      comment: typeof comment === "string" ? printable(comment) : undefined,
      certain,
    };
  }
}

// Whose question it is matters, and what kind; not which of his messages.
function cacheKey({ direction, from, to, user, remoteAddress, secure, message }: PolicyQuestion): string {
  const type = message === undefined ? undefined : (message.contentType ?? null);
  return JSON.stringify([direction, from, to, user ?? null, remoteAddress, secure, type]);
}

// A comment goes into the first line of a response.
function printable(comment: string): string | undefined {
  const text = comment
    .replace(/[\p{Cc}\p{Cs}\s]+/gu, " ")
    .trim()
    .slice(0, maxCommentLength);
  return text === "" ? undefined : text;
}
