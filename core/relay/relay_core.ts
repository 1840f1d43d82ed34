/**
 * What the connections of one relay share: names, URIs given out, ways to other relays and next hops, limits, counters.
 * What hangs on one connection is that connection's.
 */
import { ConnectionError } from "../errors.ts";
import type { ForwardedSession, Forwarder, ForwardHost, ForwardLink } from "../node/forwarding.ts";
import type { RequestFrame } from "../wire/frame.ts";
import { MsrpUri } from "../wire/uri.ts";
import { addressGroup } from "./address_group.ts";
import { AuthTerminal } from "./auth_terminal.ts";
import { Authenticator } from "./authenticator.ts";
import type { Binding } from "./binding.ts";
import { Bindings } from "./bindings.ts";
import { type Dial, Dials } from "./dial.ts";
import { DialPolicy } from "./dial_policy.ts";
import { finish } from "./finish.ts";
import { RelayHop } from "./hop.ts";
import { type RelayLimits, type ResolvedRelayLimits, relayLimits } from "./limits.ts";
import { certificateNames, claimedNames, OwnNames } from "./names.ts";
import type { RelayOptions } from "./options.ts";
import { MinuteCounter } from "./rate.ts";
import { type HopMemory, rememberHop, resumeHops } from "./relay_memory.ts";
import type { Route } from "./route.ts";
import { relayUser } from "./user_account.ts";

/** What a relay counts; the numbers only grow. */
export type RelayCounter = "refused" | "dropped" | "authFailures" | "authorized" | "dialled" | "dialFailures";

/** One relay. */
export class RelayCore implements Forwarder {
  readonly host: ForwardHost;
  readonly bindings: Bindings;
  readonly auth: AuthTerminal;
  readonly allowPlainAuth: boolean;
  limits: ResolvedRelayLimits;
  names: OwnNames;
  /** No new AUTH is taken: the relay is about to end. */
  draining = false;
  /** True when any of the limits by second is set. */
  metered = false;
  /** Octets that wait for next hops, of all sessions. */
  waitingBytes = 0;
  /** Ways that its connections keep. */
  flowCount = 0;
  readonly #options: RelayOptions;
  readonly #hosts: readonly string[];
  readonly #policy: Pick<DialPolicy, "mayDial">;
  readonly #dials: Dials;
  readonly #dialsByUser = new MinuteCounter();
  readonly #hops: Set<RelayHop> = new Set();
  readonly #relayHops: Map<string, Set<RelayHop>> = new Map();
  readonly #relayNames: ReadonlySet<string>;
  readonly #addresses: Map<string, number> = new Map();
  readonly #uris: MsrpUri[];
  #listener: MsrpUri | undefined; // whose port clients are given
  readonly #domains: ReadonlyMap<string, string>; // by lower-case name
  readonly #counts: Map<RelayCounter, number> = new Map();
  #stopWatching: () => void = () => undefined;
  #watching = false;
  #dialling: MsrpUri | undefined; // the URI whose connection comes up now

