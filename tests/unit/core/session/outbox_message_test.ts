// One message from enqueue to its last report: results, refusals, aborts at every stage, progress and signals.
// A pair of connections carries it, so what the far side got is known octet for octet.
import { describe, expect, test } from "#test";
import { type DeliveryError, LocalProtocolError } from "../../../../core/errors.ts";
import { concat, pattern, text } from "../../../support/connections.ts";
import { deferred, failure, OutboxPair } from "../../../support/outbox_pair.ts";

const silent = () => undefined;

/** Lets everything that is ready happen. */
async function settle(): Promise<void> {
  for (let n = 0; n < 20; n++) await Promise.resolve();
}

describe("accepted", () => {
  test("RFC 4975 §10.1: resolves when every chunk was answered with 200 [4975-10-200]", async () => {
    const pair = new OutboxPair({}, { maxChunkBytes: 2048 });
    const sent = pair.outbox.enqueue(pattern(5000), { successReport: false });
    await sent.accepted;
    expect(pair.message(sent.messageId)).toEqual({
      body: pattern(5000),
      flags: "++$",
      ranges: ["1-2048/5000", "2049-4096/5000", "4097-5000/5000"],
      successReport: false,
    });
    expect([pair.outbox.pending, pair.pair.left.openTransactions]).toEqual([0, 0]);
  });

  test("RFC 4975 §10: an unknown 2xx is a success, any other code a failure with its comment [4975-10-423] [4975-10-xxx]", async () => {
    const pair = new OutboxPair();
    pair.pair.status = () => 299;
    await pair.outbox.enqueue("hi").accepted;
    for (const status of [400, 403, 415, 423, 501, 600, 199]) {
      pair.pair.status = () => status;
      const sent = pair.outbox.enqueue("hi", { contentType: `text/x${status}` });
      const error = (await failure(sent.accepted)) as DeliveryError;
      expect([error.code, error.status, error.messageId]).toEqual(["refused", status, sent.messageId]);
      expect(error.range).toEqual({ start: 1, end: 2, total: 2 });
      expect(await failure(sent.delivered)).toBe(error);
    }
  });

  test("RFC 4975 §7.1.1: without an answer it fails after 30 s as 408 timeout [4975-7.1.1-07]", async () => {
    const pair = new OutboxPair();
    pair.pair.status = silent;
    const sent = pair.outbox.enqueue("hi");
    await settle();
    pair.pair.advance(30_000);
    const error = (await failure(sent.accepted)) as DeliveryError;
    expect([error.code, error.status]).toEqual(["timeout", 408]);
  });

  test("RFC 4975 §10.4: an answer of 408 is the same event as the local timeout [4975-10-408]", async () => {
    const pair = new OutboxPair();
    pair.pair.status = () => 408;
    const error = (await failure(pair.outbox.enqueue("hi").accepted)) as DeliveryError;
    expect([error.code, error.status]).toEqual(["timeout", 408]);
  });

  test("RFC 4975 §7.1.1: no and partial are accepted when they have left; a late error of partial is still told [4975-7.1.1-09]", async () => {
    const errors: number[] = [];
    const pair = new OutboxPair({ onRefused: (error) => errors.push(error.status) });
    pair.pair.status = silent;
    await pair.outbox.enqueue("hi", { failureReport: "no" }).accepted;
    expect(pair.pair.left.openTransactions).toBe(0);
    pair.pair.status = () => 415;
    const mine: number[] = [];
    const sent = pair.outbox.enqueue("hi", {
      failureReport: "partial",
      onFailure: (error) => mine.push(error.status),
    });
    await sent.accepted;
    await settle();
    expect([mine, errors]).toEqual([[415], [415]]);
    pair.pair.advance(60_000);
    expect(mine).toEqual([415]);
  });
});

