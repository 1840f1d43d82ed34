/**
 * Requests for sessions that are held: their URI is out in an offer whose answer is not here, so nobody knows yet who may
 * speak for them. They wait on their connection, unanswered and bounded, until the session is released or given up.
 */
import type { RequestFrame } from "../wire/frame.ts";
import { frameOverheadBytes, type LaneHost } from "./lane.ts";

/** A session that can be held, with the connections on which requests for it wait. */
export interface Holdable<Host> {
  callers: Set<Host> | undefined;
}

/** The requests that wait on one connection. */
export class Waiting<Host extends Pick<LaneHost, "hold" | "release">> {
  readonly #host: Host;
  #frames: Map<Holdable<Host>, RequestFrame[]> | undefined;

  /** @param host counts what waits, and stops reading at its bound */
  constructor(host: Host) {
    this.#host = host;
  }

  /** Takes a request for a held session; its octets need only be valid during the call. */
  take(session: Holdable<Host>, frame: RequestFrame): undefined {
    session.callers?.add(this.#host);
    this.#frames ??= new Map();
    const frames = this.#frames.get(session);
    if (frames === undefined) this.#frames.set(session, [frame.retain()]);
    else frames.push(frame.retain());
    this.#host.hold(frame.bodyLength + frameOverheadBytes);
  }

  /** The session is held no more: its requests, in the order in which they came. */
  leave(session: Holdable<Host>): readonly RequestFrame[] {
    const frames = this.#frames?.get(session) ?? [];
    this.#frames?.delete(session);
    for (const frame of frames) this.#host.release(frame.bodyLength + frameOverheadBytes);
    return frames;
  }

  /** The connection is over, and what waits on it is lost. */
  clear(): void {
    for (const session of this.#frames?.keys() ?? []) session.callers?.delete(this.#host);
    this.#frames = undefined;
  }
}
