/**
 * The errors of the toolkit, one class for each party that can be at fault. Callers match on `code`,
 * which is stable; the message names the action and the input and may change.
 */
import type { ByteRange } from "./wire/byte_range.ts";

/** What every error of the toolkit has: a stable machine-readable `code`. */
export class MsrpError extends Error {
  /** Stable identifier of what went wrong, for example `"byte-range-syntax"`. */
  readonly code: string;

  /** @param code stable identifier @param message human text: the action and the input @param options the cause, if any */
  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The caller asked for something that the protocol forbids; thrown at once, and no state has changed. */
export class LocalProtocolError extends MsrpError {}

/** The peer broke the protocol: answered with `status`, or the connection is closed when `fatal`. */
export class RemoteProtocolError extends MsrpError {
  /** Status code that answers a request with this fault (RFC 4975 §10). @default 400 */
  readonly status: number;
  /** True when the borders of frames are lost, so that nothing further can be read from the connection. @default false */
  readonly fatal: boolean;

  /** @param options `status` (default 400), `fatal` (default false), `cause` */
  constructor(
    code: string,
    message: string,
    options?: { status?: number; fatal?: boolean; cause?: unknown },
  ) {
    super(code, message, options);
    this.status = options?.status ?? 400;
    this.fatal = options?.fatal ?? false;
  }
}

/** A message, or octets of it, did not arrive: refused, timed out, aborted, or lost with the connection. */
export class DeliveryError extends MsrpError {
  /** Status code of the refusal; 408 for a local timeout (RFC 4975 §10.4). */
  readonly status: number;
  /** Message-ID of the message that this is about. */
  readonly messageId: string;
  /** Octets of the message that this is about, when known. */
  readonly range: ByteRange | undefined;
  /** Comment that came with the status, when there was one. */
  readonly comment: string | undefined;

  /** @param options `status`, `messageId`, and what is known of `range`, `comment` and `cause` */
  constructor(
    code: string,
    message: string,
    options: {
      status: number;
      messageId: string;
      range?: ByteRange | undefined;
      comment?: string | undefined;
      cause?: unknown;
    },
  ) {
    super(code, message, options);
    this.status = options.status;
    this.messageId = options.messageId;
    this.range = options.range;
    this.comment = options.comment;
  }
}

/** The network failed, or the connection could not be opened; every session of the connection fails with it. */
export class ConnectionError extends MsrpError {}

/**
 * What whoever waits for a connection that is gone is told: that it is gone; what failed, and what the peer did wrong,
 * is the cause.
 */
export function connectionLost(cause: Error | undefined): ConnectionError {
  if (cause instanceof ConnectionError) return cause;
  if (cause === undefined) return new ConnectionError("connection-closed", "The connection was closed");
  return new ConnectionError("connection-lost", `The connection failed: ${cause.message}`, { cause });
}
