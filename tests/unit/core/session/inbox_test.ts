// Reassembly by RFC 4975 §7.3.1: order, overlap, ends, aborts, duplicates and every limit from both sides.
// Chunks go through the real decoder, and their octets are spoilt after each call.
import { describe, expect, test } from "#test";
import { Inbox } from "../../../../core/session/inbox.ts";
import { InboxBudget } from "../../../../core/session/inbox_budget.ts";
import type { InboxOptions } from "../../../../core/session/inbox_options.ts";
import { type Chunk, give, noSession, textOf, withFrames } from "./_chunks.ts";

const inboxOf = (options: InboxOptions = {}, budget?: InboxBudget): Inbox =>
  new Inbox(noSession, options, budget);

/** The text of the message that comes out, or undefined. */
function assemble(...chunks: Chunk[]): string | undefined {
  const inbox = inboxOf();
  let text: string | undefined;
  for (const chunk of chunks) text = textOf(give(inbox, chunk)) ?? text;
  if (text !== undefined) expect(inbox.heldBytes).toBe(0);
  return text;
}

describe("whole messages", () => {
  test("RFC 4975 §7.3.1: no Byte-Range or one that starts at 1, and $, is all of it [4975-7.3.1-01]", () => {
    expect(assemble({})).toBe("hello");
    expect(assemble({ range: "1-5/5" })).toBe("hello");
    expect(assemble({ range: "1-*/*" })).toBe("hello");
  });

  test("RFC 4975 §7.3.1: octets received count, not the Byte-Range [4975-7.3.1-03]", () => {
    expect(assemble({ range: "1-23/23", body: "is anybody out there?" })).toBe("is anybody out there?");
    expect(assemble({ range: "1-2/2" })).toBe("hello");
    expect(
      assemble({ range: "1-9/12", body: "twelve", flag: "+" }, { range: "7-12/12", body: " bytes" }),
    ).toBe("twelve bytes");
  });

  test("RFC 4975 §7.1: no body delivers nothing, an empty body an empty message [4975-7.1-11]", () => {
    const inbox = inboxOf();
    expect(give(inbox, { body: null, range: "1-0/0" }).outcome).toBe("nothing");
    expect(give(inbox, { body: null, range: null }).outcome).toBe("nothing");
    const empty = give(inbox, { body: "", range: "1-0/0" });
    expect(empty.outcome).toBe("message");
    expect(empty.message?.body.length).toBe(0);
    expect(empty.message?.total).toBe(0);
  });

  test("type, fields and octets of a message survive the call", () => {
    const chunk: Chunk = {
      type: "text/plain;charset=utf-8",
      fields: ["X-Note: caf\u00e9", "Success-Report: yes"],
    };
    const inbox = inboxOf();
    const one = give(inbox, chunk).message;
    give(inbox, { ...chunk, id: "msg.2", range: "1-5/10", flag: "+" });
    const two = give(inbox, { id: "msg.2", range: "6-10/10" }).message;
    for (const message of [one, two]) {
      expect(message?.contentType).toBe("text/plain;charset=utf-8");
      expect(message?.headers.get("x-note")).toBe("caf\u00e9");
      expect(message?.headers.get("Success-Report")).toBe("yes");
    }
    expect(new TextDecoder().decode(two?.body)).toBe("hellohello");
  });
});

