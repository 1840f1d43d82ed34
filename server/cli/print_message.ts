/**
 * Prints a received message: a text as it is, anything else as one line about it. However long the message is,
 * only its beginning is kept in memory.
 */
import type { Message } from "../../core/mod.ts";
import { RunningDigest } from "../files/digest.ts";
import { isText, OCTET_STREAM } from "../files/media_type.ts";
import type { Terminal } from "./terminal.ts";
import { formatBytes } from "./units.ts";

/** Octets of a text that are printed; what comes behind is counted only. */
export const MAX_PRINTED_BYTES: number = 64 * 1024;

/** Reads a message to its end and prints it. Rejects with the message's `DeliveryError` when it is given up. */
export async function printMessage(message: Message, terminal: Terminal): Promise<void> {
  const contentType = message.contentType ?? OCTET_STREAM;
  const digest = new RunningDigest();
  const kept: Uint8Array[] = [];
  for await (const bytes of message.stream() as AsyncIterable<Uint8Array>) {
    const room = MAX_PRINTED_BYTES - digest.bytes;
    if (room > 0) kept.push(bytes.slice(0, room));
    digest.update(bytes);
  }
  const bytes = digest.bytes;
  const text = isText(contentType) ? decodeText(kept) : undefined;
  if (text !== undefined && !terminal.json) await terminal.text(text.endsWith("\n") ? text : `${text}\n`);
  const rest =
    text !== undefined && bytes > MAX_PRINTED_BYTES
      ? `, the first ${formatBytes(MAX_PRINTED_BYTES)} shown`
      : "";
  terminal.result(
    {
      event: "received",
      messageId: message.messageId,
      contentType,
      bytes,
      sha256: digest.finish(),
      ...(text === undefined ? {} : { text }),
    },
    undefined,
  );
  if (text === undefined || rest !== "") {
    terminal.note(
      `received ${formatBytes(bytes)} of ${contentType}${rest} (--out DIRECTORY stores messages)`,
    );
  }
}

/** Pieces of UTF-8 as one text; an incomplete character at the end becomes U+FFFD. */
export function decodeText(pieces: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  return pieces.map((piece) => decoder.decode(piece, { stream: true })).join("") + decoder.decode();
}
