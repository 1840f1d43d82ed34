/**
 * Whether a message wants a notification of what happened to it, and which (RFC 5438 §7, §8). Pure: takes the head of the
 * message and gives what is to be written, or nothing.
 */
import { createMessageId } from "../core/mod.ts";
import { buildCpim } from "./_cpim_build.ts";
import type { CpimHead } from "./_cpim_head.ts";
import { imdnNamespace } from "./_cpim_text.ts";
import type { CpimAddress, CpimExtension } from "./_cpim_types.ts";
import {
  buildImdn,
  type ImdnNotification,
  type ImdnStatus,
  type ImdnType,
  imdnContentType,
} from "./_imdn_document.ts";
import { mimeWord } from "./_mime_head.ts";

/** What a sender may ask to be told of (RFC 5438 §6.2). */
export type ImdnRequest = "positive-delivery" | "negative-delivery" | "processing" | "display";

/** What happened to a message. */
export type ImdnEvent = "delivered" | "failed" | "processed" | "stored" | "displayed";

/** Who notifies: who gets messages for a user, or who passes them on. */
export type ImdnRole = "recipient" | "intermediary";

/** What the user or the operator wants: tell it, tell that telling is denied, or say nothing (RFC 5438 §14.2). */
export type ImdnPolicy = "send" | "forbid" | "silent";

/** A notification that is to be sent. */
export interface ImdnDraft extends ImdnNotification {
  /** Who asked: To of the notification. */
  readonly to: string;
  /** IMDN-Route, first hop first. */
  readonly routes: readonly string[];
  /** Whom it goes to first. */
  readonly sendTo: string;
}

const meaning: Readonly<
  Record<ImdnEvent, readonly [type: ImdnType, request: ImdnRequest, by: readonly ImdnRole[]]>
> = {
  delivered: ["delivery", "positive-delivery", ["recipient"]],
  failed: ["delivery", "negative-delivery", ["recipient", "intermediary"]],
  processed: ["processing", "processing", ["intermediary"]],
  stored: ["processing", "processing", ["intermediary"]],
  displayed: ["display", "display", ["recipient"]],
};

/** What a message asks for; what nobody knows is passed over, and so are parameters. */
export function imdnRequests(head: CpimHead): ImdnRequest[] {
  const known = Object.values(meaning).map(([, request]) => request);
  const asked = head
    .values(imdnNamespace, "Disposition-Notification")
    .flatMap((value) => value.split(","))
    .map((item) => item.split(";", 1)[0]?.trim());
  return [...new Set(known)].filter((request) => asked.includes(request));
}

/** The IMDN Message-ID of a message. */
export function imdnMessageId(head: CpimHead): string | undefined {
  return head.value(imdnNamespace, "Message-ID")?.trim() || undefined;
}

/** True for a notification, single or aggregated: never is one sent about it (RFC 5438 §7.2.1). */
export function isNotification(head: CpimHead): boolean {
  const type = mimeWord(head.contentType);
  if (type === imdnContentType) return true;
  return (
    type?.startsWith("multipart/") === true &&
    mimeWord(head.mimeHeader("content-disposition")) === "notification"
  );
}

/** What `decideImdn` goes by. */
export interface ImdnDecision {
  /** @default "recipient" */
  readonly role?: ImdnRole;
  /** @default "send" */
  readonly policy?: ImdnPolicy;
  /** Whether senders that hide who they are get notifications (RFC 5438 §12.1.1). @default false */
  readonly anonymous?: boolean;
  /** When the message came; stands for its DateTime when it has none. @default nothing is sent without DateTime */
  readonly receivedAt?: string | undefined;
}

/** What is to be sent when `event` happens to a message; undefined when nothing is. */
export function decideImdn(
  head: CpimHead,
  event: ImdnEvent,
  options: ImdnDecision = {},
): ImdnDraft | undefined {
  const { role = "recipient", policy = "send", anonymous = false } = options;
  const [type, request, roles] = meaning[event];
  const messageId = imdnMessageId(head);
  const datetime = head.dateTime ?? options.receivedAt;
  const to = head.from?.uri;
  if (messageId === undefined || datetime === undefined || to === undefined) return undefined;
  if (isNotification(head) || !roles.includes(role) || !imdnRequests(head).includes(request))
    return undefined;
  // Whatever else somebody's function gave: nobody has agreed to tell.
  if ((policy !== "send" && policy !== "forbid") || (!anonymous && isAnonymous(to))) return undefined;
  const status: ImdnStatus = policy === "forbid" ? "forbidden" : event;
  const routes = addresses(head, "IMDN-Record-Route");
  return {
    type,
    status,
    messageId,
    datetime,
    recipientUri: head.to[0]?.uri,
    originalRecipientUri: addresses(head, "Original-To")[0],
    subject: head.subject,
    to,
    routes,
    sendTo: routes[0] ?? to,
  };
}

/** Writes the CPIM message that carries a notification. @param from who notifies; the recipient of the message, as a rule */
export function buildNotification(draft: ImdnDraft, from: CpimAddress | string): Uint8Array {
  const document = new TextEncoder().encode(buildImdn(draft));
  return wrapNotification(draft, from, imdnContentType, document);
}

/** Writes the CPIM message around one notification or several. */
export function wrapNotification(
  { to, routes }: Pick<ImdnDraft, "to" | "routes">,
  from: CpimAddress | string,
  contentType: string,
  content: Uint8Array,
): Uint8Array {
  const header = (name: string, value: string): CpimExtension => ({ namespace: imdnNamespace, name, value });
  return buildCpim(
    {
      from,
      to,
      headers: [
        header("Message-ID", createMessageId()),
        ...routes.map((route) => header("IMDN-Route", `<${route}>`)),
      ],
      contentType,
      mimeHeaders: [
        ["Content-Disposition", "notification"],
        ["Content-Length", String(content.length)],
      ],
    },
    content,
  );
}

/** What an intermediary does with IMDN-Route: takes itself from its top, and sends on to what is next (RFC 5438 §8). */
export function routeImdn(
  own: string,
  routes: readonly string[],
  to: string,
): { readonly routes: readonly string[]; readonly next: string } {
  const rest = routes[0] !== undefined && sameUri(routes[0], own) ? routes.slice(1) : routes;
  return { routes: rest, next: rest[0] ?? to };
}

/** Compares the addresses of messages: scheme and host without regard to case, parameters not at all. */
export function sameUri(one: string, other: string): boolean {
  return one === other || plain(one) === plain(other);
}

function plain(uri: string): string {
  const [, scheme = "", user = "", rest = ""] = /^([^:]*):((?:[^@;?]*@)?)([^;?]*)/.exec(uri) ?? [];
  return `${scheme.toLowerCase()}:${user}${rest.toLowerCase()}`;
}

/** True for an address that leads to nobody (RFC 3323 §4.1.1.3, RFC 4575 §5.6). */
export function isAnonymous(uri: string): boolean {
  return /^[^:]+:(?:[^@;?]*@)?[^@;?:]*\.invalid(?:[:;?].*)?$/i.test(uri);
}

// `[ Formal-name ] "<" URI ">"`: the URI is all that matters here.
function addresses(head: CpimHead, name: string): string[] {
  return head.values(imdnNamespace, name).flatMap((value) => {
    const open = value.lastIndexOf("<");
    const close = value.indexOf(">", open);
    return open >= 0 && close > open ? [value.slice(open + 1, close)] : [];
  });
}