describe("chunks", () => {
  const first: Chunk = { range: "1-6/12", body: "twelve", flag: "+" };
  const second: Chunk = { range: "7-12/12", body: " bytes" };

  test("RFC 4975 §7.3.1: in order and the other way round [4975-7.3.1-02] [4975-7.3.1-05]", () => {
    expect(assemble(first, second)).toBe("twelve bytes");
    expect(assemble(second, first)).toBe("twelve bytes");
  });

  test("RFC 4975 §7.3.1: the $ chunk defines the total, whatever was announced [4975-7.3.1-04]", () => {
    expect(assemble({ ...first, range: "1-*/500" }, { range: "7-*/500", body: " bytes" })).toBe(
      "twelve bytes",
    );
    expect(assemble({ ...first, range: "1-6/7" }, { range: "7-12/12", body: " bytes" })).toBe("twelve bytes");
    expect(
      assemble(
        { range: "1-15/15", body: "twelve bytes???", flag: "+" },
        { range: "7-12/12", body: " bytes" },
      ),
    ).toBe("twelve bytes");
  });

  test("RFC 4975 §7.3.1: octets behind the total do not count", () => {
    expect(assemble(second, { range: "13-15/15", body: "???", flag: "+" }, first)).toBe("twelve bytes");
    expect(assemble(second, { ...first, range: "1-15/15", body: "twelve BYTES???" })).toBe("twelve BYTES");
  });

  test("RFC 4975 §7.3.1: the chunk received last wins [4975-7.3.1-06]", () => {
    expect(assemble({ ...first, body: "??????" }, { range: "1-12/12", body: "twelve bytes" })).toBe(
      "twelve bytes",
    );
    expect(assemble({ range: "5-12/12", body: "?? bytes" }, first)).toBe("twelve bytes");
  });

  test("RFC 4975 §7.3.1: $ without all octets waits [4975-7.3.1-07]", () => {
    const inbox = inboxOf();
    expect(give(inbox, { range: "1-5/12", body: "twelv", flag: "+" }).outcome).toBe("taken");
    expect(give(inbox, { range: "9-12/12", body: "ytes" }).outcome).toBe("taken");
    expect(inbox.incomplete()).toEqual([
      {
        messageId: "msg.1",
        contentType: "text/plain",
        total: 12,
        received: [
          { start: 1, end: 5 },
          { start: 9, end: 12 },
        ],
      },
    ]);
    expect(inbox.heldBytes).toBe(9);
    expect(textOf(give(inbox, { range: "6-8/12", body: "e b", flag: "+" }))).toBe("twelve bytes");
    expect(inbox.heldBytes).toBe(0);
  });

  test("RFC 4975 §7.1.1: all octets without a $ are not yet a message", () => {
    expect(assemble(first, { ...second, flag: "+" })).toBe(undefined);
  });

  test("RFC 4975 §7.1.1: an empty $ chunk that says range-start 1 drops nothing (T17)", () => {
    const all: Chunk = { range: "1-12/*", body: "twelve bytes", flag: "+" };
    expect(assemble(all, { range: "1-0/12", body: "" })).toBe("twelve bytes");
    expect(assemble(all, { range: "1-0/*", body: "" })).toBe("twelve bytes");
    expect(assemble(all, { range: "1-0/0", body: "" })).toBe("twelve bytes");
    expect(assemble(all, { range: null, body: "" })).toBe("twelve bytes");
    expect(assemble(all, { range: "13-12/12", body: "" })).toBe("twelve bytes");
    expect(assemble(all, { range: "1-0/12", body: null })).toBe("twelve bytes");
    expect(assemble({ range: "1-0/12", body: "" }, all)).toBe("twelve bytes");
  });

  test("RFC 4975 §5.4: the same Message-ID in two sessions is two messages [4975-5.4-22]", () => {
    const budget = new InboxBudget();
    const one = inboxOf({}, budget);
    const two = inboxOf({}, budget);
    give(one, first);
    give(two, { range: "1-3/6", body: "abc", flag: "+" });
    expect(budget.used).toBe(9);
    expect(textOf(give(one, second))).toBe("twelve bytes");
    expect(textOf(give(two, { range: "4-6/6", body: "def" }))).toBe("abcdef");
    expect(budget.used).toBe(0);
  });

  test("RFC 4976 §6.4.1: a chunk of any size comes in slices, and is one message [4975-7.1.1-22]", () => {
    const body = new Uint8Array(1_000_003).map((_, index) => (index * 31) % 256);
    const message = give(inboxOf(), { range: `1-*/${body.length}`, body }).message;
    expect(message?.body).toEqual(body);
  });

  test("RFC 4975 §7.3.1: a chunk without Message-ID or with a fault is refused with 400", () => {
    const inbox = inboxOf();
    expect(give(inbox, { range: "0-1/2" }).status).toBe(400);
    expect(give(inbox, { range: `${Number.MAX_SAFE_INTEGER - 2}-*/*`, flag: "+" })).toEqual({
      outcome: "refused",
      status: 400,
      comment: "Byte-Range Out Of Range",
      message: undefined,
    });
  });
});

