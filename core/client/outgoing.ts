/**
 * A message that a client sends: in chunks that each are one message of the connection, as often as sessions replace one
 * another. What the peer has reported is not sent again; what it has not is, under the same Message-ID (RFC 4975 §5.4).
 */
import { DeliveryError, LocalProtocolError } from "../errors.ts";
import { type BodySource, bodySource } from "../session/body_source.ts";
import { RangeSet } from "../session/range_set.ts";
import { bodyContent } from "../session/send_content.ts";
import type { BodyContent, SendContent } from "../session/sent.ts";
import { defaultType } from "../session/session_size.ts";
import type { Flag } from "../wire/frame.ts";
import { createMessageId } from "../wire/ident.ts";
import { joinBytes } from "../wire/join_bytes.ts";
import { withoutBlanks } from "../wire/media_type.ts";
import { defaultComment } from "../wire/status.ts";
import type { Fields } from "./frame.ts";
import type { Answered, ClientLink, Sender } from "./link.ts";
import type { ClientSendOptions, ClientSent } from "./options.ts";

/** Where a message goes now, and whom it tells. */
export interface OutgoingHost {
  /** The connection of the session; undefined while it has none. */
  readonly link: ClientLink | undefined;
  /** Sends a chunk over it. */
  chunk(headers: Fields, body: Uint8Array, flag: Flag, answered: Answered): void;
  /** The peer or the way to it is gone: the session has to be made anew. */
  lost(status: number): void;
  /** The message needs nothing any more. */
  over(message: Outgoing): void;
}

/** Octets of a streamed body that are read ahead. */
const prefetchBytes = 262_144;
/** RFC 4975 §7.1.1: a longer chunk can be interrupted, so its end is not said before. */
const interruptibleBytes = 2048;
/** Nobody at the other end: 408 and 481 of relays and peers, 506 of a peer that knows another connection. */
const gone: ReadonlySet<number> = new Set([408, 481, 506]);

interface Settled {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: Error): void;
}

