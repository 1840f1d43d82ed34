/**
 * Tells another service over HTTP what happens, and may ask one whether it should. Events never hold up a message; a
 * policy does, within a time limit.
 */
import { z } from "zod";
import { type ChunkContext, definePlugin, type Next, type Plugin } from "../core/mod.ts";
import { callback, limit, readOptions } from "./_options.ts";
import { problemTeller } from "./_tell_problem.ts";
import { Undelivered } from "./_undelivered.ts";
import { type WebhookEventName, WebhookEvents, webhookEventNames } from "./_webhook_events.ts";
import { GatedSession, PolicyGate } from "./_webhook_gate.ts";
import type { WebhookFetch } from "./_webhook_http.ts";
import { PolicyService } from "./_webhook_policy.ts";
import { type WebhookProblem, WebhookSender } from "./_webhook_sender.ts";

export { type WebhookEvent, type WebhookEventName, webhookEventNames } from "./_webhook_events.ts";
export type { WebhookFetch, WebhookResponse } from "./_webhook_http.ts";
export type { PolicyMessage, PolicyQuestion } from "./_webhook_policy.ts";
export type { WebhookProblem } from "./_webhook_sender.ts";
export { verifyWebhook, type WebhookVerification } from "./_webhook_signature.ts";

/** A service that decides. */
export interface WebhookPolicy {
  /** Where a question is posted; the answer is `{"verdict":"accept"}` or `{"verdict":"reject","status":403,"comment":"…"}`. */
  readonly url: string;
  /** For the first chunk of each message, or of each session and sender. @default "message" */
  readonly per?: "message" | "session";
  /** Time for the verdict, waiting included. Below the 10 s after which the node answers for itself. @default 2000 */
  readonly timeoutMs?: number;
  /** What becomes of a message when there is no verdict. @default "refuse" */
  readonly onFailure?: "refuse" | "accept";
  /** Status of a refusal that names none. @default 403 */
  readonly status?: number;
  /** Questions at the same time. @default 32 */
  readonly maxConcurrent?: number;
  /** Questions in line for that; for further ones there is no verdict. @default 1000 */
  readonly maxWaiting?: number;
  /** How long a verdict counts for the same sender, recipient, address and type. @default 0 */
  readonly cacheMs?: number;
  /** Verdicts that are remembered; then the oldest is forgotten. @default 10000 */
  readonly maxCached?: number;
}

/** Options of `webhook()`; `url` or `policy` is needed. */
export interface WebhookOptions {
  /** Where events are posted, as `{"events":[…]}`. */
  readonly url?: string;
  /** Which events. @default all but "request" and "error" */
  readonly events?: readonly WebhookEventName[];
  /** A service that decides. */
  readonly policy?: WebhookPolicy;
  /** Signs each request, in the field `msrpkit-signature`: see `verifyWebhook()`. */
  readonly secret?: string;
  /** Further header fields of each request, for example `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** @default the runtime's own */
  readonly fetch?: WebhookFetch;
  /** Events that wait to be sent; further ones are dropped, and told. @default 10000 */
  readonly maxQueuedEvents?: number;
  /** Events of one request. @default 100 */
  readonly maxBatchEvents?: number;
  /** How long an event waits for others to be sent with. @default 200 */
  readonly batchMs?: number;
  /** Time for an answer. @default 10000 */
  readonly timeoutMs?: number;
  /** How often a request is tried; then its events are dropped, and told. About an hour. @default 70 */
  readonly maxAttempts?: number;
  /** Wait after the first failure; twice as long after each further one, a part of it by chance. @default 1000 */
  readonly retryMs?: number;
  /** Longest wait after a failure. @default 60000 */
  readonly maxRetryMs?: number;
  /** Longest wait that a service may ask for by `Retry-After`. @default 600000 */
  readonly maxRetryAfterMs?: number;
  /** Told when events cannot be sent, and when there is no verdict. @default the `error` tap */
  readonly onProblem?: (problem: WebhookProblem) => void;
  /** Time of day in milliseconds since 1970. @default Date.now */
  readonly wallClock?: () => number;
}