describe("the end of a message", () => {
  const part: Chunk = { range: "1-6/12", body: "twelve", flag: "+" };

  test("RFC 4975 §7.1: # discards, and no later chunk revives the message (T45) [4975-7.1-15]", () => {
    for (const abort of [
      { range: "7-*/12", body: " b", flag: "#" },
      { range: "7-*/12", body: null, flag: "#" },
    ] satisfies Chunk[]) {
      const inbox = inboxOf();
      give(inbox, part);
      expect(give(inbox, abort).outcome).toBe("aborted");
      expect(inbox.heldBytes).toBe(0);
      expect(give(inbox, { range: "1-12/12", body: "twelve bytes" })).toEqual({
        outcome: "refused",
        status: 413,
        comment: "Message Was Aborted",
        message: undefined,
      });
      expect(inbox.finished("msg.1")?.fate).toBe("aborted");
      expect(inbox.incomplete()).toEqual([]);
    }
  });

  test("RFC 4975 §7.1: # may come before all the other chunks", () => {
    const inbox = inboxOf();
    expect(give(inbox, { range: "7-*/12", body: " b", flag: "#" }).outcome).toBe("aborted");
    expect(give(inbox, part).outcome).toBe("refused");
  });

  test("RFC 4975 §5.4: a second message of a known Message-ID is a duplicate, delivered once [4975-5.4-18] [4975-5.4-19]", () => {
    const inbox = inboxOf();
    expect(give(inbox, {}).outcome).toBe("message");
    const again = give(inbox, {});
    expect(again.outcome).toBe("duplicate");
    expect(again.status).toBe(200);
    expect(again.message?.duplicate).toBe(true);
    expect(again.message?.size).toBe(5);
    expect(() => again.message?.body).toThrow("discarded");
  });

  test("RFC 4975 §5.4: a duplicate in chunks is told once, at its $", () => {
    const inbox = inboxOf();
    const rest: Chunk = { range: "7-12/12", body: " bytes" };
    give(inbox, part);
    give(inbox, rest);
    const late = give(inbox, part);
    expect([late.outcome, late.message]).toEqual(["duplicate", undefined]);
    expect(give(inbox, rest).message?.size).toBe(12);
    expect(give(inbox, { body: null }).outcome).toBe("nothing");
    expect(give(inbox, { ...part, flag: "#" }).outcome).toBe("aborted");
  });

  test("RFC 4975 §5.4: finished ids are forgotten by number and by time", () => {
    const inbox = inboxOf({ maxRememberedIds: 2, rememberMs: 1000 });
    give(inbox, { id: "copy.1" }, 0);
    give(inbox, { id: "copy.2" }, 0);
    expect(give(inbox, { id: "copy.1" }, 999).outcome).toBe("duplicate");
    give(inbox, { id: "copy.3" }, 999);
    expect(give(inbox, { id: "copy.1" }, 999).outcome).toBe("message");
    expect(give(inbox, { id: "copy.3" }, 1999).outcome).toBe("message");
  });

  test("the end of the session frees everything", async () => {
    const budget = new InboxBudget();
    const inbox = inboxOf({ onMessageStart: () => "stream" }, budget);
    const message = give(inbox, part).message;
    expect(budget.used).toBe(6);
    inbox.close(new Error("gone"));
    expect(budget.used).toBe(0);
    expect(inbox.incomplete()).toEqual([]);
    expect(inbox.deadline).toBe(Number.POSITIVE_INFINITY);
    await expect(message?.completed).rejects.toThrow("Session ended");
    await expect(message?.text()).rejects.toThrow("Session ended");
  });
});

