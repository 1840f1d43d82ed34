// The inbox as an assembler: which verdict answers which chunk, for messages in memory, in streams and in sinks.
// The stages behind it are a function of the test.
import { describe, expect, test } from "#test";
import type { ChunkContext } from "../../../../core/node/context.ts";
import { InboxAssembler } from "../../../../core/node/inbox_assembler.ts";
import { ACCEPTED, type MaybeVerdict, Verdict } from "../../../../core/node/verdict.ts";
import { InboxBudget } from "../../../../core/session/inbox_budget.ts";
import type { InboxOptions, MessageSink } from "../../../../core/session/inbox_options.ts";
import type { Message } from "../../../../core/session/message.ts";
import { type Chunk, noSession, withFrames } from "../session/_chunks.ts";

const FORBIDDEN = new Verdict(403, "Not You");

class Subject {
  readonly assembler: InboxAssembler;
  readonly delivered: Message[] = [];
  /** What the stages behind say. */
  verdict: MaybeVerdict = ACCEPTED;
  now = 0;

  constructor(options: InboxOptions = {}) {
    this.assembler = new InboxAssembler(noSession, options, new InboxBudget(), () => this.now);
  }

  give(chunk: Chunk): MaybeVerdict {
    let verdict: MaybeVerdict = ACCEPTED;
    withFrames(chunk, (frame) => {
      const { messageId, flag } = frame;
      const c = { frame, messageId, flag, accept: () => ACCEPTED } as unknown as ChunkContext;
      verdict = this.assembler.receive(c, (message) => {
        this.delivered.push(message);
        return this.verdict;
      });
    });
    return verdict;
  }
}

const part = (start: number, body: string, flag: Chunk["flag"] = "+"): Chunk => ({
  range: `${start}-*/*`,
  body,
  flag,
});

/** A promise and its handle. */
function pending(): { promise: Promise<Verdict>; decide: (verdict: Verdict) => void } {
  let decide = (_verdict: Verdict): void => {};
  const promise = new Promise<Verdict>((resolve) => {
    decide = resolve;
  });
  return { promise, decide: (verdict) => decide(verdict) };
}

