// reassembly() in a node: its options, its limits as a sender meets them, and its modes.
// What each limit counts is tested with the inbox; here it is the way from option to response and REPORT.

import { describe, expect, test } from "#test";
import { settle } from "../../../adapters/memory.ts";
import type { Message, MessageSink } from "../../../core/mod.ts";
import { type ReassemblyOptions, reassembly } from "../../../plugins/reassembly.ts";
import { nodePair } from "./_pair.ts";

const octets = (length: number): Uint8Array => new Uint8Array(length).map((_, index) => (index * 13) % 256);

/** A source that gives its first octets and then waits until the test goes on. */
function stalling(
  first: Uint8Array,
  rest: Uint8Array,
): { source: ReadableStream<Uint8Array>; goOn: () => void } {
  let goOn = (): void => {};
  const source = new ReadableStream<Uint8Array>({
    start(controller): void {
      controller.enqueue(first);
      goOn = () => {
        controller.enqueue(rest);
        controller.close();
      };
    },
  });
  return { source, goOn: () => goOn() };
}

describe("reassembly()", () => {
  test("refuses options that are unknown or wrong", () => {
    expect(() => reassembly({ maxMessageBytes: -1 })).toThrow(
      'Cannot make plugin "reassembly": maxMessageBytes',
    );
    expect(() => reassembly({ mode: "file" } as unknown as ReassemblyOptions)).toThrow("mode");
    expect(() => reassembly({ maxMesageBytes: 1 } as ReassemblyOptions)).toThrow("maxMesageBytes");
    expect(reassembly({ maxRememberedIds: 0, totalTimeoutMs: Number.POSITIVE_INFINITY }).name).toBe(
      "reassembly",
    );
  });

  test("takes the assemble stage of a node", async () => {
    const pair = nodePair([reassembly()]);
    await pair.connect();
    expect(pair.receiver.describe()).toContain("reassembly");
    await pair.close();
  });

  test("RFC 4975 §10.5: a message above maxMessageBytes is refused with 413 [4975-10-413]", async () => {
    const pair = nodePair([reassembly({ maxMessageBytes: 5000 })]);
    const sizes: number[] = [];
    pair.receiver.onMessage((message) => void sizes.push(message.body.length));
    const session = await pair.connect();
    await session.send(octets(5000)).accepted;
    await expect(session.send(octets(5001)).accepted).rejects.toMatchObject({ status: 413 });
    expect(sizes).toEqual([5000]);
    await pair.close();
  });

  test("maxNodeIncompleteBytes is shared by the sessions of the node", async () => {
    const pair = nodePair([reassembly({ maxNodeIncompleteBytes: 10_000 })]);
    const one = await pair.connect();
    const two = await pair.connect();
    const stalled = stalling(octets(8000), octets(100));
    const first = one.send(stalled.source, { contentType: "application/x-test" });
    await settle();
    await expect(two.send(octets(100_000)).accepted).rejects.toMatchObject({ status: 413 });
    stalled.goOn();
    await first.accepted;
    await two.send(octets(9000)).accepted;
    await pair.close();
  });

  test('RFC 4975 §7.3.1: mode "stream" delivers with the first chunk [4975-7.3.1-12]', async () => {
    const pair = nodePair([reassembly({ mode: "stream" })]);
    const messages: Message[] = [];
    const bodies: Promise<Uint8Array>[] = [];
    pair.receiver.onMessage((message) => {
      messages.push(message);
      bodies.push(message.bytes());
    });
    const session = await pair.connect();
    const stalled = stalling(octets(100_000), octets(500_000));
    const sent = session.send(stalled.source, { contentType: "application/x-test", successReport: true });
    await settle();
    expect(messages.map(({ mode, size }) => [mode, size])).toEqual([["stream", undefined]]);
    stalled.goOn();
    await sent.delivered;
    const expected = new Uint8Array(600_000);
    expected.set(octets(100_000));
    expected.set(octets(500_000), 100_000);
    expect(await bodies[0]).toEqual(expected);
    expect(messages[0]?.size).toBe(600_000);
    await pair.close();
  });

  test("a reader that is behind holds its sender back, and nothing is lost", async () => {
    const pair = nodePair([reassembly({ mode: "stream", windowBytes: 10_000 })]);
    const readers: ReadableStreamDefaultReader<Uint8Array>[] = [];
    pair.receiver.onMessage(
      (message) => void readers.push(message.stream().getReader() as (typeof readers)[0]),
    );
    const session = await pair.connect();
    let sentOctets = 0;
    const sent = session.send(octets(3_000_000), {
      contentType: "application/x-test",
      onProgress: (octetsSent) => {
        sentOctets = octetsSent;
      },
    });
    await settle(2000);
    expect(sentOctets).toBeLessThan(2_500_000);
    let read = 0;
    for (let next = await readers[0]?.read(); next?.done === false; next = await readers[0]?.read())
      read += next.value.length;
    expect(read).toBe(3_000_000);
    await sent.accepted;
    await pair.close();
  });

  test("onMessageStart chooses for each message, over mode", async () => {
    const written = new Uint8Array(70_000);
    const sink: MessageSink = {
      write: (position, bytes) => written.set(bytes, position),
      close() {},
      abort() {},
    };
    const pair = nodePair([
      reassembly({
        mode: "stream",
        onMessageStart({ contentType, total }) {
          if (contentType === "image/png") return { reject: 415 };
          return (total ?? 0) > 50_000 ? { sink } : "memory";
        },
      }),
    ]);
    const modes: string[] = [];
    pair.receiver.onMessage((message) => void modes.push(`${message.mode} ${message.size}`));
    const session = await pair.connect();
    await session.send("hello").accepted;
    await session.send(octets(70_000)).accepted;
    await expect(session.send(octets(10), { contentType: "image/png" }).accepted).rejects.toMatchObject({
      status: 415,
    });
    expect(modes).toEqual(["memory 5", "sink 70000"]);
    expect(written).toEqual(octets(70_000));
    await pair.close();
  });

  test("RFC 4975 §7.1.4: a message given up after its chunks were answered fails by REPORT [4975-7.1.4-02]", async () => {
    const pair = nodePair([reassembly({ idleTimeoutMs: 20_000 })]);
    const reports: unknown[] = [];
    pair.sender.tap("report", ({ status, byteRange }) => void reports.push([status, byteRange]));
    const session = await pair.connect();
    // Twelve octets announced, six sent: what follows never comes.
    const sent = session.send(stalling(octets(6000), octets(0)).source, {
      contentType: "a/b",
      total: 12_000,
    });
    const failed = sent.accepted.catch((error: unknown) => error);
    await settle();
    await pair.clock.advance(28_000);
    expect(await failed).toMatchObject({ status: 413 });
    expect(reports.length).toBe(1);
    expect((reports[0] as [number])[0]).toBe(413);
    await pair.close();
  });

  test("RFC 4975 §5.4: a duplicate is accepted and reported, and shown once [4975-5.4-18] [4975-5.4-19]", async () => {
    const pair = nodePair([reassembly()]);
    const texts: Promise<string>[] = [];
    pair.receiver.onMessage((message) => void texts.push(message.text()));
    const session = await pair.connect();
    for (let copy = 0; copy < 2; copy++) {
      const sent = session.send("only once", { messageId: "same.id.1", successReport: true });
      await sent.accepted;
      await sent.delivered;
    }
    expect(await Promise.all(texts)).toEqual(["only once"]);
    await pair.close();
  });
});
