/**
 * A client of a relay that is reached over WebSockets (RFC 7977): logs in, gives each session a path of its own, renews
 * paths before they expire, and comes back when the connection was lost. It is made small, for browsers.
 */
import { ConnectionError, LocalProtocolError, MsrpError } from "../errors.ts";
import type { Accept, Clock, Transport } from "../node/transport.ts";
import { ClientAuth } from "../relay/client_auth.ts";
import { Handlers } from "../relay/client_events.ts";
import { login } from "../relay/client_login.ts";
import { RelayPath } from "../relay/client_path.ts";
import { leadMs, longestTimerMs } from "../relay/client_renewals.ts";
import { createMessageId, createSessionId } from "../wire/ident.ts";
import { MsrpUri } from "../wire/uri.ts";
import { type ClientFrame, field } from "./frame.ts";
import { ClientLink } from "./link.ts";
import type { BindOptions, ClientOptions, ClientSessionOptions, ClientState } from "./options.ts";
import { ClientSession, type ClientSessionHost } from "./session.ts";

/** What an adapter adds to the options. */
export interface ClientSetting extends ClientOptions {
  readonly relay: MsrpUri;
  readonly clock: Clock;
  /** Opens a connection and joins it to `accept`. */
  dial(accept: Accept): Promise<Transport>;
}

// Another try would only repeat these: somebody has to change something first.
const final: ReadonlySet<string> = new Set([
  "auth-refused",
  "auth-forbidden",
  "no-credentials",
  "no-usable-challenge",
  "relay-not-verified",
  "rspauth-mismatch",
]);

/** A user at a relay. */
export class RelayedClient {
  readonly #setting: ClientSetting;
  readonly #auth: ClientAuth;
  readonly #host: string;
  readonly #sessions: Set<ClientSession> = new Set();
  /** Sessions by the own URIs that lead to them, with what ends the timers of the path. */
  readonly #routes: Map<string, { readonly session: ClientSession; readonly cancel: () => void }> = new Map();
  readonly #states = new Handlers<ClientState>();
  readonly #errors = new Handlers<unknown>();
  readonly #sessionHost: ClientSessionHost;
  #state: ClientState = "idle";
  #opening: Promise<void> | undefined;
  #link: ClientLink | undefined;
  #spare: RelayPath | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #tries = 0;
  #cancelWait: (() => void) | undefined;
  #cancelKeepAlive: (() => void) | undefined;

  constructor(setting: ClientSetting) {
    this.#setting = setting;
    const { credentials = () => undefined, allowPlain } = setting;
    this.#auth = new ClientAuth({ credentials, allowUnverified: allowPlain === true });
    this.#host = setting.host ?? `${createSessionId().toLowerCase()}.invalid`;
    const client = this;
    this.#sessionHost = {
      get link() {
        return client.#link;
      },
      chunkBytes: setting.chunkBytes ?? 61_440,
      renew: (session) => this.#renew(session, "reconnected"),
      threw: (error) => this.#threw(error),
      closed: (session) => {
        this.#sessions.delete(session);
        for (const [key, route] of this.#routes) if (route.session === session) this.#unroute(key);
      },
    };
  }

  get state(): ClientState {
    return this.#state;
  }

