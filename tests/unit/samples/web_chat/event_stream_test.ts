// Server-sent events as they come in pieces: events are whole, heartbeats are signs of life and nothing else.
// The pieces are cut at every octet in turn.
import { expect, test } from "#test";
import { readEvents } from "../../../../samples/web_chat/event_stream.ts";

function streamOf(...pieces: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
}

test("events come whole, wherever the stream is cut", async () => {
  const text = new TextEncoder().encode(
    ':\n\ndata: {"a":"ä"}\nid: 7\n\ndata: one\r\ndata: two\r\n\r\n: beat\n\ndata: cut off',
  );
  for (let cut = 0; cut <= text.length; cut++) {
    const events = [];
    for await (const event of readEvents(streamOf(text.slice(0, cut), text.slice(cut)))) events.push(event);
    expect(events).toEqual([
      { id: "7", data: '{"a":"ä"}' },
      { id: undefined, data: "one\ntwo" },
    ]);
  }
});

test("each piece is a sign of life", async () => {
  let lives = 0;
  const beat = new TextEncoder().encode(":\n\n");
  for await (const event of readEvents(streamOf(beat, beat, beat), () => lives++))
    expect(event).toBe(undefined);
  expect(lives).toBe(3);
});

test("a line without an end is not collected for ever", async () => {
  const long = streamOf(new Uint8Array(262_145).fill(120));
  let error: unknown;
  try {
    for await (const event of readEvents(long)) expect(event).toBe(undefined);
  } catch (caught) {
    error = caught;
  }
  expect(error instanceof RangeError).toBe(true);
});
