/**
 * A session's place in the node: where its inbound frames go through the stages, and where their verdicts become
 * responses and REPORTs. One for each session, from its making to its end.
 */

import type { Message } from "../session/message.ts";
import { exactRange } from "../session/reporter.ts";
import type { SessionCore } from "../session/session_core.ts";
import type { RequestFrame } from "../wire/frame.ts";
import type { MsrpUri } from "../wire/uri.ts";
import { carrierOf, responseTo } from "./answer.ts";
import { NodeChunkContext, NodeMessageContext, NodeRequestContext } from "./contexts.ts";
import type { Driver } from "./driver.ts";
import { errorVerdict, isExpected } from "./fault.ts";
import { Lane, type LaneOwner } from "./lane.ts";
import type { NodeCore } from "./node_core.ts";
import type { Gated, Place } from "./pipeline.ts";
import type { Assembler, DeliverMessage, Reporter, SuccessReport } from "./plugin.ts";
import { ACCEPTED, type MaybeVerdict, refusedBy, Verdict } from "./verdict.ts";

const UNKNOWN_METHOD: Verdict = new Verdict(501);
const UNSUPPORTED_TYPE: Verdict = new Verdict(415);
// Not 408: RFC 4975 §10.5 has endpoints receive it and never send it. 413 tells the sender to stop.
const ABANDONED: Verdict = new Verdict(413, "Given Up");

/** What is remembered of a SEND once its octets are gone. */
interface Origin {
  readonly messageId: string;
  readonly fromPath: RequestFrame["fromPath"];
  readonly silent: boolean;
  readonly successReport: boolean;
}

function originOf({ messageId }: Message, frame: RequestFrame): Origin {
  const { fromPath, failureReport, successReport } = frame;
  return { messageId, fromPath, silent: failureReport === "no", successReport };
}

/** A session within a node. */
export class Seat implements LaneOwner, Place {
  readonly core: SessionCore;
  readonly own: readonly unknown[];
  /** Whose session it is, at a URI where `acceptUnknown` gives every peer behind a relay one of its own. */
  readonly peer: MsrpUri | undefined;
  /** Set while the session is held: the connections that have requests for it. */
  callers: Set<Driver> | undefined;
  /** The connection that is kept for the session until the peer binds it. */
  attendedBy: Driver | undefined;
  readonly #node: NodeCore;
  readonly #assembler: Assembler;
  readonly #reporter: Reporter;
  readonly #deliver: DeliverMessage = (message) => this.#message(message);
  readonly #report = (fields: SuccessReport): void => this.#success(fields);
  #driver: Driver | undefined;
  #lane: Lane | undefined;
  #spare: NodeChunkContext<Place> | undefined;
  #gated: Gated<Place> = {};
  #chunk: NodeChunkContext<Place> | undefined; // the one that is being assembled
  #start = 1; // position of the first octet of the request that is coming in
  #fromPath: RequestFrame["fromPath"] | undefined; // of the last SEND that asked for success reports
  #refused: string | undefined; // transaction whose further slices are dropped
  #closed = false;

  constructor(node: NodeCore, core: SessionCore, peer: MsrpUri | undefined) {
    this.#node = node;
    this.core = core;
    this.peer = peer;
    this.own = node.pipeline.states(core.session);
    this.#assembler = node.pipeline.assembler(core.session);
    this.#reporter = node.pipeline.reporter(core.session);
  }

  /** The connection that the session is bound to. */
  get driver(): Driver | undefined {
    return this.#driver;
  }

