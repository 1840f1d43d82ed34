// Slicing then joining is the identity: whatever is sent, in whatever sizes, limits and interruptions, arrives octet for
// octet, in chunks that keep RFC 4975 §7.1.1. The bytes between the connections are cut anywhere.
import fc from "fast-check";
import { describe, expect, test } from "#test";
import { Connection } from "../../core/connection/connection.ts";
import { runs } from "../harness/runs.ts";
import {
  alice,
  answer,
  bob,
  concat,
  events,
  sessionUri,
  TestMessage,
  WireReader,
  type Written,
} from "../support/connections.ts";

const plan = fc.record({
  messages: fc.array(
    fc.record({
      length: fc.oneof(fc.nat(10), fc.nat(5000), fc.nat(100_000)),
      session: fc.nat(3),
      /** Octets that the source gives per turn; 0 = all at once. */
      step: fc.oneof(fc.constant(0), fc.integer({ min: 700, max: 9000 })),
      knowsTotal: fc.boolean(),
      failureReport: fc.constantFrom("yes" as const, "no" as const, "partial" as const),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  options: fc.record({
    maxWriteBytes: fc.constantFrom(1, 500, 65_536),
    maxChunkBytes: fc.constantFrom(2048, 10_000, Number.POSITIVE_INFINITY),
    turnBytes: fc.constantFrom(2048, 65_536),
    maxOpenTransactions: fc.constantFrom(1, 2, 1000),
    framing: fc.constantFrom("stream" as const, "message" as const),
  }),
  /** In which turns a response is queued. */
  responses: fc.array(fc.nat(30), { maxLength: 10 }),
});

describe("connection", () => {
  test("RFC 4975 §7.1.1: what is sent arrives, in chunks that keep the rules [4975-7.1.1-18] [4975-7.1.1-23] [4975-7.1-14] [4975-7.1-16]", () => {
    fc.assert(
      fc.property(plan, ({ messages, options, responses }) => {
        const connection = new Connection(options);
        const sources = messages.map(({ length, session, step, knowsTotal, failureReport }) => {
          const message = new TestMessage(length, sessionUri(session));
          if (step > 0) message.available = Math.min(step, length);
          if (!knowsTotal && length > 0) message.total = undefined;
          message.failureReport = failureReport;
          connection.send(message);
          return { message, step };
        });
        const reader = new WireReader();
        const seen: Written[] = [];
        for (let turn = 0; turn < 5000; turn++) {
          for (const at of responses) {
            if (at === turn) {
              connection.respond({
                transactionId: `peer${turn + 1000}`,
                status: 200,
                toPath: [bob],
                fromPath: [alice],
              });
            }
          }
          const bytes = connection.transmit(turn);
          if (bytes === undefined && connection.queuedMessages === 0) break;
          connection.flushed(turn);
          for (const frame of reader.read(bytes ?? new Uint8Array(0))) {
            seen.push(frame);
            if (frame.kind === "request" && (frame.headers["Failure-Report"] ?? "yes") === "yes") {
              connection.receive(answer(frame.id, 200));
            }
          }
          for (const { message, step } of sources) {
            message.available = Math.min(message.bytes.length, message.available + step);
            connection.wakeMessage(message);
          }
          events(connection);
        }
        expect(connection.queuedMessages).toBe(0);
        for (const { message, step } of sources) checkMessage(message, seen, step === 0);
      }),
      { numRuns: runs },
    );
  }, 300_000);
});

function checkMessage(message: TestMessage, seen: readonly Written[], allAtHand: boolean): void {
  const chunks = seen.filter((frame) => frame.headers["Message-ID"] === message.messageId);
  expect(concat(chunks.map((chunk) => chunk.body!))).toEqual(message.bytes);
  expect(chunks.map((chunk) => chunk.flag).join("")).toMatch(/^\+*\$$/);
  let position = 0;
  for (const [index, chunk] of chunks.entries()) {
    const length = chunk.body!.length;
    const [, start, end, total] = /^(\d+)-(\d+|\*)\/(\d+|\*)$/.exec(chunk.range!)!;
    expect(Number(start)).toBe(position + 1);
    if (end !== "*") expect(Number(end)).toBe(position + length);
    if (length > 2048) expect(end).toBe("*");
    if (message.total !== undefined) expect(Number(total)).toBe(message.bytes.length);
    const last = index === chunks.length - 1;
    if (!last && allAtHand) expect(length >= 2048).toBe(true);
    if (length === 0) expect(message.bytes.length).toBe(0);
    position += length;
  }
}

describe("a connection that hears nonsense", () => {
  test("never throws, and closes at most once", () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc
        .constantFrom("MSRP abcd1234 SEND\r\n", "MSRP abcd1234 200 OK\r\n", "\r\n", "-------abcd1234$\r\n")
        .map((t) => new TextEncoder().encode(t)),
      fc.constant(answer("abcd1234", 413)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const connection = new Connection({ transactionId: () => "abcd1234" });
        const message = new TestMessage(5000);
        message.available = 100;
        connection.send(message);
        connection.transmit(0);
        let closed = 0;
        for (const bytes of pieces) {
          connection.receive(bytes);
          closed += events(connection).filter((event) => event.type === "closed").length;
          connection.transmit(1);
        }
        connection.receiveEnd();
        closed += events(connection).filter((event) => event.type === "closed").length;
        expect([closed, connection.openTransactions, connection.queuedMessages]).toEqual([1, 0, 0]);
      }),
      { numRuns: runs },
    );
  });
});
