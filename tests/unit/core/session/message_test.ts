// What an application does with a message: octets, text in its charset, JSON, streams.
// Each reading is tried in memory and, where it can stream, from a stream.
import { describe, expect, test } from "#test";
import { Message, type MessageInit } from "../../../../core/session/message.ts";
import { Completion } from "../../../../core/session/message_completion.ts";
import { HeaderList } from "../../../../core/wire/header_list.ts";
import { noSession } from "./_chunks.ts";

const headers = new HeaderList({ bytes: new Uint8Array(0), fieldsStart: 0, fieldsEnd: 0 });
const common = { messageId: "msg.1", contentType: "text/plain", headers, session: noSession };

function inMemory(body: Uint8Array, init: Partial<MessageInit> = {}): Message {
  return new Message({ ...common, mode: "memory", body, ...init });
}

function streamed(...pieces: readonly Uint8Array[]): Message {
  const stream = new ReadableStream<Uint8Array>({
    start(controller): void {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
  return new Message({ ...common, mode: "stream", stream, total: 9, completion: new Completion() });
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("Message", () => {
  test("in memory it is whole from the start", async () => {
    const message = inMemory(utf8("hello"), { total: 77 });
    expect([message.size, message.total, message.duplicate, message.mode]).toEqual([5, 5, false, "memory"]);
    expect(await message.completed).toBe(5);
    expect(await message.bytes()).toBe(message.body);
    expect(message.session).toBe(noSession);
  });

  test("a copy with other content keeps id, fields and session", async () => {
    const message = inMemory(utf8("hello"));
    const other = message.with({ body: "grüße", contentType: "text/x" });
    expect([other.messageId, other.contentType, other.size, other.mode]).toEqual([
      "msg.1",
      "text/x",
      7,
      "memory",
    ]);
    expect([await other.text(), await message.text()]).toEqual(["grüße", "hello"]);
    expect([other.headers, other.session]).toEqual([message.headers, message.session]);
    const renamed = message.with({ contentType: "text/y" });
    expect([renamed.contentType, await renamed.text()]).toEqual(["text/y", "hello"]);
    const upper = streamed(utf8("ab")).with({
      stream: new ReadableStream({
        start(to): void {
          to.enqueue(utf8("AB"));
          to.close();
        },
      }),
    });
    expect([upper.mode, upper.total, await upper.text()]).toEqual(["stream", 9, "AB"]);
  });

  test("while it streams it has no size, and the total is what was announced", () => {
    const message = streamed(utf8("hello"));
    expect([message.size, message.total]).toEqual([undefined, 9]);
    expect(() => message.body).toThrow('mode "stream"');
  });

  test("RFC 4975 §7.1.1: characters cut by a chunk border come out whole", async () => {
    const octets = utf8("na\u00efve \u20ac");
    const message = streamed(octets.subarray(0, 3), octets.subarray(3, 8), octets.subarray(8));
    expect(await message.text()).toBe("na\u00efve \u20ac");
  });

  test("text follows the charset of Content-Type", async () => {
    const latin = Uint8Array.of(0x63, 0x61, 0x66, 0xe9);
    expect(await inMemory(latin, { contentType: "text/plain;charset=ISO-8859-1" }).text()).toBe("caf\u00e9");
    expect(await inMemory(latin, { contentType: 'text/plain; charset="iso-8859-1"' }).text()).toBe(
      "caf\u00e9",
    );
    expect(await inMemory(latin).text()).toBe("caf\ufffd");
    expect(await inMemory(utf8("\u00e9"), { contentType: "text/plain;format=flowed" }).text()).toBe("\u00e9");
    expect(await inMemory(utf8("\u00e9"), { contentType: undefined }).text()).toBe("\u00e9");
    await expect(inMemory(latin, { contentType: "text/plain;charset=klingon" }).text()).rejects.toThrow(
      "klingon",
    );
  });

  test("a byte order mark stays in the octets and in the text (T11)", async () => {
    const octets = utf8("\ufeffBOM kept");
    expect(await inMemory(octets).text()).toBe("\ufeffBOM kept");
    expect((await inMemory(octets).bytes()).length).toBe(11);
  });

  test("json, with and without a byte order mark", async () => {
    expect(await inMemory(utf8('{"a":[1,2]}')).json()).toEqual({ a: [1, 2] });
    expect(await inMemory(utf8("\ufeff[true]")).json()).toEqual([true]);
    await expect(inMemory(utf8("{")).json()).rejects.toThrow();
  });

  test("bytes() of a stream stops at its limit", async () => {
    const pieces = [utf8("12345"), utf8("67890")];
    expect((await streamed(...pieces).bytes({ maxBytes: 10 })).length).toBe(10);
    await expect(streamed(...pieces).bytes({ maxBytes: 9 })).rejects.toMatchObject({
      code: "too-large",
      status: 413,
    });
    expect((await streamed().bytes()).length).toBe(0);
  });

  test("a message in memory can be read as a stream too", async () => {
    const reader = inMemory(utf8("hello")).stream().getReader();
    expect((await reader.read()).value).toEqual(utf8("hello"));
    expect((await reader.read()).done).toBe(true);
    expect((await inMemory(new Uint8Array(0)).stream().getReader().read()).done).toBe(true);
  });

  test("a duplicate has a size and no octets", () => {
    const message = new Message({ ...common, mode: "discarded", total: 5 });
    expect([message.duplicate, message.size, message.total]).toEqual([true, 5, 5]);
    expect(() => message.body).toThrow("discarded");
  });
});
