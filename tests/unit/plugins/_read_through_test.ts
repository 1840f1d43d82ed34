// A body with somebody who looks on: the same octets, the same end, the same errors.
// A reader that stops early stops the source too.
import { describe, expect, test } from "#test";
import { type PiecewiseBody, readThrough } from "../../../plugins/_read_through.ts";

async function all(body: PiecewiseBody) {
  const seen: number[] = [];
  let ended = 0;
  const read: number[] = [];
  let error: unknown;
  try {
    for await (const bytes of readThrough(
      body,
      (looked) => seen.push(...looked),
      () => void ended++,
    ))
      read.push(...bytes);
  } catch (thrown) {
    error = thrown;
  }
  return { seen, read, ended, error };
}

describe("readThrough()", () => {
  test("a Blob, a stream and an iterable are read octet for octet", async () => {
    const octets = new Uint8Array([1, 2, 3]);
    async function* pieces() {
      yield octets.subarray(0, 1);
      yield octets.subarray(1);
    }
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(octets);
        controller.close();
      },
    });
    for (const body of [new Blob([octets]), stream, pieces()])
      expect(await all(body)).toEqual({ seen: [1, 2, 3], read: [1, 2, 3], ended: 1, error: undefined });
  });

  test("an error of the source is the reader's, and nothing has ended", async () => {
    async function* pieces() {
      yield new Uint8Array([1]);
      throw new Error("cut");
    }
    const { seen, ended, error } = await all(pieces());
    expect([seen, ended, (error as Error).message]).toEqual([[1], 0, "cut"]);
  });

  test("a reader that stops cancels the stream", async () => {
    let cancelled = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1)),
      cancel: () => void cancelled++,
    });
    let ended = 0;
    for await (const _bytes of readThrough(
      stream,
      () => undefined,
      () => void ended++,
    ))
      break;
    expect([cancelled, ended]).toEqual([1, 0]);
  });
});