describe("delivered", () => {
  test("RFC 4975 §7.1.3: success reports over any ranges, before or after the answers, make it delivered [4975-7.1.3-03] [4975-7.3.2-01]", async () => {
    const pair = new OutboxPair();
    const sent = pair.outbox.enqueue(pattern(100), { successReport: true });
    await sent.accepted;
    expect([pair.outbox.pending, pair.outbox.unreported]).toEqual([0, 1]);
    expect(pair.message(sent.messageId).successReport).toBe(true);
    pair.pair.advance(1_000_000);
    pair.report(sent.messageId, 200, "1-60/100");
    pair.report(sent.messageId, 200, "50-*/*");
    await sent.delivered;
    expect(pair.outbox.unreported).toBe(0);
  });

  test("reports are asked for unless the sender says no, and then delivered says why it cannot tell", async () => {
    const pair = new OutboxPair();
    const asked = pair.outbox.enqueue("hi");
    await asked.accepted;
    expect(pair.message(asked.messageId).successReport).toBe(true);
    pair.report(asked.messageId, 200);
    await asked.delivered;
    const silent = pair.outbox.enqueue("hi", { successReport: false });
    await silent.accepted;
    expect(pair.message(silent.messageId).successReport).toBe(false);
    const error = await failure(silent.delivered);
    expect(error instanceof LocalProtocolError && error.code).toBe("no-success-report");
  });

  test("RFC 4975 §7.3.2: a failure REPORT after the 200 fails delivery, not what was accepted [4975-7.3.2-03]", async () => {
    const pair = new OutboxPair();
    const sent = pair.outbox.enqueue("hello", { successReport: true });
    await sent.accepted;
    pair.report(sent.messageId, 403, "1-5/5");
    const error = (await failure(sent.delivered)) as DeliveryError;
    expect([error.status, error.range]).toEqual([403, { start: 1, end: 5, total: 5 }]);
    await sent.accepted;
    expect(pair.outbox.unreported).toBe(0);
  });
});

describe("refusal while octets are still going out", () => {
  test("RFC 4975 §10.5: 413 in a response or REPORT ends the message on the wire [4975-10-413] [4975-7.3.2-03]", async () => {
    for (const by of ["response", "report"]) {
      const pair = new OutboxPair();
      const gate = deferred();
      const cancelled = deferred<unknown>();
      const sent = pair.outbox.enqueue(
        new ReadableStream<Uint8Array>(
          {
            async pull(controller) {
              controller.enqueue(pattern(5000));
              await gate.promise;
            },
            cancel: (reason) => cancelled.resolve(reason),
          },
          { highWaterMark: 0 },
        ),
      );
      await pair.stalled();
      if (by === "report") pair.report(sent.messageId, 413, "1-4000/*");
      else {
        // The chunk is open: its id is on the wire, and a peer may answer at once.
        pair.pair.status = () => 413;
        pair.outbox.enqueue("x");
        await settle();
      }
      const error = (await failure(sent.accepted)) as DeliveryError;
      expect([error.status, error.code]).toEqual([413, "refused"]);
      expect(await cancelled.promise).toBe(error);
      gate.resolve();
      await settle();
      const { flags, body } = pair.message(sent.messageId);
      expect(flags).toBe(by === "report" ? "#" : "+");
      expect(body.length).toBeLessThan(5001);
      expect(pair.pair.left.queuedMessages).toBe(0);
    }
  });
});

describe("abort", () => {
  test("before the first octet: nothing of it goes out", async () => {
    const pair = new OutboxPair();
    const sent = pair.outbox.enqueue("secret");
    sent.abort();
    sent.abort();
    const error = (await failure(sent.accepted)) as DeliveryError;
    await settle();
    expect([error.code, error.status, pair.arrived.size, pair.outbox.pending]).toEqual(["aborted", 0, 0, 0]);
    expect(pair.pair.left.queuedMessages).toBe(0);
  });

  test("RFC 4975 §7.1: in mid-chunk the chunk ends in #, and the source is cancelled [4975-7.1-15]", async () => {
    const pair = new OutboxPair();
    const returned = deferred();
    const source = {
      [Symbol.asyncIterator]: () => {
        let given = false;
        return {
          next: () => {
            if (given) return new Promise<IteratorResult<Uint8Array>>(silent);
            given = true;
            return Promise.resolve({ done: false as const, value: pattern(3000) });
          },
          return: () => {
            returned.resolve();
            return Promise.resolve({ done: true as const, value: undefined });
          },
        };
      },
    };
    const sent = pair.outbox.enqueue(source);
    await pair.stalled();
    sent.abort(new Error("changed my mind"));
    await returned.promise;
    await settle();
    const error = await failure(sent.accepted);
    expect(error.message).toContain("changed my mind");
    expect(pair.message(sent.messageId).flags).toBe("#");
    expect(pair.outbox.pending).toBe(0);
  });

  test("after the last octet it has no effect: the answer decides", async () => {
    const pair = new OutboxPair();
    const sent = pair.outbox.enqueue("hello");
    await pair.until(() => pair.arrived.size > 0);
    sent.abort();
    await sent.accepted;
    expect(pair.message(sent.messageId).flags).toBe("$");
  });

  test("by a signal, before and during; a signal that outlives the message holds nothing", async () => {
    const pair = new OutboxPair();
    const over = AbortSignal.abort(new Error("too late"));
    const never = pair.outbox.enqueue("hi", { signal: over });
    expect((await failure(never.accepted)).message).toContain("too late");
    const control = new AbortController();
    const waiting = pair.outbox.enqueue("hi", { signal: control.signal });
    control.abort();
    expect(((await failure(waiting.accepted)) as DeliveryError).code).toBe("aborted");
    const later = new AbortController();
    const sent = pair.outbox.enqueue("hi", { signal: later.signal });
    await sent.accepted;
    later.abort();
    await sent.accepted;
    expect([pair.arrived.size, pair.outbox.pending]).toEqual([1, 0]);
  });
});

