/**
 * Drives one connection: bytes from the transport into the sans-IO `Connection`, its events into the pipeline, and what
 * a turn produced out in one write. Back-pressure in both directions, timers and limits meet here.
 *
 * A turn is: bytes, time or a call of the application; then `poll()` to the end; then the write. Only this file mutates
 * the connection.
 */
import { Connection } from "../connection/connection.ts";
import type { ConnectionEvent } from "../connection/event.ts";
import type { OutgoingMessage } from "../connection/message.ts";
import type { ControlRequest, TransactionOwner } from "../connection/transaction.ts";
import { ConnectionError, connectionLost, RemoteProtocolError } from "../errors.ts";
import type { SessionLink } from "../session/session_link.ts";
import type { ForwardedRequest, OutgoingResponse } from "../wire/encoder.ts";
import type { RequestFrame } from "../wire/frame.ts";
import type { ForwardHop, ForwardLink, LinkState } from "./forwarding.ts";
import { Handle } from "./handle.ts";
import { IdleClose } from "./idle_close.ts";
import { Inbound } from "./inbound.ts";
import { lastWords } from "./last_words.ts";
import type { NodeCore } from "./node_core.ts";
import { connectionOptions } from "./options.ts";
import { ReadGate } from "./read_gate.ts";
import { describe, responseEvent } from "./response_event.ts";
import type { Seat } from "./seat.ts";
import { Timer, type Timers } from "./timers.ts";
import type { Transport, TransportSink } from "./transport.ts";
import type { TurnMember } from "./turn_end.ts";
import type { Verdict } from "./verdict.ts";

// One turn writes at most so many blocks before others get theirs.
const maxWritesPerTurn = 16;

/** One connection of a node. */
export class Driver implements TransportSink, SessionLink, ForwardLink, TurnMember {
  readonly handle: Handle;
  readonly timers: Timers;
  readonly answerWithinMs: number;
  readonly gateTimeoutMs: number;
  /** Closes it when nobody uses it. */
  readonly idle: IdleClose;
  readonly #node: NodeCore;
  readonly #transport: Transport;
  readonly #connection: Connection;
  readonly #seats: Set<Seat> = new Set();
  readonly #inbound: Inbound;
  readonly #reading: ReadGate;
  readonly #hop: ForwardHop | undefined;
  #deadline: Timer | undefined;
  #linger: Timer | undefined;
  #inTurn = false;
  #flushDue = false;
  #gathering = false; // the flush that is due may wait for the end of the turn
  #writable = true;
  #admitted: boolean;
  #early: Uint8Array[] = []; // what came before the connect stage had decided
  #closing = false;
  #over = false;
  lastReceivedAt: number;
  blockedSince: number = Number.POSITIVE_INFINITY; // when a write was not taken

