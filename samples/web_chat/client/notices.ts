/**
 * Notices that a message was delivered or displayed (RFC 5438), and what says that somebody is typing (RFC 3994). This is
 * the part of both that the chat uses.
 */
import {
  buildComposing,
  buildImdn,
  type ComposingState,
  parseComposing,
  parseImdn,
} from "../../../plugins/codecs.ts";

/** What a notice says of a message. */
export interface Notice {
  /** The message's imdn.Message-ID. */
  readonly id: string;
  readonly status: "delivered" | "displayed";
}

/** Seconds for which "is typing" holds when nothing more comes; told again before that. */
export const refreshSeconds = 60;

/** Writes a notice. @param at when the message was sent */
export function writeNotice({ id, status }: Notice, at: number): string {
  const type = status === "delivered" ? "delivery" : "display";
  return buildImdn({ messageId: id, datetime: new Date(at).toISOString(), type, status });
}

/**
 * Reads a notice; undefined when it says anything but that a message was delivered or displayed.
 *
 * @throws {RemoteProtocolError} it cannot be read
 */
export function readNotice(xml: string): Notice | undefined {
  const { messageId: id, status } = parseImdn(new TextEncoder().encode(xml));
  return status === "delivered" || status === "displayed" ? { id, status } : undefined;
}

/** Writes whether somebody is typing. */
export function writeComposing(state: ComposingState): string {
  const refresh = state === "active" ? { refresh: refreshSeconds } : {};
  return buildComposing({ state, contentType: "text/plain", ...refresh });
}

/** Reads it. @throws {RemoteProtocolError} it cannot be read */
export function readComposing(xml: string): {
  readonly state: ComposingState;
  readonly refresh: number | undefined;
} {
  const { state, refresh } = parseComposing(new TextEncoder().encode(xml));
  return { state, refresh };
}
