// The buffer for what an input cuts off: octets that are lent are never written over in the same call.
import { describe, expect, test } from "#test";
import { LendingBuffer } from "../../../../core/wire/lending_buffer.ts";
import { takeBuffer } from "../../../../core/wire/output_buffers.ts";
import { octets, textOf } from "./_frames.ts";

function add(buffer: LendingBuffer, text: string): void {
  buffer.append(octets(text), 0, text.length, 8);
}

function content(buffer: LendingBuffer): string | undefined {
  return textOf(buffer.bytes.subarray(0, buffer.length));
}

describe("LendingBuffer", () => {
  test("grows at the end, forgets from the front, and its view sees the same octets", () => {
    const buffer = new LendingBuffer();
    add(buffer, "a");
    add(buffer, "bcdefghijkl");
    expect(content(buffer)).toBe("abcdefghijkl");
    expect(buffer.view.getUint8(11)).toBe(108);
    buffer.keepFrom(10, 8);
    expect(content(buffer)).toBe("kl");
  });

  test("lent octets stay until the next input, however often the buffer is filled again", () => {
    const buffer = new LendingBuffer();
    const lent: [Uint8Array, string][] = [];
    for (const text of ["first", "second", "third, which is longer than the others", "4"]) {
      buffer.length = 0;
      add(buffer, text);
      buffer.lend();
      lent.push([buffer.bytes.subarray(0, text.length), text]);
    }
    buffer.keepFrom(1, 8);
    for (const [bytes, text] of lent) expect(textOf(bytes)).toBe(text);
  });

  test("what is kept of lent octets is copied", () => {
    const buffer = new LendingBuffer();
    add(buffer, "slice+rest");
    const slice = buffer.bytes.subarray(0, 6);
    buffer.lend();
    buffer.keepFrom(6, 8);
    add(buffer, "!!");
    expect(content(buffer)).toBe("rest!!");
    expect(textOf(slice)).toBe("slice+");
  });

  test("from call to call two buffers take turns and no third is made", () => {
    const buffer = new LendingBuffer();
    const seen = new Set<Uint8Array>();
    for (let call = 0; call < 10; call++) {
      buffer.settle();
      buffer.lend();
      buffer.length = 0;
      add(buffer, "cut");
      seen.add(buffer.bytes);
    }
    expect(seen.size).toBeLessThanOrEqual(2);
  });

  test("a large buffer is let go of, a small one is kept", () => {
    const buffer = new LendingBuffer();
    buffer.append(new Uint8Array(5000), 0, 5000, 0);
    buffer.release();
    expect([buffer.length, buffer.bytes.length, buffer.view.byteLength]).toEqual([0, 0, 0]);
    add(buffer, "x");
    const kept = buffer.bytes;
    buffer.release();
    add(buffer, "y");
    expect(buffer.bytes).toBe(kept);
  });

  test("a large buffer stays as it is until its frames are settled, then others may use it", () => {
    const buffer = new LendingBuffer();
    buffer.append(new Uint8Array(60_000).fill(7), 0, 60_000, 65_700);
    const { bytes } = buffer;
    buffer.lend();
    buffer.release();
    expect(takeBuffer(60_000).buffer === bytes.buffer).toBe(false);
    buffer.settle();
    expect(takeBuffer(60_000).buffer).toBe(bytes.buffer);
    buffer.settle();
    expect(takeBuffer(60_000).buffer === bytes.buffer).toBe(false);
  });
});
