/**
 * Where the octets of an outgoing message come from: memory, or a stream that is read a window ahead of the connection.
 * A stream's last octet is held back until its end is known, so that the chunk flagged `$` is never empty (RFC 4975 §7.1).
 */
import { LocalProtocolError } from "../errors.ts";
import { encodeText } from "../wire/text.ts";
import { octets } from "./send_content.ts";
import type { BodyContent } from "./sent.ts";

/** Octets in order, read synchronously. */
export interface BodySource {
  /** All octets, or undefined as long as nobody knows. */
  readonly total: number | undefined;
  /** Octets read so far. */
  readonly position: number;
  /** Everything was read. */
  readonly ended: boolean;
  /** Reads ahead, and so occupies memory and the source while it is in progress. */
  readonly streaming: boolean;
  /** Takes up to `max` octets; undefined: none now, `changed` tells when. Of length zero only for an empty body. */
  read(max: number): Uint8Array | undefined;
  /** Lets go of the source; nothing is called back after it. */
  cancel(reason: unknown): void;
}

/** Whom a streaming source calls. */
export interface BodySourceEvents {
  /** `read` gave nothing, and would give something now, or the end is known. */
  changed(): void;
  /** The source failed, or gave more or fewer octets than announced. */
  failed(error: unknown): void;
}

/** What a stream is read through. */
interface Puller {
  next(): Promise<{ done?: boolean | undefined; value?: Uint8Array | undefined }>;
  cancel(reason: unknown): unknown;
}

/**
 * Makes a source of whatever can be sent.
 * @param total octets announced by the caller, for sources that do not know
 * @param windowBytes octets read ahead of the connection
 * @throws TypeError for anything else, and for a stream that somebody else reads already
 * @throws LocalProtocolError "body-length" when octets in memory are not as many as announced
 */
export function bodySource(
  content: BodyContent,
  total: number | undefined,
  windowBytes: number,
  events: BodySourceEvents,
): BodySource {
  if (total !== undefined && !(Number.isSafeInteger(total) && total >= 0)) {
    throw new RangeError(`Cannot send a body of ${total} octets`);
  }
  if (typeof content === "string") return memory(encodeText(content), total);
  if (content instanceof Uint8Array) return memory(content, total);
  if (content instanceof Blob) {
    if (total !== undefined && total !== content.size) throw lengthError(total, content.size);
    return new StreamBody(blobPuller(content), content.size, windowBytes, events);
  }
  if (typeof (content as ReadableStream<Uint8Array> | undefined)?.getReader === "function") {
    return new StreamBody(streamPuller(content as ReadableStream<Uint8Array>), total, windowBytes, events);
  }
  if (typeof (content as AsyncIterable<Uint8Array> | undefined)?.[Symbol.asyncIterator] === "function") {
    return new StreamBody(iterablePuller(content as AsyncIterable<Uint8Array>), total, windowBytes, events);
  }
  throw new TypeError(
    "Cannot send this body: not a string, Uint8Array, Blob, ReadableStream or AsyncIterable",
  );
}

function memory(bytes: Uint8Array, total: number | undefined): BodySource {
  if (total !== undefined && total !== bytes.length) throw lengthError(total, bytes.length);
  return new MemoryBody(bytes);
}

/** Octets that are all there. */
class MemoryBody implements BodySource {
  readonly total: number;
  readonly streaming: boolean = false;
  #bytes: Uint8Array;
  position = 0;
  ended = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.total = bytes.length;
  }

  read(max: number): Uint8Array {
    const { position, total } = this;
    const end = Math.min(total, position + max);
    this.position = end;
    this.ended = end === total;
    return position === 0 && end === total ? this.#bytes : this.#bytes.subarray(position, end);
  }

  cancel(): void {
    this.#bytes = new Uint8Array(0);
  }
}