  /** @throws {RangeError} no domain, an address for a domain, or impossible limits; {TypeError} no credentials */
  constructor(options: RelayOptions, host: ForwardHost) {
    const { domains, credentials, member } = options;
    this.#hosts = member === undefined ? domains : [...domains, member];
    this.#options = options;
    this.host = host;
    this.limits = relayLimits(options.limits);
    this.bindings = new Bindings(this.limits);
    this.allowPlainAuth = options.allowPlainAuth ?? false;
    this.#uris = (options.listen ?? []).map((uri) => MsrpUri.parse(uri));
    this.#listener = listenerFor(this.#uris);
    this.#domains = new Map([...options.domains].reverse().map((domain) => [domain.toLowerCase(), domain]));
    this.names = new OwnNames(this.#hosts, this.#uris);
    this.#policy =
      options.dial !== undefined && "mayDial" in options.dial ? options.dial : new DialPolicy(options.dial);
    this.#relayNames = new Set((options.relays ?? []).map((name) => name.toLowerCase()));
    const authenticator =
      options.authenticator ??
      (credentials === undefined
        ? undefined
        : new Authenticator({
            realm: options.realm ?? ((uri) => this.#domainOf(MsrpUri.parse(uri))),
            credentials,
            ...options.nonces,
            hashes: options.hashes,
            ...(options.algorithms === undefined ? {} : { algorithms: options.algorithms }),
            ...(options.nonceLifetimeMs === undefined ? {} : { lifetimeMs: options.nonceLifetimeMs }),
          }));
    if (authenticator === undefined) throw new TypeError("A relay needs credentials or an authenticator");
    const own = authenticator === "plugin" ? undefined : authenticator;
    this.auth = new AuthTerminal(this, own, options.permitUser ?? (() => true));
    this.#dials = new Dials(this.#dialHost());
    this.setLimits(options.limits);
  }

  /** Connections of the relay. */
  get connectionCount(): number {
    return this.#hops.size;
  }

  /** How often something has happened. */
  counted(counter: RelayCounter): number {
    return this.#counts.get(counter) ?? 0;
  }

  /** Counts an event. */
  count(counter: RelayCounter): void {
    this.#counts.set(counter, this.counted(counter) + 1);
  }

  /** Other limits, from now on. */
  setLimits(limits: RelayLimits | undefined): void {
    this.limits = relayLimits(limits);
    this.bindings.limits = this.limits;
    const { maxChunksPerSecond, maxBytesPerSecond, maxUserChunksPerSecond, maxUserBytesPerSecond } =
      this.limits;
    const rates = [maxChunksPerSecond, maxBytesPerSecond, maxUserChunksPerSecond, maxUserBytesPerSecond];
    this.metered = rates.some((rate) => rate < Number.POSITIVE_INFINITY);
  }

  /** A further URI that the relay is reached by. */
  announce(uri: MsrpUri): void {
    this.#uris.push(uri);
    this.#listener = listenerFor(this.#uris);
    this.names = new OwnNames(this.#hosts, this.#uris);
  }

  connected(link: ForwardLink): RelayHop {
    const dialled = this.#dialling;
    const hop = new RelayHop(this, link, this.#namesOf(link, dialled));
    this.#hops.add(hop);
    // A message of a WebSocket comes whole or not at all.
    if (!this.#watching && link.handle.framing === "stream") this.#watchProgress();
    if (hop.shared) link.state.connection.widen(this.limits.maxOpenTransactionsPerRelay);
    for (const name of hop.relayNames) {
      const set = this.#relayHops.get(name) ?? new Set();
      this.#relayHops.set(name, set.add(hop));
    }
    this.#guard(hop);
    return hop;
  }

  get quiet(): boolean {
    for (const hop of this.#hops) if (!hop.quiet) return false;
    return this.#dials.pending === 0;
  }

  remember(link: ForwardLink): HopMemory | undefined {
    for (const hop of this.#hops) if (hop.link === link) return rememberHop(hop);
    return undefined;
  }

  resume(kept: readonly (readonly [link: ForwardLink, memory: unknown])[]): void {
    resumeHops(kept, this.#hops, this.bindings);
  }

  /** A connection is over. */
  gone(hop: RelayHop): void {
    if (!this.#hops.delete(hop)) return;
    if (this.#hops.size === 0) this.#stopWatching();
    if (this.#hops.size === 0) this.#watching = false;
    for (const name of hop.relayNames) {
      const set = this.#relayHops.get(name);
      set?.delete(hop);
      if (set?.size === 0) this.#relayHops.delete(name);
    }
    if (hop.link.handle.direction !== "inbound") return;
    const address = addressGroup(hop.link.handle.remoteAddress);
    const left = (this.#addresses.get(address) ?? 1) - 1;
    if (left === 0) this.#addresses.delete(address);
    else this.#addresses.set(address, left);
  }

  // Trap T45: on a connection that this relay opened, the server's certificate says who the peer is.
  #namesOf(link: ForwardLink, dialled: MsrpUri | undefined): readonly string[] {
    const { secure, direction } = link.handle;
    if (direction === "outbound") {
      const host = dialled?.host.toLowerCase() ?? "";
      return secure && this.#relayNames.has(host) ? [host] : [];
    }
    return certificateNames(link.handle).filter((name) => this.#relayNames.has(name));
  }

  // Too many from one address, or too many at all: then whoever has been quiet for longest makes room (RFC 4976 §6.5).
  #guard(hop: RelayHop): void {
    const { maxConnectionsPerAddress, maxConnections } = this.limits;
    const { direction, remoteAddress } = hop.link.handle;
    const address = addressGroup(remoteAddress);
    const count = direction === "inbound" ? (this.#addresses.get(address) ?? 0) + 1 : 0;
    if (count > 0) this.#addresses.set(address, count);
    const refuse = (victim: RelayHop, why: string, code: string = "too-many-connections"): void => {
      this.count("dropped");
      // Not inside the making of the connection.
      Promise.resolve().then(() => victim.link.abort(new ConnectionError(code, why)));
    };
    // RFC 4976 §6.1: who says it is a relay must prove it; any other certificate does not matter (trap T44).
    const claimed = direction === "inbound" && !hop.shared ? claimedNames(hop.link.handle) : [];
    if (claimed.some((name) => this.#relayNames.has(name)))
      refuse(hop, "The certificate of a relay is not to be trusted", "peer-not-verified");
    else if (count > maxConnectionsPerAddress && !hop.shared)
      refuse(hop, "Too many connections from one address");
    else if (this.#hops.size > maxConnections) refuse(this.#leastUsed(hop), "Too many connections");
  }

  #leastUsed(but: RelayHop): RelayHop {
    let least: RelayHop = but;
    let lowest = Number.POSITIVE_INFINITY;
    for (const hop of this.#hops) {
      if (hop === but || hop.busy) continue;
      // Strangers go before those who have authenticated.
      const used = Math.max(hop.link.lastReceivedAt, hop.lastUsedAt) + (hop.trusted ? 1e12 : 0);
      if (used >= lowest) continue;
      least = hop;
      lowest = used;
    }
    return least;
  }

  /** An open connection to one of these relays. */
  relayHop(names: readonly string[]): RelayHop | undefined {
    for (const name of names) {
      for (const hop of this.#relayHops.get(name) ?? []) if (hop.link.open) return hop;
    }
    return undefined;
  }

  /** Where a way leads next: a connection, one that is being opened, or the status to refuse with. */
  nextHop(route: Route): RelayHop | Dial | number {
    const binding = route.bindings.at(-1) as Binding;
    const next = route.toPath[0] as MsrpUri;
    if (route.toClient && binding.relay === undefined) {
      // RFC 4976 §6.3: the connection of the AUTH and no other; the client's URI is never dialled.
      return binding.hop?.link.open ? binding.hop : 481;
    }
    const peer = route.toClient ? undefined : binding.peers.get(next.key);
    if (peer?.link.open) return peer;
    const name = next.scheme === "msrps" ? next.host.toLowerCase() : "";
    const relay = this.relayHop([route.toClient ? (binding.relay ?? "") : name]);
    if (relay !== undefined) return relay;
    // RFC 4976 §8: only an AUTH's last URI, which names a relay and no session, may leave the port to SRV.
    const service = route.toPath.length === 1 && next.sessionId === undefined && next.scheme === "msrps";
    if (next.port === undefined && !service) return 481;
    return this.#dials.existing(next) ?? this.#dial(next, binding);
  }

  #dial(uri: MsrpUri, binding: Binding): Dial | number {
    const { host, port = 0, transport } = uri;
    if (this.#options.connector === undefined || transport.toLowerCase() !== "tcp") return 403;
    if (/(?:^|\.)invalid$/i.test(host) || this.names.has(uri)) return 403;
    if (!this.#policy.mayDial(host, port)) return 403;
    const { maxDialsPerMinute } = this.limits;
    if (this.#dialsByUser.add(binding.user.key, this.host.now()) > maxDialsPerMinute) return 403;
    return this.#dials.begin(uri);
  }

  #dialHost(): ConstructorParameters<typeof Dials>[0] {
    const relay = this;
    return {
      get maxDials() {
        return relay.limits.maxDials;
      },
      get redialMs() {
        return relay.limits.redialMs;
      },
      get maxPerTarget() {
        return relay.limits.maxConnectionsPerTarget;
      },
      now: () => relay.host.now(),
      open: (uri) => relay.#open(uri),
    };
  }

  async #open(uri: MsrpUri): Promise<RelayHop> {
    const { connector, tls } = this.#options;
    if (connector === undefined)
      throw new ConnectionError("connect-refused", "This relay opens no connections");
    const secure = uri.scheme === "msrps";
    const target = {
      host: uri.host,
      port: uri.port ?? 0,
      secure,
      ...(secure && tls !== undefined ? { tls } : {}),
    };
    let hop: RelayHop | undefined;
    try {
      const joined: typeof connector = (to, accept, options) =>
        connector(
          to,
          (transport) => {
            this.#dialling = uri;
            try {
              return accept(transport);
            } finally {
              this.#dialling = undefined;
            }
          },
          options,
        );
      const link = await this.host.dial(target, joined, this.limits.connectTimeoutMs);
      for (const one of this.#hops) if (one.link === link) hop = one;
    } catch (error) {
      this.count("dialFailures");
      throw error;
    }
    if (hop === undefined) throw new ConnectionError("connection-closed", "The connection was closed");
    this.count("dialled");
    hop.keep();
    return hop;
  }

  /** Gives out a URI for a client that has authenticated; undefined when there are too many. */
  grant(
    frame: RequestFrame,
    hop: RelayHop,
    relay: string | undefined,
    user: string,
    realm: string,
    seconds: number,
  ): Binding | undefined {
    const to = frame.toPath[0];
    const listener = this.#listener;
    if (to === undefined) return undefined;
    const binding = this.bindings.grant(
      {
        host: this.#options.member ?? this.#domainOf(to),
        port: listener?.port ?? to.port ?? 2855,
        user,
        realm,
        clientPath: frame.fromPath,
        hop,
        relay,
        lifetimeMs: seconds * 1000,
      },
      hop.link.timers,
    );
    if (binding === undefined) return undefined;
    this.count("authorized");
    // The account's texts: those of the request are parts of its head, and would keep all of it.
    const { name } = binding.user;
    if (!hop.shared) hop.link.handle.set(relayUser, { user: name, realm: binding.user.realm });
    return binding;
  }

  /** The realm of users of whom only the name is known. */
  realmOf(uri: MsrpUri | undefined): string {
    return this.#options.realm ?? (uri === undefined ? "" : this.#domainOf(uri));
  }

  #domainOf(uri: MsrpUri): string {
    // As the operator spells it, because that is the realm in which passwords were hashed.
    return this.#domains.get(uri.host.toLowerCase()) ?? (this.#options.domains[0] as string);
  }

  /** The session that plugins see for a way: that of the URI which its request named first. */
  sessionOf(bindings: readonly Binding[]): ForwardedSession {
    const [binding] = bindings as readonly [Binding];
    binding.session ??= this.host.session(binding.uri, binding.clientPath);
    return binding.session;
  }

  /** Takes no new AUTH and no new message from now on. */
  startDrain(): void {
    if (this.draining) return;
    this.draining = true;
    for (const hop of this.#hops) hop.finish();
  }

  async drain(withinMs: number): Promise<void> {
    this.startDrain();
    await finish(this.#hops, this.host, withinMs);
  }

  // SEC-12: looks now and then whether what has begun to come in still comes.
  #watchProgress(): void {
    const { slowMs } = this.limits;
    this.#watching = true;
    this.#stopWatching = this.host.setTimer(() => {
      const now = this.host.now();
      for (const hop of [...this.#hops]) hop.checkProgress(now, slowMs);
      this.#watching = false;
      if ([...this.#hops].some(({ link }) => link.handle.framing === "stream")) this.#watchProgress();
    }, slowMs / 6);
  }
}

/** RFC 7977 §8.1: also a client on a WebSocket gets the port that every peer can reach, with TLS if there is one. */
function listenerFor(uris: readonly MsrpUri[]): MsrpUri | undefined {
  const tcp = uris.filter((uri) => uri.transport.toLowerCase() === "tcp");
  return tcp.find((uri) => uri.scheme === "msrps") ?? tcp[0] ?? uris[0];
}
