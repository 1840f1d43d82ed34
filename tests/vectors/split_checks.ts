// Checks vectors of cut streams: the same frames come out, however the octets arrive.
// The default, tolerant reading is the one checked; the strict one must agree unless the vector is marked ambiguous.
import { decode, fieldsOf, type Outcome, singly } from "./frame_fields.ts";
import { bytesOf, difference } from "./helpers.ts";
import type { Checks, Vector } from "./registry.ts";

type Fields = Readonly<Record<string, unknown>>;

export const checks: Checks = {
  split: (vector) => {
    const segments = (vector["segments_base64"] as string[]).map(bytesOf);
    const octets = segments.flatMap(singly);
    return (
      named("as cut", checkFrames(vector, decode(segments))) ??
      named("octet by octet", checkFrames(vector, decode(octets))) ??
      named("uncut", checkFrames(vector, decode([Uint8Array.from(octets, (octet) => octet[0] as number)]))) ??
      (vector["ambiguous"] === true
        ? undefined
        : named("strict", checkFrames(vector, decode(segments, { strict: true }))))
    );
  },
};

function named(way: string, reason: string | undefined): string | undefined {
  return reason === undefined ? undefined : `${way}: ${reason}`;
}

function checkFrames(vector: Vector, outcome: Outcome): string | undefined {
  const { frames, ...rest } = vector.expect;
  const unknown = Object.keys(rest);
  if (unknown.length > 0) return `unknown expectation ${unknown.join()}`;
  const expected = frames as Fields[];
  const actual: Fields[] = outcome.frames.map((frame, index) => {
    if (frame.kind === "request" && frame.fault !== undefined) {
      const { code, status } = frame.fault;
      const action = frame.answerable ? `respond:${status}` : "ignore-no-response";
      return { kind: "invalid", tid: frame.transactionId, error: code, action };
    }
    return fieldsOf(frame, outcome.bodies[index]);
  });
  if (outcome.truncated !== undefined) actual.push({ kind: "truncated", tid: outcome.truncated.tid });
  if (outcome.error !== undefined)
    actual.push({ kind: "invalid", error: outcome.error.code, action: "close" });
  if (actual.length !== expected.length) return `expected ${expected.length} frames, got ${actual.length}`;
  for (const [index, fields] of expected.entries()) {
    const given = actual[index] as Fields;
    // A frame is described as far as the vector goes; each thing it says must hold.
    const said = Object.fromEntries(Object.keys(fields).map((key) => [key, given[key]]));
    const reason = difference(fields, said);
    if (reason !== undefined) return `frame ${index + 1}: ${reason}`;
  }
  return undefined;
}
