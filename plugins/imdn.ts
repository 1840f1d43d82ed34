/**
 * Disposition notifications (RFC 5438): told when a message was delivered, shown, or lost on its way. They travel in CPIM,
 * in the session that the message came in.
 */
import { z } from "zod";
import {
  definePlugin,
  type MaybeVerdict,
  type MessageContext,
  type Next,
  type Plugin,
  type PluginHost,
  RemoteProtocolError,
  type Session,
  type Verdict,
} from "../core/mod.ts";
import { type CpimMessage, viewOf } from "./_cpim_message.ts";
import { addressSchema } from "./_cpim_options.ts";
import { cpimContent } from "./_cpim_parse.ts";
import type { CpimAddress, CpimLimits, CpimMode } from "./_cpim_types.ts";
import {
  type ImdnDraft,
  type ImdnEvent,
  type ImdnPolicy,
  type ImdnRequest,
  type ImdnRole,
  isNotification,
} from "./_imdn_decide.ts";
import { imdnContentType } from "./_imdn_document.ts";
import { type ImdnReceived, ImdnSession, type ImdnSettings } from "./_imdn_session.ts";
import { ImdnTracker } from "./_imdn_tracker.ts";
import { mimeWord } from "./_mime_head.ts";
import { callback, limit, readOptions } from "./_options.ts";
import { tell } from "./_tell.ts";

/** Options of `imdn()`. */
export interface ImdnOptions extends CpimLimits {
  /** What each message with content asks for that does not ask by itself. @default nothing */
  readonly request?: readonly ImdnRequest[];
  /** This side, for sessions without `cpimIdentity`. @default the address that a message was sent to */
  readonly from?: CpimAddress | string;
  /** The other side, for sessions without `cpimIdentity`. @default anonymous */
  readonly to?: CpimAddress | string;
  /**
   * Who this node is: the one who gets messages for a user, or one who passes them on and may tell of that only.
   * @default "recipient"
   */
  readonly role?: ImdnRole;
  /** Asks and answers also where the sender is anonymous (RFC 5438 §12.1.1), as RCS does. @default false */
  readonly anonymous?: boolean;
  /** Whether to tell what happened (RFC 5438 §14.2): `"send"`, `"forbid"` (tell that it is denied) or `"silent"`. @default "send" */
  readonly policy?: (event: ImdnEvent, message: CpimMessage) => ImdnPolicy;
  /** Takes the CPIM octets of a notification and brings them to `draft.sendTo`. @default they go out in the session */
  readonly notify?: (octets: Uint8Array, draft: ImdnDraft, session: Session) => void;
  /** Called with each notification that comes in, also about messages that nobody remembers. */
  readonly onNotification?: (received: ImdnReceived) => void;
  /** Called with what was wrong with a notification; it is dropped. */
  readonly onFault?: (error: Error, session: Session) => void;
  /** Hands notifications on to the application as well. @default false */
  readonly pass?: boolean;
  /**
   * Drops notifications from addresses that the message did not go to. To be switched off where a message to one address,
   * such as a chat room, is answered for by others.
   * @default true
   */
  readonly checkRecipient?: boolean;
  /** How strictly wrappers are read; what cannot be read is not looked at. @default "lenient" */
  readonly mode?: CpimMode;
  /** The time of day. @default the system's */
  readonly wallClock?: () => Date;
  /** Messages of the node that notifications are waited for; above that the oldest is forgotten. @default 10000 */
  readonly maxTracked?: number;
  /** Messages of a session that `displayed()` finds by their id; above that the oldest is forgotten. @default 1000 */
  readonly maxWaiting?: number;
  /** Octets of one notification document. @default 16384 */
  readonly maxXmlBytes?: number;
  /** Notifications in one message. @default 256 */
  readonly maxNotifications?: number;
  /** Octets of a streamed notification that are read. @default 262144 */
  readonly maxStreamedBytes?: number;
}

const schema = z.strictObject({
  request: z.exactOptional(
    z.array(z.enum(["positive-delivery", "negative-delivery", "processing", "display"])).readonly(),
  ),
  from: z.exactOptional(addressSchema),
  to: z.exactOptional(addressSchema),
  role: z.exactOptional(z.enum(["recipient", "intermediary"])),
  anonymous: z.exactOptional(z.boolean()),
  policy: z.exactOptional(callback<(event: ImdnEvent, message: CpimMessage) => ImdnPolicy>()),
  notify: z.exactOptional(callback<(octets: Uint8Array, draft: ImdnDraft, session: Session) => void>()),
  onNotification: z.exactOptional(callback<(received: ImdnReceived) => void>()),
  onFault: z.exactOptional(callback<(error: Error, session: Session) => void>()),
  pass: z.exactOptional(z.boolean()),
  checkRecipient: z.exactOptional(z.boolean()),
  mode: z.exactOptional(z.enum(["cpim", "msrp", "lenient"])),
  wallClock: z.exactOptional(callback<() => Date>()),
  maxTracked: z.exactOptional(limit()),
  maxWaiting: z.exactOptional(limit()),
  maxXmlBytes: z.exactOptional(limit()),
  maxNotifications: z.exactOptional(limit()),
  maxStreamedBytes: z.exactOptional(limit()),
  maxHeadBytes: z.exactOptional(limit()),
  maxHeaders: z.exactOptional(limit()),
});

