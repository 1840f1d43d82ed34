// Frames in text, as tests like to write them: paths and Message-ID are given unless a test brings its own.
// Line ends are CRLF; octets beyond ASCII go in as Latin-1.
import { type DecoderOptions, MsrpUri, type OutgoingRequest } from "../../../../core/wire/mod.ts";
import { decode, type Outcome } from "../../../vectors/frame_fields.ts";

export const to = "msrp://bob.example:12051/hT5xV9eRy7uQ1c;tcp";
export const from = "msrp://alice.example:7313/Ks83nqPz0w2LmA;tcp";

/** Octets of a text, one for each character. */
export function octets(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** The text of octets, one character for each. */
export function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Array.from(bytes, (octet) => String.fromCharCode(octet)).join("");
}

/** A frame of a start line, header lines after the paths, and what follows the headers. */
export function frame(start: string, lines: readonly string[], rest: string): string {
  return [`MSRP abcd1234 ${start}`, `To-Path: ${to}`, `From-Path: ${from}`, ...lines, rest].join("\r\n");
}

/** A SEND with a body of text/plain; `lines` stand before Content-Type. */
export function send(body: string, lines: readonly string[] = ["Message-ID: m.1234"], flag = "$"): string {
  return frame("SEND", [...lines, "Content-Type: text/plain"], `\r\n${body}\r\n-------abcd1234${flag}\r\n`);
}

export const toPath: readonly MsrpUri[] = [MsrpUri.parse(to)];
export const fromPath: readonly MsrpUri[] = [MsrpUri.parse(from)];

/** The same SEND, for a writer. */
export const outgoing: OutgoingRequest = {
  transactionId: "abcd1234",
  method: "SEND",
  toPath,
  fromPath,
  headers: [["Message-ID", "m.1234"]],
  contentType: "text/plain",
  body: octets("hi"),
};

/** Decodes a text in one piece. */
export function read(text: string, options: DecoderOptions = {}): Outcome {
  return decode([octets(text)], options);
}

/** The code of whatever is wrong with a text: a fatal error, a fault of its one request, or a dropped response. */
export function codeOf(text: string, options: DecoderOptions = {}): string | undefined {
  const outcome = read(text, options);
  const [first] = outcome.frames;
  return outcome.error?.code ?? (first?.kind === "request" ? first.fault?.code : outcome.dropped[0]);
}
