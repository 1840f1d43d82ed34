// Which octets success reports cover, for whole messages and chunk by chunk.
// What the rules demand: every octet that was received, and no other.
import { describe, expect, test } from "#test";
import { exactRange, SuccessReporter } from "../../../../core/session/reporter.ts";
import type { ByteRange } from "../../../../core/wire/byte_range.ts";

function reportsOf(reporter: SuccessReporter): {
  sent: { messageId: string; byteRange: ByteRange }[];
  chunk: (
    range: ByteRange | undefined,
    length: number | undefined,
    part?: { first?: boolean; last?: boolean },
  ) => void;
  delivered: (size: number) => void;
} {
  const sent: { messageId: string; byteRange: ByteRange }[] = [];
  const send = (fields: { messageId: string; byteRange: ByteRange }): void => void sent.push(fields);
  return {
    sent,
    chunk(byteRange, length, part = {}): void {
      const body = length === undefined ? undefined : new Uint8Array(length);
      reporter.received({ messageId: "m1", byteRange, body, first: true, last: true, ...part }, send);
    },
    delivered: (size) => reporter.delivered("m1", size, send),
  };
}

describe("SuccessReporter", () => {
  test("RFC 4975 §7.1.3: one report for the whole message, when it was delivered [4975-7.1.3-01]", () => {
    const { sent, chunk, delivered } = reportsOf(new SuccessReporter());
    chunk({ start: 1, total: 12 }, 6);
    chunk({ start: 7, end: 12, total: 12 }, 6);
    expect(sent).toEqual([]);
    delivered(12);
    expect(sent).toEqual([{ messageId: "m1", byteRange: { start: 1, end: 12, total: 12 } }]);
  });

  test("RFC 4975 §7.1.3: or one for each chunk, which together cover every octet [4975-7.1.3-02]", () => {
    const { sent, chunk, delivered } = reportsOf(new SuccessReporter("chunk"));
    chunk({ start: 1, total: 12 }, 6);
    chunk({ start: 7, end: 10, total: 12 }, 3);
    chunk({ start: 10, end: 12, total: 12 }, 3);
    delivered(12);
    expect(sent.map(({ byteRange }) => byteRange)).toEqual([
      { start: 1, end: 6, total: 12 },
      { start: 7, end: 9, total: 12 },
      { start: 10, end: 12, total: 12 },
    ]);
  });

  test("RFC 4975 §7.1.3: the slices of one long chunk get one report", () => {
    const { sent, chunk } = reportsOf(new SuccessReporter("chunk"));
    chunk({ start: 101, end: 200, total: 350 }, 100, { last: false });
    chunk({ start: 201, end: 300, total: 350 }, 100, { first: false, last: false });
    chunk({ start: 301, end: 350, total: 350 }, 50, { first: false });
    expect(sent.map(({ byteRange }) => byteRange)).toEqual([{ start: 101, end: 350, total: 350 }]);
  });

  test("RFC 4975 §7.1.1: an empty message is reported as 1-0/0, a SEND without a body not at all", () => {
    const perMessage = reportsOf(new SuccessReporter());
    perMessage.delivered(0);
    expect(perMessage.sent[0]?.byteRange).toEqual({ start: 1, end: 0, total: 0 });
    const perChunk = reportsOf(new SuccessReporter("chunk"));
    perChunk.chunk(undefined, undefined);
    expect(perChunk.sent).toEqual([]);
    perChunk.chunk(undefined, 0);
    expect(perChunk.sent[0]?.byteRange).toEqual({ start: 1, end: 0 });
  });

  test("a message that is dropped leaves nothing to report", () => {
    const reporter = new SuccessReporter();
    reporter.dropped("m1");
    const { sent, chunk } = reportsOf(reporter);
    chunk({ start: 1 }, 4);
    expect(sent).toEqual([]);
  });
});

describe("exactRange", () => {
  test("RFC 4975 §7.1.4: start and total from the SEND, the end from the body [4975-7.1.4-06]", () => {
    expect(exactRange(1, { start: 1, total: 9000 }, 2048)).toEqual({ start: 1, end: 2048, total: 9000 });
    expect(exactRange(1, undefined, 5)).toEqual({ start: 1, end: 5 });
    expect(exactRange(1, { start: 1, end: 4, hugeTotal: 2n ** 53n + 1n }, 4)).toEqual({
      start: 1,
      end: 4,
      hugeTotal: 2n ** 53n + 1n,
    });
  });
});
