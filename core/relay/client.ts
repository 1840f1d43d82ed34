/**
 * The client's side of relays (RFC 4976 §5): logs in at the own relays, gives each session a path of its own, and gets new
 * ones in time before they expire and after the connection was lost. The sessions are the node's; whoever negotiated
 * them is told of each new path, because the peer must be told as well.
 */
import { ConnectionError, LocalProtocolError } from "../errors.ts";
import type { ControlLink } from "../node/control_link.ts";
import type { Msrp } from "../node/node.ts";
import type { ConnectOptions, ExpectOptions } from "../node/options.ts";
import type { Connector } from "../node/transport.ts";
import type { Session } from "../session/session.ts";
import { createSessionId } from "../wire/ident.ts";
import { MsrpUri } from "../wire/uri.ts";
import { ClientAuth } from "./client_auth.ts";
import { Handlers } from "./client_events.ts";
import { login } from "./client_login.ts";
import {
  ownRelays,
  type PathRenewal,
  type RelayClientLimits,
  type RelayClientOptions,
  type RenewalProblem,
  relayClientLimits,
} from "./client_options.ts";
import { RelayPath } from "./client_path.ts";
import { leadMs, longestTimerMs, Renewals, type RenewalsHost } from "./client_renewals.ts";

/** A session that this side opens through its relays. */
export type RelayConnectOptions = Omit<ConnectOptions, "local" | "session" | "address" | "reuse" | "tls">;

/** A session that the peer opens through this side's relays. `remote` is the peer's path, without the own relays. */
export type RelayExpectOptions = Omit<ExpectOptions, "local" | "role">;

/**
 * A user at its relays; got by `connectThroughRelay`.
 *
 * ```ts
 * const relay = await connectThroughRelay(app, { relay: "msrps://relay.example.com;tcp", credentials });
 * const path = await relay.path();                       // path.sdpPath goes into the offer
 * const session = await relay.connect({ remote: peer });  // or without SDP: a session on a path of its own
 * ```
 */
export class RelayClient {
  readonly #app: Msrp;
  readonly #connector: Connector;
  readonly #options: RelayClientOptions;
  readonly #limits: RelayClientLimits;
  readonly #auth: ClientAuth;
  readonly #relays: readonly MsrpUri[];
  readonly #renewed = new Handlers<PathRenewal>();
  readonly #problems = new Handlers<RenewalProblem>();
  /** Paths that the relays know, with what ends their routes and timers. */
  readonly #live: Map<RelayPath, () => void> = new Map();
  /** Those that sessions use or will use. */
  readonly #used: Set<RelayPath> = new Set();
  readonly #renewals: Renewals;
  readonly #untap: () => void;
  #link: ControlLink | undefined;
  /** Keeps the connection for the paths that are used. */
  #unreserve: (() => void) | undefined;
  #spare: RelayPath | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #asked = 0;
  /** Outlives its connection: for time, and for what handlers throw. */
  #lastLink: ControlLink | undefined;
  #closed = false;

