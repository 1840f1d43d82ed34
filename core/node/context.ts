/**
 * The `c` of a middleware, one type for each stage. A context is valid until the verdict of its stage is known: the
 * node uses the objects of synchronous chunks again, so keep values out of them, not the object itself.
 */
import type { DeliveryError } from "../errors.ts";
import type { Key, KeyedValues } from "../session/key.ts";
import type { Message } from "../session/message.ts";
import type { Session } from "../session/session.ts";
import type { ByteRange } from "../wire/byte_range.ts";
import type { Flag, RequestFrame } from "../wire/frame.ts";
import type { HeaderList } from "../wire/header_list.ts";
import type { ConnectTarget, PeerCertificate } from "./transport.ts";
import type { HeaderFields, Verdict } from "./verdict.ts";

/** What plugins and applications see of a connection. Values set on it live as long as the connection. */
export interface ConnectionHandle extends KeyedValues {
  /** Number of the connection within its node, from 1; safe to log. */
  readonly id: number;
  /** Who opened it. */
  readonly direction: "inbound" | "outbound";
  readonly remoteAddress: string;
  readonly remotePort: number | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  /** True when TLS protects it. */
  readonly secure: boolean;
  readonly peerCertificate: PeerCertificate | undefined;
  readonly framing: "stream" | "message";
  /** Sessions bound to it now. */
  readonly sessionCount: number;
  /** Requests that were sent and are not answered yet. */
  readonly openTransactions: number;
  /** Octets of responses and reports that wait to be written; messages wait in their sessions. */
  readonly waitingBytes: number;
  /** Sends what is queued, then closes; its sessions end. */
  close(): void;
  /** Drops it at once; its sessions fail. */
  abort(): void;
}

/** What every context can do. Values set on it live as long as the context. */
export interface Context extends KeyedValues {
  /** Accept without asking the middlewares further inside. */
  accept(headers?: HeaderFields): Verdict;
  /** Refuse. `status` is 300 to 999; the comment defaults to the usual one. */
  reject(status: number, comment?: string, headers?: HeaderFields): Verdict;
}

/** An HTTP request that wants to become a WebSocket (RFC 7977), before the 101. */
export interface UpgradeContext extends Context {
  /** Path and query of the request. A query may hold a token: do not log it. */
  readonly url: string;
  /** The path alone. */
  readonly path: string;
  /** Fields of the HTTP request, lower-case names; those that came several times are joined by commas. */
  readonly headers: ReadonlyMap<string, string>;
  /** Sub-protocols that the client offers, in its order; only `msrp` is ever answered. */
  readonly protocols: readonly string[];
  readonly remoteAddress: string;
  /** True when TLS protects it. */
  readonly secure: boolean;
  /** The client's certificate, when TLS asked for one and it sent one. */
  readonly peerCertificate: PeerCertificate | undefined;
  /** The value of a cookie, as it was sent; undefined when there is none of the name, or several. */
  cookie(name: string): string | undefined;
  /** The decoded value of a parameter of the query; undefined when there is none. */
  query(name: string): string | undefined;
  /** Let it in; `headers` go into the 101. Values set on the context are the connection's from then on. */
  accept(headers?: HeaderFields): Verdict;
  /** Refuse with an HTTP status, such as 401 with `WWW-Authenticate`, 403 or 503. */
  reject(status: number, comment?: string, headers?: HeaderFields): Verdict;
}

/** A connection that came in, before its first byte is read, or that is about to be opened. */
export interface ConnectContext extends Context {
  readonly direction: "inbound" | "outbound";
  /** The connection, when it came in. */
  readonly connection: ConnectionHandle | undefined;
  /** Where to connect to, when it is about to be opened (RFC 4975 §14.5: a peer may name a victim). */
  readonly target: ConnectTarget | undefined;
}

/** A request of any method but SEND and REPORT. */
export interface RequestContext extends Context {
  readonly method: string;
  readonly frame: RequestFrame;
  readonly headers: HeaderList;
  readonly contentType: string | undefined;
  readonly body: Uint8Array | undefined;
  /** The session that the request is for, when it belongs to this connection. */
  readonly session: Session | undefined;
  readonly connection: ConnectionHandle;
}

/** One chunk of a SEND, or a slice of a long one; bodies are at most 64 KiB. */
export interface ChunkContext extends Context {
  /** Always `"SEND"`. */
  readonly method: string;
  readonly frame: RequestFrame;
  readonly headers: HeaderList;
  readonly contentType: string | undefined;
  readonly messageId: string | undefined;
  readonly byteRange: ByteRange | undefined;
  /** Undefined = no body; of length 0 = an empty one. Valid until the verdict is known. */
  readonly body: Uint8Array | undefined;
  readonly flag: Flag;
  /** First slice of its request. */
  readonly first: boolean;
  /** Last slice of its request, the one that is answered. */
  readonly last: boolean;
  readonly session: Session;
  readonly connection: ConnectionHandle;
}

/** A complete message, or with streaming reassembly one whose first chunk is here. Also the `c` of `deliver`. */
export interface MessageContext extends Context {
  /** What is handed on. A middleware may put another in its place before `next()`: see `Message.with`. */
  message: Message;
  readonly messageId: string;
  readonly contentType: string | undefined;
  readonly headers: HeaderList;
  /** The octets, when the message is in memory. */
  readonly body: Uint8Array | undefined;
  readonly session: Session;
  readonly connection: ConnectionHandle;
}

/** What an application asked to send; a middleware may change type, body and fields before it goes. */
export interface OutgoingContext extends Context {
  /** `"SEND"` or the method of another request; REPORTs and keep-alives do not pass here. */
  readonly method: string;
  readonly session: Session;
  readonly messageId: string;
  contentType: string | undefined;
  body: OutgoingContent;
  /** Octets of the body, when it is a source that cannot tell; to be changed with the body. */
  total: number | undefined;
  /** True for the end of a message whose beginning went out before (RFC 4975 §5.4): its octets have to stay. */
  readonly resumed: boolean;
  /** Further header fields, in order; may be appended to. */
  readonly headers: (readonly [name: string, value: string])[];
}

/** What can be sent as a body. */
export type OutgoingContent =
  | string
  | Uint8Array
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | undefined;

/** Why a session could not send or ended; for the taps. */
export type Failure = DeliveryError | Error;

/** Re-exported so that a plugin names one module. */
export type { Key };
