/**
 * What the chat puts into messages, and how it reads them: everything travels in CPIM (RFC 3862). Requests for
 * disposition notifications (RFC 5438) go with it, so that phones and other chat programs take part in the ticks.
 */
import { buildCpim, buildCpimHead } from "../../../plugins/_cpim_build.ts";
import { CpimReader, cpimText, parseCpim } from "../../../plugins/_cpim_parse.ts";
import { imdnNamespace } from "../../../plugins/_cpim_text.ts";
import type { CpimFields } from "../../../plugins/_cpim_types.ts";
import { contentDisposition, proposedFileName, safeFileName } from "../../../server/files/file_name.ts";

/** Content-Type of everything that the chat sends. */
export const cpimType = "message/cpim";
/** Content-Type of notices (RFC 5438). */
export const noticeType = "message/imdn+xml";
/** Content-Type of what says that somebody is typing (RFC 3994). */
export const composingType = "application/im-iscomposing+xml";

/** Between whom a message goes, as URIs. */
export interface Ends {
  readonly from: string;
  readonly to: string;
}

/** A message as it came, whatever it was wrapped in. */
export interface Received {
  readonly contentType: string;
  /** Octets in front of the content. */
  readonly contentStart: number;
  readonly at: number | undefined;
  /** The id that a notice has to name, when one is wanted. */
  readonly noticeId: string | undefined;
  readonly wants: { readonly delivered: boolean; readonly displayed: boolean };
  /** A proposed name, made safe. */
  readonly fileName: string | undefined;
  readonly text: string;
}

/** A text, ready to be sent. */
export function textMessage(ends: Ends, id: string, at: number, text: string): Uint8Array {
  return buildCpim({ ...fields(ends, id, at), contentType: "text/plain;charset=utf-8" }, text);
}

/** What stands in front of a file's octets. */
export function fileHead(ends: Ends, id: string, at: number, file: { name: string; type: string }): string {
  const octets = buildCpimHead({
    ...fields(ends, id, at),
    contentType: file.type,
    mimeHeaders: [["Content-Disposition", contentDisposition(file.name)]],
  });
  return new TextDecoder().decode(octets);
}

/** Something that needs no notice itself: a notice. */
export function wrapped(ends: Ends, contentType: string, content: string): Uint8Array {
  const { from, to } = ends;
  return buildCpim(
    { from, to, contentType, mimeHeaders: [["Content-Disposition", "notification"]] },
    content,
  );
}

/** Reads the head of a message whose octets have come so far; undefined = it needs more of them. */
export function readStart(
  octets: Uint8Array,
  contentType: string | undefined,
  disposition?: string,
): Received | undefined {
  if (!isCpim(contentType)) return bare(contentType ?? "application/octet-stream", "", disposition);
  const head = new CpimReader().push(octets);
  return head === undefined ? undefined : received(head, "");
}

/** Reads a whole message. @throws {RemoteProtocolError} no CPIM although it says so */
export function readMessage(
  octets: Uint8Array,
  contentType: string | undefined,
  disposition?: string,
): Received {
  if (!isCpim(contentType)) {
    const type = contentType ?? "application/octet-stream";
    return bare(type, isText(type) ? new TextDecoder().decode(octets) : "", disposition);
  }
  const { head, body } = parseCpim(octets);
  return received(head, isText(head.contentType) || isXml(head.contentType) ? cpimText(head, body) : "");
}

/** Whether a media type is text that a conversation shows as such. */
export function isText(contentType: string): boolean {
  return /^text\/plain\b/i.test(contentType);
}

function fields({ from, to }: Ends, id: string, at: number): Omit<CpimFields, "contentType"> {
  const imdn = (name: string, value: string) => ({ namespace: imdnNamespace, name, value });
  return {
    from,
    to,
    dateTime: new Date(at),
    headers: [imdn("Message-ID", id), imdn("Disposition-Notification", "positive-delivery, display")],
  };
}

type Head = ReturnType<typeof parseCpim>["head"];

function received(head: Head, text: string): Received {
  const wishes = head.values(imdnNamespace, "Disposition-Notification").join(",").toLowerCase();
  const name = proposedFileName(head.mimeHeader("Content-Disposition"));
  return {
    contentType: head.contentType,
    contentStart: head.contentStart,
    at: head.date?.getTime(),
    noticeId: head.value(imdnNamespace, "Message-ID"),
    wants: { delivered: wishes.includes("positive-delivery"), displayed: wishes.includes("display") },
    fileName: name === undefined ? undefined : safeFileName(name, "file"),
    text,
  };
}

function bare(contentType: string, text: string, disposition: string | undefined): Received {
  const name = proposedFileName(disposition);
  return {
    contentType,
    contentStart: 0,
    at: undefined,
    noticeId: undefined,
    wants: { delivered: false, displayed: false },
    fileName: name === undefined ? undefined : safeFileName(name, "file"),
    text,
  };
}

function isCpim(contentType: string | undefined): boolean {
  return /^message\/cpim\b/i.test(contentType ?? "");
}

function isXml(contentType: string): boolean {
  return /\+xml\b/i.test(contentType);
}
