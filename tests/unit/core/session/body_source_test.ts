// Sources of octets: memory, Blobs, streams and iterables; the octet held back, the window, and sources that misbehave.
// Reading is synchronous, so a test waits for `changed` and then reads what there is.
import { describe, expect, test } from "#test";
import { type BodySource, bodySource } from "../../../../core/session/body_source.ts";
import type { BodyContent } from "../../../../core/session/sent.ts";
import { concat, pattern, text } from "../../../support/connections.ts";
import { deferred } from "../../../support/outbox_pair.ts";

class Events {
  failure: unknown;
  #wake = deferred();
  changed(): void {
    this.#wake.resolve();
    this.#wake = deferred();
  }
  failed(error: unknown): void {
    this.failure = error;
    this.changed();
  }
  next(): Promise<void> {
    return this.#wake.promise;
  }
}

async function readAll(source: BodySource, events: Events, max = 1000): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  while (!source.ended && events.failure === undefined) {
    const change = events.next();
    const piece = source.read(max);
    if (piece === undefined) await change;
    else pieces.push(piece);
  }
  return pieces;
}

function open(content: BodyContent, total?: number, window = 4096): { source: BodySource; events: Events } {
  const events = new Events();
  return { source: bodySource(content, total, window, events), events };
}

async function* iterate(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield piece;
}

describe("a body in memory", () => {
  test("is read in views of at most the size asked for", () => {
    const bytes = pattern(10);
    const { source } = open(bytes);
    expect([source.total, source.ended, source.streaming]).toEqual([10, false, false]);
    expect([source.read(4), source.position]).toEqual([bytes.subarray(0, 4), 4]);
    expect([source.read(100)?.length, source.ended, source.position]).toEqual([6, true, 10]);
    expect(source.read(4)?.buffer).toBe(bytes.buffer);
  });

  test("counts octets of UTF-8, not characters", () => {
    const { source } = open("Grüße");
    expect([source.total, source.read(100)]).toEqual([7, text("Grüße")]);
  });

  test("of length zero is given once, and is the end", () => {
    const { source } = open("");
    expect([source.total, source.read(10)?.length, source.ended]).toEqual([0, 0, true]);
  });

  test("must be as long as announced", () => {
    expect(() => open("abc", 4)).toThrow("Cannot send 3 octets as a body of 4");
    expect(() => open(new Blob(["abc"]), 4)).toThrow("body of 4");
    expect(() => open("abc", -1)).toThrow(RangeError);
  });

  test("anything else is a TypeError", () => {
    for (const bad of [undefined, 5, {}, [1, 2]]) expect(() => open(bad as never)).toThrow(TypeError);
  });
});

describe("a body that arrives", () => {
  test("RFC 4975 §7.1: the last octet is held back until the end is known", async () => {
    const gate = deferred();
    const { source, events } = open(
      (async function* () {
        yield pattern(5);
        await gate.promise;
      })(),
    );
    const change = events.next();
    expect(source.read(100)).toBe(undefined);
    await change;
    expect([source.read(100)?.length, source.read(100), source.total]).toEqual([4, undefined, undefined]);
    const end = events.next();
    gate.resolve();
    await end;
    expect([source.total, source.ended, source.read(100)?.length, source.ended]).toEqual([5, false, 1, true]);
  });

  test("every kind of source gives its octets in order", async () => {
    const bytes = pattern(20_000);
    const parts = [0, 3000, 3001, 12_000, 20_000].map((end, i, ends) => bytes.slice(ends[i - 1] ?? 0, end));
    const stream = () =>
      new ReadableStream<Uint8Array>({
        start(controller) {
          for (const part of parts) controller.enqueue(part);
          controller.close();
        },
      });
    for (const content of [new Blob([bytes]), stream(), iterate(parts)]) {
      const { source, events } = open(content);
      expect(concat(await readAll(source, events))).toEqual(bytes);
      expect([source.total, events.failure, source.streaming]).toEqual([20_000, undefined, true]);
    }
  });

  test("a Blob knows its size from the start", () => {
    expect(open(new Blob(["abc"])).source.total).toBe(3);
  });

  test("an empty stream is an empty body", async () => {
    const { source, events } = open(iterate([]));
    const pieces = await readAll(source, events);
    expect([pieces.length, source.ended, source.total]).toEqual([0, true, 0]);
    expect(source.read(10)?.length).toBe(0);
  });

  test("no more is pulled than the window asks for", async () => {
    let pulled = 0;
    const { source, events } = open(
      (async function* () {
        for (;;) {
          pulled++;
          yield new Uint8Array(1000);
        }
      })(),
      undefined,
      4000,
    );
    const change = events.next();
    source.read(1);
    await change;
    for (let n = 0; n < 50; n++) await Promise.resolve();
    expect(pulled).toBe(4);
    while (source.read(1000) !== undefined);
    for (let n = 0; n < 50; n++) await Promise.resolve();
    // One octet is held back, and four pieces of a thousand fill the window above it.
    expect(pulled).toBe(8);
    source.cancel(undefined);
  });

  test("nothing is pulled before the first read", async () => {
    let pulled = false;
    open(
      (async function* () {
        pulled = true;
        yield pattern(1);
      })(),
    );
    for (let n = 0; n < 20; n++) await Promise.resolve();
    expect(pulled).toBe(false);
  });

  test("more or fewer octets than announced are a failure, found before the last octet is given", async () => {
    for (const announced of [9, 11]) {
      const { source, events } = open(iterate([pattern(5), pattern(5)]), announced);
      const pieces = await readAll(source, events);
      expect(concat(pieces).length).toBeLessThan(10);
      expect((events.failure as Error).message).toContain(`as a body of ${announced}`);
    }
  });

  test("a source that throws, or gives something else than octets, is a failure", async () => {
    const broken = (async function* () {
      yield pattern(5);
      throw new Error("disk on fire");
    })();
    const first = open(broken);
    await readAll(first.source, first.events);
    expect((first.events.failure as Error).message).toBe("disk on fire");
    const second = open(iterate(["text" as unknown as Uint8Array]));
    await readAll(second.source, second.events);
    expect(second.events.failure).toBeInstanceOf(TypeError);
  });

  test("cancel reaches the source with its reason, and silences it", async () => {
    const reason = new Error("enough");
    const cancelled = deferred<unknown>();
    const { source, events } = open(
      new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(pattern(10)),
        cancel: (why) => cancelled.resolve(why),
      }),
    );
    const change = events.next();
    source.read(1);
    await change;
    source.cancel(reason);
    source.cancel(reason);
    expect(await cancelled.promise).toBe(reason);
    expect([source.read(10), source.ended, events.failure]).toEqual([undefined, false, undefined]);

    const returned = deferred<string>();
    const iterable = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<Uint8Array>>(() => undefined),
        return: () => {
          returned.resolve("returned");
          return Promise.reject(new Error("refuses to end"));
        },
      }),
    };
    const other = open(iterable);
    other.source.read(1);
    other.source.cancel(undefined);
    expect(await returned.promise).toBe("returned");
  });

  test("a stream that somebody else reads is the caller's mistake", () => {
    const stream = new ReadableStream<Uint8Array>();
    stream.getReader();
    expect(() => open(stream)).toThrow(TypeError);
  });
});
