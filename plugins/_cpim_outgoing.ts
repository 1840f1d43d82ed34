/**
 * Wrapping what goes out into message/cpim (RFC 3862, RFC 4975 §13): what is wrapped, with which addresses, and how
 * several plugins add headers to one wrapper. Content that streams is not read for it.
 */
import {
  defineKey,
  type Key,
  LocalProtocolError,
  type OutgoingContent,
  type OutgoingContext,
  type SendOptions,
  type Sent,
  type Session,
} from "../core/mod.ts";
import { buildCpimHead, extensionLines, listOf } from "./_cpim_build.ts";
import { isCpim } from "./_cpim_message.ts";
import { parseCpim, parseCpimHead } from "./_cpim_parse.ts";
import type { CpimAddress, CpimExtension, CpimFields, CpimName } from "./_cpim_types.ts";
import { mimeField, mimeWord } from "./_mime_head.ts";

/** Who talks to whom in a session, for the wrappers that plugins write. */
export interface CpimIdentity {
  /** This side. */
  readonly from?: CpimAddress | string | undefined;
  /** The other side. */
  readonly to?: CpimAddress | string | readonly (CpimAddress | string)[] | undefined;
}

/** The identity of one session: `session.set(cpimIdentity, { from: "sip:ana@example.org", to: "sip:bo@example.net" })`. */
export const cpimIdentity: Key<CpimIdentity> = defineKey("cpim.identity");

/** Stands for an address that nobody has named: who is meant is then the signalling's matter. */
export const anonymousUri = "sip:anonymous@anonymous.invalid";

/** What goes into a wrapper besides the content. */
export type CpimWrapper = Omit<CpimFields, "contentType">;

interface Draft {
  readonly fields: CpimFields;
  readonly content: NonNullable<OutgoingContent>;
}

// What was wrapped here: another plugin that adds a header writes the wrapper anew.
const drafts: WeakMap<object, Draft> = new WeakMap();

/** Addresses of a session: its own, else those given as a default, else anonymous. */
export function identityOf(session: Session, fallback: CpimIdentity): Pick<CpimFields, "from" | "to"> {
  const own = session.get(cpimIdentity);
  return {
    from: own?.from ?? fallback.from ?? anonymousUri,
    to: own?.to ?? fallback.to ?? anonymousUri,
  };
}

const composingType = "application/im-iscomposing+xml";

/**
 * Whether a session wants content of a type wrapped: its peer begins its accept-types with message/cpim (RFC 4975 §13), or
 * takes the type wrapped only. Who lists typing indications by name means bare ones, as RCS phones do.
 */
export function wantsWrapping(session: Session, contentType: string): boolean {
  const peer = session.peerAcceptTypes;
  if (peer === undefined) return false;
  if (mimeWord(peer.list[0]) === "message/cpim") {
    const named = mimeWord(contentType) === composingType;
    return !named || !peer.list.some((entry) => mimeWord(entry) === composingType);
  }
  return !peer.accepts(contentType) && peer.accepts("message/cpim");
}

/** The Content-Type that content has when nobody says. */
export function defaultContentType(content: OutgoingContent): string {
  if (typeof content === "string") return "text/plain;charset=utf-8";
  return content instanceof Blob && content.type !== "" ? content.type : "application/octet-stream";
}

/** Puts what is about to go out into a wrapper; a wrapper that a plugin wrote already is written anew. */
export function wrapOutgoing(c: OutgoingContext, wrapper: CpimWrapper): void {
  const { body } = c;
  if (body === undefined) return;
  const contentType = c.contentType ?? defaultContentType(body);
  put(c, { fields: { ...wrapper, contentType }, content: body }, 0);
}

/**
 * Adds headers to the wrapper of what is about to go out; those that it has already stay as they are.
 *
 * @returns false when there is no wrapper, or when it cannot be read: the application's own stream
 */
export function addHeaders(c: OutgoingContext, headers: readonly CpimExtension[], dateTime?: Date): boolean {
  const { body } = c;
  if (body === undefined || !isCpim(c.contentType)) return false;
  const draft = typeof body === "object" ? drafts.get(body) : undefined;
  if (draft !== undefined) {
    const { fields } = draft;
    const has = (name: CpimExtension): boolean => fields.headers?.some((one) => sameName(one, name)) === true;
    const added = headers.filter((one) => !has(one));
    const changed = {
      ...fields,
      dateTime: fields.dateTime ?? dateTime,
      headers: [...(fields.headers ?? []), ...added],
    };
    put(c, { ...draft, fields: changed }, buildCpimHead(fields).length);
    return true;
  }
  if (typeof body !== "string" && !(body instanceof Uint8Array)) return false;
  c.body = insert(typeof body === "string" ? new TextEncoder().encode(body) : body, headers, dateTime);
  return true;
}

