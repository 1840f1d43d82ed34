/**
 * What a node is made of, for the parts of a node: sessions, connections, timers and the composed pipeline. `Msrp` is
 * the face that applications see.
 */
import { ConnectionError, LocalProtocolError, MsrpError } from "../errors.ts";
import { InboxBudget } from "../session/inbox_budget.ts";
import { SuccessReporter } from "../session/reporter.ts";
import type { Session } from "../session/session.ts";
import { type MessageHandler, SessionCore } from "../session/session_core.ts";
import type { OutgoingDraft, SessionHost } from "../session/session_link.ts";
import type { SessionInit, SessionSettings } from "../session/session_options.ts";
import type { MsrpUri } from "../wire/uri.ts";
import type { Chain } from "./chain.ts";
import type { ConnectionHandle } from "./context.ts";
import { NodeConnectContext, NodeOutgoingContext } from "./contexts.ts";
import { Driver } from "./driver.ts";
import { NodeForwardHost } from "./forward_host.ts";
import type { Forwarder } from "./forwarding.ts";
import { InboxAssembler } from "./inbox_assembler.ts";
import { NodeMemory } from "./memory.ts";
import { NodeTime } from "./node_time.ts";
import { type MsrpOptions, type NodeLimits, nodeLimits } from "./options.ts";
import { Pipeline, type Place } from "./pipeline.ts";
import type { Hooks, Plugin, PluginHost } from "./plugin.ts";
import { Registry } from "./registry.ts";
import { Seat } from "./seat.ts";
import type { Timers } from "./timers.ts";
import type { Accept, Clock, Connector, ConnectTarget, Transport } from "./transport.ts";
import { ACCEPTED, Verdict } from "./verdict.ts";

type Verifier = (connection: ConnectionHandle) => boolean;

/** The inside of a node. */
export class NodeCore {
  readonly options: MsrpOptions;
  readonly limits: NodeLimits;
  readonly registry: Registry<Seat>;
  readonly pipeline: Pipeline<Place>;
  /** What passes requests on, when a plugin does. */
  readonly forwarder: Forwarder | undefined;
  readonly messageHandlers: readonly MessageHandler[];
  readonly drivers: Set<Driver> = new Set();
  readonly memory: NodeMemory = new NodeMemory(this);
  readonly #leaving: Set<Driver> = new Set();
  /** Called with each connection that is over. */
  onGone: ((connection: ConnectionHandle) => void) | undefined;
  readonly #sessionHandlers: readonly ((session: Session) => unknown)[];
  readonly #seats: WeakMap<Session, Seat> = new WeakMap();
  readonly #verifiers: WeakMap<Seat, Verifier> = new WeakMap();
  readonly #time: NodeTime;
  readonly #budget = new InboxBudget();
  #connections = 0;
  #empty: (() => void)[] = [];

  constructor(
    options: MsrpOptions,
    plugins: readonly Plugin[],
    messageHandlers: readonly MessageHandler[],
    sessionHandlers: readonly ((session: Session) => unknown)[],
  ) {
    this.options = options;
    this.limits = nodeLimits(options);
    this.messageHandlers = messageHandlers;
    this.#sessionHandlers = sessionHandlers;
    this.#time = new NodeTime(options.clock, (error) =>
      this.pipeline.error(error, "(plugin)", "timer", undefined),
    );
    this.registry = new Registry(options.pathMatching ?? "strict", this.limits.maxSessions);
    const host: PluginHost = {
      now: () => this.now(),
      setTimer: (callback, delayMs) => this.setTimer(callback, delayMs),
      error: (error, stage, plugin = "(plugin)") => this.pipeline.error(error, plugin, stage, undefined),
    };
    const hooks: readonly Hooks<never>[] = plugins.flatMap((plugin) => plugin.setup(host));
    this.pipeline = new Pipeline<Place>(
      hooks,
      {
        request: (c) => c.inner?.(c) ?? c.otherwise,
        chunk: (c) => c.owner.assemble(c),
        deliver: (c) => c.chunk.owner.handOver(c),
        assembler: (session) =>
          new InboxAssembler(session, options.inbox ?? {}, this.#budget, () => this.now()),
        reporter: () => new SuccessReporter(),
      },
      host,
    );
    this.pipeline.ownOf = (place) => place.own;
    this.forwarder = this.pipeline.forward?.(new NodeForwardHost(this, host));
  }

