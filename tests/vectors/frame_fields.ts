// Frames as vectors describe them: plain fields under the vectors' names, slices joined, headers in canonical spelling.
// Also the three ways in which octets are fed: whole, octet by octet, and in given segments.
import { RemoteProtocolError } from "../../core/errors.ts";
import { joinBytes } from "../../core/wire/join_bytes.ts";
import {
  type ByteRange,
  Decoder,
  type DecoderOptions,
  type Frame,
  type RequestFrame,
} from "../../core/wire/mod.ts";
import { sha256Hex } from "./helpers.ts";

/** What a decoder made of some octets. */
export interface Outcome {
  readonly frames: readonly Frame[];
  /** For each frame its body, slices joined; `undefined` = none. */
  readonly bodies: readonly (Uint8Array | undefined)[];
  /** The fatal error, if any. */
  readonly error: RemoteProtocolError | undefined;
  /** Codes of responses that were thrown away. */
  readonly dropped: readonly string[];
  readonly oddities: readonly string[];
  /** What `receiveEnd` threw, and the id of the frame that was then incomplete. */
  readonly truncated: { readonly code: string; readonly tid: string | undefined } | undefined;
}

/** Feeds segments to a new decoder and collects what comes out. */
export function decode(segments: readonly Uint8Array[], options: DecoderOptions = {}): Outcome {
  const frames: Frame[] = [];
  const bodies: (Uint8Array | undefined)[] = [];
  const dropped: string[] = [];
  const oddities: string[] = [];
  const parts: Uint8Array[] = [];
  const decoder = new Decoder(options, (code, detail) => (detail.dropped ? dropped : oddities).push(code));
  const sink = (frame: Frame): void => {
    frame.retain();
    if (frame.kind === "request" && !(frame.first && frame.last)) {
      parts.push(frame.body ?? new Uint8Array());
      if (!frame.last) return;
      bodies.push(joinBytes(parts.splice(0)));
    } else {
      bodies.push(frame.kind === "request" ? frame.body : undefined);
    }
    frames.push(frame);
  };
  let error: RemoteProtocolError | undefined;
  let truncated: Outcome["truncated"];
  try {
    // A copy for each call, spoiled afterwards: nothing may be read from an input once the call has returned.
    for (const segment of segments) {
      const copy = segment.slice();
      decoder.receive(copy, sink);
      copy.fill(0);
    }
    const tid = decoder.pendingTransactionId;
    try {
      decoder.receiveEnd();
    } catch (thrown) {
      if (!(thrown instanceof RemoteProtocolError)) throw thrown;
      truncated = { code: thrown.code, tid };
    }
  } catch (thrown) {
    if (!(thrown instanceof RemoteProtocolError)) throw thrown;
    error = thrown;
  }
  return { frames, bodies, error, dropped, oddities, truncated };
}

/** Octets one by one. */
export function singly(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (octet) => Uint8Array.of(octet));
}

const canonicalNames: readonly string[] = [
  "Message-ID",
  "Byte-Range",
  "Success-Report",
  "Failure-Report",
  "Status",
  "Content-Type",
  "Content-ID",
  "Content-Description",
  "Content-Disposition",
  "Content-Transfer-Encoding",
];

/** Everything that a vector may say about a frame; fields that the frame lacks are absent. */
export function fieldsOf(frame: Frame, body: Uint8Array | undefined): Record<string, unknown> {
  const fields: Record<string, unknown> = {
    kind: frame.kind,
    ...(frame.kind === "request" ? { method: frame.method } : { status: frame.status }),
    tid: frame.transactionId,
    flag: frame.flag,
    toPath: frame.toPath.map(String),
    fromPath: frame.fromPath.map(String),
    headers: Object.fromEntries(
      [...frame.headers].map(([name, value]) => [
        canonicalNames.find((known) => known.toLowerCase() === name.toLowerCase()) ?? name,
        value,
      ]),
    ),
  };
  if (frame.kind === "response") {
    if (frame.comment !== undefined) fields["comment"] = frame.comment;
    return fields;
  }
  const range = rangeOf(frame);
  if (range !== undefined) fields["byteRange"] = range;
  if (body !== undefined) {
    fields["bodyLength"] = body.length;
    fields["bodySha256"] = sha256Hex(body);
  }
  return fields;
}

function rangeOf(frame: RequestFrame): Record<string, unknown> | undefined {
  // Of a sliced frame the header field says what the sender wrote.
  const range: ByteRange | undefined = frame.byteRange;
  if (range === undefined) return undefined;
  return {
    start: range.start,
    end: range.end ?? range.hugeEnd?.toString() ?? null,
    total: range.total ?? range.hugeTotal?.toString() ?? null,
  };
}