describe("limits", () => {
  const octets = (length: number): string => "x".repeat(length);

  test("RFC 4975 §10.5: maxMessageBytes, of what came and of what is announced: 413 [4975-10-413]", () => {
    const options = { maxMessageBytes: 10 };
    expect(give(inboxOf(options), { body: octets(10) }).outcome).toBe("message");
    expect(give(inboxOf(options), { body: octets(11) }).status).toBe(413);
    expect(give(inboxOf(options), { range: "1-*/10", flag: "+" }).status).toBe(200);
    expect(give(inboxOf(options), { range: "1-*/11", flag: "+" }).status).toBe(413);
    expect(give(inboxOf(options), { range: "6-*/*", flag: "+" }).status).toBe(200);
    expect(give(inboxOf(options), { range: "7-*/*", flag: "+" }).status).toBe(413);
    // What is announced is no fact: a whole message that is shorter is taken.
    expect(give(inboxOf(options), { range: "1-11/11", body: octets(10) }).outcome).toBe("message");
  });

  test("RFC 4975 §10.5: every further chunk of a refused message gets the same answer", () => {
    const inbox = inboxOf({ maxMessageBytes: 10 });
    give(inbox, { range: "1-5/*", flag: "+" });
    expect(give(inbox, { range: "6-11/*", body: octets(6), flag: "+" }).status).toBe(413);
    expect(inbox.heldBytes).toBe(0);
    expect(give(inbox, { range: "6-10/10" }).status).toBe(413);
    expect(give(inbox, { range: "6-10/10", flag: "#" }).outcome).toBe("aborted");
    expect(inbox.finished("msg.1")?.fate).toBe("refused");
  });

  test("RFC 4975 §14.5: memory follows octets received, never numbers from headers [4975-14.5-01]", () => {
    const inbox = inboxOf({ maxMessageBytes: Number.POSITIVE_INFINITY });
    give(inbox, { range: "1-4/9007199254740993", body: "wxyz", flag: "+" });
    give(inbox, { range: "1099511627777-1099511627780/2000000000000", body: "far!", flag: "+" });
    expect(inbox.heldBytes).toBe(8);
    expect(inbox.incomplete()[0]?.received).toEqual([
      { start: 1, end: 4 },
      { start: 1_099_511_627_777, end: 1_099_511_627_780 },
    ]);
  });

  test("RFC 4975 §14.5: an announced total above 2^53 is above every limit", () => {
    expect(give(inboxOf(), { range: "1-4/9007199254740993", body: "wxyz", flag: "+" }).status).toBe(413);
  });

  test("maxIncompleteMessages", () => {
    const inbox = inboxOf({ maxIncompleteMessages: 2 });
    const part = (id: string): Chunk => ({ id, range: "1-5/10", flag: "+" });
    expect(give(inbox, part("part.1")).status).toBe(200);
    expect(give(inbox, part("part.2")).status).toBe(200);
    expect(give(inbox, part("part.3")).status).toBe(413);
    expect(give(inbox, { id: "part.4" }).outcome).toBe("message");
    expect(textOf(give(inbox, { id: "part.1", range: "6-10/10" }))).toBe("hellohello");
    expect(give(inbox, part("part.5")).status).toBe(200);
  });

  test("maxIncompleteBytes of the session", () => {
    const inbox = inboxOf({ maxIncompleteBytes: 10 });
    expect(give(inbox, { id: "part.1", range: "1-5/*", flag: "+" }).status).toBe(200);
    expect(give(inbox, { id: "part.2", range: "1-5/*", flag: "+" }).status).toBe(200);
    expect(give(inbox, { id: "part.3", range: "1-1/*", body: "x", flag: "+" }).status).toBe(413);
    expect(inbox.heldBytes).toBe(10);
  });

  test("the budget that sessions of a node share", () => {
    const budget = new InboxBudget(10);
    const one = inboxOf({}, budget);
    const two = inboxOf({}, budget);
    expect(give(one, { range: "1-5/*", flag: "+" }).status).toBe(200);
    expect(give(two, { range: "1-5/*", flag: "+" }).status).toBe(200);
    expect(give(two, { range: "6-6/*", body: "x", flag: "+" }).status).toBe(413);
    expect(budget.used).toBe(5);
    expect(give(one, { range: "6-10/*", flag: "+" }).status).toBe(200);
    one.close();
    expect(budget.used).toBe(0);
  });

  test("maxGaps", () => {
    const inbox = inboxOf({ maxGaps: 2 });
    const octet = (position: number): Chunk => ({
      range: `${position}-${position}/100`,
      body: "x",
      flag: "+",
    });
    expect(give(inbox, octet(3)).status).toBe(200);
    expect(give(inbox, octet(5)).status).toBe(200);
    expect(give(inbox, octet(1)).status).toBe(200);
    expect(give(inbox, octet(7)).status).toBe(413);
    expect(inbox.heldBytes).toBe(0);
  });

  test("RFC 4975 §7.3.1: idleTimeoutMs gives up a message of which nothing comes [4975-7.3.1-07]", () => {
    const inbox = inboxOf({ idleTimeoutMs: 1000 });
    expect(inbox.deadline).toBe(Number.POSITIVE_INFINITY);
    give(inbox, { range: "1-5/10", flag: "+" }, 100);
    expect(inbox.deadline).toBe(1100);
    give(inbox, { range: "3-7/10", flag: "+" }, 600);
    expect(inbox.wake(1100)).toEqual([]);
    expect(inbox.deadline).toBe(1600);
    expect(inbox.wake(1599)).toEqual([]);
    const [failure, ...others] = inbox.wake(1600);
    expect(others).toEqual([]);
    expect(failure?.messageId).toBe("msg.1");
    expect(failure?.status).toBe(413);
    expect(failure?.byteRange).toEqual({ start: 1, end: 7, total: 10 });
    expect(failure?.failureReport).toBe("yes");
    expect(failure?.fromPath.map((uri) => uri.host)).toEqual(["relay.example", "alice.example"]);
    expect(failure?.error.message).toContain("1000 ms");
    expect(inbox.heldBytes).toBe(0);
    expect(inbox.deadline).toBe(Number.POSITIVE_INFINITY);
    expect(give(inbox, { range: "8-10/10", body: "end" }, 1700).status).toBe(413);
  });

  test("totalTimeoutMs gives up a message that is kept busy", () => {
    const inbox = inboxOf({ idleTimeoutMs: 1000, totalTimeoutMs: 2500, streamedTotalTimeoutMs: 5000 });
    const trickle = (id: string, from: number, to: number): void => {
      for (let now = from; now <= to; now += 500) {
        give(inbox, { id, range: `${now + 1}-*/*`, body: "x", flag: "+" }, now);
      }
    };
    trickle("tick.1", 0, 2400);
    expect(inbox.wake(2499)).toEqual([]);
    expect(inbox.wake(2500).map(({ messageId, byteRange }) => [messageId, byteRange])).toEqual([
      ["tick.1", { start: 1, end: 2001 }],
    ]);
  });

  test("streamedTotalTimeoutMs takes its place for messages that stream", () => {
    const inbox = inboxOf({
      idleTimeoutMs: 9000,
      totalTimeoutMs: 10,
      streamedTotalTimeoutMs: 5000,
      onMessageStart: () => "stream",
    });
    give(inbox, { range: "1-5/10", flag: "+" }, 0);
    expect(inbox.wake(4999)).toEqual([]);
    expect(inbox.wake(5000).length).toBe(1);
  });

  test("a message given up in silence carries Failure-Report no to whoever reports [4975-7.1.4-03]", () => {
    const inbox = inboxOf({ idleTimeoutMs: 1000 });
    give(inbox, { range: "1-5/10", flag: "+", fields: ["Failure-Report: no"] });
    expect(inbox.wake(1000)[0]?.failureReport).toBe("no");
  });
});

