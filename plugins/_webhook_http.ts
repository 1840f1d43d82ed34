/**
 * A POST of JSON with a time limit and a signature, and what its answer means. `fetch` is given, so that a test or a proxy
 * can stand in its place.
 */
import { signWebhook } from "./_webhook_signature.ts";

/** The part of `fetch` that is used. */
export type WebhookFetch = (
  url: string,
  init: {
    readonly method: "POST";
    readonly headers: Record<string, string>;
    readonly body: string;
    readonly signal: AbortSignal;
    readonly redirect: "error";
  },
) => Promise<WebhookResponse>;

/** The part of a `Response` that is used. */
export interface WebhookResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body?: ReadableStream<Uint8Array> | null;
  text(): Promise<string>;
}

/** Where to, and how. */
export interface PostOptions {
  readonly url: string;
  readonly secret: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: WebhookFetch;
  /** Time of day in milliseconds since 1970. */
  readonly wallClock: () => number;
}

/** Sends a body; the caller ends it by the signal. */
export async function post(
  { url, secret, headers, fetch, wallClock }: PostOptions,
  body: string,
  more: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<WebhookResponse> {
  const signed =
    secret === undefined
      ? {}
      : { "msrpkit-signature": await signWebhook(secret, Math.floor(wallClock() / 1000), body) };
  return await fetch(url, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json", ...more, ...signed },
    body,
    signal,
    // What was signed for one place is not carried to another.
    redirect: "error",
  });
}

/** Reads an answer of at most so many octets. @throws {Error} it is longer */
export async function readAnswer(response: WebhookResponse, maxBytes: number): Promise<string> {
  const { body } = response;
  if (body === undefined || body === null) return await response.text();
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let octets = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    octets += value.length;
    if (octets > maxBytes) {
      reader.cancel().catch(() => undefined);
      throw new Error(`The answer has more than ${maxBytes} octets`);
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** Lets go of an answer that nobody reads. */
export function discard({ body }: WebhookResponse): void {
  body?.cancel().catch(() => undefined);
}

/** `Retry-After` in milliseconds from now; undefined when there is none that makes sense (RFC 9110 §10.2.3). */
export function retryAfter(response: WebhookResponse, now: number): number | undefined {
  const text = response.headers.get("retry-after")?.trim();
  if (text === undefined || text === "") return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : Math.max(0, time - now);
}
