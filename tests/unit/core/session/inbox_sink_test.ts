// Messages that go into a sink: positions, order of writes, back-pressure, failures and resumption.
// The sinks are in memory; those that are slow wait for the test.
import { describe, expect, test } from "#test";
import { Inbox } from "../../../../core/session/inbox.ts";
import { InboxBudget } from "../../../../core/session/inbox_budget.ts";
import type { InboxOptions, MessageSink } from "../../../../core/session/inbox_options.ts";
import { type Chunk, give, noSession } from "./_chunks.ts";

/** Writes into an array, at once or, when `slow`, one write per `step()`. */
class TestSink implements MessageSink {
  readonly octets: number[] = [];
  readonly log: string[] = [];
  #steps: { go: () => void; fail: (error: Error) => void }[] = [];
  readonly #slow: boolean;
  running = 0;

  constructor(slow = false) {
    this.#slow = slow;
  }

  write(position: number, bytes: Uint8Array): void | Promise<void> {
    this.log.push(`write ${position} ${bytes.length}`);
    return this.#wait(() => {
      for (const [index, octet] of bytes.entries()) this.octets[position + index] = octet;
    });
  }

  close(total: number): void | Promise<void> {
    this.log.push(`close ${total}`);
    return this.#wait(() => {});
  }

  abort(reason: Error): void {
    expect(this.running).toBe(0);
    this.log.push(`abort ${reason.message}`);
  }

  get text(): string {
    return new TextDecoder().decode(Uint8Array.from(this.octets));
  }

  async step(error?: Error): Promise<void> {
    const next = this.#steps.shift();
    if (error === undefined) next?.go();
    else next?.fail(error);
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  }

  #wait(work: () => void): void | Promise<void> {
    if (!this.#slow) return work();
    this.running++;
    return new Promise((resolve, reject) => {
      this.#steps.push({
        go: () => {
          this.running--;
          work();
          resolve();
        },
        fail: (error) => {
          this.running--;
          reject(error);
        },
      });
    });
  }
}

const into = (sink: MessageSink, options: InboxOptions = {}, budget?: InboxBudget): Inbox =>
  new Inbox(noSession, { onMessageStart: () => ({ sink }), ...options }, budget);

const part = (start: number, body: string, flag: Chunk["flag"] = "+"): Chunk => ({
  range: `${start}-*/*`,
  body,
  flag,
});

