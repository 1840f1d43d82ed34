// The sending side of a session: what it takes, what waits, what it forgets, and how it ends.
// Each limit is tried on both sides.
import { describe, expect, test } from "#test";
import { type DeliveryError, LocalProtocolError } from "../../../../core/errors.ts";
import type { Sent } from "../../../../core/session/sent.ts";
import { alice, bob, pattern } from "../../../support/connections.ts";
import { deferred, failure, OutboxPair } from "../../../support/outbox_pair.ts";

function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof LocalProtocolError) return error.code;
    throw error;
  }
  return "none";
}

async function settle(): Promise<void> {
  for (let n = 0; n < 20; n++) await Promise.resolve();
}

describe("enqueue", () => {
  test("RFC 4975 §7.1.1: every message has a new Message-ID of 4 to 32 characters [4975-7.1.1-01]", () => {
    const { outbox } = new OutboxPair({ maxQueuedMessages: 5000 });
    const ids = Array.from({ length: 5000 }, () => outbox.enqueue("x").messageId);
    expect(new Set(ids).size).toBe(5000);
    expect(ids.every((id) => /^[A-Za-z0-9]{11,32}$/.test(id))).toBe(true);
  });

  test("RFC 4975 §5.4: an old Message-ID may be given to send again, but not while it is in use [4975-5.4-17]", async () => {
    const pair = new OutboxPair();
    const again = { messageId: "again12345", successReport: false };
    const first = pair.outbox.enqueue("x", again);
    expect(codeOf(() => pair.outbox.enqueue("x", again))).toBe("message-id-in-use");
    await first.accepted;
    const second = pair.outbox.enqueue("x", again);
    await second.accepted;
    expect(pair.message("again12345").flags).toBe("$$");
  });

  test("RFC 4975 §9: a type may be given with blanks, as in mail and HTTP, and goes out without", async () => {
    const pair = new OutboxPair();
    const types: (string | undefined)[] = [];
    pair.pair.status = (frame) => {
      types.push(frame.contentType);
      return 200;
    };
    for (let times = 0; times < 2; times++) {
      await pair.outbox.enqueue("x", { contentType: "text/plain; charset=utf-8" }).accepted;
    }
    expect(types).toEqual(["text/plain;charset=utf-8", "text/plain;charset=utf-8"]);
  });

  test("what the grammar forbids is refused at once, and leaves nothing queued", () => {
    const { outbox } = new OutboxPair();
    expect(codeOf(() => outbox.enqueue("x", { messageId: "a b" }))).toBe("bad-message-id");
    expect(codeOf(() => outbox.enqueue("x", { contentType: "text" }))).toBe("bad-content-type");
    expect(codeOf(() => outbox.enqueue("x", { headers: [["X-A", "1\r\nX-B: 2"]] }))).toBe("bad-header");
    for (const name of ["Message-ID", "byte-range", "To-Path", "Content-Type", "Failure-Report"]) {
      expect(codeOf(() => outbox.enqueue("x", { headers: [[name, "1-1/1"]] }))).toBe("reserved-field");
    }
    expect(() => outbox.enqueue("x", { chunkBytes: 0 })).toThrow(RangeError);
    expect(() => outbox.enqueue(5 as never)).toThrow(TypeError);
    expect(outbox.pending).toBe(0);
  });

  test("the number of messages that wait is bounded; one place free is one message more", async () => {
    const pair = new OutboxPair({ maxQueuedMessages: 3 });
    pair.pair.status = () => undefined;
    const sent = [1, 2, 3].map((n) => pair.outbox.enqueue(`${n}`));
    expect(codeOf(() => pair.outbox.enqueue("4"))).toBe("queue-full");
    sent[1]!.abort();
    await settle();
    expect(pair.outbox.pending).toBe(2);
    pair.outbox.enqueue("4");
    expect(codeOf(() => pair.outbox.enqueue("5"))).toBe("queue-full");
  });

  test("RFC 4975 §5.4: before the session is bound messages wait, then leave in order [4975-5.4-06]", async () => {
    const pair = new OutboxPair({}, {}, false);
    const sent = ["one", "two", "three"].map((body) => pair.outbox.enqueue(body));
    sent[1]!.abort();
    await settle();
    expect([pair.arrived.size, pair.outbox.pending]).toEqual([0, 2]);
    pair.attach();
    await sent[0]!.accepted;
    await sent[2]!.accepted;
    expect([...pair.arrived.keys()]).toEqual([sent[0]!.messageId, sent[2]!.messageId]);
  });

  test("RFC 4975 §8.6: a 415 to a container may be about what is inside, so the next one goes out", async () => {
    const pair = new OutboxPair();
    pair.pair.status = (frame) => (frame.contentType === "message/cpim" ? 415 : 200);
    for (let round = 0; round < 2; round++) {
      const sent = pair.outbox.enqueue("x", { contentType: "message/cpim" });
      expect(((await failure(sent.accepted)) as DeliveryError).status).toBe(415);
    }
  });

  test("RFC 4975 §10.6: a type that was answered with 415 is not sent again in this session [4975-10-415]", async () => {
    const pair = new OutboxPair();
    pair.pair.status = (frame) => (frame.contentType?.startsWith("image") ? 415 : 200);
    const error = (await failure(
      pair.outbox.enqueue("x", { contentType: "image/png" }).accepted,
    )) as DeliveryError;
    expect(error.status).toBe(415);
    expect(codeOf(() => pair.outbox.enqueue("x", { contentType: "Image/PNG;a=b" }))).toBe(
      "content-type-refused",
    );
    await pair.outbox.enqueue("x", { contentType: "text/plain" }).accepted;
    // Unless the peer says anew what it takes.
    pair.pair.status = () => 200;
    pair.outbox.forgetRefusedTypes();
    await pair.outbox.enqueue("x", { contentType: "image/png" }).accepted;
  });
});

