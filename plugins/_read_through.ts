/**
 * A body that is read as it would be, while somebody looks on: octet for octet the same, with its end and its errors. Who
 * looks on costs the reader nothing but a call.
 */

/** What is read in pieces. */
export type PiecewiseBody = Blob | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * @param look gets each piece; it may not keep or change it
 * @param ended the last piece has been read; not called when the reader, or the body, stops before
 */
export async function* readThrough(
  body: PiecewiseBody,
  look: (bytes: Uint8Array) => void,
  ended: () => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const bytes of piecesOf(body)) {
    look(bytes);
    yield bytes;
  }
  ended();
}

function piecesOf(body: PiecewiseBody): AsyncIterable<Uint8Array> {
  if (Symbol.asyncIterator in body) return body as AsyncIterable<Uint8Array>;
  return read("stream" in body ? (body.stream() as ReadableStream<Uint8Array>) : body);
}

// Not every browser can iterate over a stream.
async function* read(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = stream.getReader();
  let whole = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      whole = done;
      if (done) return;
      yield value;
    }
  } finally {
    if (!whole) await reader.cancel().catch(() => undefined);
  }
}
