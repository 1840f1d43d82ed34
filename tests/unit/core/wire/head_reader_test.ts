// Reading heads: the short and the general way must agree, and a head that is cut is read on where it stopped.
// A reader is driven by hand, as the decoder does it.
import { describe, expect, test } from "#test";
import { decoderLimits } from "../../../../core/wire/decoder_options.ts";
import { HeadReader, NEED_MORE } from "../../../../core/wire/head_reader.ts";
import { decode, fieldsOf, singly } from "../../../vectors/frame_fields.ts";
import { from, octets, read, send, to } from "./_frames.ts";

function start(text: string): { reader: HeadReader; bytes: Uint8Array } {
  const bytes = octets(text);
  const reader = new HeadReader(decoderLimits());
  reader.begin(bytes, new DataView(bytes.buffer), 0);
  return { reader, bytes };
}

describe("HeadReader", () => {
  test("stops at the blank line or the end-line, and says which", () => {
    const typed = send("body");
    const { reader } = start(typed);
    expect(reader.read(typed.length)).toBe(typed.indexOf("\r\n\r\n") + 4);
    expect(reader.flag).toBe(undefined);
    const bare = `MSRP abcd1234 SEND\r\nTo-Path: ${to}\r\nFrom-Path: ${from}\r\nMessage-ID: m.1234\r\n-------abcd1234#\r\nMSRP`;
    const other = start(bare);
    expect(other.reader.read(bare.length)).toBe(bare.length - 4);
    expect(other.reader.flag).toBe("#");
  });

  test("RFC 4975 §9: a head that is cut anywhere is read on from there [4975-9-23]", () => {
    const text = send("body", [
      "Message-ID: m.1234",
      "Byte-Range: 1-4/4",
      "X-Other: value",
      "Success-Report: yes",
    ]);
    const whole = text.indexOf("\r\n\r\n") + 4;
    for (let cut = 0; cut < whole; cut++) {
      const { reader } = start(text);
      expect(reader.read(cut)).toBe(NEED_MORE);
      expect(reader.read(text.length)).toBe(whole);
      expect([
        reader.head.messageId,
        reader.head.byteRange,
        reader.head.successReport,
        reader.head.contentType,
      ]).toEqual(["m.1234", { start: 1, end: 4, total: 4 }, true, "text/plain"]);
    }
  });

  test("the octets may move between two readings", () => {
    const text = send("body");
    const { reader } = start(text.slice(0, 60));
    expect(reader.read(60)).toBe(NEED_MORE);
    const moved = octets(`......${text}`);
    reader.move(moved, new DataView(moved.buffer), 6);
    expect(reader.read(moved.length)).toBe(6 + text.indexOf("\r\n\r\n") + 4);
    expect([reader.head.transactionId, reader.head.messageId]).toEqual(["abcd1234", "m.1234"]);
    reader.forget();
    expect(reader.head.bytes.length).toBe(0);
  });

  test("RFC 4975 §9: fields in the usual spelling and in any other give the same frame [4975-9-09]", () => {
    const lines = ["Message-ID: m.1234", "Byte-Range: 1-4/4", "Success-Report: yes", "Failure-Report: no"];
    const usual = read(send("body", lines) + send("body", lines));
    // The second frame goes the short way altogether: its paths and Content-Type are known by then.
    const odd = read(
      send(
        "body",
        lines.map((line) => line.replace(/^[^:]+/, (name) => name.toUpperCase())),
      ),
    );
    const [first, second] = usual.frames.map((given) => fieldsOf(given, usual.bodies[0]));
    expect(second).toEqual(first);
    expect(fieldsOf(odd.frames[0] as never, odd.bodies[0])).toEqual(first);
    const slow = decode(singly(octets(send("body", lines))));
    expect(fieldsOf(slow.frames[0] as never, slow.bodies[0])).toEqual(first);
  });

  test("a second usual field is a repeated one, on the short way too", () => {
    for (const line of [
      "Message-ID: m.1234",
      "Byte-Range: 1-4/4",
      "Success-Report: yes",
      "Failure-Report: no",
    ]) {
      const lines = [...new Set(["Message-ID: m.1234", line]), line];
      const outcome = read(send("body") + send("body", lines));
      const [, request] = outcome.frames;
      expect([line, request?.kind === "request" && request.fault?.code]).toEqual([line, "duplicate-header"]);
    }
    const typedTwice = send("body", ["Message-ID: m.1234", "Content-Type: text/plain"]);
    const [, request] = read(send("body") + typedTwice).frames;
    expect(request?.kind === "request" && request.fault?.code).toBe("duplicate-header");
  });
});