describe("streams", () => {
  test("so many are read at a time; small messages pass those that wait", async () => {
    const pair = new OutboxPair({ maxConcurrentStreams: 2 });
    const gates = [deferred(), deferred(), deferred()];
    const started: number[] = [];
    const streams = gates.map((gate, n) =>
      pair.outbox.enqueue(
        (async function* () {
          started.push(n);
          yield pattern(10);
          await gate.promise;
        })(),
      ),
    );
    await pair.outbox.enqueue("small").accepted;
    await settle();
    expect(started).toEqual([0, 1]);
    gates[1]!.resolve();
    await streams[1]!.accepted;
    await settle();
    expect(started).toEqual([0, 1, 2]);
    streams[0]!.abort();
    gates[2]!.resolve();
    await streams[2]!.accepted;
    expect((await failure(streams[0]!.accepted)).message).toContain("given up");
    expect([pair.outbox.pending, pair.pair.left.queuedMessages]).toEqual([0, 0]);
  });
});

describe("long messages", () => {
  test("go two at a time, so that the peer has to hold no more; short ones pass them", async () => {
    const pair = new OutboxPair({}, {}, false);
    const given: string[] = [];
    const sent = [5000, 5000, 5000, 10, 2048, 2049].map((length) => pair.outbox.enqueue(pattern(length)));
    pair.outbox.attach({
      send: (message) => {
        given.push(message.messageId);
        pair.pair.left.send(message);
      },
      wake: (message) => pair.pair.left.wakeMessage(message),
    });
    expect(given).toEqual([0, 1, 3, 4].map((index) => sent[index]!.messageId));
    pair.pair.pump();
    await Promise.all(sent.map((message) => message.accepted));
    expect([given.length, pair.outbox.pending]).toEqual([6, 0]);
  });

  test("at the end of a session none of those that wait is started", async () => {
    const pair = new OutboxPair({}, {}, false);
    let given = 0;
    pair.outbox.attach({ send: () => given++, wake: () => undefined });
    const sent = [1, 2, 3, 4].map(() => pair.outbox.enqueue(pattern(5000)));
    pair.outbox.fail(new Error("over"));
    for (const message of sent) expect((await failure(message.accepted)).message).toBe("over");
    expect(given).toBe(2);
  });
});

