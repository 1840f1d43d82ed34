/**
 * One connection of a relay: which requests are the relay's, which way they go, and what the peer has earned by then.
 * Steady traffic finds its way by the identity of the path that the decoder gives, without a look-up.
 */
import type { Transaction } from "../connection/transaction.ts";
import { ConnectionError } from "../errors.ts";
import { carrierOf, responseTo } from "../node/answer.ts";
import type { ForwardHop, ForwardLink } from "../node/forwarding.ts";
import { Timer } from "../node/timers.ts";
import { handshakeUser } from "../node/upgrade.ts";
import { ACCEPTED, Verdict } from "../node/verdict.ts";
import type { RequestFrame, ResponseFrame } from "../wire/frame.ts";
import type { MsrpUri } from "../wire/uri.ts";
import type { Binding } from "./binding.ts";
import { ChunkLane } from "./chunk_lane.ts";
import { Flow } from "./flow.ts";
import { Flows } from "./flows.ts";
import { Patience } from "./patience.ts";
import { PeerWays } from "./peer_ways.ts";
import { Progress } from "./progress.ts";
import type { RelayCore } from "./relay_core.ts";
import { RelayedRequest } from "./relayed_request.ts";
import { findRoute, pathText } from "./route.ts";
import { Sharing } from "./sharing.ts";
import { Untold } from "./untold.ts";

// A link between relays is not cut for one stray request, but it is for a habit.
const maxStrays = 3;

/** One connection. */
export class RelayHop implements ForwardHop {
  readonly link: ForwardLink;
  /** URIs that were given out over it and hang on it. */
  readonly bindings: Binding[] = [];
  /** Peers that are reached over it. */
  readonly peers: PeerWays = new PeerWays(this);
  /** Relays that the peer has proved to be (RFC 4976 §6.1); empty for everybody else. */
  readonly relayNames: readonly string[];
  /** Failures that its peer is to be told of. */
  readonly untold: Untold;
  /** When something was last passed on over it, on the clock of the link. */
  lastUsedAt: number;
  /** Called once at its end. */
  onEnded: (() => void) | undefined;
  readonly #relay: RelayCore;
  #flows: Flows<Flow> | undefined; // most connections of users who wait have none
  #lanes: Map<Flow, ChunkLane> | undefined;
  readonly #watch: Timer;
  readonly #progress = new Progress();
  readonly #patience: Patience;
  readonly #waiting: Flow[] = [];
  #lastPath: readonly MsrpUri[] | undefined;
  #lastFrom: readonly MsrpUri[] | undefined;
  #lastFlow: Flow | undefined;
  #generation = -1;
  #dropping: string | undefined; // transaction whose further slices are dropped
  #succeeded = false;
  #authFailures = 0;
  #strays = 0;
  #pendingAuths = 0;
  #frames = 0;
  #lastFrame = 0; // of those that may begin, once the relay ends
  #ended = false;

  constructor(relay: RelayCore, link: ForwardLink, relayNames: readonly string[]) {
    this.#relay = relay;
    this.link = link;
    this.relayNames = relayNames;
    this.untold = new Untold(link);
    this.#patience = new Patience(relay);
    this.lastUsedAt = link.lastReceivedAt;
    this.#watch = new Timer((now) => this.#look(now));
  }

  /** True when the peer has proved to be the relay of this name. */
  isRelay(name: string): boolean {
    return this.relayNames.includes(name);
  }

  /** True for a link whose sessions are of many clients. */
  get shared(): boolean {
    return this.relayNames.length > 0;
  }

  /** How many ways share it. */
  readonly sharing: Sharing = new Sharing();

  /** Ways wait to go out over it, so that no other may go first. */
  get busy(): boolean {
    return this.#waiting.length > 0;
  }

  /** True once a request of the peer has succeeded: it is no stranger any more. */
  get trusted(): boolean {
    return this.#succeeded;
  }

  /** Nothing is under way over it, nothing is decided, nothing waits. */
  get quiet(): boolean {
    return !this.busy && this.#pendingAuths === 0 && !this.underWay;
  }

