/**
 * Disposition notifications in one session, both sides: asking for them, sending them once for each message and type, and
 * taking those that come. Made by the plugin for each session.
 */
import {
  createMessageId,
  defineKey,
  type Key,
  LocalProtocolError,
  type OutgoingContent,
  type OutgoingContext,
  type SendOptions,
  type Sent,
  type Session,
} from "../core/mod.ts";
import { composingContentType } from "./_composing_document.ts";
import { listOf } from "./_cpim_build.ts";
import type { CpimHead } from "./_cpim_head.ts";
import type { CpimMessage } from "./_cpim_message.ts";
import {
  addHeaders,
  defaultContentType,
  describeOutgoing,
  identityOf,
  sendCpim,
  wrapOutgoing,
} from "./_cpim_outgoing.ts";
import { imdnNamespace } from "./_cpim_text.ts";
import type { CpimAddress, CpimExtension, CpimFields } from "./_cpim_types.ts";
import { parseImdnAggregate } from "./_imdn_aggregate.ts";
import {
  buildNotification,
  decideImdn,
  type ImdnDraft,
  type ImdnEvent,
  type ImdnPolicy,
  type ImdnRequest,
  type ImdnRole,
  imdnMessageId,
  isAnonymous,
} from "./_imdn_decide.ts";
import { type ImdnNotification, type ImdnType, imdnContentType, parseImdn } from "./_imdn_document.ts";
import { type ImdnTracker, ImdnTracking } from "./_imdn_tracker.ts";
import { mimeWord } from "./_mime_head.ts";

/** A notification that came in. */
export interface ImdnReceived {
  readonly notification: ImdnNotification;
  /** The message that it is about; undefined when this node does not remember one. */
  readonly tracking: ImdnTracking | undefined;
  /** Who says that it sent the notification. */
  readonly from: CpimAddress | undefined;
  readonly session: Session;
}

/** What the plugin goes by. */
export interface ImdnSettings {
  readonly request: readonly ImdnRequest[];
  readonly from: CpimAddress | string | undefined;
  readonly to: CpimAddress | string | undefined;
  readonly role: ImdnRole;
  readonly anonymous: boolean;
  readonly checkRecipient: boolean;
  readonly policy: ((event: ImdnEvent, message: CpimMessage) => ImdnPolicy) | undefined;
  readonly notify: ((octets: Uint8Array, draft: ImdnDraft, session: Session) => void) | undefined;
  readonly onNotification: ((received: ImdnReceived) => void) | undefined;
  readonly onFault: ((error: Error, session: Session) => void) | undefined;
  readonly wallClock: () => Date;
  readonly maxWaiting: number;
  readonly limits: { readonly maxXmlBytes?: number; readonly maxNotifications?: number };
}

/** How a message that asks for notifications is sent. */
export interface ImdnSendOptions extends SendOptions {
  /** What to ask for. @default what the plugin asks for, or "positive-delivery", "negative-delivery" and "display" */
  request?: readonly ImdnRequest[];
  /** Further headers of the wrapper. @default addresses of the session, and the time */
  cpim?: Partial<CpimFields>;
}

/** A message on its way that asked for notifications. */
export interface ImdnSent {
  /** The message in MSRP: its chunks, responses and reports. */
  readonly sent: Sent;
  /** What its recipients tell of it. */
  readonly tracking: ImdnTracking;
}

const key: Key<ImdnSession> = defineKey("imdn.session");

/** Disposition notifications of a session; undefined when its node has no `imdn()`. */
export function imdnOf(session: Session): ImdnSession | undefined {
  return session.get(key);
}

/** Disposition notifications of one session. */
export class ImdnSession {
  readonly #session: Session;
  readonly #settings: ImdnSettings;
  readonly #tracker: ImdnTracker;
  readonly #sent: Map<string, ImdnTracking> = new Map();
  readonly #waiting: Map<string, CpimMessage> = new Map();
  readonly #done: WeakMap<CpimHead, Set<ImdnType>> = new WeakMap();
  #refused = false; // the peer does not take notifications

  /** @internal */
  constructor(session: Session, settings: ImdnSettings, tracker: ImdnTracker) {
    this.#session = session;
    this.#settings = settings;
    this.#tracker = tracker;
    session.set(key, this);
  }

