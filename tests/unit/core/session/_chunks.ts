// Chunks for the tests of the inbox: written as octets, read by the decoder, and spoilt after the call.
// Spoiling the octets shows what the inbox failed to copy.
import type { Inbox } from "../../../../core/session/inbox.ts";
import type { InboxResult } from "../../../../core/session/inbox_result.ts";
import type { Session } from "../../../../core/session/session.ts";
import { Decoder } from "../../../../core/wire/decoder.ts";
import type { Flag, RequestFrame } from "../../../../core/wire/frame.ts";

/** One SEND; what is not given is a whole text message "msg.1" of "hello". */
export interface Chunk {
  id?: string;
  /** Byte-Range; null = no such field. */
  range?: string | null;
  /** null = no body. */
  body?: string | Uint8Array | null;
  flag?: Flag;
  type?: string | null;
  fields?: readonly string[];
}

/** Inboxes only pass the session on. */
export const noSession: Session = {} as Session;

let serial = 0;

export function octetsOf(chunk: Chunk): Uint8Array {
  const { id = "msg.1", range = null, body = "hello", flag = "$", type = "text/plain", fields = [] } = chunk;
  const transaction = `tr${String(++serial).padStart(10, "0")}`;
  const lines = [
    `MSRP ${transaction} SEND`,
    "To-Path: msrp://bob.example:1/bobSession1;tcp",
    "From-Path: msrp://relay.example:2/relaySess1;tcp msrp://alice.example:3/aliceSess1;tcp",
    `Message-ID: ${id}`,
  ];
  if (range !== null) lines.push(`Byte-Range: ${range}`);
  lines.push(...fields);
  if (body !== null && type !== null) lines.push(`Content-Type: ${type}`);
  const encoder = new TextEncoder();
  const head = encoder.encode(`${lines.join("\r\n")}\r\n${body === null ? "" : "\r\n"}`);
  const content = typeof body === "string" ? encoder.encode(body) : (body ?? new Uint8Array(0));
  const end = encoder.encode(`${body === null ? "" : "\r\n"}-------${transaction}${flag}\r\n`);
  const octets = new Uint8Array(head.length + content.length + end.length);
  octets.set(head);
  octets.set(content, head.length);
  octets.set(end, head.length + content.length);
  return octets;
}

/** Gives the frames of a chunk to `take`, valid during the call only. */
export function withFrames(chunk: Chunk, take: (frame: RequestFrame) => void): void {
  const octets = octetsOf(chunk);
  new Decoder().receive(octets, (frame) => {
    if (frame.kind === "request") take(frame);
  });
  octets.fill(0xee);
}

/** Gives a chunk to an inbox; the result of its last slice. */
export function give(inbox: Inbox, chunk: Chunk, now = 0): InboxResult {
  let last: InboxResult | undefined;
  withFrames(chunk, (frame) => {
    last = inbox.receive(frame, now);
  });
  if (last === undefined) throw new Error("The decoder gave no frame");
  return last;
}

export const textOf = (result: InboxResult): string | undefined =>
  result.message === undefined ? undefined : new TextDecoder().decode(result.message.body);