  /** A message that came in over it has not gone on whole, or something that was passed on over it is not answered. */
  get underWay(): boolean {
    const { awaiting, receiving } = this.link.state.connection;
    if (awaiting > 0 || this.untold.size > 0 || (this.#succeeded && receiving)) return true;
    for (const flow of this.#flows?.all() ?? []) if (flow.underWay) return true;
    return false;
  }

  /** The relay is about to end: nothing begins any more but what is half read by now. */
  finish(): void {
    this.#lastFrame = this.#frames + (this.link.state.connection.receiving ? 1 : 0);
  }

  /** The request that came last had begun when the relay began to end. */
  get halfRead(): boolean {
    return this.#frames <= this.#lastFrame;
  }

  /** What was passed on over it, or waits for that, counts as lost; its senders are told. */
  giveUp(): void {
    this.link.state.connection.giveUp(new ConnectionError("closing", "The relay is about to end"));
    for (const flow of this.#flows?.all() ?? []) flow.fail(408);
    this.link.touch();
  }

  /** Ends a connection whose peer has begun a request and does not go on with it. */
  checkProgress(now: number, slowMs: number): void {
    if (this.#progress.stalled(this.link, this.#frames, now, slowMs)) this.#drop("too-slow");
  }

  request(frame: RequestFrame): boolean {
    const now = this.link.lastReceivedAt;
    this.#frames++;
    if (frame.toPath === this.#lastPath && frame.fromPath === this.#lastFrom && frame.fault === undefined) {
      const flow = this.#lastFlow as Flow;
      if (this.#generation === this.#relay.bindings.generation && flow.valid(now)) {
        this.#pass(flow, frame, now);
        return true;
      }
    }
    return this.#requested(frame, now);
  }

  #requested(frame: RequestFrame, now: number): boolean {
    const to = frame.toPath[0];
    if (to === undefined || frame.fromPath.length === 0) {
      // Nobody can be answered, and a sender of paths that cannot be read is not a peer to keep.
      this.#drop("path-unreadable");
      return true;
    }
    if (!this.#relay.names.has(to)) {
      if (frame.toPath.length === 1 && this.#relay.host.knows(to)) return false;
      this.#stray(frame);
      return true;
    }
    if (!frame.first && this.#dropping === frame.transactionId) this.#ignore(frame);
    else if (frame.fault !== undefined) this.refuse(frame, frame.fault.status);
    else if (frame.toPath.length === 1) this.#addressed(frame, to, now);
    else this.#route(frame, to, now);
    return true;
  }

  // RFC 4976 §6.2: what is not for this relay costs the connection.
  #stray(frame: RequestFrame): void {
    if (this.shared && ++this.#strays < maxStrays) this.refuse(frame, 481);
    else this.#drop("not-this-relay");
  }

  #drop(code: string): void {
    this.#relay.count("dropped");
    this.link.abort(new ConnectionError(code, "The peer asked for what is not here"));
  }

  /** Nothing follows the relay's own URI. */
  #addressed(frame: RequestFrame, to: MsrpUri, now: number): void {
    const { method } = frame;
    if (method === "AUTH") this.#auth(frame);
    else if (method === "REPORT") return;
    else if (method !== "SEND") this.refuse(frame, 501);
    else if (frame.body !== undefined || this.#relay.bindings.find(to, now) === undefined)
      this.refuse(frame, 481);
    else {
      // Clients keep their connection alive with it (RFC 7977 §6).
      this.succeeded();
      if (carrierOf(frame, ACCEPTED, false) === "response")
        this.link.respond(responseTo(frame, ACCEPTED, [to]));
    }
  }

  #auth(frame: RequestFrame): void {
    const { maxPendingAuths, maxPendingAuthsPerRelay } = this.#relay.limits;
    if (this.#pendingAuths >= (this.shared ? maxPendingAuthsPerRelay : maxPendingAuths)) {
      // A link between relays has the log-ins of many clients, who may come again.
      if (this.shared) this.refuse(frame, 408);
      else this.#drop("too-many-requests");
      return;
    }
    const verdict = this.#relay.host.request(frame, this.link, (c) =>
      this.#relay.auth.decide(frame, this, c.get(handshakeUser)),
    );
    if (verdict instanceof Verdict) {
      this.#authDecided(frame, verdict);
      return;
    }
    const kept = frame.retain();
    this.#pendingAuths++;
    verdict.then((late) => {
      this.#pendingAuths--;
      if (!this.#ended) this.#authDecided(kept, late);
    });
  }

  #authDecided(frame: RequestFrame, verdict: Verdict): void {
    this.link.respond(responseTo(frame, verdict, frame.toPath));
    this.#relay.host.settled(frame, verdict, this.link, undefined, "response", 0);
    if (verdict.accepted) this.succeeded();
    else if (this.#patience.spent(this)) this.#drop("too-many-refusals");
    this.endGuessing();
  }

  /** An AUTH over this connection has failed, here or at a relay behind this one (RFC 4976 §6.3). */
  authFailed(): void {
    this.#authFailures++;
    this.#relay.count("authFailures");
  }

  /** The answer to a failed AUTH is out: one too many ends the connection, but not a link between relays. */
  endGuessing(): void {
    if (this.#authFailures >= this.#relay.limits.maxAuthFailures && !this.shared) this.link.close();
  }

  #route(frame: RequestFrame, to: MsrpUri, now: number): void {
    const flow = this.#flowOf(frame, to, now);
    if (flow === undefined) {
      this.refuse(frame, 481);
      return;
    }
    this.#lastPath = frame.toPath;
    this.#lastFrom = frame.fromPath;
    this.#lastFlow = flow;
    this.#generation = this.#relay.bindings.generation;
    this.#pass(flow, frame, now);
  }

  #flowOf(frame: RequestFrame, to: MsrpUri, now: number): Flow | undefined {
    const key = `${pathText(frame.toPath)}|${pathText(frame.fromPath)}`;
    this.#flows ??= new Flows(this.#relay, (flow) => this.#forgotten(flow));
    const known = this.#flows.find(key, now);
    if (known !== undefined) return known;
    const route = findRoute(frame.toPath, frame.fromPath, this, this.#relay.bindings, this.#relay.names, now);
    if (route === undefined) return undefined;
    const flow = new Flow(this.#relay, this, route, to, frame.fromPath);
    this.#flows.add(key, flow, now);
    // Trap T47: only requests bind a way back, and a REPORT is no request that is answered.
    const [first] = route.bindings;
    if (frame.method !== "REPORT" && first !== undefined && !first.ownedBy(this))
      this.peers.bind(first, frame.fromPath[0]?.key ?? "");
    return flow;
  }

  #forgotten(flow: Flow): void {
    this.#lanes?.delete(flow);
    if (this.#lastFlow === flow) this.#lastPath = undefined;
  }

  #pass(flow: Flow, frame: RequestFrame, now: number): void {
    if (frame.method !== "SEND") {
      this.#control(flow, frame);
      return;
    }
    if (!frame.first && this.#dropping === frame.transactionId) this.#ignore(frame);
    else if (frame.fault !== undefined) this.refuse(frame, frame.fault.status);
    else if (this.#relay.host.hasChunkStage) this.#laneOf(flow).receive(frame);
    else this.settle(flow, frame, flow.send(frame, now));
  }

  /** A SEND was passed on or refused. */
  settle(flow: Flow, frame: RequestFrame, status: number, waitedMs: number = 0): void {
    if (status !== 200) {
      this.refuse(frame, status);
      return;
    }
    if (!this.#succeeded) this.succeeded();
    if (frame.last && frame.failureReport === "yes") flow.acknowledge(frame.transactionId);
    const session = flow.route.bindings[0]?.session?.session;
    this.#relay.host.settled(frame, ACCEPTED, this.link, session, "response", waitedMs);
  }

  #laneOf(flow: Flow): ChunkLane {
    this.#lanes ??= new Map();
    let lane = this.#lanes.get(flow);
    if (lane === undefined) {
      lane = new ChunkLane(this.#relay, this, flow);
      this.#lanes.set(flow, lane);
    }
    return lane;
  }

  #control(flow: Flow, frame: RequestFrame): void {
    if (frame.fault !== undefined) {
      this.refuse(frame, frame.fault.status);
      return;
    }
    const status = flow.control(frame);
    if (status !== 200) this.refuse(frame, status);
    else if (frame.method !== "REPORT") this.succeeded();
  }

  /** Refuses a request, as its method and its fields permit; further slices of it are dropped. */
  refuse(frame: RequestFrame, status: number, verdict: Verdict = new Verdict(status), waitedMs = 0): void {
    if (!frame.last) this.#dropping = frame.transactionId;
    this.#relay.count("refused");
    const to = frame.toPath[0];
    const carrier = to === undefined ? "nothing" : carrierOf(frame, verdict, false);
    if (carrier === "response" && to !== undefined) this.link.respond(responseTo(frame, verdict, [to]));
    this.#relay.host.settled(frame, verdict, this.link, undefined, carrier, waitedMs);
    if (!this.#succeeded && this.#patience.spent(this)) this.#drop("too-many-refusals");
  }

  /** A chunk was refused because it is tiny: nobody may send many of them at once, whoever it is. */
  wasted(): void {
    if (this.#succeeded && this.#patience.spent(this)) this.#drop("too-many-refusals");
  }

  // The rest of a request that was refused.
  #ignore(frame: RequestFrame): void {
    if (!this.#succeeded && this.#patience.wasted(this, frame.bodyLength)) this.#drop("too-many-refusals");
  }

  /** RFC 4976 §6.1: the peer has shown that it has business here. @param usedAt when it did so last */
  succeeded(usedAt?: number): void {
    if (this.#succeeded) return;
    this.#succeeded = true;
    this.keep(usedAt);
  }

  /** The connection is held until nobody has used it for long. */
  keep(usedAt: number = this.link.timers.clock.now()): void {
    this.link.keep();
    this.link.timers.schedule(this.#watch, usedAt + this.#relay.limits.idleMs);
  }

  #look(now: number): void {
    const { idleMs, stalledMs } = this.#relay.limits;
    const { blockedSince } = this.link;
    // SEC-11: what waits for it fails with it, and its senders hear of it.
    if (now - blockedSince >= stalledMs)
      return this.link.abort(new ConnectionError("stalled", "The peer has stopped reading"));
    const idleAt = Math.max(this.link.lastReceivedAt, this.lastUsedAt) + idleMs;
    if (now >= idleAt && blockedSince === Number.POSITIVE_INFINITY) this.link.close();
    else
      this.link.timers.schedule(this.#watch, Math.max(now + 1, Math.min(idleAt, blockedSince + stalledMs)));
  }

  response(frame: ResponseFrame, transaction: Transaction): void {
    this.#frames++;
    if (transaction.owner instanceof RelayedRequest) transaction.owner.answered(frame);
  }

  /** A way has something for this connection, which has no room now. */
  wait(flow: Flow): void {
    if (!this.#waiting.includes(flow)) this.#waiting.push(flow);
    this.link.touch();
  }

  refill(): void {
    if (this.link.blockedSince + this.#relay.limits.stalledMs < this.#watch.at) {
      this.link.timers.schedule(this.#watch, this.link.blockedSince + this.#relay.limits.stalledMs);
    }
    this.untold.tell();
    while (this.#waiting.length > 0 && this.link.mayForward) {
      const flow = this.#waiting.shift() as Flow;
      if (flow.proceed(this)) this.#waiting.push(flow);
    }
  }

  ended(error: Error | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.link.timers.cancel(this.#watch);
    for (const lane of this.#lanes?.values() ?? []) lane.close();
    for (const binding of [...this.bindings]) this.#relay.bindings.end(binding, error);
    this.peers.clear();
    for (const flow of this.#waiting.splice(0)) flow.fail(408);
    this.#flows?.clear();
    this.untold.clear();
    this.#lastPath = this.#lastFlow = undefined;
    this.onEnded?.();
    this.#relay.gone(this);
  }
}
