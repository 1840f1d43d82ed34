/**
 * Limits what senders may do: messages, octets, new sessions and connections, by session, user and address. Who goes too
 * fast is slowed down, as if the network were slow, or refused.
 */
import { z } from "zod";
import { type ChunkContext, type Context, definePlugin, type Plugin } from "../core/mod.ts";
import type { Rates } from "./_bucket_table.ts";
import { callback, limit, readOptions } from "./_options.ts";
import { RateLimiter } from "./_rate_limiter.ts";
import type { Rate } from "./_token_bucket.ts";

export type { Rates } from "./_bucket_table.ts";
export type { Rate } from "./_token_bucket.ts";

/** Options of `rateLimit()`. */
export interface RateLimitOptions {
  /** What may come in one session, from one side. */
  readonly perSession?: Pick<Rates, "messages" | "bytes">;
  /** What a user may send, over all sessions; those without a user are limited by the other two alone. */
  readonly perUser?: Omit<Rates, "connections">;
  /** What may come from an address; of IPv6 the first 64 bits count. */
  readonly perAddress?: Rates;
  /**
   * What becomes of what is too much. `"delay"`: it waits, its session with it, and the sender is slowed down by the
   * network; what would have to wait for longer than `maxDelayMs` is refused. `"refuse"`: it is refused at once.
   * Connections are always refused.
   * @default "delay"
   */
  readonly over?: "delay" | "refuse";
  /** Milliseconds that something may wait. Below `answerWithinMs` of the node, so that it is answered after all. @default 5000 */
  readonly maxDelayMs?: number;
  /** Status of a refusal. 413 ends the message and no more (RFC 4975 §10.5). @default 413 */
  readonly status?: number;
  /** Comment of a refusal. @default "Too Much At Once" */
  readonly comment?: string;
  /** Who sends. @default the user that `auth()` or a relay has put on the connection, or the application on the session */
  readonly userOf?: (c: Context & Pick<ChunkContext, "connection" | "session">) => string | undefined;
  /** Users, and addresses, that are remembered at a time. An entry costs some 300 octets. @default 65536 */
  readonly maxKeys?: number;
}

const rate = z.exactOptional(
  z
    .strictObject({
      perSecond: z.number().positive().finite(),
      burst: z.exactOptional(z.number().min(1).finite()),
    })
    .readonly() as z.ZodType<Rate>,
);

const schema = z.strictObject({
  perSession: z.exactOptional(z.strictObject({ messages: rate, bytes: rate }).readonly()),
  perUser: z.exactOptional(z.strictObject({ messages: rate, bytes: rate, sessions: rate }).readonly()),
  perAddress: z.exactOptional(
    z.strictObject({ messages: rate, bytes: rate, sessions: rate, connections: rate }).readonly(),
  ),
  over: z.exactOptional(z.enum(["delay", "refuse"])),
  maxDelayMs: z.exactOptional(limit()),
  status: z.exactOptional(z.int().min(400).max(599)),
  // It stands in the first line of a response.
  comment: z.exactOptional(z.string().regex(/^[^\p{Cc}]*$/u)),
  userOf: z.exactOptional(callback<NonNullable<RateLimitOptions["userOf"]>>()),
  maxKeys: z.exactOptional(limit()),
});

/**
 * Rate limits by token buckets, on the node's clock.
 *
 * ```ts
 * app.use(rateLimit({ perSession: { messages: { perSecond: 5, burst: 20 } }, perAddress: { bytes: { perSecond: 1e6 } } }));
 * ```
 *
 * @throws {TypeError} an option is unknown or wrong
 */
export function rateLimit(options: RateLimitOptions = {}): Plugin {
  const read = readOptions("rate_limit", schema, options);
  return definePlugin("rate_limit", (host) =>
    new RateLimiter(
      {
        perSession: read.perSession ?? {},
        perUser: read.perUser ?? {},
        perAddress: read.perAddress ?? {},
        maxDelayMs: read.over === "refuse" ? 0 : (read.maxDelayMs ?? 5000),
        status: read.status ?? 413,
        comment: read.comment ?? "Too Much At Once",
        userOf: read.userOf,
        maxKeys: read.maxKeys ?? 65_536,
      },
      host,
    ).hooks(),
  );
}