describe("sources", () => {
  test("RFC 4975 §7.1.1: a stream of unknown length says * until its end is known, and its last chunk has octets [4975-7.1.1-17]", async () => {
    const pair = new OutboxPair({}, { maxChunkBytes: 2048 });
    const sent = pair.outbox.enqueue(
      (async function* () {
        for (const length of [2048, 2048, 10]) yield pattern(length);
      })(),
    );
    await sent.accepted;
    const { body, flags, ranges } = pair.message(sent.messageId);
    expect(body).toEqual(concat([pattern(2048), pattern(2048), pattern(10)]));
    expect(flags.endsWith("$")).toBe(true);
    expect(ranges.slice(0, -1).every((range) => range.endsWith("/*"))).toBe(true);
  });

  test("an empty stream is an empty message, a Blob has its size and its type", async () => {
    const pair = new OutboxPair();
    const empty = pair.outbox.enqueue(new ReadableStream<Uint8Array>({ start: (c) => c.close() }));
    await empty.accepted;
    expect(pair.message(empty.messageId).ranges).toEqual(["1-0/0"]);
    const blob = pair.outbox.enqueue(new Blob([text("{}")], { type: "application/json" }));
    await blob.accepted;
    expect(pair.message(blob.messageId).body).toEqual(text("{}"));
    expect(pair.message(blob.messageId).ranges[0]?.endsWith("/2")).toBe(true);
  });

  test("a source that fails after its first octets ends the message with #", async () => {
    const pair = new OutboxPair();
    const cause = new Error("disk on fire");
    const gate = deferred();
    const sent = pair.outbox.enqueue(
      (async function* () {
        yield pattern(3000);
        await gate.promise;
        throw cause;
      })(),
    );
    await pair.stalled();
    gate.resolve();
    const error = await failure(sent.accepted);
    await settle();
    expect([error.cause, pair.message(sent.messageId).flags]).toEqual([cause, "#"]);
  });

  test("an announced total stands in the first range; a source that breaks it aborts", async () => {
    const pair = new OutboxPair();
    const pieces = async function* () {
      yield pattern(3000);
      yield pattern(3000);
    };
    const good = pair.outbox.enqueue(pieces(), { total: 6000 });
    await good.accepted;
    expect(pair.message(good.messageId).ranges[0]).toBe("1-*/6000");
    const bad = pair.outbox.enqueue(pieces(), { total: 6001 });
    expect((await failure(bad.accepted)).message).toContain("6001");
  });
});

describe("progress", () => {
  test("is told per write at most, ends at the total, and a callback that throws aborts", async () => {
    const pair = new OutboxPair({}, { maxWriteBytes: 1000, maxChunkBytes: 5000 });
    const seen: [number, number | undefined][] = [];
    const sent = pair.outbox.enqueue(pattern(10_000), {
      onProgress: (done, total) => seen.push([done, total]),
    });
    await sent.accepted;
    await settle();
    expect(seen.at(-1)).toEqual([10_000, 10_000]);
    expect(seen.length).toBeLessThan(12);
    const cause = new Error("my bug");
    const other = pair.outbox.enqueue(
      (async function* () {
        yield pattern(10);
        await settle();
        yield pattern(10);
      })(),
      {
        onProgress: () => {
          throw cause;
        },
      },
    );
    expect((await failure(other.accepted)).cause).toBe(cause);
  });
});

describe("resuming", () => {
  test("RFC 4975 §5.4: the rest of a message goes out under its id, from the octet named, and needs reports for itself only", async () => {
    const pair = new OutboxPair({}, { maxChunkBytes: 2048 });
    const sent = pair.outbox.enqueue(pattern(3000), {
      messageId: "resumed",
      start: 1001,
      successReport: true,
    });
    await sent.accepted;
    expect(pair.message("resumed").ranges).toEqual(["1001-3048/4000", "3049-4000/4000"]);
    pair.report("resumed", 200, "1001-4000/4000");
    await sent.delivered;
    expect(() => pair.outbox.enqueue("x", { start: 0 })).toThrow(RangeError);
  });
});