/** Octets that arrive: pieces are pulled until `window` octets are ahead of the reader. */
class StreamBody implements BodySource {
  readonly streaming: boolean = true;
  readonly #puller: Puller;
  readonly #announced: number | undefined;
  readonly #window: number;
  readonly #events: BodySourceEvents;
  #pieces: Uint8Array[] = [];
  #ahead = 0;
  #filling = false;
  #starved = false;
  #state: "open" | "done" | "cancelled" = "open";
  position = 0;

  constructor(puller: Puller, announced: number | undefined, window: number, events: BodySourceEvents) {
    this.#puller = puller;
    this.#announced = announced;
    this.#window = window;
    this.#events = events;
  }

  get total(): number | undefined {
    return this.#state === "done" ? this.position + this.#ahead : this.#announced;
  }

  get ended(): boolean {
    return this.#state === "done" && this.#ahead === 0;
  }

  read(max: number): Uint8Array | undefined {
    const { ended } = this;
    if (ended && this.position === 0) return new Uint8Array(0);
    const piece = this.#pieces[0];
    const available = this.#state === "done" ? this.#ahead : this.#ahead - 1;
    if (piece === undefined || available <= 0) {
      this.#starved = !ended;
      this.#fill();
      return undefined;
    }
    const length = Math.min(max, available, piece.length);
    if (length === piece.length) this.#pieces.shift();
    else this.#pieces[0] = piece.subarray(length);
    this.#ahead -= length;
    this.position += length;
    if (this.#ahead <= this.#window / 2) this.#fill();
    return length === piece.length ? piece : piece.subarray(0, length);
  }

  cancel(reason: unknown): void {
    if (this.#state !== "open") return;
    this.#state = "cancelled";
    this.#pieces = [];
    this.#ahead = 0;
    // A source that refuses to be cancelled must not bring the process down.
    Promise.resolve()
      .then(() => this.#puller.cancel(reason))
      .catch(() => undefined);
  }

  #fill(): void {
    if (this.#filling || this.#state !== "open" || this.#ahead >= this.#window) return;
    this.#filling = true;
    this.#pull().catch((error: unknown) => {
      if (this.#state !== "open") return;
      this.cancel(error);
      this.#events.failed(error);
    });
  }

  async #pull(): Promise<void> {
    while (this.#state === "open" && this.#ahead < this.#window) {
      const { done, value } = await this.#puller.next();
      if (this.#state !== "open") return;
      if (done === true) this.#finish();
      else this.#append(value);
      if (this.#starved && (this.#state !== "open" || this.#ahead > 1)) {
        this.#starved = false;
        this.#events.changed();
      }
    }
    // Not in a `then`: a read between the last octet and that would find nobody to ask for more.
    this.#filling = false;
  }

  #append(value: unknown): void {
    const piece = octets(value);
    if (piece === undefined) {
      throw new TypeError("Cannot send this body: its source gave something else than octets");
    }
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#ahead += piece.length;
    const length = this.position + this.#ahead;
    if (this.#announced !== undefined && length > this.#announced) throw lengthError(this.#announced, length);
  }

  #finish(): void {
    const length = this.position + this.#ahead;
    if (this.#announced !== undefined && length !== this.#announced)
      throw lengthError(this.#announced, length);
    this.#state = "done";
  }
}

// Opened by the first read: a queue of files holds none of them open, and one that is gone fails its message, not the caller.
function blobPuller(blob: Blob): Puller {
  let puller: Puller | undefined;
  return {
    next: () => {
      puller ??= streamPuller(blob.stream());
      return puller.next();
    },
    cancel: (reason) => puller?.cancel(reason),
  };
}

function streamPuller(stream: ReadableStream<Uint8Array>): Puller {
  const reader = stream.getReader();
  return { next: () => reader.read(), cancel: (reason) => reader.cancel(reason) };
}

function iterablePuller(iterable: AsyncIterable<Uint8Array>): Puller {
  const iterator = iterable[Symbol.asyncIterator]();
  return { next: () => iterator.next(), cancel: () => iterator.return?.() };
}

function lengthError(announced: number, given: number): LocalProtocolError {
  return new LocalProtocolError("body-length", `Cannot send ${given} octets as a body of ${announced}`);
}
