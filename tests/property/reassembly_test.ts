// Properties of reassembly: any cutting, order, overlap and repetition of chunks gives the message, in every mode.
// The model is a plain array of octets; the budget is never negative and is back at zero at the end.
import fc from "fast-check";
import { describe, expect, test } from "#test";
import { Inbox } from "../../core/session/inbox.ts";
import { InboxBudget } from "../../core/session/inbox_budget.ts";
import type { InboxOptions, MessageSink } from "../../core/session/inbox_options.ts";
import { PieceList } from "../../core/session/inbox_pieces.ts";
import type { Message } from "../../core/session/message.ts";
import { RangeSet } from "../../core/session/range_set.ts";
import { runs } from "../harness/runs.ts";
import { type Chunk, give, noSession } from "../unit/core/session/_chunks.ts";

/** A piece of the message that arrives; `fresh` octets differ from those of other pieces at the same place. */
interface Piece {
  start: number;
  end: number;
  fresh: number;
}

const total = fc.integer({ min: 1, max: 120 });

/** Pieces that cover 1 to `size`, cut anywhere, with further ones that overlap and repeat, in any order. */
const arrival = total.chain((size) =>
  fc
    .record({
      cuts: fc.uniqueArray(fc.integer({ min: 1, max: size }), { maxLength: 8 }),
      extra: fc.array(fc.tuple(fc.integer({ min: 1, max: size }), fc.integer({ min: 0, max: 40 })), {
        maxLength: 6,
      }),
    })
    .chain(({ cuts, extra }) => {
      const borders = [0, ...cuts.filter((cut) => cut < size).sort((a, b) => a - b), size];
      const pieces: Piece[] = [];
      for (let index = 1; index < borders.length; index++) {
        pieces.push({
          start: (borders[index - 1] as number) + 1,
          end: borders[index] as number,
          fresh: index,
        });
      }
      for (const [start, length] of extra) {
        pieces.push({ start, end: Math.min(size, start + length), fresh: 100 + pieces.length });
      }
      return fc.record({
        size: fc.constant(size),
        pieces: fc.shuffledSubarray(pieces, { minLength: pieces.length, maxLength: pieces.length }),
        announced: fc.boolean(),
      });
    }),
);

const octet = (piece: Piece, position: number): number => (position * 7 + piece.fresh * 31) % 256;

function bodyOf(piece: Piece): Uint8Array {
  return Uint8Array.from({ length: piece.end - piece.start + 1 }, (_, index) =>
    octet(piece, piece.start + index),
  );
}

function chunkOf(piece: Piece, size: number, announced: boolean): Chunk {
  const range = `${piece.start}-*/${announced ? size : "*"}`;
  // The piece with the last octet ends the message, so that `$` may come first, last or in between.
  return { range, body: bodyOf(piece), flag: piece.end === size ? "$" : "+" };
}

/** The octets after the pieces up to the one that makes the message whole, the last one winning. */
function model(pieces: readonly Piece[], size: number): { octets: Uint8Array; used: number } {
  const octets = new Uint8Array(size);
  const seen = new Array<boolean>(size).fill(false);
  let used = 0;
  let ended = false;
  for (const piece of pieces) {
    used++;
    ended ||= piece.end === size;
    for (let position = piece.start; position <= piece.end; position++) {
      octets[position - 1] = octet(piece, position);
      seen[position - 1] = true;
    }
    if (ended && seen.every(Boolean)) break;
  }
  return { octets, used };
}

function inboxOf(options: InboxOptions): { inbox: Inbox; budget: InboxBudget } {
  const budget = new InboxBudget();
  return { inbox: new Inbox(noSession, options, budget), budget };
}

