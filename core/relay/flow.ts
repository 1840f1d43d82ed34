/**
 * One way through the relay: everything that comes over one connection with the same To-Path and From-Path. It passes
 * frames on as they come, slice by slice, lets a bounded part wait when the next hop is slow, and reports what failed.
 *
 * Each slice goes out as a chunk of its own, under its own transaction id (RFC 4976 §6.4.1 permits any cut). So nothing is
 * ever half written on a connection that others share, a chunk of any length costs the same memory, and whatever waits to
 * be written gets its turn between two slices.
 */
import type { ForwardLink } from "../node/forwarding.ts";
import type { HeaderFields } from "../node/verdict.ts";
import { exactRange } from "../session/reporter.ts";
import { formatByteRange } from "../wire/byte_range.ts";
import { encodePaths, type ForwardedRequest } from "../wire/encoder.ts";
import type { RequestFrame, ResponseFrame } from "../wire/frame.ts";
import { interruptibleBytes } from "../wire/outgoing.ts";
import { formatStatus } from "../wire/status.ts";
import type { MsrpUri } from "../wire/uri.ts";
import { AnswerWindow } from "./answer_window.ts";
import type { Dial } from "./dial.ts";
import { FlowQueue, type QueuedFrame } from "./flow_queue.ts";
import type { RelayHop } from "./hop.ts";
import type { RelayCore } from "./relay_core.ts";
import { RelayedRequest, RelayedSend, SourceChunk } from "./relayed_request.ts";
import type { Route } from "./route.ts";

/** What comes of a frame at once: 200, or the status to refuse it with. */
type Outcome = number;

// A sender that was told to stop is not asked to be quick about it, but a few of its messages are enough to remember; and
// few are under way in one session at a time.
const maxRememberedIds = 16;
/** So many octets of one way go out before another one's that waits for the same connection. */
const turnBytes = 16_384;
// RFC 4975 §7.1.1: nobody cuts below 2048 octets but to let something else pass; so far below is nobody's habit.
const tinyBytes = 256;

/** One way. */
export class Flow {
  readonly route: Route;
  readonly source: RelayHop;
  readonly #relay: RelayCore;
  /** From-Path as received: where responses and reports go. */
  readonly origin: readonly MsrpUri[];
  readonly #addressed: readonly MsrpUri[];
  readonly #ownPath: readonly MsrpUri[];
  readonly #change: ForwardedRequest;
  readonly #acknowledgement: Uint8Array;
  readonly #queue: FlowQueue;
  readonly #window: AnswerWindow;
  #target: RelayHop | undefined;
  #dial: Dial | undefined;
  #chunk: SourceChunk | undefined; // of the SEND that comes in slices
  #refusedIds: Map<string, number> | undefined;
  #unfinished: Set<string> | undefined; // Message-IDs of which a part has come
  #counted = false; // among those that share its source

  constructor(
    relay: RelayCore,
    source: RelayHop,
    route: Route,
    addressed: MsrpUri,
    origin: readonly MsrpUri[],
  ) {
    this.#relay = relay;
    this.source = source;
    this.route = route;
    this.origin = origin;
    this.#addressed = [addressed];
    this.#ownPath = route.fromPath.slice(0, route.bindings.length).reverse();
    this.#change = { paths: encodePaths(route.toPath, route.fromPath) };
    // RFC 4975 §7.2: a SEND is answered one hop back.
    this.#acknowledgement = encodePaths(origin.slice(0, 1), this.#addressed);
    this.#queue = new FlowQueue(this, source, relay);
    this.#window = new AnswerWindow(relay);
  }

  /** Whether the URIs that it uses still hold. */
  valid(now: number): boolean {
    for (const binding of this.route.bindings) if (!binding.valid(now)) return false;
    return true;
  }