/**
 * Sends and takes disposition notifications.
 *
 * ```ts
 * app.use(imdn({ from: "sip:ana@example.org", to: "sip:bo@example.net" }));
 * const { tracking } = imdnOf(session).send("Lunch?");
 * await tracking.displayed;
 * ```
 *
 * @throws {TypeError} an option is unknown or wrong
 */
export function imdn(options: ImdnOptions = {}): Plugin {
  const settings = readOptions("imdn", schema, options);
  const { request = [], from, to, role = "recipient", anonymous = false, checkRecipient = true } = settings;
  const {
    policy,
    notify,
    onNotification,
    onFault,
    wallClock = () => new Date(),
    maxWaiting = 1000,
  } = settings;
  const { maxTracked = 10_000, maxXmlBytes = 16_384, maxNotifications = 256 } = settings;
  const limits = { maxXmlBytes, maxNotifications };
  return definePlugin("imdn", (host) => {
    const told = { policy, ...listening(host, { notify, onNotification, onFault }) };
    const each = {
      request,
      from,
      to,
      role,
      anonymous,
      checkRecipient,
      ...told,
      wallClock,
      maxWaiting,
      limits,
    };
    const tracker = new ImdnTracker(maxTracked);
    return {
      name: "imdn",
      session: (session): Place => ({
        own: new ImdnSession(session, each, tracker),
        options: settings,
        host,
      }),
      outgoing: (c, next, { own }) => {
        if (c.method === "SEND" && c.body !== undefined && !c.resumed) own.asking(c);
        return next();
      },
      message: received,
    };
  });
}

type Listeners = Pick<ImdnSettings, "notify" | "onNotification" | "onFault">;

// What goes wrong in these is not the peer's doing, and stops nothing.
function listening(host: PluginHost, { notify, onNotification, onFault }: Listeners): Listeners {
  return {
    notify:
      notify &&
      ((octets, draft, session) => {
        const sent: unknown = notify(octets, draft, session);
        tell(host, "notify", () => sent);
      }),
    onNotification:
      onNotification && ((received) => tell(host, "onNotification", () => onNotification(received))),
    onFault: onFault && ((error, session) => tell(host, "onFault", () => onFault(error, session))),
  };
}

interface Place {
  readonly own: ImdnSession;
  readonly options: ImdnOptions;
  readonly host: PluginHost;
}

function received(c: MessageContext, next: Next, place: Place): MaybeVerdict {
  try {
    const view = viewOf(c, place.options);
    if (view instanceof Promise) {
      return view.then(
        (late) => look(c, next, place, late),
        (error: unknown) => passed(error, next),
      );
    }
    if (view !== undefined) return look(c, next, place, view);
    // Seen without its wrapper.
    return mimeWord(c.contentType) === imdnContentType ? take(c, next, place, undefined) : next();
  } catch (error) {
    return passed(error, next);
  }
}

// What cannot be read asks for nothing; whether it is refused is not for this plugin to say.
function passed(error: unknown, next: Next): MaybeVerdict {
  if (error instanceof RemoteProtocolError) return next();
  throw error;
}

function look(c: MessageContext, next: Next, place: Place, view: CpimMessage): MaybeVerdict {
  if (isNotification(view.head)) return take(c, next, place, view);
  const verdict = next();
  const settle = (decided: Verdict): Verdict => {
    // RFC 5438 §12.1.3: what was refused is answered as MSRP does, not by a notification.
    if (decided.accepted) arrived(place, view);
    return decided;
  };
  return verdict instanceof Promise ? verdict.then(settle) : settle(verdict);
}

// What streams has arrived when its last octet has; what is given up on the way never does.
function arrived({ own, host }: Place, view: CpimMessage): void {
  view.message.completed.then(
    () => {
      try {
        own.arrived(view);
      } catch (error) {
        host.error(error, "message");
      }
    },
    () => undefined,
  );
}

function take(
  c: MessageContext,
  next: Next,
  { own, options: { pass = false, maxStreamedBytes = 262_144 } }: Place,
  view: CpimMessage | undefined,
): MaybeVerdict {
  const { message } = c;
  const wrapped = view !== undefined && message === view.message;
  const taken = (octets: Uint8Array): void => {
    const body = wrapped ? cpimContent(view.head, octets.subarray(view.head.contentStart)) : octets;
    own.take(view, view?.contentType ?? c.contentType ?? "", body);
  };
  if (message.mode === "memory") {
    taken(message.body);
    return pass ? next() : c.accept();
  }
  if (message.mode !== "stream" || pass) return next();
  return message.bytes({ maxBytes: maxStreamedBytes }).then((octets) => {
    taken(octets);
    return c.accept();
  });
}