describe("reassembly", () => {
  test("RFC 4975 §7.3.1: any order, overlap and repetition of chunks yields the message [4975-7.3.1-02] [4975-7.3.1-06]", () => {
    fc.assert(
      fc.property(arrival, ({ size, pieces, announced }) => {
        const { inbox, budget } = inboxOf({});
        const { octets, used } = model(pieces, size);
        let message: Message | undefined;
        pieces.forEach((piece, index) => {
          const result = give(inbox, chunkOf(piece, size, announced));
          const held = pieces.slice(0, index + 1);
          if (index + 1 < used) {
            expect(result.outcome).toBe("taken");
            expect(budget.used).toBe(coveredBy(held));
          } else if (index + 1 === used) {
            expect(result.outcome).toBe("message");
            message = result.message;
          } else expect(result.outcome).toBe("duplicate");
          if (index + 1 >= used) expect(budget.used).toBe(0);
        });
        expect(message?.body).toEqual(octets);
        expect([inbox.heldBytes, inbox.incomplete().length]).toEqual([0, 0]);
      }),
      { numRuns: runs },
    );
  });

  test("RFC 4975 §7.3.1: a sink gets the same octets, in flat memory", () => {
    fc.assert(
      fc.property(arrival, ({ size, pieces, announced }) => {
        const written = new Uint8Array(size);
        let closed = -1;
        const sink: MessageSink = {
          write: (position, bytes) => written.set(bytes, position),
          close(octets) {
            closed = octets;
          },
          abort: () => {},
        };
        const { inbox, budget } = inboxOf({ onMessageStart: () => ({ sink }) });
        for (const piece of pieces) {
          give(inbox, chunkOf(piece, size, announced));
          expect(budget.used).toBe(0);
        }
        expect([closed, written]).toEqual([size, model(pieces, size).octets]);
      }),
      { numRuns: runs },
    );
  });

  test("RFC 4975 §7.3.1: a stream gives every octet once and in order, whenever it is read [4975-7.3.1-12]", async () => {
    await fc.assert(
      fc.asyncProperty(
        arrival,
        fc.integer({ min: 0, max: 8 }),
        async ({ size, pieces, announced }, readFrom) => {
          const { inbox, budget } = inboxOf({ onMessageStart: () => "stream" });
          // The same octets at the same place in every piece: what was read cannot be taken back.
          const same = pieces.map((piece) => ({ ...piece, fresh: 0 }));
          let message: Message | undefined;
          let bytes: Promise<Uint8Array> | undefined;
          for (const [index, piece] of same.entries()) {
            message ??= give(inbox, chunkOf(piece, size, announced)).message;
            if (index > 0) give(inbox, chunkOf(piece, size, announced));
            if (index === readFrom) bytes = message?.bytes();
            expect(budget.used).toBeGreaterThanOrEqual(0);
            await Promise.resolve();
          }
          bytes ??= message?.bytes();
          expect(await bytes).toEqual(model(same, size).octets);
          expect([message?.size, budget.used, inbox.paused]).toEqual([size, 0, false]);
        },
      ),
      { numRuns: runs },
    );
  });

  test("any chunks at all, with any range and flag, leave nothing behind when the session ends", () => {
    const number = fc.oneof(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    );
    const chunk = fc.record({
      id: fc.constantFrom("msg.1", "msg.2", "msg.3"),
      range: fc.oneof(
        fc.constant(null),
        fc
          .tuple(number, fc.option(number), fc.option(number))
          .map(([start, end, all]) => `${start}-${end ?? "*"}/${all ?? "*"}`),
      ),
      body: fc.option(fc.uint8Array({ maxLength: 30 })),
      flag: fc.constantFrom<"$" | "+" | "#">("$", "+", "#"),
    });
    const mode = fc.constantFrom<"memory" | "stream">("memory", "stream");
    const limits = fc.record({
      maxMessageBytes: fc.integer({ min: 1, max: 100 }),
      maxIncompleteBytes: fc.integer({ min: 1, max: 100 }),
      maxIncompleteMessages: fc.integer({ min: 1, max: 3 }),
      maxGaps: fc.integer({ min: 1, max: 4 }),
      windowBytes: fc.integer({ min: 1, max: 40 }),
      maxRememberedIds: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 30 }), mode, limits, (chunks, reception, options) => {
        const { inbox, budget } = inboxOf({ ...options, onMessageStart: () => reception });
        chunks.forEach((one, now) => {
          const { outcome, status } = give(inbox, one, now);
          expect(outcome === "refused" ? status >= 400 : status === 200).toBe(true);
          expect(budget.used).toBeGreaterThanOrEqual(0);
          expect(budget.used).toBeLessThanOrEqual(options.maxIncompleteBytes);
          expect(inbox.incomplete().length).toBeLessThanOrEqual(options.maxIncompleteMessages);
          if (inbox.incomplete().length === 0 && reception === "memory") {
            expect(inbox.deadline).toBe(Number.POSITIVE_INFINITY);
          }
        });
        inbox.wake(200_000);
        expect([inbox.incomplete(), inbox.paused, budget.used]).toEqual([[], false, 0]);
        expect(inbox.deadline).toBe(Number.POSITIVE_INFINITY);
        inbox.close();
        expect([budget.used, inbox.heldBytes, inbox.paused]).toEqual([0, 0, false]);
      }),
      { numRuns: runs },
    );
  });
});

describe("its parts", () => {
  const range = fc.tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 30 }));

  test("a RangeSet agrees with a set of positions", () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 40 }), fc.integer({ min: 0, max: 240 }), (ranges, cut) => {
        const set = new RangeSet();
        const positions = new Set<number>();
        for (const [start, length] of ranges) {
          const before = positions.size;
          for (let position = start; position < start + length; position++) positions.add(position);
          expect(set.add(start, start + length - 1)).toBe(positions.size - before);
        }
        set.truncate(cut);
        const kept = [...positions].filter((position) => position <= cut);
        expect(set.octets).toBe(kept.length);
        expect(
          [...set].flatMap(({ start, end }) => Array.from({ length: end - start + 1 }, (_, i) => start + i)),
        ).toEqual(kept.sort((a, b) => a - b));
      }),
      { numRuns: runs },
    );
  });

  test("a PieceList agrees with an array, and its pieces stay few", () => {
    const write = fc.tuple(fc.integer({ min: 0, max: 400 }), fc.uint8Array({ minLength: 1, maxLength: 60 }));
    fc.assert(
      fc.property(fc.array(write, { maxLength: 40 }), (writes) => {
        const pieces = new PieceList();
        const ranges = new RangeSet();
        const octets = new Uint8Array(500);
        for (const [position, bytes] of writes) {
          pieces.write(position + 1, bytes);
          ranges.add(position + 1, position + bytes.length);
          octets.set(bytes, position);
        }
        expect(pieces.octets).toBe(ranges.octets);
        expect(pieces.count).toBe(ranges.count);
        expect(pieces.join(500)).toEqual(octets);
      }),
      { numRuns: runs },
    );
  });
});

/** How many positions the pieces cover. */
function coveredBy(pieces: readonly Piece[]): number {
  const ranges = new RangeSet();
  for (const { start, end } of pieces) ranges.add(start, end);
  return ranges.octets;
}