  constructor(node: NodeCore, transport: Transport, direction: "inbound" | "outbound", id: number) {
    this.#node = node;
    this.#transport = transport;
    this.handle = new Handle(id, direction, transport, this);
    this.timers = node.timersFor(transport.clock);
    this.answerWithinMs = node.limits.answerWithinMs;
    this.gateTimeoutMs = node.limits.gateTimeoutMs;
    this.#connection = new Connection(connectionOptions(node.options.connection, transport));
    this.#inbound = new Inbound(node, this);
    this.#reading = new ReadGate(transport, node.limits, () => this.#connection.congested);
    this.idle = new IdleClose(this.timers, node.limits, this.#seats, () => this.#idled());
    this.lastReceivedAt = transport.clock.now();
    this.#admitted = direction === "outbound";
    this.#hop = node.forwarder?.connected(this);
  }

  /** Sessions that are bound to it. */
  get sessionCount(): number {
    return this.#seats.size;
  }

  /** True when new sessions may use it. */
  get open(): boolean {
    return !this.#over && !this.#closing;
  }

  /** The `connect` stage lets it in, or not. */
  admit(verdict: Verdict): void {
    if (this.#over) return;
    if (!verdict.accepted) {
      this.abort(new ConnectionError("connection-refused", "The connection was refused"));
      return;
    }
    this.#admitted = true;
    for (const bytes of this.#early.splice(0)) {
      this.#reading.release(bytes.length);
      this.received(bytes);
    }
  }

  received(bytes: Uint8Array): void {
    if (this.#over) return;
    if (!this.#admitted) {
      this.#early.push(bytes.slice());
      this.#reading.hold(bytes.length);
      return;
    }
    this.lastReceivedAt = this.timers.clock.now();
    this.#node.pipeline.wire(this.handle, "received", bytes, this.lastReceivedAt);
    const nested = this.#inTurn;
    this.#inTurn = true;
    this.#connection.receive(bytes);
    this.#drain();
    this.#inTurn = nested;
    if (this.timers.turnEnd.known && this.#connection.mayGather) this.touch();
    else this.#flush();
  }

  drained(): void {
    if (this.#over) return;
    this.#writable = true;
    this.blockedSince = Number.POSITIVE_INFINITY;
    this.#connection.flushed(this.timers.clock.now());
    this.#turn();
  }

  ended(error?: Error): void {
    this.#node.left(this);
    if (this.#linger !== undefined) this.timers.cancel(this.#linger);
    if (this.#over) return;
    this.#connection.receiveEnd(error);
    this.#drain();
    this.#finish(error); // in case the connection was over before
  }

  // SessionLink

  send(message: OutgoingMessage): void {
    if (this.#over) message.lost?.(undefined, connectionLost(undefined));
    else this.#connection.send(message);
    this.touch();
  }

  wake(message: OutgoingMessage): void {
    this.#connection.wakeMessage(message);
    this.touch();
  }

  request(request: ControlRequest, owner?: TransactionOwner): void {
    if (this.#over) return;
    try {
      this.#connection.request(request, owner);
    } catch (error) {
      // Queue full or illegal fields: a REPORT or probe that cannot go must not undo what was decided.
      if (owner !== undefined) throw error;
      this.#node.pipeline.error(error, "(node)", request.method, undefined);
    }
    this.touch();
  }

  fail(error: Error): void {
    this.abort(error);
  }

  /** A session is held no more: what waited for it here is taken up, or refused. */
  released(seat: Seat): void {
    this.#inbound.released(seat);
    this.touch();
  }

  /** Answers a request. */
  respond(response: OutgoingResponse): void {
    if (this.#over) return;
    try {
      this.#connection.respond(response);
    } catch (error) {
      // A plugin's comment or field that the grammar forbids: the status alone must do.
      this.#node.pipeline.error(error, "(node)", "response", undefined);
      if (response.comment !== undefined || response.headers !== undefined) {
        const { transactionId, status, toPath, fromPath } = response;
        this.respond({ transactionId, status, toPath, fromPath });
      }
    }
    this.touch();
  }

  // ForwardLink

  get mayForward(): boolean {
    return this.open && this.#connection.mayForward(this.#reading.paused);
  }

  get state(): LinkState {
    return { connection: this.#connection, reading: this.#reading, paused: this.#reading.paused };
  }

  keep(): void {
    this.idle.hold();
  }

  forward(frame: RequestFrame, change: ForwardedRequest, owner?: TransactionOwner): string {
    const id = this.#connection.forward(frame, change, owner);
    this.touch();
    return id;
  }

  acknowledge(transactionId: string, paths: Uint8Array): void {
    this.#connection.acknowledge(transactionId, paths);
    this.touch();
  }

  // LaneHost

  hold(bytes: number): void {
    this.#reading.hold(bytes);
  }

  release(bytes: number): void {
    this.#reading.release(bytes);
  }

  /** Something was queued: inside a turn its end writes it, outside `TurnEnd` does, once for all calls. */
  touch(): void {
    if (this.#inTurn || this.#over) return;
    const mayWait = this.#connection.mayGather;
    if (this.#flushDue && (mayWait || !this.#gathering)) return;
    this.#flushDue = true;
    this.#gathering = mayWait;
    this.timers.turnEnd.add(this, mayWait);
  }

  endTurn(): void {
    this.#flushDue = false;
    this.#turn();
  }

  /** Tells the `oddity` tap. */
  oddity(code: string, detail: string): void {
    if (this.#node.pipeline.watched("oddity")) {
      this.#node.pipeline.emit("oddity", { code, detail, connection: this.handle });
    }
  }

  /** Binds a session to this connection. */
  bind(seat: Seat, confirm: boolean): void {
    this.#seats.add(seat);
    this.idle.hold();
    seat.bind(this);
    seat.core.bind(this, confirm);
    this.#node.bound(seat, this);
  }

  /** Keeps the connection for a session that the peer will bind to it, as to the own relay (RFC 6135 §4.5). */
  attend(seat: Seat): void {
    this.#seats.add(seat);
    this.idle.hold();
    seat.attendedBy = this;
  }

  /** The session is over; without sessions the connection is idle. */
  unbind(seat: Seat): void {
    if (!this.#seats.delete(seat)) return;
    this.#inbound.forget();
    this.idle.free();
  }

  /** Sends and awaits what is under way, then closes. */
  close(): void {
    if (this.#closing || this.#over) return;
    this.#closing = true;
    this.idle.closing(this.#node.limits.closeTimeoutMs);
    this.#connection.close();
    this.#turn();
  }

  /** Drops it at once. */
  abort(error?: Error): void {
    if (this.#over) return;
    this.#connection.abort(error);
    this.#transport.abort(error);
    this.#finish(error);
  }

  #turn(): void {
    if (this.#over || this.#inTurn) return;
    this.#inTurn = true;
    this.#drain();
    this.#inTurn = false;
    this.#flush();
  }

  #wake(now: number): void {
    if (this.#over) return;
    this.#inTurn = true;
    this.#connection.wake(now);
    this.#inTurn = false;
    this.#turn();
    this.#schedule();
  }

  #idled(): void {
    if (this.#closing)
      this.abort(new ConnectionError("close-timeout", "The connection did not close in time"));
    else this.close();
  }

  #drain(): void {
    for (let event = this.#connection.poll(); event !== undefined; event = this.#connection.poll()) {
      if (this.#over) continue; // ended by what an earlier event brought: the rest is void
      if (event.type === "request") {
        if (this.#hop?.request(event.frame) !== true) this.#inbound.request(event.frame);
      } else {
        if (event.type === "response") this.#hop?.response(event.frame, event.transaction);
        this.#event(event);
      }
    }
  }

  #event(event: Exclude<ConnectionEvent, { type: "request" }>): void {
    const { pipeline, options } = this.#node;
    if (event.type === "closed") this.#closed(event.error);
    else if (event.type === "oddity") this.oddity(event.code, describe(event.detail));
    else if (pipeline.watched("response")) {
      const { clock } = this.timers;
      const timeoutMs = options.connection?.transactionTimeoutMs;
      pipeline.emit("response", responseEvent(event, timeoutMs, clock.now()));
    }
  }

  #flush(): void {
    if (this.#inTurn || this.#over) return;
    const now = this.timers.clock.now();
    for (let writes = 0; this.#writable; writes++) {
      if (writes === maxWritesPerTurn) {
        this.touch();
        break;
      }
      this.#hop?.refill();
      const bytes = this.#taken(now);
      if (bytes === undefined) break;
      this.#writable = this.#transport.write(bytes);
      if (this.#writable) this.#connection.flushed(now);
      else {
        this.blockedSince = now;
        this.#hop?.refill(); // it watches how long this takes
      }
    }
    this.#reading.update();
    this.#drain(); // what flushed() brought: the end of a connection that was closing
    if (!this.#over) this.#schedule();
  }

  #taken(now: number): Uint8Array | undefined {
    const bytes = this.#connection.transmit(now);
    if (bytes !== undefined) this.#node.pipeline.wire(this.handle, "transmitted", bytes, now);
    return bytes;
  }

  // A deadline that moved later is found out when the old one comes: steady traffic moves no timer.
  #schedule(): void {
    const { deadline } = this.#connection;
    if (this.#over || deadline >= (this.#deadline?.at ?? Number.POSITIVE_INFINITY)) return;
    this.#deadline ??= new Timer((now) => this.#wake(now));
    this.timers.schedule(this.#deadline, deadline);
  }

  // The last event: everything is written, or everything is lost.
  #closed(error: Error | undefined): void {
    if (this.#over) return;
    const answers = error instanceof RemoteProtocolError && this.#writeLast();
    if (answers && this.#transport.framing === "message") this.#transport.abort(error);
    else if (answers || (this.#closing && error === undefined)) this.#node.leave(this, this.#transport);
    else this.#transport.abort(error);
    this.#finish(error);
  }

  #writeLast(): boolean {
    const now = this.timers.clock.now();
    const { closeTimeoutMs } = this.#node.limits;
    this.#linger = lastWords(() => this.#taken(now), this.#transport, this.timers, now + closeTimeoutMs);
    return this.#linger !== undefined;
  }

  #finish(error: Error | undefined): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#deadline !== undefined) this.timers.cancel(this.#deadline);
    this.idle.stop();
    this.#early = [];
    this.#inbound.close();
    this.#hop?.ended(error);
    // RFC 4975 §5.4: the sessions of a connection end with it.
    const seats = [...this.#seats];
    this.#seats.clear();
    for (const seat of seats) seat.core.fail(connectionLost(error));
    this.#node.gone(this, error);
  }
}
