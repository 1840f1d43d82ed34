/**
 * Where the requests of one connection go: to the session that To-Path names, which the first of them binds, or back with
 * 481 or 506 (RFC 4975 §5.4, §7.3). Steady traffic of one session does no look-up.
 */
import type { RequestFrame } from "../wire/frame.ts";
import type { MsrpUri } from "../wire/uri.ts";
import type { Driver } from "./driver.ts";
import type { NodeCore } from "./node_core.ts";
import type { Seat } from "./seat.ts";
import { Stranger } from "./stranger.ts";
import { Verdict } from "./verdict.ts";
import { Waiting } from "./waiting.ts";

const NO_SESSION: Verdict = new Verdict(481);
const BOUND_ELSEWHERE: Verdict = new Verdict(506);

/** The requests of one connection. */
export class Inbound {
  readonly #node: NodeCore;
  readonly #driver: Driver;
  readonly #stranger: Stranger;
  readonly #waiting: Waiting<Driver>;
  // The decoder gives the same array for the same To-Path and From-Path, so the same array is the same session.
  #lastPath: readonly MsrpUri[] | undefined;
  #lastSeat: Seat | undefined;
  #lastGeneration = -1;

  constructor(node: NodeCore, driver: Driver) {
    this.#node = node;
    this.#driver = driver;
    this.#stranger = new Stranger(node, driver);
    this.#waiting = new Waiting(driver);
  }

  /**
   * Takes a request; its octets need only be valid during the call.
   *
   * @param patient false: it has waited for its session before
   */
  request(frame: RequestFrame, patient = true): void {
    if (frame.method === "REPORT") {
      this.#reported(frame);
      return;
    }
    const { generation } = this.#node.registry;
    if (frame.toPath === this.#lastPath && this.#lastGeneration === generation) {
      (this.#lastSeat as Seat).receive(frame);
      return;
    }
    // RFC 4975 §7.3: To-Path first, whatever else is wrong; then the binding, then the rest.
    const seat = this.#seatFor(frame, patient);
    if (seat === undefined) return;
    if (seat instanceof Verdict) {
      this.#stranger.receive(frame, seat);
      return;
    }
    this.#lastPath = frame.toPath;
    this.#lastSeat = seat;
    this.#lastGeneration = this.#node.registry.generation;
    seat.receive(frame);
  }

  /** A session is held no more: what waited for it here is taken up, or refused. */
  released(seat: Seat): void {
    for (const frame of this.#waiting.leave(seat)) this.request(frame, false);
  }

  /** A session has left the connection. */
  forget(): void {
    this.#lastPath = this.#lastSeat = undefined;
  }

  /** The connection is over. */
  close(): void {
    this.forget();
    this.#stranger.close();
    this.#waiting.clear();
  }

  // Undefined: the request waits until its session is released.
  #seatFor(frame: RequestFrame, patient: boolean): Seat | Verdict | undefined {
    const to = frame.toPath[0];
    if (to === undefined || frame.toPath.length !== 1) return NO_SESSION;
    const driver = this.#driver;
    const peer = behindRelay(frame.fromPath);
    const known = this.#node.registry.find(to, peer);
    if (known?.driver === driver) return known;
    if (known !== undefined && (known.driver !== undefined || known.core.role === "active")) {
      return patient && this.#node.contest(known) ? this.#waiting.take(known, frame) : BOUND_ELSEWHERE;
    }
    if (!driver.open || driver.sessionCount >= this.#node.limits.maxSessionsPerConnection) return NO_SESSION;
    const welcome = known === undefined ? this.#node.welcome(to, frame.fromPath, driver.handle) : {};
    if (welcome === undefined) return NO_SESSION;
    // Only a sound request binds, or lets in (RFC 4975 §5.4).
    if (frame.fault !== undefined) return new Verdict(frame.fault.status);
    if (known?.callers !== undefined) return this.#waiting.take(known, frame);
    const seat = known ?? this.#node.letIn(to, frame.fromPath, welcome, peer);
    if (seat === undefined || !this.#node.mayBind(seat, driver)) return NO_SESSION;
    if (seat.core.remote.length === 0) seat.core.update({ remote: frame.fromPath });
    driver.bind(seat, false);
    return seat.driver === driver ? seat : NO_SESSION;
  }

  // RFC 4975 §7.1.2, §7.3.2: never answered, and dropped without a sound when nothing fits.
  #reported(frame: RequestFrame): void {
    const to = frame.toPath[0];
    if (to === undefined || frame.toPath.length !== 1) return;
    const seat = this.#node.registry.find(to, behindRelay(frame.fromPath));
    if (seat?.driver !== this.#driver || frame.fault !== undefined) return;
    const matched = seat.core.reported(frame);
    const { pipeline } = this.#node;
    if (!pipeline.watched("report")) return;
    pipeline.emit("report", {
      session: seat.core.session,
      messageId: frame.messageId ?? "",
      status: frame.status?.status ?? 0,
      comment: frame.status?.comment,
      byteRange: frame.byteRange,
      matched,
    });
  }
}

// Peers behind a relay come over its one connection. Of those that come straight the first has the URI (RFC 4975 §5.4).
function behindRelay(fromPath: readonly MsrpUri[]): MsrpUri | undefined {
  return fromPath.length > 1 ? fromPath.at(-1) : undefined;
}
