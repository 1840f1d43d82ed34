// Memory that is given back at once: whole buffers only, and only where the runtime can.
import { describe, expect, test } from "#test";
import { free } from "../../../adapters/_free.ts";

const can = typeof (ArrayBuffer.prototype as { transfer?: unknown }).transfer === "function";

describe("free", () => {
  test("an array that has its buffer for itself is empty afterwards, where buffers can be emptied", () => {
    const bytes = new Uint8Array(65_536);
    free(bytes);
    expect(bytes.byteLength).toBe(can ? 0 : 65_536);
  });

  test("a view of a part of a buffer stays as it is", () => {
    const buffer = new Uint8Array(8192).fill(7);
    for (const view of [buffer.subarray(1), buffer.subarray(0, 100)]) {
      free(view);
      expect(view[0]).toBe(7);
    }
    expect(buffer.byteLength).toBe(8192);
  });

  test("an empty array, and one that was freed, are no matter", () => {
    const empty = new Uint8Array(0);
    free(empty);
    const bytes = new Uint8Array(4);
    free(bytes);
    free(bytes);
    expect(empty.byteLength).toBe(0);
  });
});