describe("report", () => {
  test("RFC 4975 §7.1.2: an unknown Message-ID is ignored, and namespaces other than 000 mean nothing [4975-7.1.1-13]", async () => {
    const pair = new OutboxPair();
    const results: string[] = [];
    pair.pair.onRequest = (at, frame) => {
      if (at === "left") results.push(pair.outbox.report(frame));
    };
    const sent = pair.outbox.enqueue("hello", { successReport: true });
    await sent.accepted;
    pair.report("nobodysid", 413);
    pair.pair.right.request({
      method: "REPORT",
      toPath: [alice],
      fromPath: [bob],
      headers: [
        ["Message-ID", sent.messageId],
        ["Status", "001 413 other"],
      ],
    });
    pair.pair.pump();
    expect([results, pair.outbox.unreported]).toEqual([["unknown", "unknown"], 1]);
    pair.report(sent.messageId, 200, "1-5/5");
    expect([results[2], pair.outbox.unreported]).toEqual(["success", 0]);
    await sent.delivered;
  });

  test("RFC 4975 §7.1.1: state is kept for reports minutes later, up to a limit [4975-7.3.2-02]", async () => {
    const pair = new OutboxPair({ maxAwaitingReports: 2 });
    const sent: Sent[] = [];
    for (let n = 0; n < 3; n++) {
      sent.push(pair.outbox.enqueue("hello", { successReport: true }));
      await sent[n]!.accepted;
    }
    pair.pair.advance(600_000);
    const error = await failure(sent[0]!.delivered);
    expect(error instanceof LocalProtocolError && error.code).toBe("report-overdue");
    pair.report(sent[1]!.messageId, 200);
    pair.report(sent[2]!.messageId, 200);
    await sent[1]!.delivered;
    await sent[2]!.delivered;
    expect(pair.outbox.unreported).toBe(0);
  });

  test("RFC 4975 §7.3.2: 481, 506 and octets not received end the session; other refusals do not [4975-7.3.2-05] [4975-10-481] [4975-10-506] [4975-10-403] [4975-10-400] [4975-10-501]", async () => {
    const failures: string[] = [];
    const pair = new OutboxPair({ onFailure: (error) => failures.push(`${error.status} ${error.code}`) });
    for (const status of [400, 403, 408, 413, 423, 501, 481, 506]) {
      pair.pair.status = () => status;
      await failure(pair.outbox.enqueue("x").accepted);
    }
    expect(failures).toEqual(["481 refused", "506 refused"]);
    pair.pair.status = () => 200;
    const sent = pair.outbox.enqueue("hello", { successReport: true });
    await sent.accepted;
    pair.report(sent.messageId, 408, "1-5/5");
    expect(failures[2]).toBe("408 not-received");
    const error = (await failure(sent.delivered)) as DeliveryError;
    expect(error.range).toEqual({ start: 1, end: 5, total: 5 });
  });
});

describe("the end of a session", () => {
  test("RFC 4975 §7.1.1: everything unsettled fails, missing reports included, and nothing more is taken [4975-7.1.1-06] [4975-5.4-15]", async () => {
    const pair = new OutboxPair();
    const reported = pair.outbox.enqueue("a", { successReport: true });
    await reported.accepted;
    pair.pair.status = () => undefined;
    const unanswered = pair.outbox.enqueue("b");
    await settle();
    const waiting = pair.outbox.enqueue("c");
    const idle = pair.outbox.whenIdle();
    const error = new Error("connection lost");
    pair.outbox.fail(error);
    pair.outbox.fail(new Error("again"));
    expect(await failure(reported.delivered)).toBe(error);
    expect(await failure(unanswered.accepted)).toBe(error);
    expect(await failure(waiting.accepted)).toBe(error);
    await idle;
    await reported.accepted;
    expect(codeOf(() => pair.outbox.enqueue("d"))).toBe("session-closed");
    expect([pair.outbox.pending, pair.outbox.unreported]).toEqual([0, 0]);
  });

  test("a connection that takes nothing more fails what is given to it", async () => {
    const pair = new OutboxPair();
    pair.pair.left.close();
    const sent = pair.outbox.enqueue("late");
    expect(((await failure(sent.accepted)) as LocalProtocolError).code).toBe("connection-closed");
    expect(pair.outbox.pending).toBe(0);
  });

  test("a connection that ends fails its messages by itself", async () => {
    const pair = new OutboxPair();
    pair.pair.status = () => undefined;
    const sent = pair.outbox.enqueue(pattern(100_000));
    await settle();
    pair.pair.left.receiveEnd(new Error("reset"));
    expect((await failure(sent.accepted)).message).toBe("The connection failed: reset");
    expect(pair.outbox.pending).toBe(0);
  });
});

describe("waiting for room", () => {
  test("whenQueueBelow resolves as messages are accepted, whenIdle with the last", async () => {
    const pair = new OutboxPair({}, {}, false);
    await pair.outbox.whenIdle();
    const sent = [1, 2, 3].map((n) => pair.outbox.enqueue(`${n}`));
    const log: string[] = [];
    const waits = [
      pair.outbox.whenQueueBelow(3).then(() => log.push("below 3")),
      pair.outbox.whenQueueBelow(2).then(() => log.push("below 2")),
      pair.outbox.whenIdle().then(() => log.push("idle")),
    ];
    for (const message of sent) {
      message.abort();
      await settle();
      log.push(`aborted ${pair.outbox.pending}`);
    }
    await Promise.all(waits);
    expect(log).toEqual(["below 3", "aborted 2", "below 2", "aborted 1", "idle", "aborted 0"]);
  });
});