  /**
   * Sends content that asks for notifications, in a wrapper of its own.
   *
   * ```ts
   * const { tracking } = imdnOf(session).send("Lunch?", { request: ["display"] });
   * await tracking.displayed;
   * ```
   *
   * @throws {LocalProtocolError} `imdn-anonymous`, and as `sendCpim`
   */
  send(content: NonNullable<OutgoingContent>, options: ImdnSendOptions = {}): ImdnSent {
    const { request, cpim = {}, ...rest } = options;
    const asked = request ?? (this.#settings.request.length > 0 ? this.#settings.request : everything);
    const fields = {
      ...identityOf(this.#session, this.#settings),
      dateTime: this.#settings.wallClock(),
      ...cpim,
    };
    this.#mayAsk(fields.from);
    const headers = [...(cpim.headers ?? []), ...requestHeaders(asked)];
    const sent = sendCpim(this.#session, content, { ...fields, headers }, rest);
    const id =
      headers.find((one) => one.name === "Message-ID" && one.namespace === imdnNamespace)?.value ?? "";
    return { sent, tracking: this.#remember(sent.messageId, id, uris(fields.to), asked) };
  }

  /** What is known of a message of this session that asked for notifications, by its Message-ID in MSRP. */
  track(messageId: string): ImdnTracking | undefined {
    return this.#sent.get(messageId);
  }

  /**
   * Tells the sender that a message was shown, if it asked: by its view, or its IMDN Message-ID. A second call does nothing.
   *
   * @returns whether a notification was sent
   */
  displayed(message: CpimMessage | string | undefined): boolean {
    return this.#tell(message, "displayed");
  }

  /** Tells the sender that a message that was accepted could not be delivered after all; as `displayed`. */
  failed(message: CpimMessage | string | undefined): boolean {
    return this.#tell(message, "failed");
  }

  /** For intermediaries: the message was passed on; as `displayed`. */
  processed(message: CpimMessage | string | undefined): boolean {
    return this.#tell(message, "processed");
  }

  /** For intermediaries: the message is kept until its recipient is there; as `displayed`. */
  stored(message: CpimMessage | string | undefined): boolean {
    return this.#tell(message, "stored");
  }

  /** @internal A message is about to go out: it asks, when it should. */
  asking(c: OutgoingContext): void {
    const { request } = this.#settings;
    const known = describeOutgoing(c);
    const type = mimeWord(known?.contentType ?? c.contentType ?? defaultContentType(c.body));
    if (type === imdnContentType || type === composingContentType || known?.disposition === "notification")
      return;
    const own = known?.value(imdnNamespace, "Message-ID");
    if (known !== undefined && own !== undefined) {
      const requests = requestsOf(known.value(imdnNamespace, "Disposition-Notification"));
      if (requests.length > 0) this.#remember(c.messageId, own, known.to, requests);
      return;
    }
    if (request.length === 0 || c.session.peerAcceptTypes?.accepts("message/cpim") === false) return;
    if (known === undefined) {
      if (type === "message/cpim") return; // a stream of the application's own, that is not read for this
      const identity = identityOf(c.session, this.#settings);
      this.#mayAsk(identity.from);
      wrapOutgoing(c, identity);
    } else this.#mayAsk(known.from ?? "");
    const [id, ...others] = requestHeaders(request);
    addHeaders(c, [id, ...others], this.#settings.wallClock());
    this.#remember(c.messageId, id.value, describeOutgoing(c)?.to ?? [], request);
  }

  /** @internal A message has reached the application. */
  arrived(view: CpimMessage): void {
    const id = imdnMessageId(view.head);
    if (id === undefined) return;
    this.#waiting.set(id, view);
    dropOldest(this.#waiting, this.#settings.maxWaiting);
    if (this.#settings.role === "recipient") this.#tell(view, "delivered");
  }

  /** @internal A notification has come. @param body octets of the document or of the aggregate */
  take(view: CpimMessage | undefined, contentType: string, body: Uint8Array): void {
    const { limits, onNotification, onFault, checkRecipient } = this.#settings;
    try {
      const single = mimeWord(contentType) === imdnContentType;
      const all = single ? [parseImdn(body, limits)] : parseImdnAggregate(contentType, body, limits);
      for (const notification of all) {
        const tracking = this.#tracker.get(notification.messageId);
        const from = view?.from?.uri;
        if (checkRecipient && tracking !== undefined && view !== undefined && !tracking.knows(from)) {
          onFault?.(
            new LocalProtocolError(
              "imdn-not-recipient",
              "A notification comes from nobody that the message went to",
            ),
            this.#session,
          );
          continue;
        }
        tracking?.take(notification, from);
        onNotification?.({ notification, tracking, from: view?.from, session: this.#session });
      }
    } catch (error) {
      onFault?.(error as Error, this.#session);
    }
  }

  #mayAsk(from: CpimAddress | string): void {
    const uri = typeof from === "string" ? from : from.uri;
    if (this.#settings.anonymous || !isAnonymous(uri)) return;
    throw new LocalProtocolError(
      "imdn-anonymous",
      "Cannot ask for notifications: the sender is anonymous (RFC 5438 §12.1.1); give `from`, or allow it by `anonymous`",
    );
  }

  #remember(
    messageId: string,
    id: string,
    to: readonly string[],
    requests: readonly ImdnRequest[],
  ): ImdnTracking {
    const known = this.#sent.get(messageId);
    if (known !== undefined) return known;
    const tracking = new ImdnTracking(id, to, requests);
    this.#tracker.add(tracking);
    this.#sent.set(messageId, tracking);
    dropOldest(this.#sent, this.#settings.maxWaiting);
    return tracking;
  }

  #doneOf(head: CpimHead): Set<ImdnType> {
    const done = this.#done.get(head) ?? new Set();
    this.#done.set(head, done);
    return done;
  }

  #tell(message: CpimMessage | string | undefined, event: ImdnEvent): boolean {
    if (message === undefined || this.#refused) return false;
    const view = typeof message === "string" ? this.#waiting.get(message) : message;
    if (view === undefined) return false;
    const { role, policy, anonymous, wallClock } = this.#settings;
    const receivedAt = view.head.dateTime ?? wallClock().toISOString();
    const said = policy?.(event, view) ?? "send";
    const draft = decideImdn(view.head, event, { role, anonymous, policy: said, receivedAt });
    const done = this.#doneOf(view.head);
    if (draft === undefined || done.has(draft.type)) return false;
    if (!this.#send(draft, view)) return false;
    // RFC 5438 §7.2.1: one notification of each type, whatever happens later.
    done.add(draft.type);
    return true;
  }

  #send(draft: ImdnDraft, view: CpimMessage): boolean {
    const { notify, from } = this.#settings;
    const session = this.#session;
    const own = identityOf(session, { from: from ?? view.to[0]?.uri }).from;
    const octets = buildNotification(draft, own);
    if (notify !== undefined) {
      notify(octets, draft, session);
      return true;
    }
    const peer = session.peerAcceptTypes;
    if (peer !== undefined && !(peer.accepts("message/cpim") && peer.acceptsInside("message/cpim", octets)))
      return false;
    if (session.state !== "bound") return false;
    session.send(octets, {
      contentType: "message/cpim",
      control: true,
      successReport: false,
      failureReport: "partial",
      // Asking again and again what the peer does not take would never end.
      onFailure: ({ status }) => {
        if (status === 415) this.#refused = true;
      },
    });
    return true;
  }
}

function dropOldest(map: Map<string, unknown>, most: number): void {
  if (map.size <= most) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}

function uris(to: CpimFields["to"]): string[] {
  return listOf(to).map((one) => (typeof one === "string" ? one : one.uri));
}

const everything: readonly ImdnRequest[] = ["positive-delivery", "negative-delivery", "display"];

function requestHeaders(requests: readonly ImdnRequest[]): [id: CpimExtension, asked: CpimExtension] {
  return [
    { namespace: imdnNamespace, name: "Message-ID", value: createMessageId() },
    { namespace: imdnNamespace, name: "Disposition-Notification", value: requests.join(", ") },
  ];
}

function requestsOf(value: string | undefined): ImdnRequest[] {
  const asked = (value ?? "").split(",").map((item) => item.split(";", 1)[0]?.trim());
  return [...everything, "processing" as const].filter((request) => asked.includes(request));
}
