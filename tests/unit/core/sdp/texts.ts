// SDP for the tests of core/sdp: one ordinary MSRP offer and answer, with the lines that a test wants changed.
// Addresses are those of documentation (RFC 5737, RFC 3849).

import { expect } from "#test";
import type { RemoteProtocolError } from "../../../../core/errors.ts";
import { type MsrpMedia, SessionDescription } from "../../../../core/sdp/mod.ts";

/** What the text of an MSRP stream is made of. */
export interface StreamText {
  readonly host?: string;
  readonly port?: number;
  readonly proto?: string;
  readonly path?: string;
  readonly types?: string;
  /** Lines below the usual ones, without line endings. */
  readonly more?: readonly string[];
}

/** An m= line with its lines. */
export function stream(options: StreamText = {}): string {
  const { host = "192.0.2.10", port = 7313, proto = "TCP/MSRP", types = "text/plain", more = [] } = options;
  const scheme = proto.includes("TLS") ? "msrps" : "msrp";
  const path = options.path ?? `${scheme}://${host}:${port}/Ks83nqPz0w2LmA;tcp`;
  const lines = [`m=message ${port} ${proto} *`, `a=accept-types:${types}`, `a=path:${path}`, ...more];
  return lines.map((line) => `${line}\r\n`).join("");
}

/** A description of these streams. */
export function sdp(streams: readonly string[] = [stream()], host = "192.0.2.10", version = 1): string {
  const family = host.includes(":") ? "IP6" : "IP4";
  return `v=0\r\no=alice 3987654321 ${version} IN ${family} ${host}\r\ns=-\r\nc=IN ${family} ${host}\r\nt=0 0\r\n${streams.join("")}`;
}

/** The MSRP view of a stream, in a description whose c= line has `host`. */
export function media(options: StreamText = {}, host: string = options.host ?? "192.0.2.10"): MsrpMedia {
  const view = SessionDescription.parse(sdp([stream(options)], host)).msrp[0];
  if (view === undefined) throw new Error("no MSRP stream");
  return view;
}

/** The code of the error that `action` throws; `undefined` when it throws none. */
export function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return (error as RemoteProtocolError).code;
  }
}

/** Strict reading fails with `strict`; tolerant reading goes on and notes `oddity`. */
export function expectOddity(text: string, strict: string, oddity: string): SessionDescription {
  expect(codeOf(() => SessionDescription.parse(text, { strict: true }))).toBe(strict);
  const description = SessionDescription.parse(text);
  expect(description.oddities.map(({ code }) => code)).toContain(oddity);
  expect(description.toString()).toBe(text);
  return description;
}
