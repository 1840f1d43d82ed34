/**
 * One URI that the relay has given out by AUTH: whose it is, which way its client is, and until when it holds
 * (RFC 4976 §6.3). All rights to forward hang on it.
 */
import type { ForwardedSession } from "../node/forwarding.ts";
import type { Timer, Timers } from "../node/timers.ts";
import type { MsrpUri } from "../wire/uri.ts";
import type { RelayHop } from "./hop.ts";
import { Rate } from "./rate.ts";
import type { UserAccount } from "./user_account.ts";

/** What AUTH has fixed of a binding. */
export interface BindingInit {
  /** The URI given out. */
  readonly uri: MsrpUri;
  readonly user: UserAccount;
  /** From-Path of the AUTH: the way to the client, its next hop first. */
  readonly clientPath: readonly MsrpUri[];
  /** The connection that the AUTH came on, when the previous hop is a client: the only way to it. */
  readonly hop: RelayHop | undefined;
  /** Name of the relay that the AUTH came from, when the previous hop is one: any connection to it will do. */
  readonly relay: string | undefined;
  /** On the relay's clock, in milliseconds. */
  readonly expiresAt: number;
  readonly chunks: Rate;
  readonly bytes: Rate;
}

/** A URI that was given out. */
export class Binding {
  readonly uri: MsrpUri;
  readonly user: UserAccount;
  readonly clientPath: readonly MsrpUri[];
  readonly hop: RelayHop | undefined;
  readonly relay: string | undefined;
  readonly expiresAt: number;
  readonly chunks: Rate;
  readonly bytes: Rate;
  /**
   * Peers whose requests named this URI, by their own URI, with the connection they came on. It is a way to the peer for
   * this URI alone: what a stranger claims to be is no routing table (RFC 4976 §6.4, and trap T36).
   */
  get peers(): Map<string, RelayHop> {
    return (this.#peers ??= new Map());
  }
  /** Ways under this URI on which messages have begun that have not ended. */
  underWay: Set<object> | undefined;
  /** The session object that plugins see; made when one is needed. */
  session: ForwardedSession | undefined;
  /** Ends it at its time. */
  timer: Timer | undefined;
  timers: Timers | undefined;
  #peers: Map<string, RelayHop> | undefined;
  #tiny: Rate | undefined;
  #over = false;

  constructor(init: BindingInit) {
    this.uri = init.uri;
    this.user = init.user;
    this.clientPath = init.clientPath;
    this.hop = init.hop;
    this.relay = init.relay;
    this.expiresAt = init.expiresAt;
    this.chunks = init.chunks;
    this.bytes = init.bytes;
  }

  /** Takes one more tiny chunk, however many connections it comes over; false when it is one too many. */
  takeTiny(perSecond: number, now: number): boolean {
    return (this.#tiny ??= new Rate(perSecond, now)).take(1, now);
  }

  /** Whether the URI may be used at a time. */
  valid(now: number): boolean {
    return !this.#over && now < this.expiresAt;
  }

  /** Whether requests that come over a connection come from the client's side (RFC 4976 §6.4). */
  ownedBy(hop: RelayHop): boolean {
    return this.hop === undefined ? hop.isRelay(this.relay ?? "") : this.hop === hop;
  }

  /** The URI is void from now on. */
  end(error: Error | undefined): void {
    this.#over = true;
    this.#peers = undefined;
    this.session?.end(error);
    this.session = undefined;
  }
}