  /** A message has begun that has not ended, or something waits. */
  get underWay(): boolean {
    return this.waiting || (this.#unfinished?.size ?? 0) > 0;
  }

  /** Octets and frames that wait. */
  get waiting(): boolean {
    return this.#queue.size > 0;
  }

  /** Takes a SEND, or a slice of one; returns 200 or the status to refuse it with. */
  send(frame: RequestFrame, now: number): Outcome {
    if (!this.#counted) {
      this.#counted = true;
      this.source.sharing.incoming++;
    }
    let status = frame.first ? this.#begin(frame, now) : 200;
    if (status === 200) status = this.#take(frame, now);
    if (status === 200) status = this.#pass(frame);
    if (frame.flag === "+" && status === 200) {
      if (frame.first) this.#begun(frame.messageId ?? "");
    } else if (this.#unfinished?.delete(frame.messageId ?? "") && this.#unfinished.size === 0) this.leave();
    return status;
  }

  #begun(messageId: string): void {
    this.#unfinished ??= new Set();
    this.#unfinished.add(messageId);
    const [oldest] = this.#unfinished;
    if (this.#unfinished.size > maxRememberedIds && oldest !== undefined) this.#unfinished.delete(oldest);
    for (const binding of this.route.bindings) {
      binding.underWay ??= new Set();
      binding.underWay.add(this);
    }
  }

  /** No message on it will be ended any more. */
  leave(): void {
    this.#unfinished?.clear();
    for (const binding of this.route.bindings) binding.underWay?.delete(this);
  }

  /** The relay knows it no more. */
  forget(): void {
    this.leave();
    if (this.#counted) this.source.sharing.incoming--;
    this.#counted = false;
    this.#window.close();
  }

  /** Answers a SEND that was accepted, when its time has come. */
  acknowledge(transactionId: string): void {
    if (!this.#queue.owes(transactionId)) this.accept(transactionId);
  }

  /** Answers a SEND that was accepted. */
  accept(transactionId: string): void {
    this.source.link.acknowledge(transactionId, this.#acknowledgement);
  }

  #begin(frame: RequestFrame, now: number): Outcome {
    this.#chunk = frame.last ? undefined : new SourceChunk();
    if (this.#queue.refuses) return 413;
    // SEC-32: what has begun may end; nothing else begins.
    const begun = this.source.halfRead || this.#unfinished?.has(frame.messageId ?? "") === true;
    if (this.#relay.draining && !begun) {
      // A 481 ends the whole session, with what is under way in either direction.
      return this.route.bindings.some(({ underWay }) => (underWay?.size ?? 0) > 0) ? 403 : 481;
    }
    // SEC-13: a head, an answer and perhaps a REPORT for next to nothing.
    if (frame.flag === "+" && frame.last && frame.bodyLength < tinyBytes) {
      const [addressed] = this.route.bindings;
      if (addressed?.takeTiny(this.#relay.limits.maxTinyChunksPerSecond, now) === false) {
        this.source.wasted();
        return 413;
      }
    }
    // SEC-35: the next hop has refused this message already.
    return this.#refusedIds?.get(frame.messageId ?? "") ?? 200;
  }

  /** What sessions and users may send in a second. */
  #take(frame: RequestFrame, now: number): Outcome {
    if (!this.#relay.metered) return 200;
    for (const { chunks, bytes, user } of this.route.bindings) {
      if (!chunks.take(1, now) || !user.chunks.take(1, now)) return 403;
      const { bodyLength } = frame;
      if (!bytes.take(bodyLength, now) || !user.bytes.take(bodyLength, now)) return 413;
    }
    return 200;
  }

  #pass(frame: RequestFrame): Outcome {
    const target = this.#target;
    if (this.#queue.size === 0 && target?.busy === false && this.#window.admits(target)) {
      this.#write(target, frame, this.#chunk);
      return 200;
    }
    if (target === undefined || !target.link.open) {
      const status = this.#find();
      // RFC 4975 §10.4: 408 is for reports; the SEND itself did arrive.
      if (status === 408) this.#failed({ frame, chunk: this.#chunk }, 408);
      if (status !== 200) return status === 408 ? 200 : status;
      if (this.#queue.size === 0 && this.#target?.busy === false && this.#window.admits(this.#target)) {
        this.#write(this.#target, frame, this.#chunk);
        return 200;
      }
    }
    if (!this.#queue.add(frame, this.#chunk)) return 413;
    this.#join();
    return 200;
  }

  /** The next hop has answered a SEND with a Failure-Report of "yes", or never will. */
  answered(counted: number): void {
    this.#window.answered(counted);
    if (this.#queue.size === 0 || this.#target === undefined) return;
    if (this.#target.link.open) this.#target.wait(this);
    else this.fail(408);
  }

  /** Looks for the next hop: a connection that is there, one that is being opened, or a new one. */
  #find(): Outcome {
    const found = this.#relay.nextHop(this.route);
    if (typeof found === "number") return found;
    this.#target = this.#dial = undefined;
    if ("link" in found) this.#target = found;
    else this.#dial = found;
    return 200;
  }

  #join(): void {
    if (this.#target !== undefined) this.#target.wait(this);
    else this.#dial?.wait(this);
  }

  /** The connection that it waits for is there, or is not to be had. */
  dialled(target: RelayHop | undefined): void {
    this.#dial = undefined;
    this.#target = target;
    if (target === undefined) this.fail(408);
    else if (this.#queue.size > 0) {
      target.wait(this);
      target.link.touch();
    }
  }

  /** Passes on what waits, for one turn; true when more waits. */
  proceed(target: RelayHop): boolean {
    this.#window.await(undefined);
    if (target !== this.#target) return false;
    for (let octets = 0; octets < turnBytes && this.#window.admits(target); ) {
      const entry = this.#queue.next();
      if (entry === undefined) return false;
      const { frame, chunk } = entry;
      octets += frame.bodyLength + 256;
      if (frame.method !== "SEND") {
        if (this.#control(target, frame) !== 200) this.#failed(entry, 408);
      } else {
        // SEC-35: it was taken before the next hop refused the message.
        const refused = this.#refusedIds?.get(frame.messageId ?? "");
        if (refused === undefined) this.#write(target, frame, chunk);
        else this.#failed(entry, refused);
      }
      frame.recycle();
    }
    if (this.#queue.size === 0) return false;
    if (!target.link.mayForward || this.#window.admits(target)) return true;
    this.#window.await(target); // an answer brings it back
    return false;
  }

  /** What waits will not go out. */
  fail(status: number): void {
    this.#window.await(undefined);
    for (let entry = this.#queue.next(); entry !== undefined; entry = this.#queue.next()) {
      this.#failed(entry, status);
      entry.frame.recycle();
    }
  }

  #failed({ frame, chunk }: QueuedFrame, status: number): void {
    if (frame.method === "SEND") {
      if (frame.failureReport !== "no") this.#owner(frame, chunk).failed(status);
    } else if (frame.method !== "REPORT") this.refuseLate(frame.transactionId, status);
  }

  #write(target: RelayHop, frame: RequestFrame, chunk: SourceChunk | undefined): void {
    const owner = frame.failureReport === "no" ? undefined : this.#owner(frame, chunk);
    target.lastUsedAt = this.source.link.lastReceivedAt;
    this.#window.use(target);
    try {
      target.link.forward(frame, this.#changeOf(frame), owner);
      if (target.shared && frame.failureReport === "yes") this.#window.wrote(owner as RelayedSend);
    } catch {
      owner?.failed(408); // it closed under our hands
    }
  }

  #owner(frame: RequestFrame, chunk: SourceChunk | undefined): RelayedSend {
    const range = frame.byteRange;
    const start = range?.start ?? 1;
    return new RelayedSend(this, frame.messageId ?? "", start, frame.bodyLength, range?.total, chunk);
  }

  // RFC 4976 §6.4.1: the Byte-Range says what the chunk carries; RFC 4975 §7.1.1: above 2048 octets its end is "*".
  #changeOf(frame: RequestFrame): ForwardedRequest {
    const whole = frame.first && frame.last;
    const long = frame.bodyLength > interruptibleBytes;
    if (whole && !long) return this.#change;
    const { byteRange } = frame;
    if (whole && (byteRange === undefined || byteRange.end === undefined)) return this.#change;
    const exact = exactRange(byteRange?.start ?? 1, byteRange, frame.bodyLength);
    if (!long) return { ...this.#change, range: formatByteRange(exact) };
    const { end: _, ...open } = exact;
    return { ...this.#change, range: formatByteRange(open) };
  }

  /** Passes on a request of another method; returns 200 or the status to refuse it with. */
  control(frame: RequestFrame): Outcome {
    if (this.#target === undefined || !this.#target.link.open) {
      const status = this.#find();
      if (status !== 200) return status;
    }
    if (this.#target !== undefined) return this.#control(this.#target, frame);
    if (!this.#queue.add(frame, undefined)) return 408;
    this.#join();
    return 200;
  }

  #control(target: RelayHop, frame: RequestFrame): Outcome {
    const { method, transactionId, headers } = frame;
    const owner =
      method === "REPORT"
        ? undefined
        : new RelayedRequest(this, transactionId, method === "AUTH" && headers.has("Authorization"));
    try {
      target.link.forward(frame, this.#change, owner);
    } catch {
      return 408;
    }
    return 200;
  }

  /** RFC 4976 §6.4.3: carries a response back the way its request came. */
  answer(transactionId: string, frame: ResponseFrame, credentials: boolean): void {
    const { toPath, status } = frame;
    const { fromPath } = this.route;
    if (toPath.length !== fromPath.length || !toPath.every((uri, index) => fromPath[index]?.equals(uri)))
      return;
    this.source.link.respond({
      transactionId,
      status,
      comment: frame.comment,
      toPath: this.origin,
      fromPath: [...this.#ownPath, ...frame.fromPath],
      headers: [...frame.headers],
    });
    if (!credentials || status !== 401 || isStale(frame.headers)) return;
    this.source.authFailed();
    this.source.endGuessing();
  }

  /** A request that was taken cannot be passed on after all. */
  refuseLate(transactionId: string, status: number): void {
    const { origin: toPath } = this;
    this.source.link.respond({ transactionId, status, toPath, fromPath: this.#addressed });
  }

  /** A plugin has refused a SEND after its 200. */
  reportLate(frame: RequestFrame, status: number): void {
    this.#failed({ frame, chunk: undefined }, status);
  }

  /** RFC 4976 §6.4.1: the 200 is out, so a REPORT tells the sender that a SEND has failed. */
  report(sent: RelayedSend, status: number): void {
    if (status !== 408) this.#remember(sent.messageId, status);
    // SEC-15: only back over the connection that the SEND came on, or another one to the same relay.
    const back = this.source.link.open ? this.source : this.#relay.relayHop(this.source.relayNames);
    back?.untold.add({ flow: this, sent, status });
  }

  /** Writes the report. */
  tell(link: ForwardLink, sent: RelayedSend, status: number): void {
    const { start, length, total, messageId } = sent;
    const range = { start, end: start + length - 1, ...(total === undefined ? {} : { total }) };
    const headers: HeaderFields = [
      ["Message-ID", messageId],
      ["Byte-Range", formatByteRange(range)],
      ["Status", formatStatus(status)],
    ];
    link.request({ method: "REPORT", toPath: this.origin, fromPath: this.#ownPath, headers });
  }

  #remember(messageId: string, status: number): void {
    this.#refusedIds ??= new Map();
    this.#refusedIds.set(messageId, status);
    const [oldest] = this.#refusedIds.keys();
    if (this.#refusedIds.size > maxRememberedIds && oldest !== undefined) this.#refusedIds.delete(oldest);
  }
}

function isStale(headers: Iterable<readonly [string, string]>): boolean {
  for (const [name, value] of headers) {
    if (name.toLowerCase() === "www-authenticate" && /\bstale="?true\b/i.test(value)) return true;
  }
  return false;
}