  // Time

  /** See `NodeTime`. */
  now(): number {
    return this.#time.now();
  }

  /** Timers of the node on a clock. */
  timersFor(clock: Clock): Timers {
    return this.#time.on(clock);
  }

  /** One call after a delay, which begins with the first connection where there is no clock before. */
  setTimer(callback: () => void, delayMs: number): () => void {
    return this.#time.setTimer(callback, delayMs);
  }

  /** The verdict of a stage that no session waits for; one that does not come in time is a refusal, and the plugin is named. */
  inTime<C extends object>(chain: Chain<C>, c: C, verdict: Promise<Verdict>): Promise<Verdict> {
    return this.#time.limited(verdict, this.limits.gateTimeoutMs, () => {
      this.pipeline.late(chain.stage, chain.awaited(c), (c as { session?: Session }).session);
      return new Verdict(403);
    });
  }

  // Connections

  /** A transport came up: gives it its driver. Inbound ones pass the `connect` stage before a byte of theirs is read. */
  attach(transport: Transport, direction: "inbound" | "outbound", admitted = false): Driver {
    const driver = new Driver(this, transport, direction, ++this.#connections);
    this.drivers.add(driver);
    this.pipeline.emit("connected", { connection: driver.handle });
    if (admitted) driver.admit(ACCEPTED);
    if (admitted || direction === "outbound") return driver;
    // Adapters do not expect to be called back before they have their sink.
    Promise.resolve().then(() => this.#admit(driver));
    return driver;
  }

  #admit(driver: Driver): void {
    if (this.drivers.size > this.limits.maxConnections) {
      driver.admit(new Verdict(403));
      return;
    }
    const { connect } = this.pipeline;
    const c = new NodeConnectContext(driver.handle, undefined);
    const verdict = connect.run(c, []);
    if (verdict instanceof Verdict) driver.admit(verdict);
    else this.inTime(connect, c, verdict).then((late) => driver.admit(late));
  }

  /** A connection is over. */
  gone(driver: Driver, error: Error | undefined): void {
    if (!this.drivers.delete(driver)) return;
    this.onGone?.(driver.handle);
    this.pipeline.emit("closed", { session: undefined, connection: driver.handle, error });
    this.#looked();
  }

  /** Closes the pipe of a connection that is over; until its end what was written last is still on its way. */
  leave(driver: Driver, transport: Transport): void {
    this.#leaving.add(driver);
    transport.close();
  }

  /** The pipe of a connection is at its end. */
  left(driver: Driver): void {
    if (this.#leaving.delete(driver)) this.#looked();
  }

  /** Resolves when no connection is left, and everything is with the network. */
  whenEmpty(): Promise<void> {
    return this.#isEmpty ? Promise.resolve() : new Promise((resolve) => this.#empty.push(resolve));
  }

  get #isEmpty(): boolean {
    return this.drivers.size === 0 && this.#leaving.size === 0;
  }

  #looked(): void {
    if (this.#isEmpty) for (const done of this.#empty.splice(0)) done();
  }

  /** Opens a connection, once the `connect` stage has let it. @throws ConnectionError */
  async dial(
    target: ConnectTarget,
    connector: Connector,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
  ): Promise<Driver> {
    // RFC 4975 §14.5: a peer may name a victim's address, so policy is asked before anything is sent there.
    const { connect } = this.pipeline;
    const c = new NodeConnectContext(undefined, target);
    const verdict = connect.run(c, []);
    const decided = verdict instanceof Verdict ? verdict : await this.inTime(connect, c, verdict);
    if (!decided.accepted)
      throw new ConnectionError("connect-refused", "Cannot connect: a plugin refused the target");
    if (this.drivers.size >= this.limits.maxConnections) {
      throw new ConnectionError(
        "too-many-connections",
        `Cannot connect: there are ${this.limits.maxConnections}`,
      );
    }
    let driver: Driver | undefined;
    const accept: Accept = (transport) => (driver = this.attach(transport, "outbound"));
    await connector(target, accept, {
      ...(signal === undefined ? {} : { signal }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    if (driver === undefined)
      throw new ConnectionError("connect-failed", "Cannot connect: the adapter gave no transport");
    return driver;
  }

  // Sessions

  /** Makes a session and puts it into the registry. */
  open(init: SessionInit, verify?: Verifier, peer?: MsrpUri): Seat {
    let seat: Seat;
    const host: SessionHost = {
      now: () => this.now(),
      setTimer: (callback, delayMs) => this.setTimer(callback, delayMs),
      answerTimeoutMs: this.options.connection?.transactionTimeoutMs,
      outgoing:
        this.pipeline.outgoing.steps.length === 0 ? undefined : (draft) => this.#outgoing(seat, draft),
      sent: (sent, contentType) => {
        if (!this.pipeline.watched("sent")) return;
        this.pipeline.emit("sent", { session: seat.core.session, sent, contentType });
      },
      ended: (error, unreported) => this.#ended(seat, error, unreported),
      error: (error, stage) => this.pipeline.error(error, "(application)", stage, seat.core.session),
    };
    const core = new SessionCore({ ...this.options.session, ...init }, host);
    if (this.registry.full) {
      throw new LocalProtocolError(
        "too-many-sessions",
        `Cannot make a session: there are ${this.limits.maxSessions}`,
      );
    }
    seat = new Seat(this, core, peer);
    this.registry.add(init.local, seat, peer);
    this.#seats.set(core.session, seat);
    if (verify !== undefined) this.#verifiers.set(seat, verify);
    return seat;
  }

  /** Holds back what comes for a session until `release`, or lets it go at the end of the session. */
  hold(seat: Seat): void {
    seat.callers = new Set();
  }

  /** A held session may be bound now. */
  release(seat: Seat): void {
    const { callers } = seat;
    seat.callers = undefined;
    for (const driver of callers ?? []) driver.released(seat);
  }

  /** The seat of a session of this node. */
  seatOf(session: Session): Seat | undefined {
    return this.#seats.get(session);
  }

  /**
   * A second connection asks for a bound session. Its peer may have come back sooner than the end of its old connection
   * is seen here, so what it asks waits a moment; true when it does.
   */
  contest(seat: Seat): boolean {
    const { rebindGraceMs } = this.limits;
    if (rebindGraceMs === 0 || seat.driver === undefined) return false;
    if (seat.callers === undefined) {
      this.hold(seat);
      this.setTimer(() => this.release(seat), rebindGraceMs);
    }
    return true;
  }

  /** Whether a peer may open a session that nobody announced, and with which settings. */
  welcome(
    local: MsrpUri,
    remote: readonly MsrpUri[],
    connection: ConnectionHandle,
  ): SessionSettings | undefined {
    const { acceptUnknown } = this.options;
    if (acceptUnknown === undefined || local.sessionId === undefined || this.registry.full) return undefined;
    try {
      const answer = acceptUnknown({ local, remote, connection });
      if (answer === false) return undefined;
      return answer === true ? {} : answer;
    } catch (error) {
      this.pipeline.error(error, "(application)", "acceptUnknown", undefined);
      return undefined;
    }
  }

  /** Makes the session of a welcome peer; `peer` as in `Seat`. */
  letIn(
    local: MsrpUri,
    remote: readonly MsrpUri[],
    settings: SessionSettings,
    peer: MsrpUri | undefined,
  ): Seat | undefined {
    try {
      return this.open({ ...settings, local, remote, role: "passive" }, undefined, peer);
    } catch (error) {
      this.pipeline.error(error, "(application)", "acceptUnknown", undefined);
      return undefined;
    }
  }

  /** Whether a session may be bound to a connection: TLS where its URI says so, and the right peer. */
  mayBind(seat: Seat, driver: Driver): boolean {
    const { handle } = driver;
    if (seat.core.local.scheme === "msrps" && !handle.secure && this.options.allowPlainMsrps !== true)
      return false;
    const verify = this.#verifiers.get(seat);
    if (verify === undefined) return true;
    let right = false;
    let cause: unknown;
    try {
      right = verify(handle);
    } catch (error) {
      cause = error;
      this.pipeline.error(error, "(application)", "verifyPeer", seat.core.session);
    }
    if (!right) {
      // RFC 4975 §14.4: not the peer that was negotiated: the media session is torn down at once.
      const why = cause instanceof Error ? cause.message : "not the one that was negotiated";
      seat.core.fail(
        new ConnectionError(
          "peer-not-verified",
          `The peer was refused: ${why}`,
          cause === undefined ? {} : { cause },
        ),
      );
      Promise.resolve().then(() =>
        driver.abort(new ConnectionError("peer-not-verified", "The peer was refused")),
      );
    }
    return right;
  }

  /** Whether something decides about the connections that a session may be bound to. */
  verifies(seat: Seat): boolean {
    return this.#verifiers.has(seat);
  }

  /** Sets what decides whether a connection is the right one. */
  verifyWith(seat: Seat, verify: Verifier | undefined): void {
    if (verify !== undefined) this.#verifiers.set(seat, verify);
  }

  /** A session is bound now. */
  bound(seat: Seat, driver: Driver): void {
    const { session } = seat.core;
    this.pipeline.emit("bound", { session, connection: driver.handle });
    if (seat.core.role === "active") return;
    for (const handler of this.#sessionHandlers) {
      try {
        const result = handler(session);
        if (result instanceof Promise) result.catch((error: unknown) => this.#handlerFailed(error, session));
      } catch (error) {
        this.#handlerFailed(error, session);
      }
    }
  }

  #handlerFailed(error: unknown, session: Session): void {
    this.pipeline.error(error, "(application)", "onSession", session);
  }

  #ended(seat: Seat, error: Error | undefined, unreported: number): void {
    this.registry.remove(seat.core.local, seat.peer);
    this.release(seat);
    seat.close(error);
    const driver = seat.driver;
    driver?.unbind(seat);
    if (seat.attendedBy !== driver) seat.attendedBy?.unbind(seat);
    this.pipeline.emit("closed", {
      session: seat.core.session,
      connection: driver?.handle,
      error,
      unreported,
    });
  }

  #outgoing(seat: Seat, draft: OutgoingDraft): OutgoingDraft | Promise<OutgoingDraft> {
    const stage = this.pipeline.outgoing;
    const { session } = seat.core;
    const { method, messageId, resumed } = draft;
    const c = new NodeOutgoingContext(session, draft);
    const verdict = stage.run(c, seat.own);
    const settle = (decided: Verdict): OutgoingDraft => {
      if (!decided.accepted) throw refusal(decided);
      const { contentType, body, headers, total } = c;
      return { method, messageId, contentType, body, headers, total, resumed };
    };
    return verdict instanceof Verdict ? settle(verdict) : this.inTime(stage, c, verdict).then(settle);
  }
}

function refusal(verdict: Verdict): Error {
  if (verdict.cause instanceof MsrpError) return verdict.cause;
  return new LocalProtocolError(
    "outgoing-refused",
    `Cannot send: a plugin refused it with ${verdict.status}${verdict.comment ? ` ${verdict.comment}` : ""}`,
    { cause: verdict.cause },
  );
}
