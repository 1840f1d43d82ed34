/**
 * What a client is given and what it gives back: credentials and limits, sessions' settings, messages on their way.
 * Types only.
 */
import type { ClientCredentials } from "../relay/client_auth.ts";
import type { MaybePromise } from "../relay/credentials.ts";
import type { SendOptions, Sent } from "../session/sent.ts";
import type { MsrpUri } from "../wire/uri.ts";

/** How long a client waits before it connects again; each wait is a random part, from half to the whole, of one that doubles. */
export interface ReconnectOptions {
  /** First wait, in milliseconds. @default 500 */
  readonly minMs?: number;
  /** Longest wait, in milliseconds. @default 30000 */
  readonly maxMs?: number;
  /** Tries in a row after which the client gives up. @default Infinity */
  readonly maxTries?: number;
}

/** How a client uses its relay, and its limits. */
export interface ClientOptions {
  /** Who the user is: for every realm, or a function of the realm. @default none: the relay knows the user by the handshake */
  readonly credentials?: ClientCredentials | ((realm: string) => MaybePromise<ClientCredentials | undefined>);
  /** URI of the relay that AUTH is for. @default `msrps://HOST:PORT;ws` of the address */
  readonly relay?: MsrpUri | string;
  /** Host of own URIs. @default a random label under `.invalid` (RFC 7977 Appendix A) */
  readonly host?: string;
  /** Seconds that paths are asked to hold. @default the relay decides */
  readonly expires?: number;
  /** Log in over a connection without TLS. For development: whoever listens can guess the password. @default false */
  readonly allowPlain?: boolean;
  /** How to come back after the connection was lost; false = not at all. */
  readonly reconnect?: ReconnectOptions | false;
  /**
   * Sends the relay a bodiless SEND when nothing came for so many milliseconds (RFC 7977 §6); without an answer the
   * connection counts as lost. 0 = never.
   * @default 25000
   */
  readonly keepAliveMs?: number;
  /**
   * Longest body of one chunk, in octets. Messages of a WebSocket cannot be interrupted, and a short one has to wait; with
   * its head a chunk of the default length fits into what relays send on as one. @default 61440
   */
  readonly chunkBytes?: number;
}

/** Limits of what a session takes in. */
export interface ClientSessionOptions {
  /** Media types that this side takes; others are answered 415. @default every type */
  readonly acceptTypes?: readonly string[];
  /** Longest message that is taken, in octets; a longer one is answered 413. @default 104857600 */
  readonly maxMessageBytes?: number;
  /** Messages that may be incomplete at a time; one more is answered 413. @default 64 */
  readonly maxIncomplete?: number;
  /** Octets of all of these together; a chunk beyond them is answered 413. @default 268435456 */
  readonly maxIncompleteBytes?: number;
  /** Octets of a long message after which the sender is told what has come, so that it need not send them again. @default 1048576 */
  readonly reportBytes?: number;
  /** Messages that `send` has taken and that are not over; one more is refused. @default 1024 */
  readonly maxQueued?: number;
}

/** How a message is sent. `onProgress` counts octets that the relay has accepted. */
export type ClientSendOptions = Pick<
  SendOptions,
  "contentType" | "messageId" | "successReport" | "headers" | "onProgress" | "signal" | "total" | "start"
>;

/** A message on its way: `accepted` = the relay has all of it, `delivered` = the peer has reported all of it. */
export interface ClientSent extends Sent {
  /** Octets of the whole message, when known. */
  readonly total: number | undefined;
  /** Octets that were accepted by the relay. */
  readonly acceptedBytes: number;
  /** Octets that the peer has reported. */
  readonly deliveredBytes: number;
  /** True after `pause()`. */
  readonly paused: boolean;
  /** Sends no further chunk until `resume()`. */
  pause(): void;
  resume(): void;
}

/** Where a session is: `"waiting"` = no way to the peer now, and what is sent is kept until `rebind`. */
export type ClientSessionState = "waiting" | "open" | "closed";

/** Where a client is; `"waiting"` = until the next try to connect. */
export type ClientState = "idle" | "connecting" | "open" | "waiting" | "closed";

/** Where the peer is. */
export interface BindOptions {
  /** The peer's path, as its SDP has it. */
  readonly remote: MsrpUri | string | readonly (MsrpUri | string)[];
  /** `"active"` speaks first: who made the offer, unless `a=setup` says otherwise (RFC 4975 §5.4). @default "active" */
  readonly role?: "active" | "passive";
  /**
   * The peer goes on with what it had of this session: its page was not loaded anew, its program not started again. Then
   * long messages go on behind what it has reported; else they begin anew.
   * @default false
   */
  readonly kept?: boolean;
}
