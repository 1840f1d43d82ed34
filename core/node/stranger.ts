/**
 * Requests on a connection that belong to no session of it: refused with 481 or 506, unless a plugin of the `request`
 * stage answers them, as a relay does with AUTH. In order, and bounded like those of a session.
 */
import type { RequestFrame } from "../wire/frame.ts";
import { carrierOf, responseTo } from "./answer.ts";
import { NodeRequestContext } from "./contexts.ts";
import type { Driver } from "./driver.ts";
import { Lane, type LaneOwner } from "./lane.ts";
import type { NodeCore } from "./node_core.ts";
import type { MaybeVerdict, Verdict } from "./verdict.ts";

const NO_STATES: readonly unknown[] = [];

/** The strangers of one connection. */
export class Stranger implements LaneOwner {
  readonly blocked: boolean = false;
  readonly deadline: number = Number.POSITIVE_INFINITY;
  readonly #node: NodeCore;
  readonly #driver: Driver;
  #lane: Lane | undefined;
  // What the node answers, for the request in hand and those that wait for their plugins.
  #otherwise: Map<string, Verdict> | undefined;
  #refused: string | undefined; // transaction whose further slices are dropped

  constructor(node: NodeCore, driver: Driver) {
    this.#node = node;
    this.#driver = driver;
  }

  /** Takes a request; `otherwise` is the answer unless a plugin has a better one. */
  receive(frame: RequestFrame, otherwise: Verdict): void {
    if (!frame.first && this.#refused === frame.transactionId) return;
    // SENDs are never a plugin's: what belongs to no session has no message.
    if (frame.method === "SEND" || frame.fault !== undefined || frame.toPath.length === 0) {
      this.settle(frame, otherwise, false, 0);
      return;
    }
    this.#lane ??= new Lane(this, this.#driver);
    this.#otherwise ??= new Map();
    this.#otherwise.set(frame.transactionId, otherwise);
    this.#lane.receive(frame);
  }

  /** The connection is over. */
  close(): void {
    this.#lane?.close();
    this.#otherwise = undefined;
  }

  gate(frame: RequestFrame): MaybeVerdict | undefined {
    const otherwise = this.#otherwise?.get(frame.transactionId);
    this.#otherwise?.delete(frame.transactionId);
    if (otherwise === undefined) return undefined;
    const c = new NodeRequestContext(frame, undefined, this.#driver.handle, otherwise);
    return this.#node.pipeline.request.run(c, NO_STATES);
  }

  settle(frame: RequestFrame, verdict: Verdict, answered: boolean, waitedMs: number): void {
    if (!frame.last) this.#refused = frame.transactionId;
    const to = frame.toPath[0];
    // RFC 4975 §7.2: From-Path of a 481 is the URI that was addressed; without one there is nothing to answer from.
    const carrier = to === undefined ? "nothing" : carrierOf(frame, verdict, answered);
    if (carrier === "response" && to !== undefined) this.#driver.respond(responseTo(frame, verdict, [to]));
    if (this.#node.pipeline.watched("settled")) {
      this.#node.pipeline.emit("settled", {
        frame,
        verdict,
        session: undefined,
        connection: this.#driver.handle,
        answered: carrier,
        waitedMs,
      });
    }
  }

  answerEarly(): void {}

  abandon(): void {}

  wake(): void {}
}
