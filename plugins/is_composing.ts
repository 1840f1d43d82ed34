/**
 * Typing indications (RFC 3994): tells the peer that the user is writing, and the application who of the others is. Status
 * messages never reach the application, and never hold back a message.
 */
import { z } from "zod";
import {
  definePlugin,
  type MaybeVerdict,
  type MessageContext,
  type Next,
  type Plugin,
  RemoteProtocolError,
  type Session,
} from "../core/mod.ts";
import { composingContentType, parseComposing } from "./_composing_document.ts";
import { type ComposingEvent, ComposingSession } from "./_composing_session.ts";
import { type CpimMessage, viewOf } from "./_cpim_message.ts";
import { addressSchema } from "./_cpim_options.ts";
import { cpimContent } from "./_cpim_parse.ts";
import type { CpimAddress, CpimLimits, CpimMode } from "./_cpim_types.ts";
import { isNotification } from "./_imdn_decide.ts";
import { imdnContentType } from "./_imdn_document.ts";
import { mimeWord } from "./_mime_head.ts";
import { callback, limit, readOptions } from "./_options.ts";
import { tell } from "./_tell.ts";

/** Options of `isComposing()`. */
export interface IsComposingOptions extends CpimLimits {
  /** Without input for so long, the user counts as idle (RFC 3994 §3.2). @default 15000 */
  readonly idleTimeoutMs?: number;
  /**
   * An active status is repeated so often while the user goes on writing; at least 60000, Infinity = never, and the peer
   * assumes 120 s.
   * @default 120000
   */
  readonly refreshMs?: number;
  /** At least so long between two active statuses, for those who type and send very fast. @default 1000 */
  readonly minGapMs?: number;
  /** What is being written, when `typing()` does not say. @default not told */
  readonly contentType?: string;
  /** Tells when something was last written. @default true */
  readonly lastActive?: boolean;
  /** Whether statuses go out in CPIM: `"auto"` as the peer's accept-types want it. @default "auto" */
  readonly wrap?: "auto" | "always" | "never";
  /** This side, for sessions without `cpimIdentity`. @default anonymous */
  readonly from?: CpimAddress | string;
  /** The other side, for sessions without `cpimIdentity`. @default anonymous */
  readonly to?: CpimAddress | string;
  /** Called when somebody begins to write, or stops. */
  readonly onChange?: (event: ComposingEvent) => void;
  /** Called with what was wrong with a status; it is dropped. */
  readonly onFault?: (error: Error, session: Session) => void;
  /** The time of day. @default the system's */
  readonly wallClock?: () => Date;
  /** How strictly wrappers are read; what cannot be read is not looked at. @default "lenient" */
  readonly mode?: CpimMode;
  /** The longest that an active status of a peer lasts, whatever it says. @default 3600000 */
  readonly maxRefreshMs?: number;
  /** Others that can be seen writing at once, in one session. @default 100 */
  readonly maxComposers?: number;
  /** Octets of a status document. @default 16384 */
  readonly maxXmlBytes?: number;
}

const schema = z.strictObject({
  idleTimeoutMs: z.exactOptional(limit()),
  refreshMs: z.exactOptional(limit(60_000)),
  minGapMs: z.exactOptional(limit(0)),
  contentType: z.exactOptional(z.string()),
  lastActive: z.exactOptional(z.boolean()),
  wrap: z.exactOptional(z.enum(["auto", "always", "never"])),
  from: z.exactOptional(addressSchema),
  to: z.exactOptional(addressSchema),
  onChange: z.exactOptional(callback<(event: ComposingEvent) => void>()),
  onFault: z.exactOptional(callback<(error: Error, session: Session) => void>()),
  wallClock: z.exactOptional(callback<() => Date>()),
  mode: z.exactOptional(z.enum(["cpim", "msrp", "lenient"])),
  maxRefreshMs: z.exactOptional(limit()),
  maxComposers: z.exactOptional(limit()),
  maxXmlBytes: z.exactOptional(limit()),
  maxHeadBytes: z.exactOptional(limit()),
  maxHeaders: z.exactOptional(limit()),
});

/** RFC 3994 §3.3: what an active status without refresh lasts. */
const defaultRefreshMs = 120_000;

/**
 * Sends and takes typing indications.
 *
 * ```ts
 * app.use(isComposing({ onChange: ({ from, state }) => console.log(from?.uri, state) }));
 * input.addEventListener("input", () => composingOf(session)?.typing());
 * ```
 *
 * @throws {TypeError} an option is unknown or wrong
 */
export function isComposing(options: IsComposingOptions = {}): Plugin {
  const settings = readOptions("is_composing", schema, options);
  const { idleTimeoutMs = 15_000, refreshMs = 120_000, minGapMs = 1000, maxRefreshMs = 3_600_000 } = settings;
  const { maxComposers = 100, contentType, lastActive = true, wrap = "auto", from, to, onChange } = settings;
  const { wallClock = () => new Date() } = settings;
  return definePlugin("is_composing", (host) => {
    const fault = (error: Error, session: Session): void =>
      tell(host, "onFault", () => settings.onFault?.(error, session));
    const reading = { ...settings, onFault: fault };
    return {
      name: "is_composing",
      session: (session) =>
        new ComposingSession(
          session,
          {
            ...{ idleTimeoutMs, refreshMs, minGapMs, defaultRefreshMs, maxRefreshMs, maxComposers },
            ...{ contentType, lastActive, wrap, from, to, onChange, wallClock },
          },
          host,
        ),
      ended: (_session, own) => own.end(),
      outgoing: (c, next, own) => {
        if (c.method === "SEND" && c.body !== undefined) own.sending(c);
        return next();
      },
      message: (c, next, own) => received(c, next, own, reading),
    };
  });
}

function received(
  c: MessageContext,
  next: Next,
  own: ComposingSession,
  options: IsComposingOptions,
): MaybeVerdict {
  try {
    const view = viewOf(c, options);
    if (!(view instanceof Promise)) return look(c, next, own, view, options);
    return view.then(
      (late) => look(c, next, own, late, options),
      (error: unknown) => passed(error, next),
    );
  } catch (error) {
    return passed(error, next);
  }
}

// Whether what cannot be read is refused is not for this plugin to say.
function passed(error: unknown, next: Next): MaybeVerdict {
  if (error instanceof RemoteProtocolError) return next();
  throw error;
}

function look(
  c: MessageContext,
  next: Next,
  own: ComposingSession,
  view: CpimMessage | undefined,
  options: IsComposingOptions,
): MaybeVerdict {
  const { message } = c;
  const type = mimeWord(view?.contentType ?? c.contentType);
  if (type !== composingContentType) {
    const notifies = type === imdnContentType || (view !== undefined && isNotification(view.head));
    if (type !== undefined && !notifies) own.content(view);
    return next();
  }
  const wrapped = view !== undefined && message === view.message;
  const take = (octets: Uint8Array): MaybeVerdict => {
    const body = wrapped ? cpimContent(view.head, octets.subarray(view.head.contentStart)) : octets;
    try {
      own.status(view, parseComposing(body, options));
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error;
      options.onFault?.(error, c.session);
    }
    return c.accept();
  };
  if (message.mode === "memory") return take(message.body);
  if (message.mode !== "stream") return next();
  const { maxXmlBytes = 16_384, maxHeadBytes = 262_144 } = options;
  return message.bytes({ maxBytes: maxXmlBytes + maxHeadBytes }).then(take);
}
