// The queue of bytes that the system would not take: order, portions, and the joining of small parts.
import fc from "fast-check";
import { describe, expect, test } from "#test";
import { PendingBytes } from "../../../adapters/_pending.ts";
import { runs } from "../../harness/runs.ts";

describe("PendingBytes", () => {
  test("small parts are joined up to 64 KiB, large ones are given as they are", () => {
    const pending = new PendingBytes();
    expect(pending.front()).toBe(undefined);
    const large = new Uint8Array(70_000);
    pending.push(large);
    pending.push(new Uint8Array(10));
    expect(pending.front()).toBe(large);
    pending.advance(70_000);
    for (let index = 0; index < 9; index += 1) pending.push(new Uint8Array(10_000));
    expect(pending.front()?.byteLength).toBe(60_010);
    expect(pending.length).toBe(90_010);
    pending.advance(60_010);
    expect(pending.front()?.byteLength).toBe(30_000);
    pending.clear();
    expect([pending.length, pending.front()]).toEqual([0, undefined]);
  });

  test("property: whatever is pushed and taken in whatever portions, the bytes come out in order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 40_000 }), fc.integer({ min: 0, max: 50_000 })), {
          maxLength: 30,
        }),
        (steps) => {
          const pending = new PendingBytes();
          let pushed = 0;
          let taken = 0;
          const take = (most: number): void => {
            const front = pending.front();
            if (!front) return;
            const count = Math.min(most, front.byteLength);
            for (let at = 0; at < count; at += 997) expect(front[at]).toBe((taken + at) & 0xff);
            if (count > 0) pending.advance(count);
            taken += count;
          };
          for (const [size, most] of steps) {
            pending.push(Uint8Array.from({ length: size }, (_, index) => (pushed + index) & 0xff));
            pushed += size;
            take(most);
            expect(pending.length).toBe(pushed - taken);
          }
          while (pending.length > 0) take(65_536);
          expect(taken).toBe(pushed);
        },
      ),
      { numRuns: Math.min(runs, 300) },
    );
  });

  test("a long queue of small parts is not kept after it was taken", () => {
    const pending = new PendingBytes();
    for (let index = 0; index < 1_000; index += 1) pending.push(new Uint8Array(65_536));
    for (let index = 0; index < 1_000; index += 1) {
      expect(pending.front()?.byteLength).toBe(65_536);
      pending.advance(65_536);
    }
    expect(pending.length).toBe(0);
  });
});
