// Rules that need a whole frame: what each method wants, and how flag, body and fields fit together.
import { describe, expect, test } from "#test";
import { codeOf, frame, read, send } from "./_frames.ts";

const strict = { strict: true };
const end = "-------abcd1234$\r\n";
const id = "Message-ID: m.1234";

describe("frame rules", () => {
  test("RFC 4975 §7.1.1, §7.1.2: SEND and REPORT have a Message-ID, others need none [4975-7.1.2-03]", () => {
    expect(codeOf(frame("SEND", [], end))).toBe("missing-message-id");
    expect(codeOf(frame("REPORT", ["Status: 000 200 OK"], end))).toBe("missing-message-id");
    expect(codeOf(frame("AUTH", [], end))).toBe(undefined);
  });

  test("RFC 4975 §7.1.2: a REPORT has a Status and asks for no report [4975-7.1.2-01] [4975-7.1.2-02]", () => {
    const status = "Status: 000 200 OK";
    expect(codeOf(frame("REPORT", [id, status], end))).toBe(undefined);
    expect(codeOf(frame("REPORT", [id], end))).toBe("missing-status");
    expect(codeOf(frame("REPORT", [id, "Status: 000-200"], end))).toBe("bad-status");
    for (const line of ["Success-Report: no", "Failure-Report: yes"]) {
      expect(codeOf(frame("REPORT", [id, status, line], end))).toBe("report-with-report-request");
    }
  });

  test("RFC 4975 §7.1.2: a REPORT is never answered, whatever is wrong with it [4975-7.1.2-07]", () => {
    const [report] = read(frame("REPORT", [id], end)).frames;
    expect(report?.kind === "request" && report.answerable).toBe(false);
  });

  test("RFC 4975 §7.1: only a SEND can be interrupted [4975-7.1-08]", () => {
    const interrupted = "-------abcd1234+\r\n";
    expect(codeOf(frame("SEND", [id], interrupted))).toBe(undefined);
    expect(codeOf(frame("REPORT", [id, "Status: 000 200"], interrupted))).toBe("non-send-not-complete");
    expect(codeOf(frame("NICKNAME", [], "-------abcd1234#\r\n"))).toBe("non-send-not-complete");
  });

  test("RFC 4975 §7.1: other requests have at most 10240 octets of body [4975-7.1-07]", () => {
    const report = (length: number): string =>
      frame(
        "REPORT",
        [id, "Status: 000 400", "Content-Type: text/plain"],
        `\r\n${"r".repeat(length)}\r\n${end}`,
      );
    expect(codeOf(report(10_240))).toBe(undefined);
    expect(codeOf(report(10_241))).toBe("non-send-body-too-large");
    // Far too long a body is not even kept.
    const [frameOfMany] = read(report(200_000)).frames;
    expect(frameOfMany?.kind === "request" && [frameOfMany.fault?.code, frameOfMany.body]).toEqual([
      "non-send-body-too-large",
      undefined,
    ]);
  });

  test("RFC 4975 §7.2: a response has no body and ends in `$` [4975-7.2-07] [4975-9-22]", () => {
    expect(read(frame("200 OK", ["Content-Type: text/plain"], `\r\nbody\r\n${end}`)).dropped).toEqual([
      "body-in-response",
    ]);
    const flagged = frame("200 OK", [], "-------abcd1234+\r\n");
    expect(read(flagged, strict).dropped).toEqual(["response-flag-not-dollar"]);
    const tolerant = read(flagged);
    expect(tolerant.frames[0]?.flag).toBe("+");
    expect(tolerant.oddities).toEqual(["response-flag-not-dollar"]);
  });

  test("RFC 4975 §9: a body has a Content-Type, and that is the last field [4975-9-19] [4975-7.1-05]", () => {
    expect(codeOf(frame("SEND", [id], `\r\nanonymous\r\n${end}`))).toBe("content-type-missing");
    const early = frame("SEND", [id, "Content-Type: text/plain", "X: y"], `\r\nhi\r\n${end}`);
    expect(codeOf(early, strict)).toBe("content-type-not-last");
    expect(read(early).oddities).toEqual(["content-type-not-last"]);
    expect(
      codeOf(
        frame("SEND", [id, "Content-ID: <a@b>", "Content-Type: text/plain"], `\r\nhi\r\n${end}`),
        strict,
      ),
    ).toBe(undefined);
  });

  test("RFC 4975 §7.1: without a body there is no MIME field [4975-7.1-09]", () => {
    for (const line of ["Content-Type: text/plain", "Content-Disposition: render", "Content-Language: de"]) {
      expect(codeOf(frame("SEND", [id, line], end), strict)).toBe("mime-header-without-body");
      const outcome = read(frame("SEND", [id, line], end));
      expect(outcome.oddities).toEqual(["mime-header-without-body"]);
      expect(outcome.bodies).toEqual([undefined]);
    }
  });

  test("RFC 4975 §7.1: no body, an empty body, and what sloppy peers write for them [4975-7.1-10] [4975-7.1-11] [4975-7.1-13]", () => {
    expect(read(frame("SEND", [id], end)).bodies).toEqual([undefined]);
    expect(read(send("")).bodies).toEqual([new Uint8Array(0)]);
    const blankLine = frame("SEND", [id], `\r\n${end}`);
    expect(codeOf(blankLine, strict)).toBe("blank-line-without-body");
    expect([read(blankLine).bodies, read(blankLine).oddities]).toEqual([
      [undefined],
      ["blank-line-without-body"],
    ]);
    const noCrLf = frame("SEND", [id, "Content-Type: text/plain"], `\r\n${end}`);
    expect(read(noCrLf, strict).truncated?.code).toBe("incomplete");
    expect([read(noCrLf).bodies, read(noCrLf).oddities]).toEqual([
      [new Uint8Array(0)],
      ["empty-body-without-crlf"],
    ]);
  });

  test("RFC 4975 §7.1.1: ranges that contradict themselves are refused [4975-7.1.1-15]", () => {
    for (const [range, code] of [
      ["0-1/2", "range-start-zero"],
      ["9-3/20", "range-inverted"],
      ["1-9/4", "range-beyond-total"],
      ["9-*/4", "range-beyond-total"],
    ]) {
      expect([range, codeOf(send("hi", [id, `Byte-Range: ${range}`]))]).toEqual([range, code]);
    }
  });

  test("RFC 4975 §7.3.1: a range that does not fit the octets is no fault [4975-7.3.1-03]", () => {
    for (const range of ["1-23/23", "1-1/1", "1-2/400", "1-9007199254740993/9007199254740993"]) {
      expect([range, codeOf(send("hi", [id, `Byte-Range: ${range}`]))]).toEqual([range, undefined]);
    }
  });
});
