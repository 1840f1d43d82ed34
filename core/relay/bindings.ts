/**
 * The URIs that a relay has given out, by session-id: made by AUTH, looked up for every way, void at their time or with
 * the client's connection (RFC 4976 §6.3). Expired and never given out look the same from outside.
 */
import { Timer, type Timers } from "../node/timers.ts";
import { createSessionId } from "../wire/ident.ts";
import { MsrpUri } from "../wire/uri.ts";
import { Binding } from "./binding.ts";
import type { RelayHop } from "./hop.ts";
import type { ResolvedRelayLimits } from "./limits.ts";
import { Rate } from "./rate.ts";
import type { UserAccount } from "./user_account.ts";

/** What is asked for. */
export interface Grant {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly realm: string;
  readonly clientPath: readonly MsrpUri[];
  readonly hop: RelayHop;
  /** Name of the relay that asks, when it is one. */
  readonly relay: string | undefined;
  readonly lifetimeMs: number;
}

/** What is kept of a URI, so that another instance of the relay can take it up. */
export interface BindingMemory {
  readonly uri: string;
  readonly user: string;
  readonly realm: string;
  readonly clientPath: readonly string[];
  readonly expiresAt: number;
}

/** The table. */
export class Bindings {
  /** Counts the URIs that became void; ways found before are to be looked at again when it has changed. */
  generation = 0;
  #limits: ResolvedRelayLimits;
  readonly #byId = new Map<string, Binding>();
  readonly #users = new Map<string, UserAccount>();

  constructor(limits: ResolvedRelayLimits) {
    this.#limits = limits;
  }

  /** URIs that hold. */
  get size(): number {
    return this.#byId.size;
  }

  /** Other limits, for what is given out from now on. */
  set limits(limits: ResolvedRelayLimits) {
    this.#limits = limits;
  }

  /** Gives out a URI; undefined when the user, the connection or the relay has too many. */
  grant(grant: Grant, timers: Timers): Binding | undefined {
    const { maxBindings, maxBindingsPerConnection, maxBindingsPerUser } = this.#limits;
    const { hop, relay } = grant;
    if (this.#byId.size >= maxBindings) return undefined;
    if (relay === undefined && hop.bindings.length >= maxBindingsPerConnection) return undefined;
    const now = timers.clock.now();
    const user = this.#account(grant.user, grant.realm, now);
    if (user.bindings >= maxBindingsPerUser) return undefined;
    const sessionId = createSessionId();
    // RFC 4976 §4.2: a name and an explicit port; §5.1: always msrps.
    const uri = MsrpUri.from({ scheme: "msrps", host: grant.host, port: grant.port, sessionId });
    return this.#put(uri, user, grant, now + grant.lifetimeMs, timers);
  }

  /** Takes up a URI that another instance of the relay has given out over the same connection. */
  resume(memory: BindingMemory, hop: RelayHop, timers: Timers): void {
    const { user, realm, expiresAt } = memory;
    const now = timers.clock.now();
    const uri = MsrpUri.parse(memory.uri);
    if (expiresAt <= now || this.#byId.has(uri.sessionId ?? "")) return;
    const clientPath = memory.clientPath.map((text) => MsrpUri.parse(text));
    const way = { clientPath, hop, relay: undefined };
    this.#put(uri, this.#account(user, realm, now), way, expiresAt, timers);
  }

  /** A URI by its session-id. */
  named(sessionId: string): Binding | undefined {
    return this.#byId.get(sessionId);
  }

  #put(
    uri: MsrpUri,
    user: UserAccount,
    { clientPath, hop, relay }: Pick<Grant, "clientPath" | "hop" | "relay">,
    expiresAt: number,
    timers: Timers,
  ): Binding {
    const now = timers.clock.now();
    const { maxChunksPerSecond, maxBytesPerSecond } = this.#limits;
    const binding = new Binding({
      uri,
      user,
      clientPath,
      hop: relay === undefined ? hop : undefined,
      relay,
      expiresAt,
      chunks: Rate.of(maxChunksPerSecond, now),
      bytes: Rate.of(maxBytesPerSecond, now),
    });
    this.#byId.set(uri.sessionId ?? "", binding);
    this.#users.set(user.key, user);
    user.bindings++;
    if (relay === undefined) hop.bindings.push(binding);
    const timer = new Timer(() => this.end(binding, undefined));
    binding.timer = timer;
    binding.timers = timers;
    timers.schedule(timer, binding.expiresAt);
    return binding;
  }

  /** The URI's binding, as long as it holds. Its authority is known to be the relay's. */
  find(uri: MsrpUri, now: number): Binding | undefined {
    const binding = uri.sessionId === undefined ? undefined : this.#byId.get(uri.sessionId);
    return binding?.valid(now) ? binding : undefined;
  }

  /** The URI is void. */
  end(binding: Binding, error: Error | undefined): void {
    if (!this.#byId.delete(binding.uri.sessionId ?? "")) return;
    this.generation++;
    if (binding.timer !== undefined) binding.timers?.cancel(binding.timer);
    const ofHop = binding.hop?.bindings;
    ofHop?.splice(ofHop.indexOf(binding), 1);
    binding.end(error);
    if (--binding.user.bindings === 0) this.#users.delete(binding.user.key);
  }

  #account(name: string, realm: string, now: number): UserAccount {
    const key = JSON.stringify([name, realm]);
    const { maxUserChunksPerSecond, maxUserBytesPerSecond } = this.#limits;
    return (
      this.#users.get(key) ?? {
        key,
        name,
        realm,
        bindings: 0,
        chunks: Rate.of(maxUserChunksPerSecond, now),
        bytes: Rate.of(maxUserBytesPerSecond, now),
      }
    );
  }
}
