/**
 * A body that is read as it would be, while somebody looks on: octet for octet the same, with its end and its errors. Who
 * looks on costs the reader nothing but a call.
 */

/** What is read in pieces. */
export type PiecewiseBody = Blob | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * @param look gets each piece; it may not keep or change it
 * @param ended the last piece has been looked at, and its last octet waits for the promise; not called when the reader, or
 *   the body, stops before. What it throws is the reader's error
 */
export async function* readThrough(
  body: PiecewiseBody,
  look: (bytes: Uint8Array) => void,
  ended: () => void | Promise<void>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let held: Uint8Array | undefined;
  for await (const bytes of piecesOf(body)) {
    if (bytes.length === 0) continue;
    look(bytes);
    // Who knows how many octets there are does not wait for the end.
    if (held !== undefined) yield held;
    held = bytes.slice(-1);
    if (bytes.length > 1) yield bytes.subarray(0, -1);
  }
  await ended();
  if (held !== undefined) yield held;
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
