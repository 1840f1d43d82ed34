/**
 * A message that a client receives: its octets by their positions, whichever chunks and sessions they came in
 * (RFC 4975 §7.3.1). Long ones are kept as Blobs, which browsers hold outside of the page's memory.
 */
import { DeliveryError } from "../errors.ts";
import type { Fields } from "./frame.ts";

interface Segment {
  readonly start: number;
  readonly end: number;
  readonly data: Uint8Array<ArrayBuffer> | Blob;
}

/** Octets in memory that are worth a Blob of their own. */
const blobBytes = 1_048_576;
/** Pieces in memory that are worth to be joined. */
const maxPieces = 64;
/** Separate pieces of one message; who makes more holes than that is refused. */
const maxSegments = 1024;

/** A message on its way in, or here. */
export class Incoming {
  readonly messageId: string;
  /** As the first chunk gave it. */
  readonly contentType: string;
  /** Header fields of the first chunk. */
  readonly headers: Fields;
  /** Resolves when all of it is here. Rejects with a `DeliveryError` when it is aborted, refused or given up; may be left alone. */
  readonly completed: Promise<void>;
  /** Called when octets have come, with how many there are. */
  onProgress: ((receivedBytes: number, totalBytes: number | undefined) => void) | undefined;
  #total: number | undefined;
  #received = 0;
  #whole = false;
  #refusal = 0;
  #segments: Segment[] = [];
  #complete: () => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;

  constructor(messageId: string, contentType: string, headers: Fields) {
    this.messageId = messageId;
    this.contentType = contentType;
    this.headers = headers;
    this.completed = new Promise((resolve, reject) => {
      this.#complete = resolve;
      this.#fail = reject;
    });
    this.completed.catch(() => undefined);
  }

  /** Octets of the whole message, once they are known. */
  get total(): number | undefined {
    return this.#total;
  }

  /** Octets that are here. */
  get receivedBytes(): number {
    return this.#received;
  }

  /** True when all of it is here. */
  get whole(): boolean {
    return this.#whole;
  }

  /** Status that its next chunks are answered with; 0 = it is taken. */
  get refusal(): number {
    return this.#refusal;
  }

  /** Octets from the first on without a gap. */
  get contiguous(): number {
    let end = 0;
    for (const segment of this.#segments) {
      if (segment.start !== end + 1) break;
      end = segment.end;
    }
    return end;
  }

  /** Takes no more of it: the peer is told to stop sending (413). */
  refuse(status = 413): void {
    if (this.#whole || this.#refusal !== 0) return;
    this.#refusal = status;
    this.drop("refused", status);
  }

  /** Its octets, as far as they are here. */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const [only] = this.#segments;
    if (this.#segments.length === 1 && only?.data instanceof Uint8Array) return only.data;
    return new Uint8Array(await this.blob().arrayBuffer());
  }

  /** Its octets as UTF-8. */
  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  /** Its octets as a Blob of its type: for object URLs and downloads. */
  blob(): Blob {
    const parts = this.#segments.map(({ data }) => data);
    return new Blob(parts, { type: this.contentType });
  }

  /** Adds a chunk; what came last counts (RFC 4975 §7.3.1). */
  add(start: number, body: Uint8Array, total: number | undefined, last: boolean): void {
    const end = start + body.length - 1;
    if (body.length > 0) this.#insert({ start, end, data: new Uint8Array(body) });
    if (last) this.#total = end;
    else this.#total ??= total;
    if (this.#segments.length > maxSegments) {
      this.refuse();
      return;
    }
    this.onProgress?.(this.#received, this.#total);
    if (this.#received !== this.#total) return;
    this.#whole = true;
    this.#complete();
  }

  /** Gives it up. */
  drop(code: string, status: number): void {
    this.#segments = [];
    this.#received = 0;
    const { messageId } = this;
    this.#fail(new DeliveryError(code, `The message will not be complete: ${code}`, { status, messageId }));
  }

  #insert(added: Segment): void {
    const segments = this.#segments;
    const { start, end } = added;
    const before = segments.at(-1);
    if (before === undefined || before.end < start) {
      segments.push(added);
      this.#received += end - start + 1;
      this.#compact();
      return;
    }
    const others = segments.flatMap((one) => [part(one, one.start, start - 1), part(one, end + 1, one.end)]);
    this.#segments = [...others.filter((one) => one !== undefined), added].sort((a, b) => a.start - b.start);
    this.#received = this.#segments.reduce((sum, one) => sum + one.end - one.start + 1, 0);
  }

  // Pieces at the end become one Blob when they are many octets.
  #compact(): void {
    let from = this.#segments.length;
    let bytes = 0;
    let next = this.#segments.at(-1)?.end ?? 0;
    for (; from > 0; from--) {
      const { data, start, end } = this.#segments[from - 1] as Segment;
      if (data instanceof Blob || end !== next) break;
      bytes += data.length;
      next = start - 1;
    }
    if (bytes < blobBytes && this.#segments.length - from < maxPieces) return;
    const tail = this.#segments.splice(from);
    const data = bytes < blobBytes ? joined(tail, bytes) : new Blob(tail.map((one) => one.data));
    this.#segments.push({ start: (tail[0] as Segment).start, end: (tail.at(-1) as Segment).end, data });
  }
}

function joined(segments: readonly Segment[], bytes: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(bytes);
  const first = segments[0] as Segment;
  for (const { start, data } of segments) all.set(data as Uint8Array, start - first.start);
  return all;
}

function part(segment: Segment, from: number, to: number): Segment | undefined {
  const start = Math.max(from, segment.start);
  const end = Math.min(to, segment.end);
  if (end < start) return undefined;
  const { data } = segment;
  return { start, end, data: data.slice(start - segment.start, end - segment.start + 1) as Segment["data"] };
}
