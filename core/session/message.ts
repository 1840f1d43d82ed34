/**
 * A message as an application gets it: the complete MIME content that a peer sent in one or more chunks, whichever way
 * it was received. In memory its octets are there at once; as a stream they come in order while chunks still arrive; in a
 * sink they are where the sink put them.
 */
import { DeliveryError, LocalProtocolError, RemoteProtocolError } from "../errors.ts";
import type { HeaderList } from "../wire/header_list.ts";
import { joinBytes } from "../wire/join_bytes.ts";
import { parseMediaType } from "../wire/media_type.ts";
import type { Completion } from "./message_completion.ts";
import type { Session } from "./session.ts";

/** Where the octets of a message are: `"discarded"` is a duplicate, whose octets were delivered before. */
export type MessageMode = "memory" | "stream" | "sink" | "discarded";

/** What a message is made of; the inbox makes messages, and tests may. */
export interface MessageInit {
  readonly messageId: string;
  readonly contentType: string | undefined;
  readonly headers: HeaderList;
  readonly session: Session;
  readonly mode: MessageMode;
  /** Octets of the whole message as announced in the first chunk; undefined = unknown. */
  readonly total?: number | undefined;
  /** The octets, in memory mode. */
  readonly body?: Uint8Array | undefined;
  /** The octets as they come, in stream mode. */
  readonly stream?: ReadableStream<Uint8Array> | undefined;
  /** Tells when the message is whole; without one it is whole now, with `body.length` or `total` octets. */
  readonly completion?: Completion | undefined;
}

/** A received message. */
export class Message {
  /** Message-ID: the same for all chunks, unique within the session (RFC 4975 §7.1.1). */
  readonly messageId: string;
  /** Content-Type as the first chunk gave it, with its parameters. */
  readonly contentType: string | undefined;
  /** Header fields of the first chunk after From-Path, in order. */
  readonly headers: HeaderList;
  /** The session that it came in. */
  readonly session: Session;
  /** Where its octets are. */
  readonly mode: MessageMode;
  readonly #total: number | undefined;
  readonly #body: Uint8Array | undefined;
  readonly #stream: ReadableStream<Uint8Array> | undefined;
  /** Undefined for a message that was whole when it was made: nearly every one. */
  readonly #completion: Completion | undefined;

  constructor(init: MessageInit) {
    this.messageId = init.messageId;
    this.contentType = init.contentType;
    this.headers = init.headers;
    this.session = init.session;
    this.mode = init.mode;
    this.#total = init.total;
    this.#body = init.body;
    this.#stream = init.stream;
    this.#completion = init.completion;
  }

