/**
 * Requests of a session that are no messages: their answers as promises. Also what a refused SEND without body says about
 * the session.
 */
import type { ControlRequest } from "../connection/transaction.ts";
import { ConnectionError, DeliveryError, LocalProtocolError } from "../errors.ts";
import type { MsrpUri } from "../wire/uri.ts";
import type { OutgoingDraft, SessionLink } from "./session_link.ts";
import type { RequestResult } from "./session_options.ts";

/** The request of a draft that is no message. @throws {TypeError} a body that is not in memory */
export function requestOf(
  { method, headers, contentType, body }: OutgoingDraft,
  toPath: readonly MsrpUri[],
  fromPath: readonly MsrpUri[],
): ControlRequest {
  if (body !== undefined && !(body instanceof Uint8Array)) {
    throw new TypeError(`Cannot send ${method}: its body must be a Uint8Array`);
  }
  const type = contentType === undefined ? {} : { contentType };
  return { method, toPath, fromPath, headers, ...type, ...(body === undefined ? {} : { body }) };
}

/** Sends a request and gives its answer, whatever the status. */
export function answered(
  link: SessionLink,
  request: ControlRequest,
  messageId: string,
): Promise<RequestResult> {
  return new Promise((resolve, reject) => {
    link.request(request, {
      responded: (_transaction, status, comment, headers) =>
        resolve({ status, comment, headers: [...headers] }),
      timedOut: () =>
        reject(
          new DeliveryError("timeout", `${request.method} was not answered in time`, {
            status: 408,
            messageId,
          }),
        ),
      lost: (_transaction, error) => reject(error),
    });
  });
}

/** Nothing more can be sent. */
export function sessionClosed(): LocalProtocolError {
  return new LocalProtocolError("session-closed", "Cannot send: the session is over");
}

const codes: ReadonlyMap<number, string> = new Map([
  [408, "peer-vanished"],
  [481, "no-such-session"],
  [506, "session-bound-elsewhere"],
]);

/** The SEND that binds or probes a session was not accepted. */
export function bindingError(status: number, comment: string | undefined): ConnectionError {
  // A time limit of ours and a relay's 408 are one event (RFC 4975 §10.4).
  const text =
    status === 408
      ? "The peer has not answered in time"
      : `The peer refused the session with ${status}${comment ? ` ${comment}` : ""}`;
  return new ConnectionError(codes.get(status) ?? "session-refused", text);
}
