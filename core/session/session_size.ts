/**
 * Keeps messages within the peer's `max-size` (RFC 4975 §8.6). Known sizes are checked before anything is sent, streams
 * while they are read.
 */
import { LocalProtocolError } from "../errors.ts";
import type { BodyContent } from "./sent.ts";

/** A body that is within the limit, or fails once it is not. */
export interface LimitedBody {
  readonly body: BodyContent;
  readonly contentType: string;
  readonly total: number | undefined;
}

/** @throws {LocalProtocolError} `message-too-large`: the size is known and above the limit */
export function limitBody(
  content: BodyContent,
  contentType: string | undefined,
  total: number | undefined,
  maxBytes: number,
): LimitedBody {
  const type = contentType ?? defaultType(content);
  if (maxBytes === Number.POSITIVE_INFINITY) return { body: content, contentType: type, total };
  const body = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const size = body instanceof Uint8Array ? body.length : body instanceof Blob ? body.size : total;
  if (size !== undefined && size > maxBytes) throw tooLarge(size, maxBytes);
  if (size !== undefined) return { body, contentType: type, total };
  return {
    body: counted(body as ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>, maxBytes),
    contentType: type,
    total,
  };
}

function counted(
  body: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  maxBytes: number,
): ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> {
  return "getReader" in body ? countedStream(body, maxBytes) : countedPieces(body, maxBytes);
}

// Not a generator, whose end would wait for a read that is pending: a stream that stands still must be given up at once.
function countedStream(body: ReadableStream<Uint8Array>, maxBytes: number): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let size = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller): Promise<void> {
        const { done, value } = await reader.read();
        if (done) {
          controller.close();
          return;
        }
        size += value.byteLength;
        if (size > maxBytes) {
          const error = tooLarge(size, maxBytes);
          reader.cancel(error).catch(() => undefined);
          throw error;
        }
        controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

async function* countedPieces(body: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const piece of body) {
    size += piece.byteLength;
    if (size > maxBytes) throw tooLarge(size, maxBytes);
    yield piece;
  }
}

function tooLarge(size: number, maxBytes: number): LocalProtocolError {
  return new LocalProtocolError(
    "message-too-large",
    `Cannot send ${size} octets: the peer takes at most ${maxBytes}`,
  );
}

/** The Content-Type of a body that was given without one. */
export function defaultType(body: BodyContent): string {
  if (typeof body === "string") return "text/plain;charset=utf-8";
  return body instanceof Blob && body.type !== "" ? body.type : "application/octet-stream";
}