  /**
   * @throws {LocalProtocolError} `relay-not-verified`: a relay without TLS, or whose certificate is not to be checked
   * @throws {TypeError} no relay; {RangeError} impossible limits; {RemoteProtocolError} a URI that cannot be read
   */
  constructor(app: Msrp, options: RelayClientOptions, connector: Connector) {
    this.#app = app;
    this.#connector = connector;
    this.#options = options;
    this.#limits = relayClientLimits(options);
    this.#relays = ownRelays(options);
    const plain = options.allowPlainAuth === true;
    this.#auth = new ClientAuth(plain ? { ...options, allowUnverified: true } : options);
    this.#renewals = new Renewals(this.#limits, this.#renewalsHost());
    this.#untap = app.tap("closed", ({ session, connection }) => {
      if (session === undefined && connection !== undefined && connection === this.#link?.connection)
        this.#lost();
    });
  }

  /** The own relays, the nearest first. */
  get relays(): readonly MsrpUri[] {
    return this.#relays;
  }

  /** Paths in use. */
  get pathCount(): number {
    return this.#used.size;
  }

  /**
   * Logs in, and keeps the path for the first who asks for one.
   *
   * @throws what `path` throws
   */
  async prepare(signal?: AbortSignal): Promise<void> {
    this.#spare ??= await this.#allocate(signal);
  }

  /**
   * A path for one session. It is renewed until `release()` is called.
   *
   * @throws {RemoteProtocolError} `auth-refused` (the password), `auth-forbidden` (403), `auth-failed`, `expires-refused`,
   *   `no-usable-challenge`, `rspauth-mismatch`, `bad-use-path`
   * @throws {LocalProtocolError} `no-credentials`, `too-many-paths`, `relay-client-closed`
   * @throws {ConnectionError} the relay cannot be reached, or does not answer
   */
  async path(signal?: AbortSignal): Promise<RelayPath> {
    this.#mustBeOpen();
    if (this.#used.size + this.#asked >= this.#limits.maxPaths) {
      throw new LocalProtocolError(
        "too-many-paths",
        `Cannot get a path: ${this.#limits.maxPaths} are in use`,
      );
    }
    this.#asked++;
    try {
      const path = await this.#take(signal);
      this.#adopt(path);
      return path;
    } finally {
      this.#asked--;
    }
  }

  /**
   * Opens a session to a peer through the own relays, on a path that is not renewed: without a rendezvous nobody could
   * tell the peer another one. The session ends with its path at the latest; `expires` asks for a longer time.
   *
   * @throws what `path` and `Msrp.connect` throw
   */
  async connect(options: RelayConnectOptions): Promise<Session> {
    const { remote, ...rest } = options;
    const peer = pathOf(remote);
    const path = await this.#take(options.signal);
    const connecting = { ...rest, local: path.local, remote: path.toPath(peer) };
    return await this.#app.connect(connecting, this.#connector);
  }

  /**
   * Expects a session that a peer will open through the own relays, on a path of `path()` or of a renewal; tell it
   * `path.sdpPath`. The session ends with the connection to the relay, and then `onRenewed` tells where the peer can open
   * the next one; a session that ends by itself releases its path.
   *
   * @throws {LocalProtocolError} `path-expired`, and what `Msrp.session` throws
   */
  expect(path: RelayPath, options: RelayExpectOptions = {}): Session {
    const link = this.#link;
    if (link === undefined || !path.valid) {
      throw new LocalProtocolError(
        "path-expired",
        "Cannot expect a session: its path does not hold any more",
      );
    }
    const { remote, ...rest } = options;
    const to = remote === undefined ? {} : { remote: path.toPath(pathOf(remote)) };
    const session = this.#app.session({ ...rest, ...to, local: path.local });
    link.attend(session);
    // One that ended with its path, by time or with the connection, is wanted again on the next one (RFC 4976 §6.3).
    void session.closed.then(() => {
      if (path.valid) path.release();
    });
    return session;
  }

  /** Calls `handler` with each new path that stands for one in use: time for a new offer. The function returned stops it. */
  onRenewed(handler: (renewal: PathRenewal) => void): () => void {
    return this.#renewed.add(handler);
  }

  /** Calls `handler` when a path could not be renewed. The function returned stops it. */
  onProblem(handler: (problem: RenewalProblem) => void): () => void {
    return this.#problems.add(handler);
  }

  /** Renews nothing any more and forgets the password's hashes. Sessions go on as long as the relay lets them. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#renewals.stop();
    for (const path of [...this.#used]) this.#released(path);
    for (const path of [...this.#live.keys()]) this.#forget(path);
    this.#spare = undefined;
    this.#auth.clear();
    this.#untap();
  }

  // The first one was got before anybody asked.
  async #take(signal: AbortSignal | undefined): Promise<RelayPath> {
    this.#mustBeOpen();
    const spare = this.#spare;
    this.#spare = undefined;
    return spare?.valid === true ? spare : await this.#allocate(signal);
  }

  // RFC 4976 §9.1: not pipelined, so that each AUTH knows the nonce of the answer before.
  #allocate(signal?: AbortSignal): Promise<RelayPath> {
    const mine = this.#turn.then(() => this.#login(signal));
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  async #login(signal: AbortSignal | undefined): Promise<RelayPath> {
    this.#mustBeOpen();
    signal?.throwIfAborted();
    const link = await this.#connected(signal);
    const { expires, allowPlainAuth = false, host = "anonymous.invalid" } = this.#options;
    const { secure } = link.connection;
    const local = MsrpUri.from({
      scheme: secure ? "msrps" : "msrp",
      host,
      // Discard: nobody connects to an endpoint behind a relay (RFC 4145 §4.1 has this port for it).
      port: 9,
      sessionId: createSessionId(),
      // RFC 7977 §5.2.1: "ws" for who is connected by a WebSocket.
      transport: this.#relays[0]?.transport,
    });
    const { usePath, expiresAt } = await login({
      auth: this.#auth,
      channel: { secure, verified: secure && this.#options.tls?.rejectUnauthorized !== false },
      relays: this.#relays,
      expires,
      allowPlain: allowPlainAuth && !secure,
      now: () => link.clock.now(),
      send: (toPath, headers) => link.request({ method: "AUTH", toPath, fromPath: [local], headers }),
    });
    if (!link.open || this.#closed) {
      throw new ConnectionError("connection-closed", "The connection to the relay was closed");
    }
    const path: RelayPath = new RelayPath(local, usePath, expiresAt, {
      holds: (one) => this.#live.has(one) && link.clock.now() < one.expiresAt,
      released: (one) => this.#released(one),
    });
    const unroute = link.route(usePath[0] as MsrpUri);
    const cancel = this.#watch(path, link);
    this.#live.set(path, () => {
      unroute();
      cancel();
    });
    return path;
  }

  async #connected(signal: AbortSignal | undefined): Promise<ControlLink> {
    if (this.#link?.open === true) return this.#link;
    const { tls, connectTimeoutMs } = this.#options;
    const link = await this.#app.link(
      {
        to: this.#relays[0] as MsrpUri,
        idleCloseMs: this.#limits.idleCloseMs,
        ...(tls === undefined ? {} : { tls }),
        ...(signal === undefined ? {} : { signal }),
        ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
      },
      this.#connector,
    );
    this.#link = link;
    this.#lastLink = link;
    return link;
  }

  // Asks for the next path in time, and forgets this one at its end.
  #watch(path: RelayPath, { clock }: ControlLink): () => void {
    const begin = clock.now();
    const renewAt = path.expiresAt - leadMs(path.expiresAt - begin);
    let renewed = false;
    let cancel: () => void = () => undefined;
    const next = (): void => {
      const now = clock.now();
      if (!renewed && now >= renewAt) {
        renewed = true;
        if (this.#used.has(path)) this.#renewals.want(path, "expiry");
        else if (this.#spare === path) this.#spare = undefined;
      }
      if (now >= path.expiresAt) this.#forget(path);
      else
        cancel = clock.setTimer(next, Math.min(longestTimerMs, (renewed ? path.expiresAt : renewAt) - now));
    };
    next();
    return () => cancel();
  }

  #adopt(path: RelayPath): void {
    this.#used.add(path);
    this.#unreserve ??= this.#link?.reserve();
    // Lost in the moment in which it came.
    if (!path.valid) this.#renewals.want(path, "reconnected");
  }

  #released(path: RelayPath): void {
    if (!this.#used.delete(path)) return;
    this.#renewals.drop(path);
    if (this.#used.size > 0) return;
    this.#unreserve?.();
    this.#unreserve = undefined;
  }

  #forget(path: RelayPath): void {
    this.#live.get(path)?.();
    this.#live.delete(path);
  }

  // RFC 4976 §6.3: what was given out over the connection is void now.
  #lost(): void {
    this.#link = this.#unreserve = this.#spare = undefined;
    for (const path of [...this.#live.keys()]) this.#forget(path);
    if (!this.#closed) this.#renewals.wantLater(this.#used, "reconnected");
  }

  #renewalsHost(): RenewalsHost {
    const client = this;
    const threw = (error: unknown): void => this.#lastLink?.error(error, "relay");
    return {
      get clock() {
        return client.#lastLink?.clock;
      },
      allocate: () => this.#allocate(),
      renewed: (path, replaces, reason) => {
        if (replaces === undefined) {
          this.#spare = path;
          return;
        }
        this.#adopt(path);
        this.#used.delete(replaces);
        this.#renewed.call({ path, replaces, reason }, threw);
      },
      failed: (problem, given) => {
        for (const path of given) this.#released(path);
        this.#problems.call(problem, threw);
      },
    };
  }

  #mustBeOpen(): void {
    if (this.#closed)
      throw new LocalProtocolError("relay-client-closed", "Cannot use the relay: the client was closed");
  }
}

function pathOf(given: NonNullable<ExpectOptions["remote"]>): readonly MsrpUri[] {
  const list = (Array.isArray(given) ? given : [given]) as readonly (MsrpUri | string)[];
  return list.map((uri) => (typeof uri === "string" ? MsrpUri.parse(uri) : uri));
}

/**
 * Logs in at the own relay, or at a chain of them.
 *
 * @throws what `RelayClient` and its `path` throw
 */
export async function connectThroughRelay(
  app: Msrp,
  options: RelayClientOptions & { readonly signal?: AbortSignal },
  connector: Connector,
): Promise<RelayClient> {
  const client = new RelayClient(app, options, connector);
  try {
    await client.prepare(options.signal);
    return client;
  } catch (error) {
    client.close();
    throw error;
  }
}
