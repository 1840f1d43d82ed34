// Bodies: one frame up to the limit, slices above it, and nothing kept of what is going to be refused.
// Each case is cut in several ways, since where a body lies in the input decides how it is read.
import { describe, expect, test } from "#test";
import { Decoder, type DecoderOptions, type Frame, type RequestFrame } from "../../../../core/wire/mod.ts";
import { frame, octets, send, textOf } from "./_frames.ts";

function slices(text: string, size: number, options: DecoderOptions = {}): RequestFrame[] {
  const decoder = new Decoder(options);
  const frames: RequestFrame[] = [];
  const bytes = octets(text);
  for (let at = 0; at < bytes.length; at += size) {
    decoder.receive(bytes.slice(at, at + size), (given: Frame) =>
      frames.push(given.retain() as RequestFrame),
    );
  }
  return frames;
}

describe("bodies", () => {
  test("a body up to the limit is one frame, however it is cut; one octet more makes slices", () => {
    for (const size of [1, 7, 1000, 4096, 100_000]) {
      const whole = slices(send("x".repeat(4096)), size, { maxSliceBytes: 4096 });
      expect(whole.map(({ bodyLength, first, last, flag }) => [bodyLength, first, last, flag])).toEqual([
        [4096, true, true, "$"],
      ]);
      expect(whole[0]?.byteRange).toBe(undefined);
      const cut = slices(send("x".repeat(4097)), size, { maxSliceBytes: 4096 });
      expect(cut.length).toBeGreaterThan(1);
      expect(cut.reduce((sum, { bodyLength }) => sum + bodyLength, 0)).toBe(4097);
      expect(cut.map(({ last }) => last)).toEqual(cut.map((_, index) => index === cut.length - 1));
    }
  });

  test("RFC 4976 §6.4.1: slices have exact ranges, `+` on all but the last, and share id and fields", () => {
    const body = Array.from({ length: 10_000 }, (_, index) => String.fromCharCode(97 + (index % 26))).join(
      "",
    );
    const text = send(body, ["Message-ID: m.1234", "Byte-Range: 101-*/20000", "Success-Report: yes"], "#");
    for (const size of [1, 999, 3000, 65_536]) {
      const parts = slices(text, size, { maxSliceBytes: 4096 });
      expect(parts.map(({ body: part }) => textOf(part)).join("")).toBe(body);
      let next = 101;
      for (const part of parts) {
        expect(part.byteRange).toEqual({ start: next, end: next + part.bodyLength - 1, total: 20_000 });
        expect(part.flag).toBe(part.last ? "#" : "+");
        expect(part.first).toBe(next === 101);
        expect([part.transactionId, part.messageId, part.successReport, part.contentType]).toEqual([
          "abcd1234",
          "m.1234",
          true,
          "text/plain",
        ]);
        expect(part.last ? part.bodyLength > 0 : part.bodyLength >= 2048).toBe(true);
        next += part.bodyLength;
      }
    }
  });

  test("slices come as octets come: half a body is given out before the other half arrives", () => {
    const decoder = new Decoder();
    const bytes = octets(send("y".repeat(1_000_000)));
    let given = 0;
    for (let at = 0; at + 100_000 < bytes.length; at += 100_000) {
      decoder.receive(bytes.subarray(at, at + 100_000), (part) => {
        given += (part as RequestFrame).bodyLength;
      });
      expect(given).toBeGreaterThan(at + 100_000 - 70_000);
    }
  });

  test("a long body of a faulty request is not given out in slices, and its fault is", () => {
    const frames = slices(send("z".repeat(50_000), ["Message-ID: ?"]), 1000, { maxSliceBytes: 2048 });
    expect(frames.map(({ fault, body, first, last }) => [fault?.code, body, first, last])).toEqual([
      ["bad-message-id", undefined, true, true],
    ]);
    const untyped = frame("SEND", ["Message-ID: m.1234"], `\r\n${"z".repeat(9000)}\r\n-------abcd1234$\r\n`);
    expect(slices(untyped, 700, { maxSliceBytes: 2048 }).map(({ fault }) => fault?.code)).toEqual([
      "content-type-missing",
    ]);
  });
});
