// The decoder as a whole: frames in a row and in pieces, faults in the middle, slices, limits, and message framing.
import { describe, expect, test } from "#test";
import { RemoteProtocolError } from "../../../../core/errors.ts";
import { Decoder, type RequestFrame } from "../../../../core/wire/mod.ts";
import { decode, singly } from "../../../vectors/frame_fields.ts";
import { codeOf, frame, from, octets, read, send, textOf, to } from "./_frames.ts";

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
    for (const none of ["", "\r\n"]) expect(codeOf(none, options)).toBe("not-one-frame");
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
    // 200 000 calls; a search that began anew each time would look at 10^9 octets.
    for (const filler of ["-", "\r", "\r\n", "\r\n-------abcd123", "v"]) {
      const body = filler.repeat(Math.ceil(40_000 / filler.length));
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