describe("SinkBody", () => {
  test("an immediate sink gets the octets where they came in, others a copy", () => {
    for (const immediate of [true, false]) {
      const sink = Object.assign(new TestSink(), { immediate });
      const views: Uint8Array[] = [];
      const write = sink.write.bind(sink);
      sink.write = (position, bytes) => {
        views.push(bytes);
        return write(position, bytes);
      };
      const inbox = into(sink);
      const half = "abcdefgh".repeat(512);
      give(inbox, { id: "m1m1", range: "1-4096/8192", body: half, flag: "+" });
      const last = give(inbox, { id: "m1m1", range: "4097-8192/8192", body: half, flag: "$" });
      expect(last.outcome).toBe("message");
      expect(sink.text).toBe(half + half);
      // What came in was spoilt after the call.
      expect(views.map((view) => view[0] === 0xee)).toEqual([immediate, immediate]);
    }
  });

  test("an immediate sink that is behind gets copies of what comes meanwhile, in order", async () => {
    const sink = Object.assign(new TestSink(true), { immediate: true });
    const write = sink.write.bind(sink);
    sink.write = (position, bytes) => write(position, bytes.slice());
    const inbox = into(sink);
    give(inbox, { id: "m1m1", range: "1-3/9", body: "abc", flag: "+" });
    give(inbox, { id: "m1m1", range: "4-6/9", body: "def", flag: "+" });
    give(inbox, { id: "m1m1", range: "7-9/9", body: "ghi", flag: "$" });
    expect(sink.log).toEqual(["write 0 3"]);
    for (let step = 0; step < 4; step++) await sink.step();
    expect(sink.log).toEqual(["write 0 3", "write 3 3", "write 6 3", "close 9"]);
    expect(sink.text).toBe("abcdefghi");
  });

  test("octets stay what they are until their write has settled, though buffers are used again", async () => {
    for (const slow of [false, true]) {
      const sink = new TestSink(slow);
      const inbox = into(sink);
      const bodies = ["a", "b", "c", "d", "e", "f", "g", "h"].map((letter) => letter.repeat(8_000));
      for (const [index, body] of bodies.entries()) {
        give(inbox, part(1 + index * 8_000, body, index === bodies.length - 1 ? "$" : "+"));
        // One write behind: some buffers are free again while others wait.
        if (slow && index > 0) await sink.step();
      }
      for (let turn = 0; slow && turn < 9; turn++) await sink.step();
      expect([slow, sink.text === bodies.join(""), sink.log.at(-1)]).toEqual([slow, true, "close 64000"]);
    }
  });

  test("RFC 4975 §7.3.1: octets go to their positions in any order [4975-7.3.1-05]", () => {
    const sink = new TestSink();
    const inbox = into(sink);
    give(inbox, part(7, " bytes", "$"));
    const { outcome, message } = give(inbox, part(1, "twelve"));
    expect(outcome).toBe("message");
    expect(message?.mode).toBe("sink");
    expect(message?.size).toBe(12);
    expect(sink.text).toBe("twelve bytes");
    expect(sink.log).toEqual(["write 6 6", "write 0 6", "close 12"]);
    expect(inbox.heldBytes).toBe(0);
    expect(() => message?.body).toThrow('mode "sink"');
    expect(() => message?.stream()).toThrow('mode "sink"');
  });

  test("whole messages and empty ones go into the sink as well", () => {
    const whole = new TestSink();
    expect(give(into(whole), {}).message?.size).toBe(5);
    expect(whole.text).toBe("hello");
    const empty = new TestSink();
    expect(give(into(empty), { body: "" }).message?.size).toBe(0);
    expect(empty.log).toEqual(["close 0"]);
  });

  test("RFC 4975 §7.3.1: of two overlapping chunks the later is written later [4975-7.3.1-06]", async () => {
    const sink = new TestSink(true);
    const inbox = into(sink);
    give(inbox, part(1, "??????"));
    give(inbox, part(1, "twelve"));
    const { message } = give(inbox, part(7, " bytes", "$"));
    expect(sink.log).toEqual(["write 0 6"]);
    expect(message?.size).toBe(undefined);
    for (let step = 0; step < 4; step++) await sink.step();
    expect(await message?.completed).toBe(12);
    expect(sink.text).toBe("twelve bytes");
    expect(sink.log).toEqual(["write 0 6", "write 0 6", "write 6 6", "close 12"]);
  });

  test("the message is whole only when the sink is closed", async () => {
    const sink = new TestSink(true);
    const inbox = into(sink);
    const { message } = give(inbox, part(1, "hello", "$"));
    await sink.step();
    expect(sink.log).toEqual(["write 0 5", "close 5"]);
    expect(message?.size).toBe(undefined);
    await sink.step();
    expect(message?.size).toBe(5);
  });

  test("windowBytes: writes that wait pause the session above it, and let it go on at half of it", async () => {
    const sink = new TestSink(true);
    const budget = new InboxBudget();
    const inbox = into(sink, { windowBytes: 10 }, budget);
    let resumed = 0;
    inbox.onResume = () => void resumed++;
    give(inbox, part(1, "12345"));
    give(inbox, part(6, "67890"));
    expect(inbox.paused).toBe(false);
    give(inbox, part(11, "x"));
    expect(inbox.paused).toBe(true);
    expect(budget.used).toBe(11);
    await sink.step();
    expect(inbox.paused).toBe(true);
    await sink.step();
    expect([inbox.paused, resumed, budget.used]).toEqual([false, 1, 1]);
  });

  test("RFC 4975 §10.5: a sink that fails at once refuses the chunk with 413 [4975-10-413]", async () => {
    const sink = new TestSink();
    sink.write = () => {
      throw new Error("disk full");
    };
    const inbox = into(sink);
    const refusal = give(inbox, part(1, "hello"));
    expect([refusal.outcome, refusal.status, refusal.comment]).toEqual([
      "refused",
      413,
      "Message Cannot Be Stored",
    ]);
    expect(sink.log).toEqual(["abort disk full"]);
    expect(give(inbox, part(6, "world", "$")).status).toBe(413);
    expect(inbox.heldBytes).toBe(0);
  });

  test("a sink that fails later refuses the chunks after that", async () => {
    const sink = new TestSink(true);
    const inbox = into(sink);
    give(inbox, part(1, "hello"));
    give(inbox, part(6, "world"));
    await sink.step(new Error("disk full"));
    expect(sink.log).toEqual(["write 0 5", "abort disk full"]);
    expect(give(inbox, part(11, "!", "$")).status).toBe(413);
    expect([inbox.heldBytes, inbox.paused]).toEqual([0, false]);
  });

  test("a sink that fails to close fails the message", async () => {
    const sink = new TestSink(true);
    const inbox = into(sink);
    const { message } = give(inbox, part(1, "hello", "$"));
    await sink.step();
    await sink.step(new Error("disk gone"));
    await expect(message?.completed).rejects.toThrow("Sink did not take the message");
    expect(inbox.finished("msg.1")?.fate).toBe("refused");
    const thrower = new TestSink();
    thrower.close = () => {
      throw new Error("disk gone");
    };
    const other = give(into(thrower), {}).message;
    await expect(other?.completed).rejects.toThrow("Sink did not take the message");
  });

  test("a sink that never finishes fails its message in time", async () => {
    const sink = new TestSink(true);
    const inbox = into(sink, { idleTimeoutMs: 1000 });
    const { message } = give(inbox, part(1, "hello", "$"));
    expect(inbox.deadline).toBe(1000);
    expect(inbox.wake(1000)).toEqual([]);
    await expect(message?.completed).rejects.toThrow("nobody took it");
    expect([inbox.heldBytes, inbox.deadline]).toEqual([5, Number.POSITIVE_INFINITY]);
    await sink.step();
    expect(inbox.heldBytes).toBe(0);
    expect(sink.log[1]).toContain("abort");
  });

  test("RFC 4975 §7.1: # aborts the sink, after the write that is running [4975-7.1-15]", async () => {
    const sink = new TestSink(true);
    const inbox = into(sink);
    give(inbox, part(1, "hello"));
    give(inbox, part(6, "world"));
    expect(give(inbox, part(11, "", "#")).outcome).toBe("aborted");
    expect(sink.log).toEqual(["write 0 5"]);
    await sink.step();
    expect(sink.log).toEqual(["write 0 5", "abort Message was aborted by its sender"]);
    expect(inbox.heldBytes).toBe(0);
  });

  test("a sink that fails to abort is no further trouble", () => {
    const sink = new TestSink();
    sink.abort = () => {
      throw new Error("again");
    };
    const inbox = into(sink);
    give(inbox, part(1, "hello"));
    expect(give(inbox, part(6, "", "#")).outcome).toBe("aborted");
  });

  test("RFC 4975 §5.4: what an earlier attempt left in the sink need not come again [4975-5.4-17]", () => {
    const sink = Object.assign(new TestSink(), { received: [{ start: 1, end: 6 }] });
    sink.octets.push(...new TextEncoder().encode("twelve"));
    const inbox = into(sink);
    const { outcome, message } = give(inbox, { range: "7-12/12", body: " bytes" });
    expect(outcome).toBe("message");
    expect(message?.size).toBe(12);
    expect(sink.text).toBe("twelve bytes");
  });

  test("RFC 4975 §14.5: positions above 2^32 cost no memory [4975-14.5-01]", () => {
    const written: number[] = [];
    const sink: MessageSink = {
      write: (position) => void written.push(position),
      close: () => {},
      abort: () => {},
      received: [{ start: 1, end: 2 ** 32 }],
    };
    const inbox = into(sink);
    const { message } = give(inbox, { range: `${2 ** 32 + 1}-*/*`, body: "end" });
    expect(written).toEqual([2 ** 32]);
    expect(message?.size).toBe(2 ** 32 + 3);
    expect(inbox.heldBytes).toBe(0);
  });

  test("a message that is refused before it begins aborts the sink that was chosen for it", () => {
    const sink = new TestSink();
    expect(give(into(sink, { maxStreamedMessageBytes: 4 }), {}).status).toBe(413);
    expect(sink.log.length).toBe(1);
    expect(sink.log[0]).toContain("abort");
  });
});