function settled(): Settled {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = resolve;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

/** One message. */
export class Outgoing implements ClientSent, Sender {
  readonly messageId: string;
  readonly total: number | undefined;
  readonly #host: OutgoingHost;
  readonly #content: BodyContent;
  readonly #options: ClientSendOptions;
  readonly #contentType: string;
  readonly #chunkBytes: number;
  /** Octet of the message, from 1, that the content begins at: what is before it was delivered earlier. */
  readonly #first: number;
  readonly #report: boolean;
  readonly #accepted = settled();
  readonly #delivered = settled();
  readonly #ok = new RangeSet();
  readonly #reported = new RangeSet();
  #source: BodySource | undefined;
  /** Octet, from 1, that the source begins at. */
  #base = 1;
  /** Chunks without an answer. */
  #open = 0;
  /** Counts sessions: answers to chunks of an earlier one say nothing of this one. */
  #round = 0;
  #last = false;
  #acceptedAll = false;
  #paused = false;
  #over = false;
  #aborting = false;

  constructor(content: SendContent, options: ClientSendOptions, chunkBytes: number, host: OutgoingHost) {
    const given = bodyContent(content);
    this.#content = typeof given === "string" ? new TextEncoder().encode(given) : given;
    this.#options = options;
    this.#host = host;
    this.#chunkBytes = chunkBytes;
    this.messageId = options.messageId ?? createMessageId();
    this.#contentType = withoutBlanks(options.contentType ?? defaultType(given));
    this.#report = options.successReport !== false;
    this.#first = options.start ?? 1;
    this.#reported.add(1, this.#first - 1);
    this.total = sizeOf(this.#content) ?? options.total;
    if (!this.#report)
      this.#delivered.reject(new LocalProtocolError("no-success-report", "No report was asked for"));
    options.signal?.addEventListener("abort", () => this.abort(options.signal?.reason), { once: true });
  }

  get accepted(): Promise<void> {
    return this.#accepted.promise;
  }
  get delivered(): Promise<void> {
    return this.#delivered.promise;
  }
  get paused(): boolean {
    return this.#paused;
  }
  get acceptedBytes(): number {
    return this.#ok.octets;
  }
  get deliveredBytes(): number {
    return this.#reported.octets - this.#first + 1;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.changed();
  }

  abort(reason?: unknown): void {
    if (this.#over || this.#acceptedAll) return;
    const text = "The message was aborted";
    const error = new DeliveryError("aborted", text, {
      status: 413,
      messageId: this.messageId,
      cause: reason,
    });
    const begun = (this.#source?.position ?? 0) > 0 && !this.#last;
    this.fail(error);
    if (!begun) return;
    this.#aborting = true;
    this.#host.link?.wake(this);
  }

  /**
   * The session has a way to the peer: sends what is missing.
   * @param kept the peer has what it has reported of this message; else all is sent again
   * @returns false: its octets cannot be read again
   */
  start(kept: boolean): boolean {
    if (this.#over) return true;
    const from = kept ? this.#reported.contiguousEnd + 1 : this.#first;
    this.#reported.truncate(from - 1);
    this.#ok.truncate(from - 1);
    this.#round++;
    this.#open = 0;
    this.#last = this.#aborting = this.#acceptedAll = false;
    // A stream goes on where it is as long as nothing of it was lost.
    if (this.#source === undefined || this.#source.position + this.#base !== from) {
      const size = sizeOf(this.#content);
      if (this.#source !== undefined && size === undefined) {
        this.fail(
          new DeliveryError("not-repeatable", "A stream cannot be read again", {
            status: 408,
            messageId: this.messageId,
          }),
        );
        return false;
      }
      this.#source?.cancel(undefined);
      const skip = from - this.#first;
      const rest = skip === 0 ? this.#content : (this.#content as Uint8Array & Blob).slice(skip);
      this.#source = bodySource(
        rest,
        size === undefined ? this.#options.total : undefined,
        prefetchBytes,
        this,
      );
    }
    this.#base = from - this.#source.position;
    this.changed();
    return true;
  }

  /** The source has more. */
  changed(): void {
    if (!this.#over && !this.#paused) this.#host.link?.wake(this);
  }

  /** The source failed. */
  failed(error: unknown): void {
    this.abort(error);
  }

  sendChunk(): boolean {
    const { link } = this.#host;
    if (link === undefined) return false;
    if (this.#aborting) {
      this.#aborting = false;
      const at = this.#base + (this.#source?.position ?? 0);
      this.#host.chunk(this.#fields(at, at - 1), new Uint8Array(0), "#", () => undefined);
      return false;
    }
    const source = this.#source;
    if (this.#over || this.#paused || this.#last || source === undefined) return false;
    const start = this.#base + source.position;
    const body = readUpTo(source, this.#chunkBytes);
    if (body === undefined) return false;
    const end = start + body.length - 1;
    this.#last = source.ended;
    this.#open++;
    link.unanswered += body.length;
    const round = this.#round;
    const begun = body.length > interruptibleBytes ? undefined : end;
    this.#host.chunk(this.#fields(start, begun), body, this.#last ? "$" : "+", (status, comment) => {
      link.unanswered -= body.length;
      if (round === this.#round && !this.#over) this.#answered(status, comment, start, end);
    });
    return !this.#last;
  }

  /** A success or failure REPORT of the peer, or of a relay (RFC 4975 §7.1.3). */
  report(status: number, start: number, end: number | undefined): void {
    if (status !== 200) {
      this.#refused(status, undefined);
      return;
    }
    this.#reported.add(start, Math.min(end ?? Number.MAX_SAFE_INTEGER, this.#sent()));
    this.#progress();
    if (!this.#last || !this.#reported.covers(1, this.#sent())) return;
    // Whoever has got all has also accepted all.
    this.#acceptedAll = true;
    this.#accepted.resolve();
    this.#delivered.resolve();
    this.#finish();
  }

  /** Gives it up. */
  fail(error: Error): void {
    if (this.#over) return;
    this.#accepted.reject(error);
    this.#delivered.reject(error);
    this.#finish();
    this.#source?.cancel(error);
  }

  #sent(): number {
    return this.#base + (this.#source?.position ?? 0) - 1;
  }

  #answered(status: number, comment: string | undefined, start: number, end: number): void {
    this.#open--;
    if (status === 0) return;
    if (status !== 200) {
      this.#refused(status, comment);
      return;
    }
    this.#ok.add(start, end);
    this.#progress();
    if (!this.#last || this.#open > 0) return;
    this.#acceptedAll = true;
    this.#accepted.resolve();
    if (!this.#report) this.#finish();
  }

  #refused(status: number, comment: string | undefined): void {
    // Kept, to be sent to whoever comes in its place.
    if (gone.has(status)) this.#host.lost(status);
    else {
      const text = `The message was refused: ${status} ${comment ?? defaultComment(status)}`;
      this.fail(new DeliveryError("refused", text, { status, comment, messageId: this.messageId }));
    }
  }

  #progress(): void {
    this.#options.onProgress?.(this.#ok.octets, this.total);
  }

  #finish(): void {
    this.#over = true;
    this.#host.over(this);
  }

  #fields(start: number, end: number | undefined): Fields {
    const { headers = [] } = this.#options;
    const total = this.#source?.total === undefined ? undefined : this.#base + this.#source.total - 1;
    const all = this.total === undefined ? total : this.#first + this.total - 1;
    return [
      ["Message-ID", this.messageId],
      ["Byte-Range", `${start}-${end ?? "*"}/${all ?? "*"}`],
      ...(this.#report ? [["Success-Report", "yes"] as const] : []),
      ...headers,
      ["Content-Type", this.#contentType],
    ];
  }
}

function sizeOf(content: BodyContent): number | undefined {
  return content instanceof Uint8Array ? content.length : content instanceof Blob ? content.size : undefined;
}

/** What is there, up to `max` octets: the pieces of streams rarely are as long as chunks. */
function readUpTo(source: BodySource, max: number): Uint8Array | undefined {
  // Of an empty body there is one read, although it has ended.
  const first = source.read(max);
  if (first === undefined) return undefined;
  const parts = [first];
  let { length } = first;
  while (length < max && !source.ended) {
    const part = source.read(max - length);
    if (part === undefined) break;
    parts.push(part);
    length += part.length;
  }
  return parts.length === 1 ? first : joinBytes(parts);
}
