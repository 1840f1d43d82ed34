// Read buffers: small while quiet, large in a stream, and never more large ones than the limit.
import { describe, expect, test } from "#test";
import { ReadBuffers } from "../../../adapters/_read_buffers.ts";

describe("ReadBuffers", () => {
  test("an idle connection holds 2 KiB, a stream 256 KiB, and it goes back when the stream dries up", () => {
    const buffers = new ReadBuffers(2);
    const reader = buffers.reader();
    expect(reader.buffer.byteLength).toBe(2_048);
    reader.filled(2_047);
    expect(reader.buffer.byteLength).toBe(2_048);
    reader.filled(2_048);
    expect(reader.buffer.byteLength).toBe(262_144);
    reader.filled(20_000);
    expect([reader.buffer.byteLength, buffers.lent]).toEqual([262_144, 1]);
    reader.filled(100);
    expect([reader.buffer.byteLength, buffers.lent]).toEqual([2_048, 0]);
  });

  test("the limit on large buffers: at it all get one, beyond it 16 KiB have to do until one comes back", () => {
    const buffers = new ReadBuffers(2);
    const readers = [buffers.reader(), buffers.reader(), buffers.reader()];
    for (const reader of readers) reader.filled(2_048);
    expect(readers.map((reader) => reader.buffer.byteLength)).toEqual([262_144, 262_144, 16_384]);
    const last = readers[2]!;
    last.filled(16_384);
    expect(last.buffer.byteLength).toBe(16_384);
    readers[0]!.release();
    last.filled(16_384);
    expect(last.buffer.byteLength).toBe(262_144);
    expect(buffers.lent).toBe(2);
  });

  test("release gives back once, and 16 KiB shrink to 2 when little comes", () => {
    const buffers = new ReadBuffers(1);
    const first = buffers.reader();
    first.filled(2_048);
    const second = buffers.reader();
    second.filled(2_048);
    expect(second.buffer.byteLength).toBe(16_384);
    second.filled(10);
    expect(second.buffer.byteLength).toBe(2_048);
    first.release();
    first.release();
    expect(buffers.lent).toBe(0);
  });
});
