/**
 * The rules that need a whole frame: which fields its method wants, and how flag, body and fields fit together.
 * The grammar is judged before the RFC's prose, and both in the order of the frame.
 */
import { RemoteProtocolError } from "../errors.ts";
import type { Flag } from "./frame.ts";
import {
  OTHER,
  REPORT,
  RESPONSE,
  SEEN_CONTENT_TYPE,
  SEEN_FAILURE_REPORT,
  SEEN_FROM_PATH,
  SEEN_MESSAGE_ID,
  SEEN_MIME,
  SEEN_STATUS,
  SEEN_SUCCESS_REPORT,
  SEEN_TO_PATH,
  SEND,
} from "./frame_head.ts";
import { type FieldContext, tolerate } from "./header_fields.ts";

/** How the body of a frame ended, or that there is none. */
export interface BodyEnd {
  /** A blank line followed the headers. */
  readonly blankLine: boolean;
  /** The end-line followed that blank line at once, where strictly a CRLF is missing. */
  readonly immediate: boolean;
  /** Octets of body. */
  readonly length: number;
}

/** The end of a frame whose headers are followed by the end-line. */
export const bodiless: BodyEnd = { blankLine: false, immediate: false, length: 0 };

const needed = SEEN_TO_PATH | SEEN_FROM_PATH | SEEN_MESSAGE_ID;

/** True for the frames that nearly all are: a SEND in order, whose content, if any, is announced as it should be. */
export function isPlainSend(context: FieldContext, body: BodyEnd): boolean {
  const { head } = context;
  const mime = head.seen & (SEEN_CONTENT_TYPE | SEEN_MIME);
  return (
    head.isUsual &&
    (head.seen & needed) === needed &&
    context.toPathLine === 0 &&
    context.fromPathLine === 1 &&
    !body.immediate &&
    (body.blankLine ? context.contentTypeLine >= 0 && context.contentTypeLine === head.count - 1 : mime === 0)
  );
}

/** The fault of a frame, or `undefined`; what a tolerant reading lets through goes to the oddities. */
export function faultOf(
  context: FieldContext,
  flag: Flag,
  body: BodyEnd,
  maxNonSendBodyBytes: number,
): RemoteProtocolError | undefined {
  const { head } = context;
  const code = pathFault(context);
  if (code !== undefined)
    head.fault ??= new RemoteProtocolError(code, "Cannot read headers: To-Path, then From-Path");
  if (body.blankLine) bodyFault(context, body);
  if (head.fault !== undefined) return head.fault;
  if (head.semanticFault !== undefined) return head.semanticFault;
  if (head.method === RESPONSE) return responseFault(context, flag);
  return methodFault(context, flag, body, maxNonSendBodyBytes) ?? head.fault;
}

/** RFC 4975 §9: To-Path first, From-Path second, each once. */
function pathFault({ toPathLine, fromPathLine }: FieldContext): string | undefined {
  if (toPathLine < 0) return "missing-to-path";
  if (toPathLine > 0) return "header-order";
  if (fromPathLine < 0) return "missing-from-path";
  return fromPathLine > 1 ? "header-order" : undefined;
}

function bodyFault(context: FieldContext, body: BodyEnd): void {
  const { head } = context;
  const typed = (head.seen & SEEN_CONTENT_TYPE) !== 0;
  if (body.immediate && !typed) {
    tolerate(context, "blank-line-without-body", "Cannot read frame: a blank line, no body");
    return;
  }
  if (body.immediate) {
    // A strict decoder waits for a later end-line here, so only a tolerant one comes this way.
    context.oddities.push("empty-body-without-crlf");
  }
  if (head.method === RESPONSE) {
    head.fault ??= new RemoteProtocolError("body-in-response", "Cannot read response: it has a body");
  } else if (!typed) {
    head.fault ??= new RemoteProtocolError(
      "content-type-missing",
      "Cannot read body: it has no Content-Type",
    );
  } else if (context.contentTypeLine !== head.count - 1) {
    head.irregular = true;
    tolerate(context, "content-type-not-last", "Cannot read headers: fields after Content-Type");
  }
}

function responseFault(context: FieldContext, flag: Flag): RemoteProtocolError | undefined {
  if (flag === "$") return undefined;
  tolerate(context, "response-flag-not-dollar", "Cannot use response: its flag is not $");
  return context.head.fault;
}

function methodFault(
  context: FieldContext,
  flag: Flag,
  body: BodyEnd,
  maxNonSendBodyBytes: number,
): RemoteProtocolError | undefined {
  const { head } = context;
  const { method, seen } = head;
  if (method !== OTHER && (seen & SEEN_MESSAGE_ID) === 0) {
    return new RemoteProtocolError("missing-message-id", "Cannot use request: it has no Message-ID");
  }
  if (method === REPORT && (seen & SEEN_STATUS) === 0) {
    return new RemoteProtocolError("missing-status", "Cannot use REPORT: it has no Status");
  }
  if (method === REPORT && (seen & (SEEN_SUCCESS_REPORT | SEEN_FAILURE_REPORT)) !== 0) {
    return new RemoteProtocolError("report-with-report-request", "Cannot use REPORT: it asks for a report");
  }
  if (method !== SEND && flag !== "$") {
    return new RemoteProtocolError(
      "non-send-not-complete",
      "Cannot use request: only a SEND can be interrupted",
    );
  }
  if (method !== SEND && body.length > maxNonSendBodyBytes) {
    return new RemoteProtocolError("non-send-body-too-large", "Cannot use request: its body is too long");
  }
  const hasBody = body.blankLine && !(body.immediate && (seen & SEEN_CONTENT_TYPE) === 0);
  if (!hasBody && (seen & (SEEN_CONTENT_TYPE | SEEN_MIME)) !== 0) {
    const message = "Cannot use request: it describes a body and has none";
    head.irregular = true;
    tolerate(context, "mime-header-without-body", message);
  }
  return undefined;
}
