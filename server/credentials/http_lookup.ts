/**
 * Users behind an HTTP service: each lookup is a POST of `{"user", "realm"}` as JSON, answered with HA1. For whoever
 * keeps accounts in a system of their own.
 */
import { z } from "zod";
import type { DigestAlgorithm, MaybePromise, UserCredentials } from "../../core/mod.ts";
import { isHa1 } from "../../core/mod.ts";
import { LookupCache, type LookupCacheOptions } from "./lookup_cache.ts";
import { LookupGate, type LookupGateOptions } from "./lookup_gate.ts";
import { RealmAlgorithms } from "./realm_algorithms.ts";
import { type CredentialStore, StoreError } from "./store.ts";

/** Longest answer that is read, in octets; a good one has some two hundred. */
export const MAX_ANSWER_BYTES = 16_384;

/** How an HTTP service is asked. */
export interface HttpLookupOptions extends LookupGateOptions, LookupCacheOptions {
  /** Sent as `Authorization: Bearer`, so that not everybody can ask for HA1. @default none */
  readonly token?: string | undefined;
  /** Does the request. @default the runtime's fetch */
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
}

const ha1Of = (algorithm: DigestAlgorithm) =>
  z
    .string()
    .transform((text) => text.toLowerCase())
    .refine((text) => isHa1(algorithm, text))
    .optional();

/** The answer 200; unknown members are left alone, so that services may grow. */
const answerSchema = z.object({
  ha1: z.object({ MD5: ha1Of("MD5"), "SHA-256": ha1Of("SHA-256"), "SHA-512-256": ha1Of("SHA-512-256") }),
  allowed: z.boolean().optional(),
});

/** Users behind an HTTP service. */
export class HttpLookup implements CredentialStore {
  readonly description: string;
  readonly #url: string;
  readonly #options: HttpLookupOptions;
  readonly #gate: LookupGate;
  readonly #cache: LookupCache<UserCredentials>;
  readonly #algorithms = new RealmAlgorithms();

  /** @throws StoreError for a URL that is not HTTPS (or HTTP to this machine), or that holds a password */
  constructor(url: string, options: HttpLookupOptions = {}) {
    const { protocol, hostname, username, password, host } = parseUrl(url);
    const local = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
    if (protocol !== "https:" && !(protocol === "http:" && local)) {
      throw new StoreError(`Users at ${host} must be asked for over https: HA1 is as secret as a password`);
    }
    if (username !== "" || password !== "") {
      throw new StoreError(`The address of the users at ${host} must not hold a password: use a token`);
    }
    this.#url = url;
    this.#options = options;
    this.#gate = new LookupGate(options);
    this.#cache = new LookupCache(options);
    this.description = `HTTP service at ${host}`;
  }

  /** See `Credentials.lookup`; no promise for an answer that is remembered. */
  lookup(user: string, realm: string): MaybePromise<UserCredentials | undefined> {
    return this.#cache.get(`${realm}\n${user}`, () =>
      this.#gate.run((signal) => this.#ask(user, realm, signal)),
    );
  }

  /** See `Credentials.algorithms`: MD5 and SHA-256, less what some user was found to lack. */
  algorithms(realm: string): readonly DigestAlgorithm[] {
    return this.#algorithms.of(realm);
  }

  /** Forgets what was remembered. */
  async reload(): Promise<void> {
    this.#cache.clear();
    this.#algorithms.clear();
  }

  /** Nothing is held open. */
  async close(): Promise<void> {
    this.#cache.clear();
  }

  async #ask(user: string, realm: string, signal: AbortSignal): Promise<UserCredentials | undefined> {
    const { token, fetch: send = fetch } = this.#options;
    const headers: Record<string, string> = {
      "Content-Type": "application/json",
      Accept: "application/json",
    };
    if (token !== undefined) headers["Authorization"] = `Bearer ${token}`;
    const body = JSON.stringify({ user, realm });
    let response: Response;
    try {
      // A redirect would carry the token to somebody else.
      response = await send(this.#url, { method: "POST", headers, body, signal, redirect: "error" });
    } catch (cause) {
      throw new StoreError(`${this.description} cannot be reached`, { cause, network: true });
    }
    if (response.status === 404) {
      await response.body?.cancel();
      return undefined;
    }
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new StoreError(`${this.description} answered ${response.status}`, { network: true });
    }
    const credentials = this.#parse(await readText(response, this.description));
    this.#algorithms.learn(realm, credentials.ha1);
    return credentials;
  }

  #parse(text: string): UserCredentials {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new StoreError(`${this.description} answered with something that is no JSON`);
    }
    const answer = answerSchema.safeParse(value);
    // The answer holds secrets; only the place of the fault is told.
    if (!answer.success) {
      const place = answer.error.issues[0]?.path.join(".") ?? "";
      throw new StoreError(`${this.description} answered without a usable "${place}"`);
    }
    const { ha1, allowed } = answer.data;
    const present = Object.entries(ha1).filter(([, one]) => one !== undefined);
    return { ha1: Object.fromEntries(present), allowed };
  }
}

async function readText(response: Response, from: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  if (response.body === null) return text;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.length;
    if (bytes > MAX_ANSWER_BYTES) {
      await reader.cancel();
      throw new StoreError(`${from} answered with over ${MAX_ANSWER_BYTES} octets`);
    }
    text += decoder.decode(value, { stream: true });
  }
}

function parseUrl(url: string): URL {
  try {
    return new URL(url);
  } catch (cause) {
    throw new StoreError("The address of the users is no URL", { cause });
  }
}