  /** The sessions that are not closed. */
  get sessions(): readonly ClientSession[] {
    return [...this.#sessions];
  }

  /** Calls `handler` with each new state. The function returned stops it, as below. */
  onState(handler: (state: ClientState) => void): () => void {
    return this.#states.add(handler);
  }

  /** Calls `handler` with what went wrong behind the scenes: tries to come back, renewals, and what handlers throw. */
  onError(handler: (error: unknown) => void): () => void {
    return this.#errors.add(handler);
  }

  /**
   * Connects and logs in. After it the client keeps its place at the relay, until `close()`.
   *
   * @throws {ConnectionError} `connect-failed`, `connect-timeout`, `no-subprotocol`, `timeout`, `connection-closed`
   * @throws {RemoteProtocolError} `auth-refused` (the password), `auth-forbidden`, `auth-failed`, `bad-use-path` and others
   * @throws {LocalProtocolError} `no-credentials`, `relay-not-verified` (no TLS), `client-closed`
   */
  async open(): Promise<void> {
    this.#mustNotBeClosed();
    this.#opening ??= this.#connect().catch((error: unknown) => {
      this.#opening = undefined;
      this.#set("idle");
      throw error;
    });
    await this.#opening;
  }

  /**
   * A session on a path of its own, which waits for `bind`.
   *
   * @throws what `open` throws
   */
  async session(options: ClientSessionOptions = {}): Promise<ClientSession> {
    await this.open();
    const path = this.#spare?.valid === true ? this.#spare : await this.#allocate();
    this.#spare = undefined;
    const session = new ClientSession(this.#sessionHost, path, options);
    this.#sessions.add(session);
    this.#route(session, path);
    return session;
  }

  /** A session with a peer whose path is known, and that takes sessions from anybody. @throws what `session` and `bind` throw */
  async connect(remote: BindOptions["remote"], options?: ClientSessionOptions): Promise<ClientSession> {
    const session = await this.session(options);
    session.bind({ remote });
    return session;
  }

  /** Tries to come back at once, for example when the network is there again. */
  retry(): void {
    if (this.#state === "waiting") void this.#comeBack();
  }

  /** Ends all sessions and the connection, and forgets the password's hashes. */
  close(): void {
    this.#end(new ConnectionError("client-closed", "The client was closed"));
  }

  get #isClosed(): boolean {
    return this.#state === "closed";
  }

  async #connect(): Promise<void> {
    this.#set("connecting");
    let link: ClientLink | undefined;
    const transport = await this.#setting.dial((transport) => {
      link = new ClientLink(transport, {
        request: (frame) => this.#request(frame),
        ended: (error) => this.#ended(link, error),
      });
      return link;
    });
    if (this.#isClosed) transport.close();
    this.#mustNotBeClosed();
    this.#link = link;
    try {
      this.#spare = await this.#allocate();
    } catch (error) {
      this.#link = undefined;
      transport.close();
      throw error;
    }
    this.#tries = 0;
    this.#set("open");
    this.#keepAlive();
  }

  #ended(link: ClientLink | undefined, error: Error | undefined): void {
    if (link === undefined || link !== this.#link || this.#isClosed) return;
    this.#link = this.#spare = undefined;
    this.#cancelKeepAlive?.();
    // RFC 4976 §6.3: what was given out over the connection is void now.
    for (const key of [...this.#routes.keys()]) this.#unroute(key);
    for (const session of this.#sessions) session.lost();
    if (error !== undefined) this.#threw(error);
    // While it logs in, whoever waits for that decides.
    if (this.#state === "open") this.#wait(error);
  }

  #wait(error: Error | undefined): void {
    const { reconnect = {}, clock } = this.#setting;
    const { minMs = 500, maxMs = 30_000, maxTries = Number.POSITIVE_INFINITY } = reconnect || {};
    if (reconnect === false || this.#tries >= maxTries) {
      this.#end(error ?? new ConnectionError("connection-closed", "The connection was closed"));
      return;
    }
    const whole = Math.min(maxMs, minMs * 2 ** Math.min(this.#tries++, 30));
    const random = (crypto.getRandomValues(new Uint16Array(1))[0] as number) / 2 ** 16;
    this.#cancelWait = clock.setTimer(() => void this.#comeBack(), whole * (0.5 + random / 2));
    this.#set("waiting");
  }

  async #comeBack(): Promise<void> {
    this.#cancelWait?.();
    try {
      await this.#connect();
      for (const session of [...this.#sessions]) await this.#renew(session, "reconnected");
    } catch (error) {
      if (this.#isClosed) return;
      this.#threw(error);
      if (error instanceof MsrpError && final.has(error.code)) this.#end(error);
      // A connection that was lost again in the meantime waits already.
      else if (this.#state !== "waiting") this.#wait(error as Error);
    }
  }

  // RFC 4976 §9.1: not pipelined, so that each AUTH knows the nonce of the answer before.
  #allocate(): Promise<RelayPath> {
    const mine = this.#turn.then(() => this.#login());
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  async #login(): Promise<RelayPath> {
    this.#mustNotBeClosed();
    const link = this.#link;
    if (link === undefined) throw new ConnectionError("connection-closed", "There is no connection now");
    const { relay, expires, allowPlain = false } = this.#setting;
    const { clock, secure } = link.transport;
    const local = MsrpUri.from({
      scheme: relay.scheme,
      host: this.#host,
      port: 2855,
      sessionId: createSessionId(),
      transport: "ws",
    });
    const { usePath, expiresAt } = await login({
      auth: this.#auth,
      channel: { secure, verified: secure },
      relays: [relay],
      expires,
      allowPlain,
      now: () => clock.now(),
      send: (toPath, headers) => link.ask({ method: "AUTH", toPath, fromPath: [local], headers }),
    });
    return new RelayPath(local, usePath, expiresAt, {
      holds: () => this.#link === link && clock.now() < expiresAt,
      released: () => undefined,
    });
  }

  async #renew(session: ClientSession, reason: "expiry" | "reconnected"): Promise<void> {
    const spare = this.#spare?.valid === true ? this.#spare : undefined;
    this.#spare = undefined;
    const path = spare ?? (await this.#allocate());
    if (session.state === "closed") return;
    this.#route(session, path);
    session.renewed(path, reason);
  }

  #route(session: ClientSession, path: RelayPath): void {
    const { clock } = this.#setting;
    const { key } = path.local;
    let cancel: () => void = () => undefined;
    const after = (at: number, then: () => void): void => {
      cancel = clock.setTimer(
        () => (clock.now() < at ? after(at, then) : then()),
        Math.min(longestTimerMs, at - clock.now()),
      );
    };
    const end = (): void => {
      this.#unroute(key);
      session.expired(path);
    };
    after(path.expiresAt - leadMs(path.expiresAt - clock.now()), () => {
      after(path.expiresAt, end);
      if (session.relayPath === path) this.#renew(session, "expiry").catch((error) => this.#threw(error));
    });
    this.#routes.set(key, { session, cancel: () => cancel() });
  }

  #unroute(key: string): void {
    this.#routes.get(key)?.cancel();
    this.#routes.delete(key);
  }

  #request(frame: ClientFrame): void {
    const session = this.#routes.get(frame.toPath[0]?.key ?? "")?.session;
    if (session !== undefined) session.receive(frame);
    else if (isAnswered(frame)) this.#link?.respond(frame, 481);
  }

  // RFC 7977 §6: browsers give no pings to programs.
  #keepAlive(): void {
    const { clock, relay, keepAliveMs = 25_000 } = this.#setting;
    if (keepAliveMs === 0) return;
    this.#cancelKeepAlive = clock.setTimer(() => {
      const link = this.#link;
      if (link === undefined) return;
      this.#keepAlive();
      if (clock.now() - link.heardAt < keepAliveMs) return;
      const [own] = this.#routes.values();
      const { local = relay, usePath = [relay] } = own?.session.relayPath ?? {};
      const headers = [["Message-ID", createMessageId()]] as const;
      link.request({ method: "SEND", toPath: usePath.slice(0, 1), fromPath: [local], headers }, (status) => {
        if (status === 408) link.transport.abort();
      });
    }, keepAliveMs);
  }

  #end(error: Error): void {
    if (this.#isClosed) return;
    this.#set("closed");
    this.#cancelWait?.();
    this.#cancelKeepAlive?.();
    for (const session of [...this.#sessions]) session.close(error);
    this.#link?.close();
    this.#link = this.#spare = undefined;
    this.#auth.clear();
  }

  #set(state: ClientState): void {
    if (this.#state === state || this.#isClosed) return;
    this.#state = state;
    this.#states.call(state, (error) => this.#threw(error));
  }

  #threw(error: unknown): void {
    // What a handler of errors throws has nowhere to go.
    this.#errors.call(error, () => undefined);
  }

  #mustNotBeClosed(): void {
    if (this.#isClosed) throw new LocalProtocolError("client-closed", "The client was closed");
  }
}

/** RFC 4975 §7.2: REPORTs are not answered, nor what says so. */
function isAnswered({ word, fromPath, headers }: ClientFrame): boolean {
  return word !== "REPORT" && fromPath.length > 0 && field(headers, "failure-report")?.toLowerCase() !== "no";
}
