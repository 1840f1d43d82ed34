// Buffers that are used again: only those that were handed out, only once, and only as many as the limit keeps.
import { describe, expect, test } from "#test";
import { FrameWriter } from "../../../../core/wire/encoder.ts";
import { releaseBuffer, spareRoom, takeBuffer } from "../../../../core/wire/output_buffers.ts";

describe("output buffers", () => {
  test("a released block is used again, a small or a huge buffer is always fresh", () => {
    const block = takeBuffer(65_536);
    expect(block.byteLength).toBe(98_304);
    releaseBuffer(block.subarray(0, 70_000));
    expect(takeBuffer(40_000).buffer).toBe(block.buffer);
    const record = takeBuffer(17_000);
    expect(record.byteLength).toBe(24_576);
    releaseBuffer(record.subarray(0, 16_500));
    expect(takeBuffer(6_144).buffer).toBe(record.buffer);
    for (const size of [1_000, 6_143, 98_305, 1_000_000]) {
      const bytes = takeBuffer(size);
      expect(bytes.byteLength).toBe(size);
      releaseBuffer(bytes);
      expect(takeBuffer(size).buffer === bytes.buffer).toBe(false);
    }
  });

  test("released twice it is lent once, and what was never lent is not taken", () => {
    const block = takeBuffer(50_000);
    releaseBuffer(block);
    releaseBuffer(block);
    const first = takeBuffer(50_000);
    expect(first.buffer).toBe(block.buffer);
    expect(takeBuffer(50_000).buffer === first.buffer).toBe(false);
    const foreign = new Uint8Array(98_304);
    releaseBuffer(foreign);
    expect(takeBuffer(98_304).buffer === foreign.buffer).toBe(false);
  });

  test("the limit: 32 large and 128 small blocks are kept, the rest goes back to the system", () => {
    for (const [size, most] of [
      [65_536, 32],
      [16_384, 128],
    ] as const) {
      const blocks = Array.from({ length: 140 }, () => takeBuffer(size));
      for (const block of blocks) releaseBuffer(block);
      const again = new Set(Array.from({ length: 140 }, () => takeBuffer(size).buffer));
      expect(blocks.filter(({ buffer }) => again.has(buffer)).length).toBe(most);
      expect(again.size).toBe(140);
    }
  });

  test("a writer's octets stay as they are until they are released", () => {
    const writer = new FrameWriter();
    const write = (fill: number): Uint8Array => {
      writer.raw(new Uint8Array(65_536).fill(fill));
      return writer.take();
    };
    write(0);
    const kept = write(1);
    const other = write(2);
    expect([kept.every((byte) => byte === 1), other.every((byte) => byte === 2)]).toEqual([true, true]);
    releaseBuffer(kept);
    const next = write(3);
    expect(next.buffer).toBe(kept.buffer);
    expect(next.byteLength).toBe(65_536);
    expect(other.every((byte) => byte === 2)).toBe(true);
  });

  test("room behind a write is known where the whole block was handed over, and nowhere else", () => {
    const block = takeBuffer(65_536);
    expect(spareRoom(block.subarray(0, 65_600))).toBe(98_304 - 65_600);
    expect(spareRoom(block.subarray(1, 100))).toBe(0);
    releaseBuffer(block);
    expect(spareRoom(block.subarray(0, 65_600))).toBe(0);
    expect(spareRoom(new Uint8Array(98_304).subarray(0, 10))).toBe(0);
    expect(spareRoom(takeBuffer(100).subarray(0, 10))).toBe(0);
  });

  test("what a writer hands over is nobody else's, on both sides of every size that is treated in its own way", () => {
    const octets = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
    const taken: { bytes: Uint8Array; length: number; value: number }[] = [];
    for (const length of [1, 999, 1000, 1001, 2047, 2048, 2049, 6143, 6144, 24_576, 24_577, 98_305]) {
      for (const value of [1, 2, 3]) {
        const [inner, outer] = [new FrameWriter(), new FrameWriter()];
        inner.raw(octets(length, value));
        outer.adopt(inner.take());
        taken.push({ bytes: outer.take(), length, value });
        outer.raw(octets(10, 9));
        outer.adopt(octets(length, value + 100));
        outer.raw(octets(10, 9));
        expect(outer.take()).toEqual(
          new Uint8Array([...octets(10, 9), ...octets(length, value + 100), ...octets(10, 9)]),
        );
      }
    }
    for (const { bytes, length, value } of taken) expect(bytes).toEqual(octets(length, value));
  });

  test("a short write keeps no more memory alive than it has octets", () => {
    const writer = new FrameWriter();
    for (const length of [1, 500, 1000]) {
      writer.raw(new Uint8Array(length));
      expect(writer.take().buffer.byteLength).toBe(length);
    }
  });
});