  /** Nothing of it is under way: no message comes or goes, no verdict is awaited, nothing waits to be read. */
  get quiet(): boolean {
    const { queue, pendingSends } = this.core;
    if (queue.size > 0 || pendingSends > 0 || this.callers !== undefined) return false;
    return (this.#lane?.size ?? 0) === 0 && this.#assembler.deadline === Number.POSITIVE_INFINITY;
  }

  /** Binds the session to a connection, once (RFC 4975 §5.4). */
  bind(driver: Driver): void {
    this.#driver = driver;
    this.#lane = new Lane(this, driver);
    // A reader that is behind stops the session, and at a bound the connection; here it goes on.
    const resume = (): void => this.#resume();
    this.#assembler.onResume = resume;
    this.core.queue.onRoom = resume;
  }

  /** Takes a request for this session. */
  receive(frame: RequestFrame): void {
    this.#lane?.receive(frame);
  }

  /** The session is over: nothing of it is decided, answered or reported any more. */
  close(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#lane?.close();
    this.#assembler.close(error);
    this.#node.pipeline.ended(this.core.session, this.own, error);
  }

  gate(frame: RequestFrame): MaybeVerdict | undefined {
    const { core } = this;
    if (frame.method !== "SEND") {
      if (frame.fault !== undefined) return frame.last ? new Verdict(frame.fault.status) : undefined;
      const handle = (this.#driver as Driver).handle;
      const request = new NodeRequestContext(frame, core.session, handle, UNKNOWN_METHOD);
      this.#gated = { request };
      return this.#node.pipeline.request.run(request, this.own);
    }
    if (frame.first) {
      this.#start = frame.byteRange?.start ?? 1;
      this.#refused = undefined;
    } else if (this.#refused === frame.transactionId) return undefined;
    if (frame.fault !== undefined) return new Verdict(frame.fault.status);
    const type = frame.contentType;
    if (type !== undefined && core.acceptTypes?.accepts(type) === false) return UNSUPPORTED_TYPE;
    const c = this.#spare ?? new NodeChunkContext<Place>();
    this.#spare = undefined;
    this.#chunk = c.fill(frame, core.session, (this.#driver as Driver).handle, this);
    const verdict = this.#node.pipeline.chunk.run(c, this.own);
    if (verdict instanceof Verdict) this.#spare = c;
    // A chunk whose message is in a gate is named with it.
    else if (this.#gated.chunk !== c) this.#gated = { chunk: c };
    return verdict;
  }

  get blocked(): boolean {
    return this.#assembler.paused || this.core.queue.full;
  }

  abandon(): void {
    // Not the chunk before it, whose context serves the next one.
    const { chunk } = this.#gated;
    if (chunk !== undefined) chunk.abandoned = true;
    this.#node.pipeline.overdue(this.#gated, this.core.session);
  }

  /** What stands inside the `chunk` stage: the chunk is accepted, put it to its message. */
  assemble(c: NodeChunkContext<Place>): MaybeVerdict {
    if (c.abandoned || this.#closed) return ABANDONED;
    this.#chunk = c;
    const { successReport } = c.frame;
    if (successReport) this.#fromPath = c.frame.fromPath;
    const verdict = this.#assembler.receive(c, this.#deliver);
    if (!successReport) return verdict;
    if (verdict instanceof Verdict) return this.#received(c, verdict);
    return verdict.then((late) => this.#received(c, late));
  }

  #received(c: NodeChunkContext<Place>, verdict: Verdict): Verdict {
    if (verdict.accepted) this.#reporter.received(c, this.#report);
    else if (c.messageId !== undefined) this.#reporter.dropped(c.messageId);
    return verdict;
  }

  #message(message: Message): MaybeVerdict {
    if (message.duplicate) return this.#duplicate(message);
    if (!this.#takesInside(message)) return UNSUPPORTED_TYPE;
    const chunk = this.#chunk as NodeChunkContext<Place>;
    const c = new NodeMessageContext(message, chunk);
    this.#gated = { chunk, message: c };
    const origin = originOf(message, chunk.frame);
    const verdict = this.#node.pipeline.message.run(c, this.own);
    if (!origin.successReport) return verdict;
    if (verdict instanceof Verdict) return this.#decided(c, origin, verdict);
    return verdict.then((late) => this.#decided(c, origin, late));
  }

  // A plugin that accepts a message without handing it on has taken it: for its sender it is delivered.
  #decided(c: NodeMessageContext<Place>, origin: Origin, verdict: Verdict): Verdict {
    if (!verdict.accepted || c.handedOver) return verdict;
    c.received.completed.then(
      () => this.#done(c.received, origin),
      () => undefined,
    );
    return verdict;
  }

  // RFC 4975 §8.6: accept-wrapped-types. Of what streams the first octets have to do: the rest is the application's.
  #takesInside(message: Message): boolean {
    const { contentType, mode } = message;
    const { acceptTypes } = this.core;
    if (acceptTypes === undefined || contentType === undefined) return true;
    if (mode === "memory") return acceptTypes.acceptsInside(contentType, message.body);
    const { frame } = this.#chunk as NodeChunkContext<Place>;
    if (this.#start !== 1 || frame.body === undefined) return true;
    return acceptTypes.acceptsInside(contentType, frame.body, false);
  }

  // RFC 4975 §5.4: not shown again, but answered and reported as its fields ask.
  #duplicate(message: Message): Verdict {
    const { frame } = this.#chunk as NodeChunkContext<Place>;
    this.#driver?.oddity("duplicate-message", "A message with a known Message-ID came again");
    if (frame.successReport) this.#reporter.delivered(message.messageId, message.total ?? 0, this.#report);
    return ACCEPTED;
  }

  /** What stands inside the `deliver` stage: the application. */
  handOver(c: NodeMessageContext<Place>): MaybeVerdict {
    if (c.chunk.abandoned || this.#closed) return ABANDONED;
    c.handedOver = true;
    const { message } = c;
    const { session } = this.core;
    const origin = originOf(message, c.chunk.frame);
    const work: Promise<unknown>[] = [];
    const handlers = [...this.#node.messageHandlers, ...this.core.handlers];
    for (const handler of handlers) {
      try {
        const result: unknown = handler(message, session);
        if (typeof (result as { then?: unknown } | undefined)?.then === "function") {
          work.push(Promise.resolve(result));
        }
      } catch (error) {
        return this.#handlerFailed(error);
      }
    }
    if (handlers.length === 0 || this.core.queue.hasReader) this.core.queue.push(message);
    this.#handedOver(c, origin, work);
    return ACCEPTED;
  }

  #handedOver(c: NodeMessageContext<Place>, origin: Origin, work: Promise<unknown>[]): void {
    if (this.#node.pipeline.watched("delivered")) {
      this.#node.pipeline.emit("delivered", { message: c.message, session: this.core.session });
    }
    const message = c.received;
    if (message.size !== undefined && work.length === 0) {
      this.#done(message, origin);
      return;
    }
    // RFC 4975 §7.1.3: a success report says that the message was delivered, so it waits for those who handle it.
    Promise.all([message.completed, ...work]).then(
      () => this.#done(message, origin),
      (error: unknown) => this.#failedLate(c, origin, error),
    );
  }

  #done(message: Message, origin: Origin): void {
    if (!origin.successReport || this.#closed) return;
    this.#reporter.delivered(origin.messageId, message.size ?? 0, this.#report);
    this.#driver?.touch();
  }

  // RFC 4975 §7.1.4: the 200 is out, so a failure REPORT carries what went wrong.
  #failedLate({ message, received }: NodeMessageContext<Place>, origin: Origin, error: unknown): void {
    this.#reporter.dropped(origin.messageId);
    const { size } = received;
    const verdict = this.#handlerFailed(error);
    if (size === undefined) {
      // Aborted or given up, and the assembler has answered for it; or the handler failed and nobody reads on: the sender
      // must not wait for the idle time. A reader that still holds the stream has it to itself.
      if (message.mode === "stream")
        message
          .stream()
          .cancel(error)
          .catch(() => undefined);
      return;
    }
    if (origin.silent) return;
    this.#sendReport(verdict, origin.messageId, origin.fromPath, { start: 1, end: size, total: size });
  }

  #handlerFailed(error: unknown): Verdict {
    if (!isExpected(error)) this.#node.pipeline.error(error, "(application)", "onMessage", this.core.session);
    return refusedBy(errorVerdict(error), "(application)");
  }

  settle(frame: RequestFrame, verdict: Verdict, answered: boolean, waitedMs: number): void {
    if (this.#closed) return;
    if (!verdict.accepted) this.#refuse(frame, verdict);
    const carrier = carrierOf(frame, verdict, answered);
    if (carrier === "response") this.#respond(frame, verdict);
    else if (carrier === "report") this.#reportChunk(frame, verdict);
    if (this.#node.pipeline.watched("settled")) {
      this.#node.pipeline.emit("settled", {
        frame,
        verdict,
        session: this.core.session,
        connection: (this.#driver as Driver).handle,
        answered: carrier,
        waitedMs,
      });
    }
  }

  #refuse(frame: RequestFrame, { status, comment }: Verdict): void {
    if (!frame.last) this.#refused = frame.transactionId;
    // What has come of the message is of no use without this chunk, and its sender has been told to stop.
    if (frame.method === "SEND" && frame.fault === undefined && frame.messageId !== undefined) {
      this.#assembler.refused?.(frame.messageId, status, comment);
    }
  }

  answerEarly(frame: RequestFrame): void {
    if (carrierOf(frame, ACCEPTED, false) === "response" && frame.method === "SEND")
      this.#respond(frame, ACCEPTED);
  }

  #resume(): void {
    // Not inside the reader's own call: its turn ends first.
    Promise.resolve().then(() => {
      if (!this.#closed && !this.blocked) this.#lane?.resume();
    });
  }

  get deadline(): number {
    return this.#assembler.deadline;
  }

  wake(now: number): void {
    try {
      for (const { messageId, status, comment, byteRange, failureReport, fromPath } of this.#assembler.wake(
        now,
      )) {
        this.#reporter.dropped(messageId);
        if (failureReport !== "no") this.core.report({ messageId, status, comment, byteRange }, fromPath);
      }
    } catch (error) {
      this.#node.pipeline.error(error, "(node)", "assemble", this.core.session);
    }
  }

  #respond(frame: RequestFrame, verdict: Verdict): void {
    this.#driver?.respond(responseTo(frame, verdict, this.core.localPath));
  }

  // RFC 4975 §7.1.4: start and total from the SEND, end computed from the octets that really came.
  #reportChunk(frame: RequestFrame, verdict: Verdict): void {
    if (frame.messageId === undefined) return;
    const range = exactRange(this.#start, frame.byteRange, frame.bodyLength);
    this.#sendReport(verdict, frame.messageId, frame.fromPath, range);
  }

  #success(fields: SuccessReport): void {
    this.#sendReport(new Verdict(200, fields.comment), fields.messageId, undefined, fields.byteRange);
  }

  #sendReport(
    verdict: Verdict,
    messageId: string,
    toPath: RequestFrame["fromPath"] | undefined,
    byteRange: SuccessReport["byteRange"],
  ): void {
    if (this.#closed) return; // RFC 4975 §7.1.2: no REPORT for a session that is gone
    const fields = { messageId, status: verdict.status, comment: verdict.comment, byteRange };
    this.core.report(fields, toPath ?? this.#fromPath ?? this.core.remote);
  }
}
