/**
 * CPIM wrappers (RFC 3862) around messages: a view of those that come in, and wrapping of what goes out where the peer
 * wants it. The content is never changed and, when it streams, never held.
 */
import { z } from "zod";
import {
  type ChunkContext,
  definePlugin,
  type MaybeVerdict,
  type MessageContext,
  type Next,
  type OutgoingContext,
  type Plugin,
  RemoteProtocolError,
  type Verdict,
} from "../core/mod.ts";
import { type CpimMessage, isCpim, sameView, viewOf } from "./_cpim_message.ts";
import { addressSchema } from "./_cpim_options.ts";
import { defaultContentType, identityOf, wantsWrapping, wrapOutgoing } from "./_cpim_outgoing.ts";
import { parseCpimHead } from "./_cpim_parse.ts";
import { cpimNamespace, imdnNamespace } from "./_cpim_text.ts";
import type { CpimAddress, CpimLimits, CpimMode, CpimName } from "./_cpim_types.ts";
import { callback, limit, readOptions } from "./_options.ts";
import { tell } from "./_tell.ts";

/** Options of `cpim()`. */
export interface CpimOptions extends CpimLimits {
  /**
   * How strictly incoming messages are read; what cannot be read is refused with 400.
   * @default "lenient"
   */
  readonly mode?: CpimMode;
  /**
   * When incoming messages are looked at: once they are there, or with their first chunk, also in a relay, which then
   * refuses what has no readable head.
   * @default "message"
   */
  readonly check?: "message" | "chunk";
  /**
   * Hands the content on in place of the wrapper: handlers see its Content-Type and its octets.
   * @default false
   */
  readonly unwrap?: boolean;
  /**
   * Which outgoing messages are wrapped: `"auto"` those that the peer's accept-types want wrapped (RFC 4975 §13).
   * @default "auto"
   */
  readonly wrap?: "auto" | "always" | "never";
  /** This side, for sessions without `cpimIdentity`. @default anonymous */
  readonly from?: CpimAddress | string;
  /** The other side, for sessions without `cpimIdentity`. @default anonymous */
  readonly to?: CpimAddress | string;
  /**
   * Puts the time into wrappers.
   * @default true
   */
  readonly dateTime?: boolean;
  /** The time of day. @default the system's */
  readonly wallClock?: () => Date;
  /**
   * Whether this side understands a header or feature that a message requires (RFC 3862 §3.5); what it does not is refused
   * with 403.
   * @default headers of RFC 3862 and RFC 5438
   */
  readonly understands?: (feature: CpimName) => boolean;
  /** Told of what a lenient reader passed over. */
  readonly onWarning?: (warnings: readonly string[], message: CpimMessage) => void;
}

const schema = z.strictObject({
  mode: z.exactOptional(z.enum(["cpim", "msrp", "lenient"])),
  check: z.exactOptional(z.enum(["message", "chunk"])),
  unwrap: z.exactOptional(z.boolean()),
  wrap: z.exactOptional(z.enum(["auto", "always", "never"])),
  from: z.exactOptional(addressSchema),
  to: z.exactOptional(addressSchema),
  dateTime: z.exactOptional(z.boolean()),
  wallClock: z.exactOptional(callback<() => Date>()),
  understands: z.exactOptional(callback<(feature: CpimName) => boolean>()),
  onWarning: z.exactOptional(callback<(warnings: readonly string[], message: CpimMessage) => void>()),
  maxHeadBytes: z.exactOptional(limit()),
  maxHeaders: z.exactOptional(limit()),
});

/**
 * Reads and writes message/cpim.
 *
 * ```ts
 * app.use(cpim({ from: "sip:ana@example.org", to: "sip:bo@example.net" }));
 * app.onMessage(async (message) => {
 *   const view = cpimOf(message);
 *   console.log(view?.from?.uri, await (view ?? message).text());
 * });
 * ```
 *
 * @throws {TypeError} an option is unknown or wrong
 */
export function cpim(options: CpimOptions = {}): Plugin {
  const settings = readOptions("cpim", schema, options);
  const { check = "message", wrap = "auto" } = settings;
  return definePlugin("cpim", (host) => {
    const { onWarning } = settings;
    const warn = (warnings: readonly string[], view: CpimMessage): void =>
      tell(host, "onWarning", () => onWarning?.(warnings, view));
    const all = { ...settings, onWarning: warn };
    return {
      name: "cpim",
      message: (c, next) => received(c, next, all),
      ...(wrap === "never" ? {} : { outgoing: (c: OutgoingContext, next: Next) => outgoing(c, next, all) }),
      ...(check === "message" ? {} : { chunk: (c: ChunkContext, next: Next) => checked(c, next, all) }),
    };
  });
}

function received(c: MessageContext, next: Next, options: CpimOptions): MaybeVerdict {
  if (!isCpim(c.contentType)) return next();
  try {
    const view = viewOf(c, options);
    if (!(view instanceof Promise)) return handOn(c, view, next, options);
    return view.then(
      (late) => handOn(c, late, next, options),
      (error: unknown) => refused(c, error),
    );
  } catch (error) {
    return refused(c, error);
  }
}

function handOn(
  c: MessageContext,
  view: CpimMessage | undefined,
  next: Next,
  { understands = isOurs, unwrap, onWarning }: CpimOptions,
): MaybeVerdict {
  if (view === undefined) return next();
  const { require, warnings } = view.head;
  if (!require.every((feature) => understands(feature)))
    return c.reject(403, "Required Feature Not Understood");
  if (warnings.length > 0) onWarning?.(warnings, view);
  if (unwrap === true) {
    c.message = view.unwrap();
    sameView(c.message, view);
  }
  return next();
}

function isOurs({ namespace }: CpimName): boolean {
  return namespace === cpimNamespace || namespace === imdnNamespace;
}

// With 415 a peer would stop sending CPIM at all; this message alone is at fault.
function refused(c: MessageContext | ChunkContext, error: unknown): Verdict {
  if (error instanceof RemoteProtocolError) return c.reject(error.status, `CPIM ${error.code}`);
  throw error;
}

function outgoing(c: OutgoingContext, next: Next, options: CpimOptions): MaybeVerdict {
  const { wrap = "auto", dateTime = true, wallClock } = options;
  if (c.method !== "SEND" || c.resumed || isCpim(c.contentType)) return next();
  if (wrap === "always" || wantsWrapping(c.session, c.contentType ?? defaultContentType(c.body))) {
    const at = dateTime ? (wallClock?.() ?? new Date()) : undefined;
    wrapOutgoing(c, { ...identityOf(c.session, options), dateTime: at });
  }
  return next();
}

function checked(c: ChunkContext, next: Next, options: CpimOptions): MaybeVerdict {
  const { body } = c;
  const begins = c.first && (c.byteRange?.start ?? 1) === 1;
  if (!begins || body === undefined || !isCpim(c.contentType)) return next();
  try {
    parseCpimHead(body, options, c.last && c.flag === "$");
  } catch (error) {
    return refused(c, error);
  }
  return next();
}
