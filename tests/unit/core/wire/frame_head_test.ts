// What a head said, as offsets: strings are made from wherever the octets are, and retain() moves them once.
// Heads are filled by hand here; the reader does it in earnest.
import { describe, expect, test } from "#test";
import { FrameHead, OTHER } from "../../../../core/wire/frame_head.ts";
import { octets } from "./_frames.ts";

function head(): { head: FrameHead; bytes: Uint8Array } {
  const bytes = octets("....MSRP abcd NICKNAME\r\nX: y\r\nand more");
  const made = new FrameHead(bytes, 4);
  made.idLength = 4;
  made.method = OTHER;
  made.setWord(10, 18);
  made.fieldsOffset = 20;
  made.length = 26;
  return { head: made, bytes };
}

describe("FrameHead", () => {
  test("strings come from offsets, which count from the start line", () => {
    const { head: made } = head();
    expect([made.transactionId, made.word]).toEqual(["abcd", "NICKNAME"]);
    expect([...made.headers]).toEqual([["X", "y"]]);
    expect([made.messageId, made.byteRange, made.statusHeader]).toEqual([undefined, undefined, undefined]);
  });

  test("retain() copies the head alone and leaves what was read as it was", () => {
    const { head: made, bytes } = head();
    expect(made.transactionId).toBe("abcd");
    expect(made.owned).toBe(false);
    made.retain();
    const copy = made.bytes;
    made.retain();
    bytes.fill(0);
    expect(made.owned).toBe(true);
    expect([made.bytes, made.bytes.length, made.origin]).toEqual([copy, 26, 0]);
    expect([made.transactionId, made.word, [...made.headers]]).toEqual(["abcd", "NICKNAME", [["X", "y"]]]);
  });

  test("RFC 4975 §9: a range is there or not, and `*` is absent", () => {
    const { head: made } = head();
    made.rangeStart = 7;
    expect(made.byteRange).toEqual({ start: 7 });
    const { head: other } = head();
    other.rangeStart = 1;
    other.rangeEnd = 0;
    other.rangeTotal = 0;
    expect(other.byteRange).toEqual({ start: 1, end: 0, total: 0 });
  });
});
