// The set of octet ranges: in order, out of order, overlapping, and cut off.
// The model in the random test is an array of booleans.
import { describe, expect, test } from "#test";
import { RangeSet } from "../../../../core/session/range_set.ts";

function setOf(...ranges: readonly (readonly [number, number])[]): RangeSet {
  const set = new RangeSet();
  for (const [start, end] of ranges) set.add(start, end);
  return set;
}

const listed = (set: RangeSet): number[][] => [...set].map(({ start, end }) => [start, end]);

describe("RangeSet", () => {
  test("RFC 4975 §7.3.1: chunks in order make one range, and each adds its octets", () => {
    const set = new RangeSet();
    expect(set.add(1, 4)).toBe(4);
    expect(set.add(5, 5)).toBe(1);
    expect(set.add(6, 12)).toBe(7);
    expect(listed(set)).toEqual([[1, 12]]);
    expect(set.octets).toBe(12);
    expect(set.contiguousEnd).toBe(12);
  });

  test("RFC 4975 §7.3.1: gaps stay open until they are filled", () => {
    const set = setOf([9, 12], [1, 4]);
    expect(listed(set)).toEqual([
      [1, 4],
      [9, 12],
    ]);
    expect(set.missing(14)).toEqual([
      { start: 5, end: 8, total: 14 },
      { start: 13, end: 14, total: 14 },
    ]);
    expect(set.contiguousEnd).toBe(4);
    expect(set.add(5, 8)).toBe(4);
    expect(listed(set)).toEqual([[1, 12]]);
    expect(set.missing(12)).toEqual([]);
  });

  test("overlaps are counted once", () => {
    const set = setOf([1, 10], [20, 30]);
    expect(set.add(5, 25)).toBe(9);
    expect(listed(set)).toEqual([[1, 30]]);
    expect(set.add(1, 30)).toBe(0);
    expect(set.octets).toBe(30);
  });

  test("an empty range adds nothing and is always covered", () => {
    const set = new RangeSet();
    expect(set.add(1, 0)).toBe(0);
    expect(set.count).toBe(0);
    expect(set.end).toBe(0);
    expect(set.contiguousEnd).toBe(0);
    expect(set.covers(5, 4)).toBe(true);
    expect(set.covers(1, 1)).toBe(false);
  });

  test("RFC 4975 §14.5: positions above 2^32 are exact [4975-14.5-01]", () => {
    const far = 2 ** 40;
    const set = setOf([1, 4], [far + 1, far + 4]);
    expect(listed(set)).toEqual([
      [1, 4],
      [far + 1, far + 4],
    ]);
    expect(set.covers(far + 1, far + 4)).toBe(true);
    expect(set.covers(far, far + 4)).toBe(false);
    expect(set.octets).toBe(8);
  });

  test("truncate takes out everything above, through the middle of a range too", () => {
    const set = setOf([1, 4], [6, 9], [20, 30]);
    set.truncate(7);
    expect(listed(set)).toEqual([
      [1, 4],
      [6, 7],
    ]);
    expect(set.octets).toBe(6);
    set.truncate(0);
    expect(listed(set)).toEqual([]);
    expect(set.octets).toBe(0);
  });

  test("agrees with an array of booleans, whatever is added", () => {
    let seed = 12_345;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    for (let round = 0; round < 60; round++) {
      const set = new RangeSet();
      const model = new Array<boolean>(102).fill(false);
      for (let step = 0; step < 30; step++) {
        const start = 1 + random(100);
        const end = Math.min(100, start + random(12) - 1);
        let added = 0;
        for (let position = start; position <= end; position++) {
          if (!model[position]) added++;
          model[position] = true;
        }
        expect(set.add(start, end)).toBe(added);
        expect(set.octets).toBe(model.filter(Boolean).length);
        let contiguous = 0;
        while (model[contiguous + 1]) contiguous++;
        expect(set.contiguousEnd).toBe(contiguous);
      }
      const ranges: number[][] = [];
      for (let position = 1; position <= 101; position++) {
        if (model[position] && !model[position - 1]) ranges.push([position, position]);
        if (model[position]) (ranges.at(-1) as number[])[1] = position;
      }
      expect(listed(set)).toEqual(ranges);
    }
  });
});
