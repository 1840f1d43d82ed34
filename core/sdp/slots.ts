/**
 * The m= lines of our own description: streams of ours, sections of another stack, and places of streams that are gone.
 * A place never disappears, it only changes what stands in it (RFC 3264 §8).
 */
import { RemoteProtocolError } from "../errors.ts";
import { formatMsrpSection, formatRefusal } from "./build.ts";
import { type ConnectionAddress, type MediaLine, readMediaLine } from "./fields.ts";
import { type LocalStream, sectionOf } from "./stream.ts";

/** One m= line of our own description. */
export type Slot = StreamSlot | TextSlot;

/** A stream of ours. */
export interface StreamSlot {
  readonly kind: "stream";
  readonly stream: LocalStream;
}

/** Text that is not ours: a section of another stack, or a refusal. */
export interface TextSlot {
  readonly kind: "text";
  readonly line: MediaLine;
  readonly text: string;
}

/** Puts a stream into a slot. */
export function streamSlot(stream: LocalStream): StreamSlot {
  return { kind: "stream", stream };
}

/** A stream that is refused or gone, with the line that it answers or had. */
export function refusal(line: MediaLine): TextSlot {
  return { kind: "text", line: { ...line, port: 0 }, text: formatRefusal(line) };
}

/** What is left of a slot when its stream is gone. */
export function goneSlot(slot: Slot): TextSlot {
  if (slot.kind === "text") return refusal(slot.line);
  const proto = slot.stream.uri.scheme === "msrps" ? "TCP/TLS/MSRP" : "TCP/MSRP";
  return refusal({ media: "message", port: 0, portCount: undefined, proto, fmt: ["*"] });
}

/** The section of another stack. @throws RemoteProtocolError when it does not begin with an m= line */
export function otherSlot(section: string): TextSlot {
  const text = section.endsWith("\n") ? section : `${section}\r\n`;
  const first = /^m=(.*?)\r?\n/.exec(text);
  if (first === null || /\nm=/.test(text)) {
    throw new RemoteProtocolError(
      "bad-media-line",
      "Cannot take SDP section: it is not one m= line with its lines",
    );
  }
  return { kind: "text", line: readMediaLine(first[1] ?? ""), text };
}

/** A slot as text. @throws LocalProtocolError for what `formatMsrpSection` refuses */
export function formatSlot(slot: Slot, session: ConnectionAddress): string {
  return slot.kind === "text" ? slot.text : formatMsrpSection(sectionOf(slot.stream), session);
}
