/**
 * The client's side of the rendezvous service, for the page and for the terminal alike. It signs in, sends signals, and
 * keeps a stream of events open for as long as it is wanted.
 */
import { readEvents } from "./event_stream.ts";
import type { Account, Delivered, RendezvousEvent, Signal, SignedIn } from "./protocol.ts";

/** The service has refused a request. */
export class RendezvousError extends Error {
  /** HTTP status; 0 = it could not be reached. */
  readonly status: number;
  /** Code of the service, such as `"refused"` for a wrong password. */
  readonly code: string;

  constructor(status: number, code: string, options?: ErrorOptions) {
    super(`The chat server answers ${status} (${code})`, options);
    this.status = status;
    this.code = code;
  }
}

/** Options of a client. */
export interface RendezvousClientOptions {
  /** Origin of the service, `"http://localhost:8080"`. */
  readonly origin: string;
  readonly token: string;
  /** Names this page or terminal: it differs after a reload. */
  readonly instance: string;
  /** First wait before a lost stream is opened again; it doubles up to `retryMaxMs`. @default 500 */
  readonly retryMinMs?: number;
  /** @default 8000 */
  readonly retryMaxMs?: number;
  /** A stream without any sign of life for so long is lost. @default 15000 */
  readonly silenceMs?: number;
}

/** Signs in. @throws {RendezvousError} `refused`, `too-many-failures`, or `unreachable` (status 0) */
export async function signIn(origin: string, user: string, password: string): Promise<SignedIn> {
  const response = await request(origin, "/api/sign-in", { method: "POST", body: { user, password } });
  return (await response.json()) as SignedIn;
}

/** One signed-in client. */
export class RendezvousClient {
  readonly #options: Required<RendezvousClientOptions>;
  #lastId = 0;

  constructor(options: RendezvousClientOptions) {
    this.#options = { retryMinMs: 500, retryMaxMs: 8000, silenceMs: 15_000, ...options };
  }

  /** Name of this page or terminal. */
  get instance(): string {
    return this.#options.instance;
  }

  /** Who one is, and how to log in at the relay. @throws {RendezvousError} `not-signed-in`, `unreachable` */
  async account(): Promise<Account> {
    const { origin, token } = this.#options;
    return (await (await request(origin, "/api/account", { token })).json()) as Account;
  }

  /** Sends a signal. @returns false when the other one is offline @throws {RendezvousError} */
  async send(to: string, signal: Signal): Promise<boolean> {
    const { origin, token, instance } = this.#options;
    const body = { to, instance, signal };
    const response = await request(origin, "/api/signals", { method: "POST", token, body });
    return ((await response.json()) as Delivered).delivered;
  }

  /** Ends the sign-in. A server that cannot be reached will forget it by itself. */
  async signOut(): Promise<void> {
    const { origin, token } = this.#options;
    await request(origin, "/api/sign-out", { method: "POST", token }).catch(() => undefined);
  }

  /**
   * Gives `handler` every event until `signal` aborts, the client is replaced or its sign-in has ended; opens the stream
   * again whenever it is lost.
   *
   * @param onConnected told whether the stream is open, at each change; `true` once its first event, the contacts, is handled
   * @throws {RendezvousError} `not-signed-in`
   */
  async follow(
    handler: (event: RendezvousEvent) => void,
    onConnected: (connected: boolean) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { retryMinMs, retryMaxMs } = this.#options;
    let wait = retryMinMs;
    while (!signal.aborted) {
      const ended = await this.#stream(
        handler,
        () => {
          wait = retryMinMs;
          onConnected(true);
        },
        signal,
      );
      if (signal.aborted || ended === "replaced") return;
      onConnected(false);
      await pause(wait, signal);
      wait = Math.min(wait * 2, retryMaxMs);
    }
  }

  async #stream(
    handler: (event: RendezvousEvent) => void,
    opened: () => void,
    signal: AbortSignal,
  ): Promise<"replaced" | "lost"> {
    const { origin, token, instance, silenceMs } = this.#options;
    const lost = new AbortController();
    const give = (): void => lost.abort();
    signal.addEventListener("abort", give, { once: true });
    let silence = setTimeout(give, silenceMs);
    const alive = (): void => {
      clearTimeout(silence);
      silence = setTimeout(give, silenceMs);
    };
    try {
      const path = `/api/events?instance=${encodeURIComponent(instance)}&after=${this.#lastId}`;
      const response = await request(origin, path, { token, signal: lost.signal });
      if (response.body === null) return "lost";
      let first = true;
      for await (const { id, data } of readEvents(response.body, alive)) {
        if (id !== undefined) this.#lastId = Number(id);
        const event = JSON.parse(data) as RendezvousEvent;
        handler(event);
        if (event.type === "replaced") return "replaced";
        if (first) opened();
        first = false;
      }
    } catch (error) {
      if (error instanceof RendezvousError && error.status === 401) throw error;
    } finally {
      clearTimeout(silence);
      signal.removeEventListener("abort", give);
      lost.abort();
    }
    return "lost";
  }
}

async function request(
  origin: string,
  path: string,
  options: { method?: string; token?: string; body?: unknown; signal?: AbortSignal },
): Promise<Response> {
  const { method = "GET", token, body, signal } = options;
  const headers: Record<string, string> = {};
  if (token !== undefined) headers["Authorization"] = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(new URL(path, origin), {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (cause) {
    throw new RendezvousError(0, "unreachable", { cause });
  }
  if (response.ok) return response;
  const told = (await response.json().catch(() => ({}))) as { error?: string };
  throw new RendezvousError(response.status, told.error ?? "failed");
}

/** Waits, but no longer than until the network is back or nobody wants it any more. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      globalThis.removeEventListener?.("online", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
    globalThis.addEventListener?.("online", done);
  });
}
