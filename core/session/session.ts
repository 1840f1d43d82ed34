/**
 * An MSRP session as applications see it: messages out by `send`, messages in by `for await` or a handler. Its end
 * settles every promise.
 */
import type { MsrpUri } from "../wire/uri.ts";
import type { Key, KeyedValues } from "./key.ts";
import type { Message } from "./message.ts";
import type { SendContent, SendOptions, Sent } from "./sent.ts";
import type { MessageHandler, SessionCore } from "./session_core.ts";
import type { RequestOptions, RequestResult, Role, SessionState, SessionUpdate } from "./session_options.ts";
import type { ReportFields } from "./session_report.ts";
import type { AcceptTypes } from "./session_types.ts";

/**
 * One session (RFC 4975 §3). Made by a node: `app.connect()`, `app.session()`, or a peer that is let in.
 *
 * ```ts
 * const sent = session.send("hello");
 * await sent.accepted;
 * for await (const message of session) console.log(await message.text());
 * ```
 */
export class Session implements KeyedValues, AsyncIterable<Message> {
  readonly #core: SessionCore;
  readonly #values: Map<Key<unknown>, unknown> = new Map();

  /** @internal */
  constructor(core: SessionCore) {
    this.#core = core;
  }

  /** Own URI. It is the session's secret (RFC 4975 §14.1): not for logs. */
  get local(): MsrpUri {
    return this.#core.local;
  }

  /** Path to the peer, next hop first; empty as long as it is not known. Secret as well. */
  get remote(): readonly MsrpUri[] {
    return this.#core.remote;
  }

  /** The peer's `accept-types` and `accept-wrapped-types` (RFC 4975 §8.6); undefined when it has not said. */
  get peerAcceptTypes(): AcceptTypes | undefined {
    return this.#core.peerTypes;
  }

  /** Who opens the connection. */
  get role(): Role {
    return this.#core.role;
  }

  get state(): SessionState {
    return this.#core.state;
  }

  /**
   * Resolves when the session is bound to a connection and, if active, the peer has confirmed it. Rejects when it ends
   * before; that rejection may be left unobserved.
   */
  get ready(): Promise<void> {
    return this.#core.ready;
  }

  /** Resolves when the session is over: with the error that ended it, or undefined after `close()`. Never rejects. */
  get closed(): Promise<Error | undefined> {
    return this.#core.closed;
  }

  /**
   * Sends a message: text, octets, a Blob or file, a stream or async iterable, an open file. Before the session is bound it waits; sending never waits for earlier answers. Without a body it is
   * a SEND that only asks whether the session is there.
   *
   * @throws {LocalProtocolError} `session-closed`, `queue-full`, `type-not-accepted`, `content-type-refused`,
   *   `message-too-large`, `not-sending` (on hold), `no-remote-path`, or what a plugin refused (`outgoing-refused`)
   */
  send(body: SendContent | undefined, options: SendOptions = {}): Sent {
    return this.#core.send(body, options);
  }

  /** Messages that were sent and are not accepted yet; at `maxQueuedSends` one more is refused. */
  get pendingSends(): number {
    return this.#core.pendingSends;
  }

  /**
   * Resolves when fewer than `count` messages are pending, or the session is over: for those who send a great many.
   *
   * ```ts
   * for (const line of lines) {
   *   await session.whenQueueBelow(100);
   *   session.send(line);
   * }
   * ```
   */
  whenQueueBelow(count: number): Promise<void> {
    return this.#core.whenQueueBelow(count);
  }

  /**
   * Sends a request of an extension method, such as NICKNAME (RFC 7701), and gives the response, whatever its status.
   *
   * @throws {DeliveryError} `timeout` (408): no answer in time
   * @throws {ConnectionError} the connection ended before the answer
   */
  request(method: string, options: RequestOptions = {}): Promise<RequestResult> {
    return this.#core.request(method, options);
  }

  /** Sends a REPORT about a message that came in; the node sends those that the RFC demands by itself. */
  report(fields: ReportFields): void {
    this.#core.report(fields);
  }

  /**
   * Calls `handler` with each message, beside those of the node. Without any handler messages wait for `for await`, or for
   * a handler that comes later: it gets them at once, in order.
   */
  onMessage(handler: MessageHandler): this {
    this.#core.handle(handler);
    return this;
  }

  /**
   * Completes what was not known when the session was made, or what a new offer and answer have changed: the peer's path
   * (before anything was sent), types, the largest message, the direction.
   *
   * @throws {LocalProtocolError} `path-in-use`
   */
  update(late: SessionUpdate): this {
    this.#core.update(late);
    return this;
  }

  /**
   * Ends the session. The connection stays for its other sessions.
   *
   * @param options `drain`: first wait until everything sent was accepted or has failed. @default true
   */
  close(options: { drain?: boolean } = {}): Promise<void> {
    return this.#core.close(options.drain ?? true);
  }

  /** Ends the session at once: messages under way end with `#`, and their promises reject. */
  abort(reason?: unknown): void {
    this.#core.abort(reason);
  }

  get<T>(key: Key<T>): T | undefined {
    return this.#values.get(key) as T | undefined;
  }

  set<T>(key: Key<T>, value: T | undefined): void {
    if (value === undefined) this.#values.delete(key);
    else this.#values.set(key, value);
  }

  /**
   * Messages in the order in which they became whole, from the first on, also those that came before this call. Ends
   * with the session; throws what made it fail. Several loops share the messages.
   */
  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    const { queue } = this.#core;
    return {
      next: () => queue.next(),
      return: () => Promise.resolve({ done: true, value: undefined }),
    };
  }

  /** Shows state and role only: URIs are secrets. */
  toJSON(): { role: Role; state: SessionState } {
    return { role: this.role, state: this.state };
  }
}
