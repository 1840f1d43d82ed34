/**
 * `Msrp`: what plugins are added to, what listens and connects, and what keeps sessions. One object is a whole endpoint;
 * several in one process share nothing.
 */
import { ConnectionError, LocalProtocolError } from "../errors.ts";
import type { Session } from "../session/session.ts";
import type { MessageHandler } from "../session/session_core.ts";
import type { SessionInit, SessionSettings } from "../session/session_options.ts";
import { MsrpUri } from "../wire/uri.ts";
import { ControlLink } from "./control_link.ts";
import type { Driver } from "./driver.ts";
import type { NodeMemory } from "./memory.ts";
import { NodeCore } from "./node_core.ts";
import type { ConnectOptions, ExpectOptions, LinkOptions, MsrpOptions, ReleaseOptions } from "./options.ts";
import type { Plugin } from "./plugin.ts";
import { Pool, poolKey } from "./pool.ts";
import type { Seat } from "./seat.ts";
import type { TapEvents, TapName } from "./tap.ts";
import type { Accept, Connector, ConnectTarget, Transport, TransportSink } from "./transport.ts";
import { NodeUpgradeContext, type UpgradeRequest, type UpgradeResult } from "./upgrade.ts";
import { Verdict } from "./verdict.ts";

/** Called with each session that a peer has opened, before its first message. */
export type SessionHandler = (session: Session) => unknown;

/**
 * An MSRP node.
 *
 * ```ts
 * const app = new Msrp({ acceptUnknown: () => true });
 * app.onMessage((message, session) => {
 *   session.send(message.body, { contentType: message.contentType });
 * });
 * ```
 */
export class Msrp {
  readonly #options: MsrpOptions;
  readonly #plugins: Plugin[] = [];
  readonly #messageHandlers: MessageHandler[] = [];
  readonly #sessionHandlers: SessionHandler[] = [];
  readonly #earlyTaps: ((core: NodeCore) => void)[] = [];
  readonly #pool = new Pool();
  readonly #routes: Map<string, Driver> = new Map();
  #core: NodeCore | undefined;
  #closed = false;

  constructor(options: MsrpOptions = {}) {
    this.#options = options;
  }

  /**
   * Adds plugins. Their order matters only inside a stage.
   *
   * @throws {LocalProtocolError} `node-started`: after the first connection or session
   */
  use(...plugins: readonly Plugin[]): this {
    if (this.#core !== undefined) {
      throw new LocalProtocolError(
        "node-started",
        "Cannot use a plugin: the node has connections or sessions already",
      );
    }
    for (const plugin of plugins) {
      if (typeof plugin?.setup !== "function")
        throw new TypeError("Cannot use this as a plugin: see definePlugin()");
      this.#plugins.push(plugin);
    }
    return this;
  }

  /**
   * Calls `handler` with each message of each session. It does not hold back the answer: what it throws or rejects with
   * is told to the sender as a failure, in the response or in a REPORT.
   */
  onMessage(handler: MessageHandler): this {
    this.#messageHandlers.push(handler);
    return this;
  }

  /** Calls `handler` with each session that a peer has opened. */
  onSession(handler: SessionHandler): this {
    this.#sessionHandlers.push(handler);
    return this;
  }

