// Frames as the layers above see them: lazy fields, slices, answerability, and what retain() keeps.
// Frames come out of a decoder here, since nothing else makes them.
import { describe, expect, test } from "#test";
import { Decoder, type Frame, RequestFrame, ResponseFrame } from "../../../../core/wire/mod.ts";
import { frame, from, octets, send, textOf, to } from "./_frames.ts";

/** The frames of a text, looked at while the sink runs. */
function each(text: string, look: (given: Frame) => void, maxSliceBytes = 65_536): void {
  let count = 0;
  new Decoder({ maxSliceBytes }).receive(octets(text), (given) => {
    count++;
    look(given);
  });
  expect(count).toBeGreaterThan(0);
}

const end = "-------abcd1234$\r\n";

describe("RequestFrame", () => {
  test("RFC 4975 §7.1: every field, read when it is asked for", () => {
    const lines = [
      "Message-ID: m.1234",
      "Byte-Range: 5-7/9",
      "Success-Report: yes",
      "Failure-Report: no",
      "X: y",
    ];
    each(send("abc", lines, "+"), (given) => {
      if (!(given instanceof RequestFrame)) throw new Error("no request");
      expect(given.kind).toBe("request");
      expect([given.transactionId, given.method, given.flag]).toEqual(["abcd1234", "SEND", "+"]);
      expect([given.toPath.map(String), given.fromPath.map(String)]).toEqual([[to], [from]]);
      expect([given.messageId, given.contentType]).toEqual(["m.1234", "text/plain"]);
      expect(given.byteRange).toEqual({ start: 5, end: 7, total: 9 });
      expect([given.successReport, given.failureReport]).toEqual([true, "no"]);
      expect([given.bodyLength, textOf(given.body)]).toEqual([3, "abc"]);
      expect([given.first, given.last, given.fault, given.status]).toEqual([
        true,
        true,
        undefined,
        undefined,
      ]);
      expect([...given.headers].map(([name]) => name)).toEqual([
        "Message-ID",
        "Byte-Range",
        "Success-Report",
        "Failure-Report",
        "X",
        "Content-Type",
      ]);
      // Looked at twice, the same object comes out: nothing is made again.
      expect(given.byteRange).toBe(given.byteRange);
      expect(given.headers).toBe(given.headers);
      expect(given.body).toBe(given.body);
    });
  });

  test("RFC 4975 §7.1.2: a REPORT has a status", () => {
    each(frame("REPORT", ["Message-ID: m.1234", "Status: 000 413 Enough"], end), (given) => {
      expect(given.kind === "request" && given.status).toEqual({
        namespace: 0,
        status: 413,
        comment: "Enough",
      });
    });
  });

  test("RFC 4975 §7.1: no body is not an empty body [4975-7.1-11]", () => {
    each(frame("SEND", ["Message-ID: m.1234"], end), (given) => {
      expect(given.kind === "request" && [given.body, given.bodyLength]).toEqual([undefined, 0]);
    });
    each(send(""), (given) => {
      expect(given.kind === "request" && given.body?.length).toBe(0);
    });
  });

  test("RFC 4975 §7.1.2, §7.1.3: who must never be answered [4975-7.1.2-07] [4975-7.1.4-03]", () => {
    const answerable = (text: string): boolean | undefined => {
      let answer: boolean | undefined;
      each(text, (given) => {
        answer = given.kind === "request" ? given.answerable : undefined;
      });
      return answer;
    };
    expect(answerable(send("x"))).toBe(true);
    expect(answerable(send("x", ["Message-ID: m.1234", "Failure-Report: partial"]))).toBe(true);
    expect(answerable(send("x", ["Message-ID: m.1234", "Failure-Report: no"]))).toBe(false);
    expect(answerable(frame("REPORT", ["Message-ID: m.1234", "Status: 000 200"], end))).toBe(false);
    expect(answerable(`MSRP abcd1234 SEND\r\nTo-Path: ${to}\r\nMessage-ID: m.1234\r\n${end}`)).toBe(false);
  });

  test("retain(true) copies the body to where bodies are used again, and recycle() gives it back once", () => {
    const long = "x".repeat(40_000);
    const kept: RequestFrame[] = [];
    each(send(long, ["Message-ID: m.1234"]), (given) => kept.push((given as RequestFrame).retain(true)));
    const first = kept[0] as RequestFrame;
    expect(textOf(first.body)).toBe(long);
    const memory = first.body?.buffer;
    first.recycle();
    expect([first.body, first.bodyLength, first.messageId]).toEqual([undefined, 0, "m.1234"]);
    first.recycle();
    for (let copies = 0; copies < 2; copies++) {
      each(send(long, ["Message-ID: m.1234"]), (given) => kept.push((given as RequestFrame).retain(true)));
    }
    expect(kept.slice(1).map((given) => given.body?.buffer === memory)).toEqual([true, false]);
  });

  test("recycle() leaves a frame alone that was retained for good", () => {
    const kept: RequestFrame[] = [];
    each(send("abc"), (given) => kept.push((given as RequestFrame).retain().retain(true)));
    kept[0]?.recycle();
    expect(textOf(kept[0]?.body)).toBe("abc");
  });

  test("retain() keeps a frame readable, once and for all", () => {
    const kept: Frame[] = [];
    const bytes = octets(send("hello") + frame("200 Fine", ["X: y"], end));
    new Decoder().receive(bytes, (given) => kept.push(given.retain().retain()));
    bytes.fill(0);
    const [request, response] = kept;
    if (request?.kind !== "request" || response?.kind !== "response") throw new Error("other frames");
    expect([textOf(request.body), request.transactionId, request.messageId]).toEqual([
      "hello",
      "abcd1234",
      "m.1234",
    ]);
    expect([response.status, response.comment, response.headers.get("x")]).toEqual([200, "Fine", "y"]);
  });

  test("a retained frame holds its own octets and not the whole input", () => {
    const bytes = octets(send("hello") + send("x".repeat(50_000)));
    let kept: Frame | undefined;
    new Decoder().receive(bytes, (given) => {
      kept ??= given.retain();
    });
    const body = kept?.kind === "request" ? kept.body : undefined;
    expect(body?.buffer.byteLength).toBe(5);
  });

  test("slices that are retained stay apart, and share what their head said", () => {
    const kept: RequestFrame[] = [];
    const decoder = new Decoder({ maxSliceBytes: 2048 });
    const text = send("abcdefgh".repeat(1000), ["Message-ID: m.1234", "Byte-Range: 1-*/8000"]);
    for (let at = 0; at < text.length; at += 3000) {
      const piece = octets(text.slice(at, at + 3000));
      decoder.receive(piece, (given) => kept.push((given as RequestFrame).retain()));
      piece.fill(0);
    }
    expect(kept.map(({ body }) => textOf(body)).join("")).toBe("abcdefgh".repeat(1000));
    for (const slice of kept) expect(slice.messageId).toBe("m.1234");
  });
});

describe("ResponseFrame", () => {
  test("RFC 4975 §7.2: code, comment, paths and further fields", () => {
    each(frame("401 No", ['WWW-Authenticate: Digest realm="r"'], end), (given) => {
      if (!(given instanceof ResponseFrame)) throw new Error("no response");
      expect([given.kind, given.status, given.comment, given.flag]).toEqual(["response", 401, "No", "$"]);
      expect([given.toPath.map(String), given.fromPath.map(String)]).toEqual([[to], [from]]);
      expect(given.headers.get("www-authenticate")).toBe('Digest realm="r"');
    });
  });
});
