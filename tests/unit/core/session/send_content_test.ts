// What callers have in their hands: arrays of any kind, and open files of the runtimes.
import { describe, expect, test } from "#test";
import { bodyContent, octets } from "../../../../core/session/send_content.ts";
import type { SendContent } from "../../../../core/session/sent.ts";
import { pattern } from "../../../support/connections.ts";

describe("what can be sent", () => {
  test("all kinds of arrays are their octets, without a copy", () => {
    const bytes = pattern(16);
    const views = [
      bytes,
      bytes.buffer as ArrayBuffer,
      new DataView(bytes.buffer, 2, 5),
      new Uint16Array(bytes.buffer, 4, 3),
    ];
    expect(views.map((view) => [...(bodyContent(view) as Uint8Array)])).toEqual([
      [...bytes],
      [...bytes],
      [...bytes.subarray(2, 7)],
      [...bytes.subarray(4, 10)],
    ]);
    for (const view of views) expect((octets(view) as Uint8Array).buffer).toBe(bytes.buffer);
    expect(["text", 7, undefined, null].map(octets)).toEqual([undefined, undefined, undefined, undefined]);
  });

  test("streams, iterables, Blobs and text stay what they are", () => {
    const all: SendContent[] = [
      "text",
      new Blob(["x"]),
      new ReadableStream<Uint8Array>(),
      (async function* () {
        yield pattern(1);
      })(),
    ];
    expect(all.map((content) => bodyContent(content) === content)).toEqual([true, true, true, true]);
  });

  test("an open file is the stream of its octets, whichever runtime opened it", () => {
    const readable = new ReadableStream<Uint8Array>();
    const iterable = (async function* () {
      yield pattern(1);
    })();
    expect(bodyContent({ readable }) === readable).toBe(true);
    expect(bodyContent({ createReadStream: () => iterable }) === iterable).toBe(true);
    const nothing = { readable: true } as unknown as SendContent;
    expect(bodyContent(nothing) === nothing).toBe(true);
  });
});