/** What a wrapper says that is about to go out. */
export interface WrapperView {
  readonly contentType: string;
  /** First word of Content-Disposition. */
  readonly disposition: string | undefined;
  readonly from: CpimAddress | string | undefined;
  /** URIs of the recipients. */
  readonly to: readonly string[];
  /** Value of the first header of a name. */
  value(namespace: string, name: string): string | undefined;
}

/** The wrapper of what is about to go out; undefined when it has none, or one that cannot be read without reading a stream. */
export function describeOutgoing(c: OutgoingContext): WrapperView | undefined {
  const { body } = c;
  if (body === undefined || !isCpim(c.contentType)) return undefined;
  const fields = typeof body === "object" ? drafts.get(body)?.fields : undefined;
  if (fields !== undefined) {
    return {
      contentType: fields.contentType,
      disposition: mimeWord(mimeField(fields.mimeHeaders ?? [], "content-disposition")),
      from: fields.from,
      to: listOf(fields.to).map((one) => (typeof one === "string" ? one : one.uri)),
      value: (namespace, name) => fields.headers?.find((one) => sameName(one, { namespace, name }))?.value,
    };
  }
  if (typeof body !== "string" && !(body instanceof Uint8Array)) return undefined;
  try {
    const head = parseCpimHead(typeof body === "string" ? new TextEncoder().encode(body) : body, {}, true);
    if (head === undefined) return undefined;
    const disposition = mimeWord(head.mimeHeader("content-disposition"));
    const { contentType, from } = head;
    return {
      contentType,
      disposition,
      from,
      to: head.to.map(({ uri }) => uri),
      value: (...name) => head.value(...name),
    };
  } catch {
    return undefined; // it goes out as it is
  }
}

/**
 * Sends content in a wrapper of its own. Addresses that are not given are those of the session (`cpimIdentity`).
 *
 * ```ts
 * sendCpim(session, "Lunch?", { subject: "Today", dateTime: new Date() });
 * ```
 *
 * @throws {LocalProtocolError} as `buildCpim` and `Session.send`
 */
export function sendCpim(
  session: Session,
  content: NonNullable<OutgoingContent>,
  fields: Partial<CpimFields> = {},
  options: SendOptions = {},
): Sent {
  const contentType = fields.contentType ?? options.contentType ?? defaultContentType(content);
  const whole = { ...identityOf(session, {}), ...fields, contentType };
  if ((options.start ?? 1) > 1) {
    throw new LocalProtocolError(
      "cpim-resumed",
      "Cannot wrap the end of a message whose beginning went out before",
    );
  }
  const head = buildCpimHead(whole);
  const body = joined(head, content);
  if (typeof body === "object") drafts.set(body, { fields: whole, content });
  const total = options.total === undefined ? undefined : options.total + head.length;
  return session.send(body, { ...options, contentType: "message/cpim", total });
}

function put(c: OutgoingContext, draft: Draft, oldHead: number): void {
  const head = buildCpimHead(draft.fields);
  const body = joined(head, draft.content);
  if (c.total !== undefined) c.total += head.length - oldHead;
  c.contentType = "message/cpim";
  c.body = body;
  drafts.set(body, draft);
}

function sameName(one: CpimName, other: CpimName): boolean {
  return one.namespace === other.namespace && one.name === other.name;
}

// An application's own octets: its headers stay as they are, further ones go behind them.
function insert(
  octets: Uint8Array,
  headers: readonly CpimExtension[],
  dateTime: Date | undefined,
): Uint8Array {
  const { head } = parseCpim(octets);
  const added = headers.filter(({ namespace, name }) => head.value(namespace, name) === undefined);
  const lines = extensionLines({ headers: added });
  if (head.dateTime === undefined && dateTime !== undefined)
    lines.unshift(`DateTime: ${dateTime.toISOString()}`);
  if (lines.length === 0) return octets;
  const at = head.headEnd;
  const inserted = new TextEncoder().encode(lines.map((line) => `${line}\r\n`).join(""));
  const whole = new Uint8Array(octets.length + inserted.length);
  whole.set(octets.subarray(0, at));
  whole.set(inserted, at);
  whole.set(octets.subarray(at), at + inserted.length);
  return whole;
}

type Body = Exclude<OutgoingContent, string | undefined>;

function joined(head: Uint8Array<ArrayBufferLike>, content: NonNullable<OutgoingContent>): Body {
  if (typeof content === "string") return joined(head, new TextEncoder().encode(content));
  if (content instanceof Blob) return new Blob([head as Uint8Array<ArrayBuffer>, content]);
  if (!(content instanceof Uint8Array)) return prefixed(head, content);
  const octets = new Uint8Array(head.length + content.length);
  octets.set(head);
  octets.set(content, head.length);
  return octets;
}

async function* prefixed(
  head: Uint8Array,
  content: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  yield head;
  if (!("getReader" in content)) {
    yield* content;
    return;
  }
  // Not every browser can iterate over a stream.
  const reader = content.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel();
  }
}