  /** Watches; the function returned stops it. */
  tap<Name extends TapName>(name: Name, call: (event: TapEvents[Name]) => void): () => void {
    if (this.#core !== undefined) return this.#core.pipeline.tap(name, call);
    let stop: (() => void) | undefined;
    let wanted = true;
    this.#earlyTaps.push((core) => {
      if (wanted) stop = core.pipeline.tap(name, call);
    });
    return () => {
      wanted = false;
      stop?.();
    };
  }

  /** What an adapter gets: takes a transport that came in, gives the sink for it. */
  readonly accept: Accept = (transport: Transport): TransportSink => {
    if (this.#closed) transport.abort();
    return this.#start().attach(transport, "inbound");
  };

  /**
   * Runs the `upgrade` stage for an HTTP request that wants to become a WebSocket (RFC 7977). A promise only when a
   * middleware's verdict is one.
   */
  upgrade(request: UpgradeRequest): UpgradeResult | Promise<UpgradeResult> {
    const c = new NodeUpgradeContext(request);
    const accept: Accept = (transport) => {
      if (this.#closed) transport.abort();
      const driver = this.#start().attach(transport, "inbound");
      // Before the `connect` stage, which looks at them.
      c.handOn(driver.handle);
      return driver;
    };
    if (this.#closed) return { verdict: new Verdict(503), accept };
    const core = this.#start();
    if (request.clock !== undefined) core.timersFor(request.clock);
    const verdict = core.pipeline.upgrade.run(c, []);
    if (verdict instanceof Verdict) return { verdict, accept };
    return core.inTime(core.pipeline.upgrade, c, verdict).then((late) => ({ verdict: late, accept }));
  }

  /**
   * Expects a session: a peer that has its URI from the rendezvous will open it (`"passive"`), or this side will, later
   * (`"active"`).
   *
   * @throws {LocalProtocolError} `uri-in-use`, `no-session-id`, `too-many-sessions`
   */
  session(options: ExpectOptions): Session {
    this.#mustBeOpen();
    const { local, remote, role, verifyPeer, held, ...settings } = options;
    const seat = this.#make(settings, local, path(remote), role ?? "passive", verifyPeer);
    if (held === true) this.#start().hold(seat);
    return seat.core.session;
  }

  /**
   * Lets a held session go: what the answer said about it is set first, then the connections that have waited may bind it.
   *
   * @throws {LocalProtocolError} `session-not-idle`: it is over, or not of this node
   */
  release(session: Session, late: ReleaseOptions = {}): void {
    const core = this.#start();
    const seat = core.seatOf(session);
    if (seat === undefined || session.state !== "idle") {
      throw new LocalProtocolError(
        "session-not-idle",
        "Cannot release this session: not an idle one of this node",
      );
    }
    const { verifyPeer, ...update } = late;
    seat.core.update(update);
    core.verifyWith(seat, verifyPeer);
    core.release(seat);
  }

  /**
   * Opens a session: connects to the leftmost URI of `remote`, or uses a connection to it that is open, and sends the
   * SEND that binds it. For a passive `session` it only connects, to the own relay, and keeps the connection: the peer
   * binds the session (RFC 6135 §4.5).
   *
   * @throws {ConnectionError} `connect-failed`, `connect-refused` (by a plugin), `aborted`, `tls`; `no-such-session` and
   *   others when the peer refuses the session
   * @throws {LocalProtocolError} `uri-in-use` and whatever `session()` throws
   */
  async connect(options: ConnectOptions, connector: Connector): Promise<Session> {
    this.#mustBeOpen();
    const core = this.#start();
    const {
      local,
      remote,
      session,
      address,
      tls,
      signal,
      connectTimeoutMs: _connectTimeoutMs,
      reuse,
      confirm,
      verifyPeer,
      ...settings
    } = options;
    const to = path(remote);
    const hop = to[0];
    if (hop === undefined) throw new TypeError("Cannot connect: the path of the peer is empty");
    const seat =
      session === undefined ? this.#make(settings, local, to, "active", verifyPeer) : this.#made(session, to);
    core.verifyWith(seat, verifyPeer);
    try {
      const routed = this.#routes.get(hop.key);
      // RFC 4976 §6.3: a URI of the own relay leads over the connection that it was given out on, and over no other.
      const driver =
        routed?.open === true && reuse !== false
          ? routed
          : await this.#dial(core, hop, targetOf(hop, address, tls), connector, options);
      if (to.length > 1) driver.idle.stay(core.limits.relayIdleCloseMs);
      this.#mayUse(core, seat, driver);
      if (seat.core.role === "passive") {
        driver.attend(seat);
        return seat.core.session;
      }
      if (!core.mayBind(seat, driver)) throw new ConnectionError("peer-not-verified", "The peer was refused");
      driver.bind(seat, confirm ?? true);
      await until(seat.core.ready, signal);
      return seat.core.session;
    } catch (error) {
      seat.core.fail(asConnectionError(error));
      throw error;
    }
  }

  /**
   * Opens a connection, or uses one that is open, for requests that belong to no session, such as AUTH (RFC 4976 §5.1).
   *
   * @throws {ConnectionError} as `connect` does
   */
  async link(options: LinkOptions, connector: Connector): Promise<ControlLink> {
    this.#mustBeOpen();
    const core = this.#start();
    const { to, tls, idleCloseMs } = options;
    const target = targetOf(to, { host: to.host, port: to.port ?? 0 }, tls);
    const driver = await this.#dial(core, to, target, connector, options);
    if (!driver.open) throw new ConnectionError("connection-closed", "The connection was closed");
    if (idleCloseMs !== undefined) driver.idle.stay(idleCloseMs);
    // Not the time for connections that nobody binds: what is sent over it counts as a use.
    driver.idle.reserve()();
    return new ControlLink(driver, {
      routes: this.#routes,
      seatOf: (session) => core.seatOf(session),
      error: (error, stage) => core.pipeline.error(error, "(application)", stage, undefined),
    });
  }

  /** What has to be kept of the node so that another instance of it can go on, as after hibernation. */
  get memory(): NodeMemory {
    return this.#start().memory;
  }

  /** The pipeline as text: which plugin stands in which stage, and who taps. */
  describe(): string {
    return this.#start().pipeline.describe();
  }

  /** Sessions that are expected or open. */
  get sessionCount(): number {
    return this.#core?.registry.size ?? 0;
  }

  /** Connections that are open. */
  get connectionCount(): number {
    return this.#core?.drivers.size ?? 0;
  }

  /** The sessions that are expected or open. */
  get sessions(): readonly Session[] {
    return [...(this.#core?.registry.values() ?? [])].map((seat) => seat.core.session);
  }

  /**
   * Ends all sessions and connections; nothing new is let in. Listeners are the adapter's to close, before.
   *
   * @param options `drainMs`: time for what was sent to be accepted and answered; then it is dropped. @default 5000
   */
  async close(options: { drainMs?: number } = {}): Promise<void> {
    this.#closed = true;
    const core = this.#core;
    if (core === undefined) return;
    let cancel: (() => void) | undefined;
    const { drainMs = 5000 } = options;
    const timeUp = new Promise<void>((resolve) => {
      if (drainMs <= 0 || core.drivers.size === 0) resolve();
      else cancel = core.setTimer(resolve, drainMs);
    });
    const sessions = [...core.registry.values()].map((seat) => seat.core.close(true));
    const drained = Promise.all([...sessions, core.forwarder?.drain(drainMs)]).then(() => {
      for (const driver of [...core.drivers]) driver.close();
      return core.whenEmpty();
    });
    await Promise.race([drained, timeUp]);
    cancel?.();
    const error = new ConnectionError("node-closed", "The node was closed");
    for (const seat of [...core.registry.values()]) seat.core.fail(error);
    for (const driver of [...core.drivers]) driver.abort(error);
  }

  #start(): NodeCore {
    if (this.#core !== undefined) return this.#core;
    const core = new NodeCore(this.#options, this.#plugins, this.#messageHandlers, this.#sessionHandlers);
    this.#core = core;
    for (const tap of this.#earlyTaps.splice(0)) tap(core);
    core.onGone = (connection) => {
      this.#pool.drop(connection);
      for (const [key, driver] of this.#routes) if (driver.handle === connection) this.#routes.delete(key);
    };
    return core;
  }

  #make(
    settings: SessionSettings,
    local: MsrpUri | string | undefined,
    remote: readonly MsrpUri[],
    role: SessionInit["role"],
    verify: ExpectOptions["verifyPeer"],
  ): Seat {
    if (local === undefined) throw new TypeError("Cannot make a session: its own URI is missing");
    const uri = typeof local === "string" ? MsrpUri.parse(local) : local;
    return this.#start().open({ ...settings, local: uri, remote, role }, verify);
  }

  #made(session: Session, remote: readonly MsrpUri[]): Seat {
    const seat = this.#start().seatOf(session);
    if (seat === undefined || session.state !== "idle") {
      throw new LocalProtocolError(
        "session-not-idle",
        "Cannot connect this session: not an idle one of this node",
      );
    }
    seat.core.update({ remote });
    return seat;
  }

  #dial(
    core: NodeCore,
    hop: MsrpUri,
    target: ConnectTarget,
    connector: Connector,
    { reuse, signal, connectTimeoutMs }: Pick<ConnectOptions, "reuse" | "signal" | "connectTimeoutMs">,
  ): Promise<Driver> {
    const open = (abort: AbortSignal): Promise<Driver> =>
      core.dial(target, connector, abort, connectTimeoutMs);
    if (reuse === false) return open(signal ?? new AbortController().signal);
    return this.#pool.take(poolKey(hop, target), connector, open, signal);
  }

  #mayUse(core: NodeCore, seat: Seat, driver: Driver): void {
    if (seat.core.over)
      throw new ConnectionError("session-closed", "The session was closed while it was opened");
    if (!driver.open) throw new ConnectionError("connection-closed", "The connection was closed");
    if (driver.sessionCount >= core.limits.maxSessionsPerConnection) {
      throw new ConnectionError("too-many-sessions", "Cannot use the connection: it has too many sessions");
    }
  }

  #mustBeOpen(): void {
    if (this.#closed)
      throw new LocalProtocolError("node-closed", "Cannot make a session: the node is closed");
  }
}

function path(given: ConnectOptions["remote"] | undefined): readonly MsrpUri[] {
  if (given === undefined) return [];
  const list = Array.isArray(given) ? (given as readonly (MsrpUri | string)[]) : [given as MsrpUri | string];
  return list.map((uri) => (typeof uri === "string" ? MsrpUri.parse(uri) : uri));
}

function targetOf(
  hop: MsrpUri,
  address: ConnectOptions["address"],
  tls: ConnectOptions["tls"],
): ConnectTarget {
  const port = address?.port ?? hop.port;
  // RFC 4975 §6: there is no default port; one without comes from a path whose address is found otherwise (SRV).
  if (port === undefined) throw new ConnectionError("no-port", "Cannot connect: the URI has no port");
  const host = address?.host ?? hop.host;
  return {
    host,
    port,
    secure: hop.scheme === "msrps",
    ...(host === hop.host ? {} : { serverName: hop.host }),
    ...(tls === undefined ? {} : { tls }),
  };
}

function until(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const give = (): void =>
      reject(new ConnectionError("aborted", "Connecting was aborted", { cause: signal.reason }));
    if (signal.aborted) return give();
    signal.addEventListener("abort", give, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", give));
  });
}

function asConnectionError(error: unknown): Error {
  return error instanceof Error ? error : new ConnectionError("connect-failed", String(error));
}
