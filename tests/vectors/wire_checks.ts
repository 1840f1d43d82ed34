// Checks vectors of single frames: the strict decoder must give the recorded verdict, to the last field.
// Beyond the vector's own words: octet by octet the outcome is the same and nothing comes early, the tolerant decoder takes
// whatever is legal, what we may send is written and read back alike, and what no sender may write is refused.
import { LocalProtocolError } from "../../core/errors.ts";
import { encodeRequest, type Frame, type RequestFrame } from "../../core/wire/mod.ts";
import { decode, fieldsOf, type Outcome, singly } from "./frame_fields.ts";
import { bytesOf, difference } from "./helpers.ts";
import type { Checks, Vector } from "./registry.ts";

export const checks: Checks = { wire: checkWire };

function checkWire(vector: Vector): string | undefined {
  const bytes = bytesOf(vector["wire_base64"] as string);
  const lenientOnly = vector["lenientOnly"] === true;
  const whole = decode([bytes], { strict: !lenientOnly });
  return (
    checkText(vector, bytes) ??
    prefixed("whole", checkVerdict(vector, whole)) ??
    prefixed("octet by octet", checkVerdict(vector, decode(singly(bytes), { strict: !lenientOnly }))) ??
    (lenientOnly ? checkStrictlyRefused(bytes) : undefined) ??
    prefixed("action", checkAction(vector, whole, decode([bytes]))) ??
    (vector.expect["ok"] === true ? checkLegal(vector, bytes, whole) : undefined)
  );
}

function prefixed(prefix: string, reason: string | undefined): string | undefined {
  return reason === undefined ? undefined : `${prefix}: ${reason}`;
}

function checkText(vector: Vector, bytes: Uint8Array): string | undefined {
  const text = vector["wire_text"];
  if (text === undefined || text === new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes))
    return undefined;
  return "wire_text and wire_base64 differ";
}

/** The code of whatever went wrong; octets that give no frame are an incomplete one. */
function codeOf(outcome: Outcome): string | undefined {
  if (outcome.error !== undefined) return outcome.error.code;
  const [frame] = outcome.frames;
  if (frame === undefined) return outcome.dropped[0] ?? "incomplete";
  return frame.kind === "request" ? frame.fault?.code : undefined;
}

function checkVerdict(vector: Vector, outcome: Outcome): string | undefined {
  const { ok, error, action, ...fields } = vector.expect;
  const code = codeOf(outcome);
  if (code !== error) return `expected ${error ?? "no error"}, got ${code ?? "none"}`;
  if (ok !== (code === undefined)) return `expected ok ${ok}, which contradicts the error`;
  if (outcome.frames.length + outcome.dropped.length > 1) return `${outcome.frames.length} frames`;
  if (Object.keys(fields).length === 0) return ok === true ? "the vector states no field" : undefined;
  const [frame] = outcome.frames;
  // A response with a fault is dropped, so its fields are those that a tolerant decoder gives.
  if (frame !== undefined) return difference(fields, sameShape(fields, fieldsOf(frame, outcome.bodies[0])));
  const [tolerated, body] = tolerantFrame(vector);
  if (tolerated === undefined) return "no frame to take fields from";
  return difference(fields, fieldsOf(tolerated, body));
}

function tolerantFrame(vector: Vector): [Frame | undefined, Uint8Array | undefined] {
  const outcome = decode([bytesOf(vector["wire_base64"] as string)]);
  return [outcome.frames[0], outcome.bodies[0]];
}

/** The order of header fields is part of the expectation, and JSON keeps it. */
function sameShape(
  expected: Readonly<Record<string, unknown>>,
  actual: Record<string, unknown>,
): Record<string, unknown> {
  // A digest is optional in a vector that gives the length.
  if (expected["bodySha256"] === undefined && expected["bodyLength"] === actual["bodyLength"]) {
    delete actual["bodySha256"];
  }
  return actual;
}

function checkStrictlyRefused(bytes: Uint8Array): string | undefined {
  return codeOf(decode([bytes], { strict: true })) === undefined
    ? "the strict reading lets it through"
    : undefined;
}

/** What the layers above are advised to do must be possible with what they are given. */
function checkAction(vector: Vector, outcome: Outcome, tolerant: Outcome): string | undefined {
  const { action } = vector.expect;
  const [frame] = outcome.frames;
  const request = frame?.kind === "request" ? frame : undefined;
  switch (action) {
    case undefined:
      return undefined;
    case "close":
      return outcome.error?.fatal === true ? undefined : "the error is not fatal";
    case "wait":
      return outcome.error === undefined && outcome.frames.length === 0 ? undefined : "does not wait";
    case "respond:400-or-close":
      return outcome.error?.fatal === true || canAnswer(request, 400)
        ? undefined
        : "neither closes nor answers";
    case "respond:400":
      return canAnswer(request, 400) ? undefined : "cannot be answered with 400";
    case "respond:501":
      return request?.answerable === true && request.method !== "SEND"
        ? undefined
        : "cannot be answered with 501";
    case "drop-frame":
      return request?.answerable === true || outcome.error !== undefined
        ? "the frame is not just dropped"
        : undefined;
    case "ignore-no-response":
      return request?.answerable === false ? undefined : "would be answered";
    case "no-transaction-meaning":
      return request?.status !== undefined && request.status.namespace !== 0
        ? undefined
        : "has the meaning of a code";
    case "lenient":
      return codeOf(tolerant) === undefined ? undefined : "the tolerant reading refuses it";
    default:
      return `unknown action ${String(action)}`;
  }
}

function canAnswer(request: RequestFrame | undefined, status: number): boolean {
  return request?.answerable === true && request.fault?.fatal === false && request.fault.status === status;
}

function checkLegal(vector: Vector, bytes: Uint8Array, strict: Outcome): string | undefined {
  const tolerant = decode([bytes]);
  const refused = codeOf(tolerant);
  if (refused !== undefined) return `the tolerant reading says ${refused}`;
  const [frame] = strict.frames;
  if (frame === undefined) return undefined;
  const fields = fieldsOf(frame, strict.bodies[0]);
  const differs = difference(fields, fieldsOf(tolerant.frames[0] as Frame, tolerant.bodies[0]));
  if (differs !== undefined) return `the tolerant reading differs: ${differs}`;
  return frame.kind === "request" ? checkWriting(vector, frame, fields) : undefined;
}

function checkWriting(
  vector: Vector,
  frame: RequestFrame,
  fields: Record<string, unknown>,
): string | undefined {
  // Whether a report or an abort must name a range depends on what it is about, which one frame does not show.
  const unknowable = frame.method !== "SEND" && vector["senderViolation"] === true;
  if (unknowable || vector["lenientOnly"] === true) return undefined;
  try {
    const written = decode([encodeRequest(outgoing(frame))], { strict: true });
    if (vector["senderViolation"] === true) return "is written, though no sender may";
    const [again] = written.frames;
    if (again === undefined) return `written and read back: ${codeOf(written)}`;
    return prefixed("written and read back", difference(fields, fieldsOf(again, written.bodies[0])));
  } catch (error) {
    if (!(error instanceof LocalProtocolError)) throw error;
    return vector["senderViolation"] === true ? undefined : `cannot be written: ${error.code}`;
  }
}

function outgoing(frame: RequestFrame): Parameters<typeof encodeRequest>[0] {
  const { transactionId, method, toPath, fromPath, body, flag, contentType } = frame;
  const headers = [...frame.headers].filter(([name]) => name.toLowerCase() !== "content-type");
  return { transactionId, method, toPath, fromPath, headers, contentType, body, flag };
}
