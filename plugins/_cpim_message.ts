/**
 * A received message/cpim as applications see it: who sent it and what is inside. Works for messages in memory and for
 * those that stream, of which only the head is read ahead.
 */
import { LocalProtocolError, type Message, type MessageContext } from "../core/mod.ts";
import type { CpimHead } from "./_cpim_head.ts";
import { CpimReader, cpimContent, parseCpim } from "./_cpim_parse.ts";
import type { CpimAddress, CpimReadOptions, CpimSubject } from "./_cpim_types.ts";
import { decodeTransfer, mimeWord, textDecoder } from "./_mime_head.ts";

/** A view of a received CPIM message (RFC 3862). */
export class CpimMessage {
  /** The message with its wrapper. */
  readonly message: Message;
  /** Every header, also those that this class has no name for. */
  readonly head: CpimHead;

  /** @internal */
  constructor(message: Message, head: CpimHead) {
    this.message = message;
    this.head = head;
  }

  /** Who says that it sent it: a claim of the peer, not a proof. */
  get from(): CpimAddress | undefined {
    return this.head.from;
  }

  get to(): readonly CpimAddress[] {
    return this.head.to;
  }

  get cc(): readonly CpimAddress[] {
    return this.head.cc;
  }

  /** DateTime as written. */
  get dateTime(): string | undefined {
    return this.head.dateTime;
  }

  /** DateTime as a moment. */
  get date(): Date | undefined {
    return this.head.date;
  }

  get subject(): string | undefined {
    return this.head.subject;
  }

  get subjects(): readonly CpimSubject[] {
    return this.head.subjects;
  }

  /** Content-Type of what is inside. */
  get contentType(): string {
    return this.head.contentType;
  }

  /**
   * The content, octet for octet as it stands in the message.
   *
   * @throws {LocalProtocolError} code `"body-not-in-memory"`: the message streams
   */
  get body(): Uint8Array {
    return this.message.body.subarray(this.head.contentStart);
  }

  /**
   * The content with its Content-Transfer-Encoding undone; reads a stream to its end.
   *
   * @param options `maxBytes`: stops a stream that is longer. @default 16777216
   * @throws {DeliveryError} `"too-large"`, or what ended the message early
   */
  async bytes(options?: { maxBytes?: number }): Promise<Uint8Array> {
    const octets = await this.message.bytes(options);
    return cpimContent(this.head, octets.subarray(this.head.contentStart));
  }

  /** The content as text, in the charset of its Content-Type. */
  async text(): Promise<string> {
    return textDecoder(this.contentType).decode(await this.bytes());
  }

  /**
   * The content as a stream, as it stands in the message. A message that streams can be read once.
   *
   * @throws {LocalProtocolError} code `"transfer-encoding"`: it is base64 or quoted-printable; take `bytes()`
   */
  stream(): ReadableStream<Uint8Array> {
    const encoding = mimeWord(this.head.mimeHeader("content-transfer-encoding"));
    if (encoding === "base64" || encoding === "quoted-printable") {
      throw new LocalProtocolError(
        "transfer-encoding",
        `Cannot stream a content in ${encoding}: take bytes()`,
      );
    }
    return skip(this.message.stream(), this.head.contentStart);
  }

  /** The content as a message of its own: with the Message-ID and header fields of the wrapper, and its own Content-Type. */
  unwrap(): Message {
    const { message, contentType } = this;
    if (message.mode === "memory") {
      const encoding = this.head.mimeHeader("content-transfer-encoding");
      return message.with({ contentType, body: decodeTransfer(encoding, this.body) ?? this.body });
    }
    return message.with({ contentType, stream: this.stream() });
  }
}

// What the plugins of one node have read, each message once; it goes with the message.
const views: WeakMap<Message, CpimMessage> = new WeakMap();

/** The view of a message, when a plugin has read it: `cpim()`, `imdn()` or `isComposing()`. */
export function cpimOf(message: Message): CpimMessage | undefined {
  return views.get(message);
}

// As long as nobody unwraps, what has another type has no view, and need not be looked up.
let someUnwrapped = false;

/** Lets another message stand for the same view: one that was unwrapped. */
export function sameView(message: Message, view: CpimMessage): void {
  someUnwrapped = true;
  views.set(message, view);
}

/** True for the Content-Type of CPIM, in whatever letters. */
export function isCpim(contentType: string | undefined): boolean {
  return contentType !== undefined && mimeWord(contentType) === "message/cpim";
}

/**
 * The view of what a middleware has before it, read when nobody has yet; undefined for what is no CPIM or not at hand. A
 * message that streams is handed on with a stream that begins anew.
 *
 * @throws {RemoteProtocolError} as `parseCpim`
 */
export function viewOf(
  c: MessageContext,
  options: CpimReadOptions,
): CpimMessage | undefined | Promise<CpimMessage> {
  const { message } = c;
  const wrapped = isCpim(message.contentType);
  if (!wrapped && !someUnwrapped) return undefined;
  const known = views.get(message);
  if (known !== undefined || !wrapped) return known;
  if (message.mode === "memory") {
    const view = new CpimMessage(message, parseCpim(message.body, options).head);
    views.set(message, view);
    return view;
  }
  return message.mode === "stream" ? readAhead(c, options) : undefined;
}

async function readAhead(c: MessageContext, options: CpimReadOptions): Promise<CpimMessage> {
  const source = c.message.stream().getReader();
  const reader = new CpimReader(options);
  try {
    while (reader.head === undefined) {
      const { done, value } = await source.read();
      if (done) reader.end();
      else reader.push(value);
    }
  } catch (error) {
    await source.cancel(error).catch(() => undefined);
    throw error;
  }
  // An empty piece would leave whoever reads waiting for good.
  const held = [reader.headOctets, reader.rest].filter(({ length }) => length > 0);
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller): Promise<void> {
        let octets = held.shift();
        while (octets === undefined || octets.length === 0) {
          const { done, value } = await source.read();
          if (done) return controller.close();
          octets = value;
        }
        controller.enqueue(octets);
      },
      cancel: (reason) => source.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  c.message = c.message.with({ stream });
  const view = new CpimMessage(c.message, reader.head as CpimHead);
  views.set(c.message, view);
  return view;
}

// The stream without its first octets.
function skip(stream: ReadableStream<Uint8Array>, count: number): ReadableStream<Uint8Array> {
  const source = stream.getReader();
  let left = count;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller): Promise<void> {
        for (;;) {
          const { done, value } = await source.read();
          if (done) return controller.close();
          if (value.length <= left) left -= value.length;
          else {
            controller.enqueue(value.subarray(left));
            left = 0;
            return;
          }
        }
      },
      cancel: (reason) => source.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
