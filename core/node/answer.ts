/**
 * One verdict, two carriers: the decision table of RFC 4975 (§7.1.4, §7.2, §7.3) for what goes back for a request. Also
 * the fields of what goes back.
 */
import type { OutgoingResponse } from "../wire/encoder.ts";
import type { RequestFrame } from "../wire/frame.ts";
import type { MsrpUri } from "../wire/uri.ts";
import type { Verdict } from "./verdict.ts";

/** How a verdict travels. */
export type Carrier = "response" | "report" | "nothing";

/**
 * What goes back for a request. Only SENDs know `partial` and reports; a REPORT is never answered (§7.1.2), a slice
 * that is not the last is answered only to refuse the rest.
 */
export function carrierOf(frame: RequestFrame, verdict: Verdict, answered: boolean): Carrier {
  if (!frame.answerable) return "nothing";
  if (frame.method !== "SEND") return answered || !frame.last ? "nothing" : "response";
  if (!verdict.accepted) return answered ? "report" : "response";
  return frame.last && !answered && frame.failureReport === "yes" ? "response" : "nothing";
}

/** The response to a request: to a SEND one hop back, to anything else the whole way (§7.2). */
export function responseTo(
  frame: RequestFrame,
  verdict: Verdict,
  from: readonly MsrpUri[],
): OutgoingResponse {
  const path = frame.fromPath;
  const oneHop = frame.method === "SEND" && path.length > 1;
  return {
    transactionId: frame.transactionId,
    status: verdict.status,
    comment: verdict.comment,
    toPath: oneHop ? path.slice(0, 1) : path,
    fromPath: from,
    headers: verdict.headers,
  };
}
