/**
 * The state of one session, driven by the node: idle, bound to a connection, over. `Session` is the face that
 * applications see of it.
 */
import type { ControlRequest } from "../connection/transaction.ts";
import { ConnectionError, LocalProtocolError, type MsrpError } from "../errors.ts";
import type { RequestFrame } from "../wire/frame.ts";
import { createMessageId } from "../wire/ident.ts";
import type { MsrpUri } from "../wire/uri.ts";
import type { Message } from "./message.ts";
import { Outbox } from "./outbox.ts";
import { bodyContent } from "./send_content.ts";
import type { BodyContent, SendContent, SendOptions, Sent } from "./sent.ts";
import { Session } from "./session.ts";
import { BodilessSent } from "./session_bodiless.ts";
import { checkDirection } from "./session_direction.ts";
import { KeepAlive } from "./session_keep_alive.ts";
import type { OutgoingDraft, SessionHost, SessionLink } from "./session_link.ts";
import type {
  ContentDirection,
  RequestOptions,
  RequestResult,
  Role,
  SessionInit,
  SessionState,
  SessionUpdate,
} from "./session_options.ts";
import { SendGate } from "./session_pending.ts";
import { MessageQueue } from "./session_queue.ts";
import { type ReportFields, reportRequest } from "./session_report.ts";
import { answered, bindingError, requestOf, sessionClosed } from "./session_request.ts";
import { defaultType, limitBody } from "./session_size.ts";
import { type AcceptTypes, checkType, updatedTypes } from "./session_types.ts";

const maxBodilessWaiting = 64;

/** Called with each message. A rejection is told to the sender as a failure (RFC 4975 §7.1.4). */
export type MessageHandler = (message: Message, session: Session) => unknown;

/** The machine behind a `Session`. */
export class SessionCore {
  readonly session: Session;
  readonly local: MsrpUri;
  readonly localPath: readonly MsrpUri[];
  role: Role;
  acceptTypes: AcceptTypes | undefined;
  readonly queue: MessageQueue;
  readonly handlers: MessageHandler[] = [];
  readonly ready: Promise<void>;
  readonly closed: Promise<Error | undefined>;
  #init: SessionInit;
  readonly #host: SessionHost;
  #remote: readonly MsrpUri[];
  #peerTypes: AcceptTypes | undefined;
  #peerMaxBytes: number;
  #direction: ContentDirection;
  #outbox: Outbox | undefined;
  #link: SessionLink | undefined;
  #state: SessionState = "idle";
  #closing = false;
  #keepAlive: KeepAlive | undefined;
  readonly #bodilessWaiting: [ControlRequest, BodilessSent][] = [];
  readonly #gate = new SendGate();
  #settleReady!: { resolve: () => void; reject: (error: Error) => void };
  #settleClosed!: (error: Error | undefined) => void;

