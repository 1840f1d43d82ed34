/**
 * What may be written: every rule of RFC 4975 §7.1 and §9 that can be seen on one frame, checked before an octet of it
 * is written. A fault here is always the caller's.
 */
import { LocalProtocolError, MsrpError } from "../errors.ts";
import { byteRangeFault, parseByteRange } from "./byte_range.ts";
import type { OutgoingRequest } from "./encoder.ts";
import type { Flag } from "./frame.ts";
import { isIdent } from "./ident.ts";
import { isMediaType } from "./media_type.ts";
import { isHeaderText } from "./text.ts";
import type { MsrpUri } from "./uri.ts";

/** A request other than SEND may have so many octets of body (RFC 4975 §7.1). */
export const maxNonSendBodyBytes = 10_240;
/** A body longer than this must be interruptible, so its range-end is `*` (RFC 4975 §7.1.1). */
export const interruptibleBytes = 2048;

/** The usual spelling of the usual fields, to their names in lower case. */
const known: ReadonlyMap<string, string> = new Map(
  ["Message-ID", "Byte-Range", "Success-Report", "Failure-Report", "Status"].map((name) => [
    name,
    name.toLowerCase(),
  ]),
);
const fieldName = /^[A-Za-z][!#-'*+\-.0-9A-Z^-~]*$/i;
/** The Content-Type that was found good last: chunks of one message repeat it. */
let lastMediaType = "text/plain";
const method = /^[A-Z]+$/;
// Ids that are a peer's: those that reading tolerates (FreeSWITCH's UUIDs have 36 characters) go back as they came.
const foreignId = /^[A-Za-z0-9][A-Za-z0-9.\-+%=]{3,255}$/;
const status = /^[0-9]{3} [0-9]{3}(?: .*)?$/s;

/** Refuses what cannot stand on a start line or end-line. */
export function checkStart(transactionId: string, word: string, flag: Flag): void {
  if (!isIdent(transactionId) && !(word === "RESPONSE" && foreignId.test(transactionId)))
    fail("bad-tid", "the transaction id is not 4 to 32 legal characters");
  if (word === "SEND") {
    if (flag !== "$" && flag !== "+" && flag !== "#")
      fail("bad-flag", `there is no continuation flag "${flag}"`);
  } else {
    if (!method.test(word)) fail("bad-method", "a method is one or more capitals");
    // RFC 4975 §7.1: only SEND is ever interrupted.
    if (flag !== "$") fail("non-send-not-complete", `a ${word} ends in "$"`);
  }
}

/** Refuses an empty path. */
export function checkPath(path: readonly MsrpUri[]): void {
  if (path.length === 0) fail("empty-path", "a path has at least one URI");
}

/** Refuses a comment that would break the start line. */
export function checkComment(comment: string): void {
  if (!isHeaderText(comment)) fail("bad-header", "the comment holds a control character");
}

/** Refuses names and values that would break the head. */
export function checkFields(headers: readonly (readonly [name: string, value: string])[]): void {
  for (let index = 0; index < headers.length; index++) {
    const [name, value] = headers[index]!;
    if (!known.has(name) && !fieldName.test(name)) {
      fail("bad-header", "a field name holds a character that is not allowed");
    }
    if (!isHeaderText(value)) fail("bad-header", `the value of ${name} holds a control character`);
  }
}

/** Refuses combinations of fields, body and method that RFC 4975 forbids. */
export function checkBodyFields(request: Omit<OutgoingRequest, "flag">, hasBody: boolean): void {
  const { contentType, body, headers = [] } = request;
  const forwarded = request.forwarded === true;
  if (hasBody && contentType === undefined) fail("content-type-missing", "a body needs a Content-Type");
  if (!hasBody && contentType !== undefined)
    fail("mime-header-without-body", "there is a Content-Type but no body");
  if (contentType !== undefined && contentType !== lastMediaType) {
    if (!isMediaType(contentType) && !(forwarded && isHeaderText(contentType))) {
      fail("bad-content-type", "the Content-Type is no type/subtype");
    }
    if (!forwarded) lastMediaType = contentType;
  }
  if (request.method !== "SEND" && body !== undefined && body.length > maxNonSendBodyBytes) {
    fail("non-send-body-too-large", `a ${request.method} has at most ${maxNonSendBodyBytes} octets of body`);
  }
  const seen: string[] = [];
  for (const [name, value] of headers) {
    const lower = known.get(name) ?? name.toLowerCase();
    if (checkField(lower, value, request, hasBody)) {
      if (seen.includes(lower)) fail("duplicate-header", `there are two fields named ${name}`);
      seen.push(lower);
    }
  }
  if (request.method === "SEND" || request.method === "REPORT") {
    if (!seen.includes("message-id")) fail("missing-message-id", `a ${request.method} has a Message-ID`);
  }
  if (request.method === "REPORT" && !seen.includes("status"))
    fail("missing-status", "a REPORT has a Status");
}

/** Checks one field; true when its name is one that must not be repeated. */
function checkField(
  name: string,
  value: string,
  request: Omit<OutgoingRequest, "flag">,
  hasBody: boolean,
): boolean {
  switch (name) {
    case "to-path":
    case "from-path":
    case "content-type":
      return fail("header-order", `${name} is written by the frame itself`);
    case "message-id":
      if (!isIdent(value) && !(request.forwarded === true && foreignId.test(value))) {
        fail("bad-message-id", "the Message-ID is not 4 to 32 legal characters");
      }
      return true;
    case "byte-range":
      checkRange(value, request);
      return true;
    case "success-report":
    case "failure-report":
      if (request.method === "REPORT") fail("report-with-report-request", "a REPORT asks for no report");
      if (!/^(?:yes|no)$/i.test(value) && !(name === "failure-report" && /^partial$/i.test(value))) {
        fail("bad-report-value", `"${value}" is no value of ${name}`);
      }
      return true;
    case "status":
      if (!status.test(value)) fail("bad-status", `"${value}" is no Status`);
      return true;
    case "content-transfer-encoding":
      // RFC 4975 §7.1.1: content is always binary.
      return fail("transfer-encoding-present", "content is never encoded for transfer");
    default:
      if (!hasBody && name.startsWith("content-"))
        fail("mime-header-without-body", `there is a ${name} but no body`);
      return false;
  }
}

function checkRange(value: string, request: Omit<OutgoingRequest, "flag">): void {
  const range = readRange(value);
  const fault = byteRangeFault(range);
  if (fault !== undefined) fail(fault, `the Byte-Range "${value}" makes no sense`);
  const { body } = request;
  if (
    request.forwarded === true ||
    request.method !== "SEND" ||
    body === undefined ||
    range.end === undefined
  )
    return;
  if (body.length > interruptibleBytes) {
    fail("range-end-not-interruptible", `above ${interruptibleBytes} octets the range-end is "*"`);
  }
  if (range.end - range.start + 1 !== body.length) {
    fail("range-length-mismatch", `the Byte-Range "${value}" does not fit a body of ${body.length} octets`);
  }
}

function readRange(value: string): ReturnType<typeof parseByteRange> {
  try {
    return parseByteRange(value);
  } catch (error) {
    return fail(error instanceof MsrpError ? error.code : "bad-byte-range", `"${value}" is no Byte-Range`);
  }
}

function fail(code: string, reason: string): never {
  throw new LocalProtocolError(code, `Cannot write frame: ${reason}`);
}