  /**
   * A copy with other content, for a middleware that rewrites: `c.message = c.message.with({ body })`. Message-ID, header
   * fields and session stay; what the sender is told of the message is about what was received.
   */
  with(content: {
    /** Octets in place of what was received; text becomes UTF-8. */
    readonly body?: Uint8Array | string;
    /** A stream in place of the one of a message that streams; it has to end, or to fail, as that one does. */
    readonly stream?: ReadableStream<Uint8Array>;
    /** @default as it was */
    readonly contentType?: string;
  }): Message {
    const { messageId, headers, session } = this;
    const contentType = content.contentType ?? this.contentType;
    const given = typeof content.body === "string" ? new TextEncoder().encode(content.body) : content.body;
    const kept = { messageId, contentType, headers, session };
    if (given !== undefined) return new Message({ ...kept, mode: "memory", body: given });
    const stream = content.stream ?? this.#stream;
    const mode = content.stream === undefined ? this.mode : "stream";
    const completion = this.#completion;
    return new Message({ ...kept, mode, total: this.#total, body: this.#body, stream, completion });
  }

  /** True when a message of this Message-ID was delivered before (RFC 4975 §5.4); nodes do not deliver it again. */
  get duplicate(): boolean {
    return this.mode === "discarded";
  }

  /** Octets of the whole message: what was received once it is whole, before that what was announced, or undefined. */
  get total(): number | undefined {
    return this.size ?? this.#total;
  }

  /** Octets of the message once it is whole; undefined while it is still arriving. */
  get size(): number | undefined {
    if (this.#completion !== undefined) return this.#completion.size;
    return this.#body?.length ?? this.#total ?? 0;
  }

  /**
   * Resolves with the number of octets when the message is whole. Rejects with a `DeliveryError` when it is aborted or
   * given up; that rejection may be left unobserved.
   */
  get completed(): Promise<number> {
    return this.#completion?.promise ?? Promise.resolve(this.size as number);
  }

  /**
   * The octets, in memory mode.
   *
   * @throws {LocalProtocolError} code `"body-not-in-memory"`: it streams, or went into a sink
   */
  get body(): Uint8Array {
    if (this.#body !== undefined) return this.#body;
    throw new LocalProtocolError(
      "body-not-in-memory",
      `Cannot give the body of a message in mode "${this.mode}"`,
    );
  }

  /**
   * The octets as a stream, in order. In stream mode there is one stream, which may be read once and while chunks still
   * arrive; it fails with a `DeliveryError` when the message is aborted, refused or given up.
   *
   * @throws {LocalProtocolError} code `"body-not-in-memory"`: it went into a sink
   */
  stream(): ReadableStream<Uint8Array> {
    if (this.#stream !== undefined) return this.#stream;
    const body = this.body;
    return new ReadableStream<Uint8Array>({
      start(controller): void {
        if (body.length > 0) controller.enqueue(body);
        controller.close();
      },
    });
  }

  /**
   * All octets; reads the stream to its end in stream mode.
   *
   * @param options `maxBytes`: stops a stream that is longer. @default 16777216
   * @throws {DeliveryError} code `"too-large"`, status 413: the stream is longer than `maxBytes`
   */
  async bytes(options?: { maxBytes?: number }): Promise<Uint8Array> {
    if (this.#body !== undefined) return this.#body;
    const limit = options?.maxBytes ?? 16_777_216;
    const pieces: Uint8Array[] = [];
    let length = 0;
    const reader = this.stream().getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      length += next.value.length;
      if (length > limit) {
        const error = new DeliveryError("too-large", `Cannot hold a message of more than ${limit} octets`, {
          status: 413,
          messageId: this.messageId,
        });
        await reader.cancel(error);
        throw error;
      }
      pieces.push(next.value);
    }
    const only = pieces[0];
    if (only !== undefined && pieces.length === 1) return only;
    return joinBytes(pieces);
  }

  /**
   * The content as text, in the charset of Content-Type, UTF-8 when it names none. Octets that are no text in it become
   * U+FFFD. A byte order mark stays, as U+FEFF: it is part of what was sent.
   *
   * @throws {RemoteProtocolError} code `"charset-unsupported"`, status 415: the runtime does not know the charset
   */
  async text(): Promise<string> {
    const decoder = decoderFor(this.contentType);
    return decoder.decode(await this.bytes());
  }

  /**
   * The content as JSON, always UTF-8 (RFC 8259 §8.1), with or without a byte order mark.
   *
   * @throws {SyntaxError} it is no JSON
   */
  async json(): Promise<unknown> {
    return JSON.parse(new TextDecoder("utf-8").decode(await this.bytes()));
  }
}

// Nearly every message is UTF-8 text, and making a decoder costs more than a short message does.
const utf8: TextDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

function decoderFor(contentType: string | undefined): TextDecoder {
  if (contentType === undefined || !contentType.includes(";")) return utf8;
  const charset = parseMediaType(contentType)?.parameters.get("charset") ?? "utf-8";
  if (/^utf-?8$/i.test(charset)) return utf8;
  try {
    return new TextDecoder(charset as ConstructorParameters<typeof TextDecoder>[0], { ignoreBOM: true });
  } catch (cause) {
    throw new RemoteProtocolError("charset-unsupported", `Cannot decode charset "${charset}"`, {
      status: 415,
      cause,
    });
  }
}
