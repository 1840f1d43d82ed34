// The decoder as a whole: frames in a row and in pieces, faults in the middle, slices, limits, and message framing.
import { describe, expect, test } from "#test";
import { RemoteProtocolError } from "../../../../core/errors.ts";
import { Decoder, type DecoderOptions, type Frame, type RequestFrame } from "../../../../core/wire/mod.ts";
import { decode, singly } from "../../../vectors/frame_fields.ts";
import { codeOf, frame, from, octets, read, send, textOf, to } from "./_frames.ts";

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

describe("Decoder", () => {
  test("RFC 4975 §9: frames follow each other in one input or in single octets [4975-9-23] [4975-9-24]", () => {
    const text =
      send("one") + frame("200 OK", [], "-------abcd1234$\r\n") + send("two", ["Message-ID: m.5678"], "+");
    for (const segments of [[octets(text)], singly(octets(text))]) {
      const outcome = decode(segments);
      expect(outcome.frames.map(({ kind, flag }) => [kind, flag])).toEqual([
        ["request", "$"],
        ["response", "$"],
        ["request", "+"],
      ]);
      expect(outcome.bodies.map(textOf)).toEqual(["one", undefined, "two"]);
    }
  });

  test("RFC 4975 §10.2: a fault inside a frame leaves the next one intact [4975-9-25]", () => {
    const outcome = read(send("bad", ["Message-ID: m.1234", "Byte-Range: 1-5"]) + send("good"));
    expect(outcome.frames.map((given) => (given as RequestFrame).fault?.code)).toEqual([
      "bad-byte-range",
      undefined,
    ]);
    expect(outcome.bodies.map(textOf)).toEqual(["bad", "good"]);
  });

  test("RFC 4975 §9: an end-line with another id among the headers means that framing is lost [4975-9-25]", () => {
    const outcome = read(send("first") + frame("SEND", [], "-------abcd1235$\r\n") + send("never"));
    expect(outcome.bodies.map(textOf)).toEqual(["first"]);
    expect(outcome.error?.code).toBe("bad-header");
    expect(outcome.error?.fatal).toBe(true);
  });

  test("after a fatal error every further input is refused with the same error", () => {
    const decoder = new Decoder();
    const errors = ["HTTP", "MSRP abcd SEND\r\n"].map((text) => {
      try {
        decoder.receive(octets(text), () => undefined);
      } catch (error) {
        return error;
      }
      return undefined;
    });
    expect(errors[0]).toBeInstanceOf(RemoteProtocolError);
    expect(errors[1]).toBe(errors[0]);
    expect(() => decoder.receiveEnd()).not.toThrow();
  });

  test("empty lines between frames are skipped, strictly refused", () => {
    const text = `\r\n\r\n${send("one")}\r\n${send("two")}\r\n`;
    for (const segments of [[octets(text)], singly(octets(text))]) {
      const outcome = decode(segments);
      expect(outcome.bodies.map(textOf)).toEqual(["one", "two"]);
      // Once for each run of them that a frame follows, and once for the last.
      expect(outcome.oddities).toEqual([
        "blank-line-between-frames",
        "blank-line-between-frames",
        "blank-line-between-frames",
      ]);
    }
    expect(codeOf(`\r\n${send("one")}`, { strict: true })).toBe("bad-start-line");
    expect(codeOf(`\r${send("one")}`)).toBe("bad-start-line");
    expect(codeOf(`\n${send("one")}`)).toBe("bad-start-line");
  });

  test("the end of the connection inside a frame is an error that names it [4975-9-24]", () => {
    const text = send("whole") + send("cut short");
    const outcome = read(text.slice(0, -8));
    expect(outcome.bodies.map(textOf)).toEqual(["whole"]);
    expect(outcome.truncated).toEqual({ code: "incomplete", tid: "abcd1234" });
    expect(read(send("whole")).truncated).toBe(undefined);
    expect(read("MSR").truncated).toEqual({ code: "incomplete", tid: undefined });
  });

  test("RFC 4975 §9: bodies are octets, whatever they are [4975-9-20] [4975-7.1.1-22]", () => {
    const all = Array.from({ length: 256 }, (_, octet) => String.fromCharCode(octet)).join("");
    for (const body of [
      "",
      "\r\n",
      "\r",
      "\n",
      "tail\r",
      "\r\n\r\n",
      "-------",
      "x\r\n-------",
      "\xEF\xBB\xBFBOM",
      all,
      send("inner").replaceAll("abcd1234", "other123"),
    ]) {
      for (const segments of [[octets(send(body))], singly(octets(send(body)))]) {
        expect(decode(segments, { strict: true }).bodies.map(textOf)).toEqual([body]);
      }
    }
  });

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

  test("limits on lines, fields and heads hold on both sides, in one piece and in many [4975-9-26]", () => {
    const line = (length: number): string => `X: ${"v".repeat(length - 5)}`;
    const bare = (...lines: string[]): string =>
      frame("SEND", ["Message-ID: m.1234", ...lines], "-------abcd1234$\r\n");
    const limits = { maxHeaderLineBytes: 100, maxHeaders: 5, maxHeadBytes: bare().length + 150 };
    for (const [text, code] of [
      [bare(line(100)), undefined],
      [bare(line(101)), "header-line-too-long"],
      [bare("A: 1", "B: 2"), undefined],
      [bare("A: 1", "B: 2", "C: 3"), "too-many-headers"],
      [bare(line(100), line(50)), undefined],
      [bare(line(100), line(51)), "head-too-long"],
    ] as const) {
      expect([text.length, codeOf(text, limits)]).toEqual([text.length, code]);
      expect(decode(singly(octets(text)), limits).error?.code).toBe(code);
    }
    const endless = decode(singly(octets(`MSRP abcd SEND\r\nX: ${"v".repeat(300)}`)), limits);
    expect(endless.error?.code).toBe("header-line-too-long");
  });

  test("options that make no sense are refused", () => {
    expect(() => new Decoder({ maxSliceBytes: 2047 })).toThrow(RangeError);
    expect(() => new Decoder({ maxIdBytes: 31 })).toThrow(RangeError);
    expect(() => new Decoder({ maxHeaders: 0 })).toThrow(RangeError);
    expect(() => new Decoder({ maxHeadBytes: 1.5 })).toThrow(RangeError);
  });

  test("RFC 7977 §5.1: with message framing each input is exactly one frame", () => {
    const options = { framing: "message" } as const;
    expect(read(send("one"), options).bodies.map(textOf)).toEqual(["one"]);
    expect(decode([octets(send("one")), octets(send("two"))], options).bodies.map(textOf)).toEqual([
      "one",
      "two",
    ]);
    expect(codeOf(send("one") + send("two"), options)).toBe("not-one-frame");
    expect(read(send("one").slice(0, -1), options).error?.code).toBe("incomplete");
    expect(read("", options).error).toBe(undefined);
    const long = decode([octets(send("x".repeat(200_000)))], options);
    expect(long.bodies[0]?.length).toBe(200_000);
  });

  test("an input may be spoiled after the call: only retained frames survive it", () => {
    const decoder = new Decoder();
    const kept: RequestFrame[] = [];
    const bytes = octets(send("hello"));
    decoder.receive(bytes, (given) => kept.push((given as RequestFrame).retain()));
    bytes.fill(0);
    const [request] = kept;
    expect(textOf(request?.body)).toBe("hello");
    expect(request?.messageId).toBe("m.1234");
    expect(request?.headers.get("Content-Type")).toBe("text/plain");
    expect(request?.retain()).toBe(request);
    expect([request?.toPath.map(String), request?.fromPath.map(String)]).toEqual([[to], [from]]);
  });

  test("work grows with the octets, not with their square: a flood in single octets [4975-7.3.1-08]", () => {
    // 400 000 calls; a search that began anew each time would look at 10^10 octets.
    for (const filler of ["-", "\r", "\r\n", "\r\n-------abcd123", "v"]) {
      const body = filler.repeat(Math.ceil(100_000 / filler.length));
      expect(decode(singly(octets(send(body))), { maxSliceBytes: 2048 }).bodies[0]?.length).toBe(body.length);
    }
  }, 60_000);

  test("a sink that throws makes the decoder useless rather than wrong", () => {
    const decoder = new Decoder();
    const failure = new Error("mine");
    expect(() =>
      decoder.receive(octets(send("x")), () => {
        throw failure;
      }),
    ).toThrow("mine");
    expect(() => decoder.receive(octets(send("x")), () => undefined)).toThrow(RemoteProtocolError);
  });
});