describe("InboxAssembler", () => {
  test("in memory, the verdict on the message answers its last chunk", () => {
    const subject = new Subject();
    subject.verdict = FORBIDDEN;
    expect(subject.give(part(1, "twelve"))).toBe(ACCEPTED);
    expect(subject.give(part(7, " bytes", "$"))).toBe(FORBIDDEN);
    expect(subject.delivered.map(({ size }) => size)).toEqual([12]);
  });

  test("what the inbox refuses never reaches the stages behind", () => {
    const subject = new Subject({ maxMessageBytes: 4 });
    const verdict = subject.give({}) as Verdict;
    expect([verdict.status, verdict.comment]).toEqual([413, "Message Too Large"]);
    expect(subject.delivered).toEqual([]);
  });

  test("a SEND without a body, an abort and a part are accepted in silence", () => {
    const subject = new Subject();
    expect(subject.give({ body: null })).toBe(ACCEPTED);
    expect(subject.give(part(1, "hello"))).toBe(ACCEPTED);
    expect(subject.give(part(6, "", "#"))).toBe(ACCEPTED);
    expect(subject.delivered).toEqual([]);
  });

  test("a message of which a chunk was refused elsewhere is given up at once, and stays refused", async () => {
    const subject = new Subject({ onMessageStart: () => "stream" });
    expect(subject.give(part(1, "abc"))).toBe(ACCEPTED);
    const read = subject.delivered[0]?.text().catch((error: Error) => error.message);
    subject.assembler.refused("msg.1", 403, "Not You");
    subject.assembler.refused("unknown", 403, undefined);
    expect(await read).toBe("Message was refused: 403");
    expect(subject.give(part(4, "def", "$"))).toMatchObject({ status: 403, comment: "Not You" });
    expect([subject.assembler.deadline, subject.assembler.wake(1e9)]).toEqual([Number.POSITIVE_INFINITY, []]);
  });

  test("RFC 4975 §5.4: a duplicate is handed on as one [4975-5.4-19]", () => {
    const subject = new Subject();
    subject.give({});
    subject.give({});
    expect(subject.delivered.map(({ duplicate, total }) => [duplicate, total])).toEqual([
      [false, 5],
      [true, 5],
    ]);
  });

  test("a stream's pending verdict holds back no chunk but the last, which it answers", async () => {
    const subject = new Subject({ onMessageStart: () => "stream" });
    const { promise, decide } = pending();
    subject.verdict = promise;
    expect(subject.give(part(1, "hello"))).toBe(ACCEPTED);
    expect(subject.give(part(6, "hello"))).toBe(ACCEPTED);
    const last = subject.give(part(11, "end", "$"));
    expect(last).toBe(promise);
    decide(FORBIDDEN);
    expect(await last).toBe(FORBIDDEN);
    expect(subject.delivered.length).toBe(1);
  });

  test("a stream that is refused on its way gets the next chunk refused, and its reader an error", async () => {
    const subject = new Subject({ onMessageStart: () => "stream" });
    const { promise, decide } = pending();
    subject.verdict = promise;
    subject.give(part(1, "hello"));
    decide(FORBIDDEN);
    await promise;
    await Promise.resolve();
    const verdict = subject.give(part(6, "hello", "$")) as Verdict;
    expect([verdict.status, verdict.comment]).toEqual([403, "Not You"]);
    await expect(subject.delivered[0]?.bytes()).rejects.toMatchObject({ status: 403 });
  });

  test("a stream that is refused at once ends there", () => {
    const subject = new Subject({ onMessageStart: () => "stream" });
    subject.verdict = FORBIDDEN;
    expect(subject.give(part(1, "hello"))).toBe(FORBIDDEN);
    expect((subject.give(part(6, "hello", "$")) as Verdict).status).toBe(403);
    expect(subject.delivered.length).toBe(1);
  });

  test("a stream that was accepted accepts its last chunk; one in one chunk gets its verdict at once", () => {
    const subject = new Subject({ onMessageStart: () => "stream" });
    subject.give(part(1, "hello"));
    expect(subject.give(part(6, "hello", "$"))).toBe(ACCEPTED);
    subject.verdict = FORBIDDEN;
    expect(subject.give({ id: "msg.2" })).toBe(FORBIDDEN);
  });

  test("into a sink, the message is handed on when the sink has closed", async () => {
    let close = (): void => {};
    const sink: MessageSink = {
      write() {},
      close: () =>
        new Promise<void>((resolve) => {
          close = resolve;
        }),
      abort() {},
    };
    const subject = new Subject({ onMessageStart: () => ({ sink }) });
    subject.verdict = FORBIDDEN;
    const verdict = subject.give({});
    expect(subject.delivered).toEqual([]);
    close();
    expect(await verdict).toBe(FORBIDDEN);
    expect(subject.delivered.map(({ size }) => size)).toEqual([5]);
  });

  test("RFC 4975 §10.5: a sink that cannot close refuses the last chunk with 413 [4975-10-413]", async () => {
    const sink: MessageSink = { write() {}, close: () => Promise.reject(new Error("disk full")), abort() {} };
    const subject = new Subject({ onMessageStart: () => ({ sink }) });
    expect((await subject.give({})).status).toBe(413);
    expect(subject.delivered).toEqual([]);
  });

  test("passes time, pauses and the end on to the inbox", () => {
    const subject = new Subject({ onMessageStart: () => "stream", windowBytes: 4, idleTimeoutMs: 100 });
    const { assembler } = subject;
    let resumed = 0;
    assembler.onResume = () => void resumed++;
    expect(assembler.onResume).toBeInstanceOf(Function);
    subject.now = 5;
    subject.verdict = pending().promise;
    subject.give(part(1, "hello"));
    expect([assembler.paused, assembler.deadline]).toEqual([true, 105]);
    expect(assembler.wake(105).map(({ messageId, status }) => [messageId, status])).toEqual([["msg.1", 413]]);
    expect([assembler.paused, resumed]).toEqual([false, 1]);
    subject.give({ ...part(1, "hi"), id: "msg.2" });
    assembler.close();
    expect([assembler.paused, assembler.deadline]).toEqual([false, Number.POSITIVE_INFINITY]);
  });
});