  constructor(init: SessionInit, host: SessionHost) {
    this.#init = init;
    this.#host = host;
    this.local = init.local;
    this.localPath = [init.local];
    this.role = init.role;
    this.#remote = init.remote;
    this.acceptTypes = updatedTypes(undefined, init.acceptTypes, init.acceptWrappedTypes);
    this.#peerTypes = updatedTypes(undefined, init.peerAcceptTypes, init.peerAcceptWrappedTypes);
    this.#peerMaxBytes = init.peerMaxBytes ?? Number.POSITIVE_INFINITY;
    this.#direction = init.direction ?? "sendrecv";
    this.queue = new MessageQueue(init.maxQueuedMessages ?? 64);
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject };
    });
    this.ready.catch(() => undefined); // nobody has to watch
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    this.session = new Session(this);
  }

  get remote(): readonly MsrpUri[] {
    return this.#remote;
  }

  /** What the peer takes; undefined when it has not said. */
  get peerTypes(): AcceptTypes | undefined {
    return this.#peerTypes;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** True once it is over or about to be. */
  get over(): boolean {
    return this.#closing || this.#state === "closed" || this.#state === "failed";
  }

  /** Adds a handler, and gives it what waits as long as nobody reads. */
  handle(handler: MessageHandler): void {
    this.handlers.push(handler);
    if (this.queue.hasReader) return;
    for (const message of this.queue.take()) {
      // Their reports are out, so a failure of the handler can only be told here.
      const failed = (error: unknown): void => this.#host.error(error, "onMessage");
      try {
        Promise.resolve(handler(message, this.session)).catch(failed);
      } catch (error) {
        failed(error);
      }
    }
  }

  /** What the rendezvous said later than the making of the session. The role can change until it is bound. */
  update(late: SessionUpdate & { role?: Role }): void {
    if (late.remote !== undefined) {
      if (this.#outbox !== undefined && this.#remote !== late.remote) {
        throw new LocalProtocolError("path-in-use", "Cannot change the path of a session that has sent");
      }
      this.#remote = late.remote;
    }
    this.#peerTypes = updatedTypes(this.#peerTypes, late.peerAcceptTypes, late.peerAcceptWrappedTypes);
    if (late.peerAcceptTypes !== undefined) this.#outbox?.forgetRefusedTypes();
    if (late.peerMaxBytes !== undefined) this.#peerMaxBytes = late.peerMaxBytes;
    this.acceptTypes = updatedTypes(this.acceptTypes, late.acceptTypes, late.acceptWrappedTypes);
    this.#direction = late.direction ?? this.#direction;
    if (this.#state === "idle") this.role = late.role ?? this.role;
    this.#init = { ...this.#init, ...late };
  }

  /** As it would be made anew now. */
  get init(): SessionInit {
    return { ...this.#init, remote: this.#remote };
  }

  /**
   * Binds the session to a connection (RFC 4975 §5.4): what waits goes out.
   * @param confirm the binding SEND of an active session: `ready` waits for its answer
   */
  bind(link: SessionLink, confirm: boolean): void {
    this.#link = link;
    this.#state = "bound";
    if (this.role === "active") {
      // RFC 4975 §5.4: the active side sends at once, also on a connection that it uses again.
      this.#bodiless(confirm);
      if (!confirm) this.#settleReady.resolve();
    } else this.#settleReady.resolve();
    for (const [request, sent] of this.#bodilessWaiting.splice(0)) link.request(request, sent);
    if (this.#remote.length > 0) this.#sends().attach(link);
    const every = this.#init.keepAliveMs ?? 0;
    if (every > 0) this.#keepAlive = new KeepAlive(this, link, this.#host, every);
  }

  /** Sends a SEND without body; its failure ends the session. */
  probe(onTimeout: (error: Error) => void): void {
    this.#link?.request(this.#bodilessRequest(), {
      responded: (_transaction, status, comment) => this.#probed(status, comment),
      timedOut: () => onTimeout(new ConnectionError("peer-vanished", "The peer has not answered in time")),
    });
  }

  #bodilessRequest(
    messageId: string = createMessageId(),
    headers: SendOptions["headers"] = [],
  ): ControlRequest {
    return {
      method: "SEND",
      toPath: this.#remote,
      fromPath: this.localPath,
      headers: [["Message-ID", messageId], ...headers],
    };
  }

  #bodiless(confirm: boolean): void {
    this.#link?.request(this.#bodilessRequest(), {
      responded: (_transaction, status, comment) => {
        if (status >= 200 && status < 300) this.#settleReady.resolve();
        else if (confirm || status === 481 || status === 506) this.fail(bindingError(status, comment));
      },
      timedOut: () => this.fail(bindingError(408, undefined)),
    });
  }

  #probed(status: number, comment: string | undefined): void {
    if (status === 481 || status === 506) this.fail(bindingError(status, comment));
    else if (status === 408)
      this.fail(new ConnectionError("peer-vanished", "The peer has not answered in time"));
  }

  #sends(): Outbox {
    if (this.#outbox !== undefined) return this.#outbox;
    if (this.#remote.length === 0) {
      throw new LocalProtocolError("no-remote-path", "Cannot send: the path of the peer is not known yet");
    }
    this.#outbox = new Outbox({
      toPath: this.#remote,
      fromPath: this.localPath,
      maxQueuedMessages: this.#init.maxQueuedSends,
      prefetchBytes: this.#init.prefetchBytes,
      successReport: this.#init.successReport,
      onFailure: (error) => this.fail(error),
    });
    if (this.#link !== undefined) this.#outbox.attach(this.#link);
    return this.#outbox;
  }

  /** Sends a message; see `Session.send`. */
  send(content: SendContent | undefined, options: SendOptions): Sent {
    this.#mustBeOpen();
    if (content === undefined) return this.#sendBodiless(options);
    const outbox = this.#sends();
    const body = bodyContent(content);
    const { outgoing } = this.#host;
    if (outgoing === undefined) return this.#enqueue(outbox, body, options);
    const { contentType, headers = [], messageId = createMessageId() } = options;
    const { total, start = 1 } = options;
    const resumed = start > 1;
    const draft: OutgoingDraft = { method: "SEND", messageId, contentType, body, headers, total, resumed };
    const decided = this.#gate.after(() => outgoing(draft));
    if (!(decided instanceof Promise)) return this.#enqueueDraft(outbox, decided, options);
    if (this.pendingSends >= (this.#init.maxQueuedSends ?? 1024)) {
      decided.catch(() => undefined);
      throw new LocalProtocolError("queue-full", "Cannot send: too many messages wait already");
    }
    return this.#gate.hold(messageId, decided, (final) => this.#enqueueDraft(outbox, final, options));
  }

  #sendBodiless(options: SendOptions): Sent {
    const sent = new BodilessSent(options.messageId ?? createMessageId());
    const request = this.#bodilessRequest(sent.messageId, options.headers);
    if (this.#link !== undefined) this.#link.request(request, sent);
    else if (this.#bodilessWaiting.length >= maxBodilessWaiting) {
      throw new LocalProtocolError("queue-full", "Cannot send: too many messages wait already");
    } else this.#bodilessWaiting.push([request, sent]);
    return sent;
  }

  #enqueueDraft(outbox: Outbox, draft: OutgoingDraft, options: SendOptions): Sent {
    this.#mustBeOpen();
    const { body, contentType, messageId, headers, total } = draft;
    if (body === undefined) throw new TypeError("Cannot send a message without body");
    return this.#enqueue(outbox, body, {
      ...options,
      messageId,
      contentType,
      total,
      headers: headers.length > 0 ? headers : undefined,
    });
  }

  // What the peer said that it takes is held to; nearly always it said nothing, and the outbox gets what it was given.
  #enqueue(outbox: Outbox, content: BodyContent, options: SendOptions): Sent {
    const sent = this.#queued(outbox, content, options);
    this.#host.sent?.(sent, options.contentType ?? defaultType(content));
    return sent;
  }

  #queued(outbox: Outbox, content: BodyContent, options: SendOptions): Sent {
    const limited = this.#peerMaxBytes < Number.POSITIVE_INFINITY || this.#peerTypes !== undefined;
    if (!limited && this.#direction === "sendrecv") return outbox.enqueue(content, options);
    const { body, contentType, total } = limitBody(
      content,
      options.contentType,
      options.total,
      this.#peerMaxBytes,
    );
    checkDirection(this.#direction, contentType, options.control);
    if (this.#peerTypes !== undefined) checkType(this.#peerTypes, contentType, body);
    return outbox.enqueue(body, { ...options, contentType, total });
  }

  /** Sends a request of another method; see `Session.request`. */
  async request(method: string, options: RequestOptions): Promise<RequestResult> {
    this.#mustBeOpen();
    if (method === "SEND" || method === "REPORT") {
      throw new LocalProtocolError(
        "reserved-method",
        `Cannot send ${method} as a request: use send() or report()`,
      );
    }
    const body = typeof options.body === "string" ? new TextEncoder().encode(options.body) : options.body;
    const { contentType, headers = [] } = options;
    const resumed = false;
    const fields = { messageId: createMessageId(), contentType, body, headers, total: undefined };
    const asked: OutgoingDraft = { method, resumed, ...fields };
    const draft = (await this.#host.outgoing?.(asked)) ?? asked;
    await this.ready;
    const link = this.#link;
    if (link === undefined || this.over) throw sessionClosed();
    const request = requestOf(draft, this.#remote, this.localPath);
    return answered(link, request, draft.messageId);
  }

  /** Messages that were accepted and whose success reports are due. */
  get unreported(): number {
    return this.#outbox?.unreported ?? 0;
  }

  /** Messages that were sent and are not accepted yet. */
  get pendingSends(): number {
    return (this.#outbox?.pending ?? 0) + this.#gate.size;
  }

  /** Resolves when fewer than `count` of them are left, or the session is over. */
  async whenQueueBelow(count: number): Promise<void> {
    do {
      // What leaves the plugins goes on to wait in the outbox.
      while (this.#gate.size > 0 && this.pendingSends >= count) await this.#gate.last;
      await this.#outbox?.whenQueueBelow(count);
    } while (this.#gate.size > 0 && this.pendingSends >= count);
  }

  /** Sends a REPORT; on a session that is gone nothing happens (RFC 4975 §7.1.2). */
  report(fields: ReportFields, toPath: readonly MsrpUri[] = this.#remote): void {
    if (this.#state !== "bound" || toPath.length === 0) return;
    this.#link?.request(reportRequest(fields, toPath, this.localPath));
  }

  /** Takes a REPORT that came in; false when it fits no message of ours. */
  reported(frame: RequestFrame): boolean {
    return this.#outbox !== undefined && this.#outbox.report(frame) !== "unknown";
  }

  /** Ends the session: with `drain`, once everything that was sent is accepted. */
  async close(drain: boolean): Promise<void> {
    if (this.over) {
      await this.closed;
      return;
    }
    this.#closing = true;
    if (drain && this.#state === "bound") {
      await this.#gate.last;
      await this.#outbox?.whenIdle();
    }
    this.#end("closed", undefined, sessionClosed());
    await this.closed;
  }

  /** Ends the session at once; messages under way are given up. */
  abort(reason: unknown): void {
    this.#end("failed", new ConnectionError("session-aborted", "The session was aborted", { cause: reason }));
  }

  /** The session cannot go on. */
  fail(error: Error): void {
    this.#end("failed", error);
  }

  #end(
    state: "closed" | "failed",
    error: Error | undefined,
    pending: Error = error ?? sessionClosed(),
  ): void {
    if (this.#state === "closed" || this.#state === "failed") return;
    this.#state = state;
    this.#closing = true;
    this.#keepAlive?.stop();
    const { unreported } = this;
    this.#outbox?.fail(pending);
    for (const [, sent] of this.#bodilessWaiting.splice(0)) sent.lost(undefined, pending);
    this.#settleReady.reject(pending);
    // The end of a connection is the ordinary end of a session; only what went wrong is thrown at a reader.
    this.queue.close((error as MsrpError | undefined)?.code === "connection-closed" ? undefined : error);
    this.#host.ended(error, unreported);
    this.#settleClosed(error);
  }

  #mustBeOpen(): void {
    if (this.over) throw sessionClosed();
  }
}
