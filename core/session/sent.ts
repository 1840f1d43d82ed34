/**
 * What a caller of `send` gives beside the body and what it gets back: options, and a handle on the message.
 * Types only; the outbox implements them.
 */
import type { DeliveryError } from "../errors.ts";
import type { FailureReport } from "../wire/frame.ts";

/** What can be sent: text (as UTF-8), octets, or a source of octets that is read as the connection has room. */
export type BodyContent = string | Uint8Array | Blob | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * An open file: a `Deno.FsFile`, or a `FileHandle` of `node:fs/promises`. It is read from where it stands to its end, and
 * closed then, or when the message is given up.
 */
export type OpenFile =
  | { readonly readable: ReadableStream<Uint8Array> }
  | { createReadStream(): AsyncIterable<Uint8Array> };

/** What `send` takes: any `BodyContent`, octets in whatever array, or an open file. */
export type SendContent = BodyContent | ArrayBuffer | ArrayBufferView | OpenFile;

/** How a message is sent. */
export interface SendOptions {
  /** @default "text/plain;charset=utf-8" for a string, a Blob's own type, else "application/octet-stream" */
  contentType?: string | undefined;
  /** Only to send again what an earlier session could not confirm (RFC 4975 §5.4). @default a new random one */
  messageId?: string | undefined;
  /** Ask the far end to report the octets that reached it (RFC 4975 §7.1.3); `delivered` needs it. @default true */
  successReport?: boolean | undefined;
  /** Whose failures matter: "yes" waits for a response to each chunk, "partial" hears of errors only. @default "yes" */
  failureReport?: FailureReport | undefined;
  /** Further header fields of every chunk, in order; not those that the outbox writes itself. */
  headers?: readonly (readonly [name: string, value: string])[] | undefined;
  /** Called as octets go out, at most once per write, with the octets given to the connection so far. */
  onProgress?: ((sentBytes: number, totalBytes: number | undefined) => void) | undefined;
  /**
   * Called when a response or report refuses the message, or none comes in time: also when `accepted` has resolved
   * already, as it does early for `failureReport: "partial"`, whose errors are the user's to know (RFC 4975 §7.1.1).
   */
  onFailure?: ((error: DeliveryError) => void) | undefined;
  /** Aborts the message, as `abort()` does. */
  signal?: AbortSignal | undefined;
  /** Octets of the body when the source cannot tell; fewer or more than that abort the message. @default the source's own size */
  total?: number | undefined;
  /**
   * Octet of the message, from 1, at which the body begins: sends again the end of a message whose beginning an earlier
   * session has delivered, under its `messageId` (RFC 4975 §5.4). `total` stays the octets of the body alone. @default 1
   */
  start?: number | undefined;
  /**
   * The content is a control or reporting protocol, such as IMDN within message/cpim, and goes also where SDP lets no
   * ordinary content go (RFC 4975 §8.9). @default true for message/imdn+xml and application/im-iscomposing+xml
   */
  control?: boolean | undefined;
  /** Longest body of one chunk, in octets. @default as long as nothing else wants the connection */
  chunkBytes?: number | undefined;
}

/** A message on its way. Nobody needs to watch the promises: an unobserved failure does no harm. */
export interface Sent {
  readonly messageId: string;
  /**
   * Every chunk was answered with 200, or went out when no response is due (`failureReport` "no" or "partial").
   * Rejects with a `DeliveryError` (refused, timed out = 408, aborted) or the error that ended the session.
   */
  readonly accepted: Promise<void>;
  /**
   * Success reports cover every octet. With `successReport: false` it rejects with LocalProtocolError
   * "no-success-report".
   */
  readonly delivered: Promise<void>;
  /** Gives the message up: what is open is closed with `#`. No effect once the last octet has left. */
  abort(reason?: unknown): void;
}
