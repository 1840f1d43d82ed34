/**
 * Leads the chunks of one way through the `chunk` stage, in order, before they are passed on. Used only when a plugin
 * stands there; what waits for its verdict is bounded like in a session of the node.
 */
import type { ForwardedSession } from "../node/forwarding.ts";
import { Lane, type LaneOwner } from "../node/lane.ts";
import { ACCEPTED, type MaybeVerdict, Verdict } from "../node/verdict.ts";
import type { RequestFrame } from "../wire/frame.ts";
import type { Flow } from "./flow.ts";
import type { RelayHop } from "./hop.ts";
import type { RelayCore } from "./relay_core.ts";

/** The lane of one way. */
export class ChunkLane implements LaneOwner {
  readonly blocked: boolean = false;
  readonly deadline: number = Number.POSITIVE_INFINITY;
  readonly #hop: RelayHop;
  readonly #flow: Flow;
  readonly #session: ForwardedSession;
  readonly #lane: Lane;
  #refused: string | undefined; // transaction whose further slices are dropped
  #abandoned = false;

  constructor(relay: RelayCore, hop: RelayHop, flow: Flow) {
    this.#hop = hop;
    this.#flow = flow;
    this.#session = relay.sessionOf(flow.route.bindings);
    this.#lane = new Lane(this, hop.link);
  }

  /** Takes a SEND, or a slice of one. */
  receive(frame: RequestFrame): void {
    this.#lane.receive(frame);
  }

  /** The connection or the way is over. */
  close(): void {
    this.#lane.close();
  }

  gate(frame: RequestFrame): MaybeVerdict | undefined {
    if (!frame.first && this.#refused === frame.transactionId) return undefined;
    this.#abandoned = false;
    return this.#session.chunk(frame, this.#hop.link, (chunk) => this.#forward(chunk));
  }

  #forward(frame: RequestFrame): Verdict {
    if (this.#abandoned) return new Verdict(408);
    const status = this.#flow.send(frame, this.#hop.link.timers.clock.now());
    return status === 200 ? ACCEPTED : new Verdict(status);
  }

  settle(frame: RequestFrame, verdict: Verdict, answered: boolean, waitedMs: number): void {
    if (!verdict.accepted && !frame.last) this.#refused = frame.transactionId;
    if (answered) {
      if (!verdict.accepted) this.#flow.reportLate(frame, verdict.status);
    } else if (verdict.accepted) this.#hop.settle(this.#flow, frame, 200, waitedMs);
    else this.#hop.refuse(frame, verdict.status, verdict, waitedMs);
  }

  answerEarly(frame: RequestFrame): void {
    if (frame.last && frame.failureReport === "yes") this.#flow.acknowledge(frame.transactionId);
  }

  abandon(): void {
    this.#abandoned = true;
    this.#session.overdue();
  }

  wake(): void {}
}
