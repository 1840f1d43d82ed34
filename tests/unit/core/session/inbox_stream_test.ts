// Messages that are read while they arrive: order, back-pressure, the end, and every way not to end.
// The reader's side is a plain ReadableStream reader.
import { describe, expect, test } from "#test";
import { Inbox } from "../../../../core/session/inbox.ts";
import { InboxBudget } from "../../../../core/session/inbox_budget.ts";
import type { InboxOptions } from "../../../../core/session/inbox_options.ts";
import type { Message } from "../../../../core/session/message.ts";
import { type Chunk, give, noSession } from "./_chunks.ts";

const streaming = (options: InboxOptions = {}, budget?: InboxBudget): Inbox =>
  new Inbox(noSession, { onMessageStart: () => "stream", ...options }, budget);

const part = (start: number, body: string, flag: Chunk["flag"] = "+"): Chunk => ({
  range: `${start}-*/*`,
  body,
  flag,
});

function begin(inbox: Inbox, chunk: Chunk): Message {
  const { outcome, message } = give(inbox, chunk);
  expect(outcome).toBe("begun");
  return message as Message;
}

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

describe("StreamBody", () => {
  test("RFC 4975 §7.3.1: a message is delivered with its first chunk and read as it comes [4975-7.3.1-12]", async () => {
    const inbox = streaming();
    const message = begin(inbox, part(1, "twelve"));
    expect(message.mode).toBe("stream");
    expect(message.size).toBe(undefined);
    const reader = message.stream().getReader();
    expect(text((await reader.read()).value)).toBe("twelve");
    const next = reader.read();
    const last = give(inbox, part(7, " bytes", "$"));
    expect(last.outcome).toBe("complete");
    expect(last.message).toBe(message);
    expect(text((await next).value)).toBe(" bytes");
    expect((await reader.read()).done).toBe(true);
    expect(message.size).toBe(12);
    expect(await message.completed).toBe(12);
    expect(inbox.heldBytes).toBe(0);
  });

  test("a message in one chunk has begun and is whole at once", async () => {
    const message = begin(streaming(), {});
    expect(message.size).toBe(5);
    expect(await message.text()).toBe("hello");
  });

  test("an empty message is a stream without octets", async () => {
    const message = begin(streaming(), { body: "" });
    expect(message.size).toBe(0);
    expect((await message.bytes()).length).toBe(0);
  });

  test("RFC 4975 §7.3.1: what comes too early is held back until the gap closes [4975-7.3.1-05]", async () => {
    const inbox = streaming();
    const message = begin(inbox, part(7, " bytes", "$"));
    expect(inbox.heldBytes).toBe(6);
    give(inbox, part(4, "lve"));
    const all = message.text();
    expect(give(inbox, part(1, "twe")).outcome).toBe("complete");
    expect(await all).toBe("twelve bytes");
    expect(inbox.heldBytes).toBe(0);
  });

  test("RFC 4975 §7.3.1: what was read is not taken back, what was not read is overwritten", async () => {
    const inbox = streaming();
    const message = begin(inbox, part(1, "AAAA"));
    const reader = message.stream().getReader();
    expect(text((await reader.read()).value)).toBe("AAAA");
    give(inbox, part(5, "BBBB"));
    give(inbox, part(1, "CCCCCC"));
    give(inbox, part(1, "DD"));
    give(inbox, part(9, "E", "$"));
    expect(text((await reader.read()).value)).toBe("CCBBE");
    expect((await reader.read()).done).toBe(true);
  });

  test("RFC 4975 §7.3.1: $ cuts off what lies behind the total it defines", async () => {
    const inbox = streaming();
    const message = begin(inbox, part(1, "twelve bytes and more"));
    expect(give(inbox, part(7, " bytes", "$")).outcome).toBe("complete");
    expect(await message.text()).toBe("twelve bytes");
    expect(inbox.heldBytes).toBe(0);
  });

  test("windowBytes: the session is paused above it and resumed at half of it", async () => {
    const inbox = streaming({ windowBytes: 10 });
    let resumed = 0;
    inbox.onResume = () => void resumed++;
    const message = begin(inbox, part(1, "0123456789"));
    expect(inbox.paused).toBe(false);
    give(inbox, part(11, "x"));
    expect(inbox.paused).toBe(true);
    const reader = message.stream().getReader();
    await reader.read();
    expect(inbox.paused).toBe(false);
    expect(resumed).toBe(1);
    // Octets behind a gap do not pause, or the chunk that closes the gap could never come.
    give(inbox, part(100, "0123456789abcdef"));
    expect(inbox.paused).toBe(false);
  });

  test("one stream of several is enough to pause the session", async () => {
    const inbox = streaming({ windowBytes: 4 });
    const one = begin(inbox, { id: "first.1", ...part(1, "hello") });
    const two = begin(inbox, { id: "second.1", ...part(1, "hello") });
    await one.stream().getReader().read();
    expect(inbox.paused).toBe(true);
    await two.stream().cancel();
    expect(inbox.paused).toBe(false);
  });

  test("RFC 4975 §10.5: a reader that cancels gets the further chunks refused with 413 [4975-10-413]", async () => {
    const budget = new InboxBudget();
    const inbox = streaming({ windowBytes: 4 }, budget);
    const message = begin(inbox, part(1, "hello"));
    await message.stream().cancel("seen enough");
    expect(inbox.paused).toBe(false);
    expect(budget.used).toBe(0);
    const refusal = give(inbox, part(6, "world", "$"));
    expect([refusal.outcome, refusal.status, refusal.comment]).toEqual([
      "refused",
      413,
      "Message Not Wanted",
    ]);
    await expect(message.completed).rejects.toThrow("refused");
  });

  test("cancelling a stream of which everything came is no refusal", async () => {
    const inbox = streaming();
    const message = begin(inbox, part(1, "hello", "$"));
    await message.stream().cancel();
    expect(inbox.heldBytes).toBe(0);
    expect(inbox.finished("msg.1")?.fate).toBe("complete");
  });

  test("RFC 4975 §7.1: # fails the stream, also what was not read yet [4975-7.1-15]", async () => {
    const inbox = streaming();
    const message = begin(inbox, part(1, "hello"));
    expect(give(inbox, part(6, "", "#")).outcome).toBe("aborted");
    await expect(message.stream().getReader().read()).rejects.toThrow("aborted by its sender");
    await expect(message.completed).rejects.toThrow("aborted by its sender");
    expect(inbox.heldBytes).toBe(0);
  });

  test("a stream whose octets stay away fails in time; one that is read stays", async () => {
    const inbox = streaming({ idleTimeoutMs: 1000 });
    const message = begin(inbox, part(1, "hello"));
    const reader = message.stream().getReader();
    await reader.read();
    expect(inbox.wake(1000)).toEqual([]);
    expect(inbox.deadline).toBe(2000);
    const waiting = reader.read();
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    expect(inbox.wake(1500)).toEqual([]);
    expect(inbox.wake(2000)).toEqual([]);
    expect(inbox.wake(3000).length).toBe(1);
    await expect(waiting).rejects.toThrow("1000 ms");
  });

  test("a whole stream that nobody reads holds the session back for idleTimeoutMs, no longer", async () => {
    const inbox = streaming({ idleTimeoutMs: 1000, windowBytes: 2 });
    let resumed = 0;
    inbox.onResume = () => void resumed++;
    const message = begin(inbox, part(1, "hello", "$"));
    expect([message.size, inbox.paused, inbox.deadline]).toEqual([5, true, 1000]);
    expect(inbox.wake(1000)).toEqual([]);
    expect([inbox.paused, resumed, inbox.heldBytes]).toEqual([false, 1, 0]);
    await expect(message.bytes()).rejects.toThrow("nobody took it");
  });

  test("what comes too early is bounded by maxIncompleteBytes", () => {
    const inbox = streaming({ maxIncompleteBytes: 8 });
    begin(inbox, part(10, "12345678"));
    expect(give(inbox, part(30, "9")).status).toBe(413);
    expect(inbox.heldBytes).toBe(0);
  });

  test("a long message passes through in flat memory", async () => {
    const inbox = streaming({ windowBytes: 65_536 });
    const piece = new Uint8Array(2048).map((_, index) => index % 256);
    let most = 0;
    let read = 0;
    let next: () => Promise<Uint8Array | undefined> = async () => undefined;
    for (let index = 0; index < 2000; index++) {
      const start = index * piece.length + 1;
      const flag = index === 1999 ? "$" : "+";
      const { message } = give(inbox, { range: `${start}-*/*`, body: piece, flag });
      if (index === 0) {
        const reader = (message as Message).stream().getReader();
        next = async () => (await reader.read()).value;
      }
      most = Math.max(most, inbox.heldBytes);
      while (inbox.paused) read += (await next())?.length ?? 0;
    }
    for (let piece = await next(); piece !== undefined; piece = await next()) read += piece.length;
    expect(read).toBe(2000 * piece.length);
    expect(most).toBeLessThan(65_536 + 2 * piece.length);
    expect(inbox.heldBytes).toBe(0);
  });
});
