/**
 * What a session is made of: addresses and role from the rendezvous, and what both sides said they take (RFC 4975 §8).
 * Types only.
 */
import type { MsrpUri } from "../wire/uri.ts";
import type { SendOptions } from "./sent.ts";

/** Who opens the connection: `"active"` does, and sends the first SEND (RFC 4975 §5.4). */
export type Role = "active" | "passive";

/** `"idle"` = not bound to a connection yet; `"failed"` = ended by the network or the peer. */
export type SessionState = "idle" | "bound" | "closed" | "failed";

/** Who sends content, seen from this side, as SDP says it (RFC 4975 §8.9). */
export type ContentDirection = "sendrecv" | "sendonly" | "recvonly" | "inactive";

/** What the rendezvous says later than the making of a session, or anew (RFC 4975 §8.4). */
export interface SessionUpdate
  extends Pick<
    SessionSettings,
    | "acceptTypes"
    | "acceptWrappedTypes"
    | "peerAcceptTypes"
    | "peerAcceptWrappedTypes"
    | "peerMaxBytes"
    | "direction"
  > {
  /** The peer's path; only before anything was sent. */
  remote?: readonly MsrpUri[];
}

/** Settings of one session, the same for both roles. */
export interface SessionSettings {
  /** Media types that this side takes; others are answered 415. Listed in the own `accept-types`. @default every type */
  acceptTypes?: readonly string[];
  /**
   * Media types that this side takes inside containers (message/cpim, multipart/*) besides `acceptTypes` (RFC 4975 §8.6);
   * others inside them are answered 415. Of a message that streams only its first octets are looked at.
   * @default every type
   */
  acceptWrappedTypes?: readonly string[];
  /** The peer's `accept-types`; `send` refuses what is not among them. @default every type */
  peerAcceptTypes?: readonly string[];
  /** The peer's `accept-wrapped-types`; `send` looks into containers in memory for what is on neither list. @default every type */
  peerAcceptWrappedTypes?: readonly string[];
  /** The peer's `max-size` in octets; `send` refuses longer messages. @default Infinity */
  peerMaxBytes?: number;
  /**
   * With "recvonly" and "inactive" `send` refuses content; reports, responses, bodiless and `control` messages go on.
   * @default "sendrecv"
   */
  direction?: ContentDirection;
  /**
   * Sends a bodiless SEND when nothing came for so many milliseconds; without an answer the connection counts as dead.
   * @default 0, never
   */
  keepAliveMs?: number;
  /** Received messages that wait for `for await`; then the peer is slowed down. Keeps bursts at the start. @default 64 */
  maxQueuedMessages?: number;
  /** Messages that `send` has taken and that are not accepted yet. @default 1024 */
  maxQueuedSends?: number;
  /** Whether messages ask for success reports when `send` does not say; `delivered` needs them. @default true */
  successReport?: boolean;
  /** Octets that a streamed body is read ahead of the connection. @default 262144 */
  prefetchBytes?: number;
}

/** Everything that a session is made of. */
export interface SessionInit extends SessionSettings {
  readonly local: MsrpUri;
  /** The peer's path, next hop first; empty when it is not known yet. */
  readonly remote: readonly MsrpUri[];
  readonly role: Role;
}

/** Fields of a request other than SEND and REPORT. */
export interface RequestOptions extends Pick<SendOptions, "contentType" | "headers"> {
  /** @default none */
  body?: Uint8Array | string;
}

/** What came back for such a request. */
export interface RequestResult {
  readonly status: number;
  readonly comment: string | undefined;
  /** Header fields of the response, in order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}