describe("onMessageStart", () => {
  test("sees what is known before the first octet is taken, once per message", () => {
    const seen: unknown[] = [];
    const inbox = inboxOf({
      onMessageStart({ messageId, contentType, total, headers, session }) {
        seen.push([messageId, contentType, total, headers.get("X-A"), session === noSession]);
        return "memory";
      },
    });
    give(inbox, { range: "6-10/10", flag: "+", fields: ["X-A: b"] });
    give(inbox, { range: "1-5/10", flag: "+" });
    give(inbox, { body: null });
    give(inbox, { id: "msg.2", type: "image/png" });
    expect(seen).toEqual([
      ["msg.1", "text/plain", 10, "b", true],
      ["msg.2", "image/png", undefined, undefined, true],
    ]);
  });

  test("refuses a message with the status it names", () => {
    const inbox = inboxOf({ onMessageStart: () => ({ reject: 415, comment: "No Pictures" }) });
    expect(give(inbox, { range: "1-5/10", flag: "+" })).toEqual({
      outcome: "refused",
      status: 415,
      comment: "No Pictures",
      message: undefined,
    });
    expect(give(inbox, { range: "6-10/10" }).status).toBe(415);
  });

  test("what it throws changes nothing", () => {
    let fail = true;
    const inbox = inboxOf({
      onMessageStart() {
        if (fail) throw new Error("no idea");
        return "memory";
      },
    });
    expect(() => give(inbox, {})).toThrow("no idea");
    fail = false;
    expect(textOf(give(inbox, {}))).toBe("hello");
  });

  test("maxStreamedMessageBytes takes the place of maxMessageBytes for messages that stream", () => {
    const options: InboxOptions = {
      maxMessageBytes: 1,
      maxStreamedMessageBytes: 10,
      onMessageStart: () => "stream",
    };
    expect(give(inboxOf(options), { range: "1-10/10", body: "x".repeat(10) }).outcome).toBe("begun");
    expect(give(inboxOf(options), { range: "1-11/11", body: "x".repeat(11) }).status).toBe(413);
  });
});

test("refuse() drops a message that is on its way and nothing else", () => {
  const inbox = inboxOf();
  give(inbox, { range: "1-5/10", flag: "+" });
  inbox.refuse("unknown", 403);
  inbox.refuse("msg.1", 403, "Not Allowed");
  expect(give(inbox, { range: "6-10/10" }).comment).toBe("Not Allowed");
  expect(inbox.heldBytes).toBe(0);
});

test("a frame without a legal Message-ID is refused", () => {
  const inbox = inboxOf();
  let status = 0;
  withFrames({ id: "not legal" }, (frame) => {
    status = inbox.receive(frame, 0).status;
  });
  expect(status).toBe(400);
});