const address = z.custom<string>(
  (value) => {
    if (typeof value !== "string" || !URL.canParse(value)) return false;
    const { protocol, username, password } = new URL(value);
    // fetch() takes none with a password, and a log should not have it.
    return /^https?:$/.test(protocol) && username === "" && password === "";
  },
  { error: "an http: or https: URL without a user is wanted; credentials go into headers" },
);
const schema = z.strictObject({
  url: z.exactOptional(address),
  events: z.exactOptional(z.array(z.enum(webhookEventNames)).readonly()),
  policy: z.exactOptional(
    z
      .strictObject({
        url: address,
        per: z.exactOptional(z.enum(["message", "session"])),
        timeoutMs: z.exactOptional(limit()),
        onFailure: z.exactOptional(z.enum(["refuse", "accept"])),
        status: z.exactOptional(z.int().min(300).max(999)),
        maxConcurrent: z.exactOptional(limit()),
        maxWaiting: z.exactOptional(limit(0)),
        cacheMs: z.exactOptional(limit(0)),
        maxCached: z.exactOptional(limit()),
      })
      .readonly(),
  ),
  secret: z.exactOptional(z.string().min(1)),
  headers: z.exactOptional(z.record(z.string(), z.string()).readonly()),
  fetch: z.exactOptional(callback<WebhookFetch>()),
  maxQueuedEvents: z.exactOptional(limit()),
  maxBatchEvents: z.exactOptional(limit()),
  batchMs: z.exactOptional(limit(0)),
  timeoutMs: z.exactOptional(limit()),
  maxAttempts: z.exactOptional(limit()),
  retryMs: z.exactOptional(limit()),
  maxRetryMs: z.exactOptional(limit()),
  maxRetryAfterMs: z.exactOptional(limit(0)),
  onProblem: z.exactOptional(callback<(problem: WebhookProblem) => void>()),
  wallClock: z.exactOptional(callback<() => number>()),
});

/** The plugin, and what waits in it. */
export interface WebhookPlugin extends Plugin {
  /**
   * Sends what waits, of all nodes that have the plugin: to be called after `app.close()`.
   *
   * @param withinMs the time there is @default 5000
   * @returns false when not all of it was sent
   */
  flush(withinMs?: number): Promise<boolean>;
  /** Events that have not been sent. */
  readonly queued: number;
}

const usual = webhookEventNames.filter((name) => name !== "request" && name !== "error");

/**
 * Webhooks.
 *
 * ```ts
 * app.use(webhook({ url: "https://example.com/msrp", secret }));
 * app.use(webhook({ policy: { url: "https://example.com/may", onFailure: "accept" } }));
 * ```
 *
 * @throws {TypeError} an option is unknown or wrong, or there is neither `url` nor `policy`
 */
export function webhook(options: WebhookOptions): WebhookPlugin {
  const checked = readOptions("webhook", schema, options);
  const { url, policy, events = usual } = checked;
  if (url === undefined && policy === undefined)
    throw new TypeError('Cannot make plugin "webhook": url or policy is needed');
  const wallClock = checked.wallClock ?? Date.now;
  const common = {
    secret: checked.secret,
    headers: checked.headers ?? {},
    fetch: checked.fetch ?? ((...request: Parameters<WebhookFetch>) => fetch(...request)),
    wallClock,
  };
  // Those that have something to send; the others are their nodes'.
  const senders = new Undelivered<WebhookSender>();
  const plugin = definePlugin("webhook", (host) => {
    const problem = problemTeller(host, "webhook", checked.onProblem, errorOf);
    const sender =
      url === undefined
        ? undefined
        : new WebhookSender(
            {
              ...common,
              url,
              maxQueued: checked.maxQueuedEvents ?? 10_000,
              maxBatch: checked.maxBatchEvents ?? 100,
              batchMs: checked.batchMs ?? 200,
              timeoutMs: checked.timeoutMs ?? 10_000,
              maxAttempts: checked.maxAttempts ?? 70,
              retryMs: checked.retryMs ?? 1_000,
              maxRetryMs: checked.maxRetryMs ?? 60_000,
              maxRetryAfterMs: checked.maxRetryAfterMs ?? 600_000,
              problem,
              busy: (one, busy) => senders.note(one, busy),
            },
            host,
          );
    const told = new WebhookEvents(
      sender === undefined ? [] : events,
      (event) => sender?.push(event),
      wallClock,
    );
    const taps = { ...told.taps(), connected: () => sender?.kick() };
    if (policy === undefined) return { name: "webhook", taps };
    const service = new PolicyService(
      {
        ...common,
        url: policy.url,
        timeoutMs: policy.timeoutMs ?? 2_000,
        onFailure: policy.onFailure ?? "refuse",
        status: policy.status ?? 403,
        maxConcurrent: policy.maxConcurrent ?? 32,
        maxWaiting: policy.maxWaiting ?? 1_000,
        cacheMs: policy.cacheMs ?? 0,
        maxCached: policy.maxCached ?? 10_000,
        problem,
      },
      host,
    );
    const gate = new PolicyGate(service, policy.per ?? "message", ({ session }) => told.numberOf(session));
    return {
      name: "webhook",
      session: () => new GatedSession(),
      chunk: (c: ChunkContext, next: Next, own: GatedSession | undefined) =>
        gate.chunk(c, next, own as GatedSession),
      taps,
    };
  });
  return Object.freeze({
    ...plugin,
    flush: (withinMs?: number) => senders.flush(withinMs),
    get queued() {
      return senders.sum(({ queued }) => queued);
    },
  });
}

function errorOf({ kind, count, error }: WebhookProblem): Error {
  const what: Record<WebhookProblem["kind"], string> = {
    retry: `${count} events could not be sent to the webhook, and will be tried again`,
    dropped: `${count} events for the webhook were dropped`,
    policy: "The policy service gave no verdict",
  };
  return new Error(`${what[kind]}: ${error.message}`, { cause: error });
}
