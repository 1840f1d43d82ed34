// Start lines: requests, responses, and what is neither. All faults are fatal: without an id nothing can be found again.
import { describe, expect, test } from "#test";
import { Decoder } from "../../../../core/wire/mod.ts";
import { codeOf, from, octets, read, to } from "./_frames.ts";

function request(start: string, id = "abcd1234"): string {
  return `${start}\r\nTo-Path: ${to}\r\nFrom-Path: ${from}\r\nMessage-ID: m.1234\r\n-------${id}$\r\n`;
}

function response(start: string): string {
  return `MSRP abcd1234 ${start}\r\nTo-Path: ${to}\r\nFrom-Path: ${from}\r\n-------abcd1234$\r\n`;
}

describe("start line", () => {
  test("RFC 4975 §9: MSRP in capitals, single blanks, CRLF [4975-9-01]", () => {
    expect(codeOf(request("MSRP abcd1234 SEND"))).toBe(undefined);
    for (const start of [
      "msrp abcd1234 SEND",
      "MSRP  abcd1234 SEND",
      "MSRP abcd1234  SEND",
      "MSRP\tabcd1234\tSEND",
      "MSRP abcd1234",
      "MSRP abcd1234 ",
      " MSRP abcd1234 SEND",
      "MSRPabcd1234 SEND",
      "MSRP abcd1234 SEND ",
      "MSRP abcd1234 SEND now",
      "GET / HTTP/1.1",
    ]) {
      expect([start, codeOf(request(start), { strict: true })]).toEqual([start, "bad-start-line"]);
      expect(read(request(start)).error?.fatal).toBe(true);
    }
    expect(codeOf("MSRP abcd1234 SEND\nTo-Path: x\r\n")).toBe("bad-line-ending");
    expect(codeOf("MSRP abcd1234 SEND\rTo-Path: x\r\n")).toBe("bad-line-ending");
  });

  test("RFC 4975 §9: a method is one or more capitals [4975-9-03]", () => {
    for (const method of ["SEND", "REPORT", "A", "FOO", "NICKNAME"]) {
      const [frame] = read(request(`MSRP abcd1234 ${method}`)).frames;
      expect(frame?.kind === "request" ? frame.method : undefined).toBe(method);
    }
    for (const method of ["send", "Send", "SEND1", "S-END", "\u00c9"]) {
      expect([method, codeOf(request(`MSRP abcd1234 ${method}`))]).toEqual([method, "bad-start-line"]);
    }
  });

  test("RFC 4975 §9: ids of 4 to 32 legal characters; up to 64 are let through [4975-9-02]", () => {
    const strict = { strict: true };
    for (const id of ["2000", "0.-+%=x", "A".repeat(32)])
      expect(codeOf(request(`MSRP ${id} SEND`, id), strict)).toBe(undefined);
    for (const id of ["abc", "-bcdefgh", ".bcdefgh", "bad_tid01", "bad/tid01", "bad~tid01", "A".repeat(65)]) {
      expect([id, codeOf(request(`MSRP ${id} SEND`, id))]).toEqual([id, "bad-tid"]);
    }
    const long = "6f1d7c0e-9e0b-4a53-8c5e-0b8f2a7d1c44";
    expect(codeOf(request(`MSRP ${long} SEND`, long), strict)).toBe("bad-tid");
    const outcome = read(request(`MSRP ${long} SEND`, long));
    expect(outcome.frames[0]?.transactionId).toBe(long);
    expect(outcome.oddities).toEqual(["long-transaction-id"]);
  });

  test("RFC 4975 §9: three digits, and a comment that may be missing, empty or any text [4975-9-04] [4975-7.2-03]", () => {
    const comment = (start: string): unknown => {
      const [frame] = read(response(start)).frames;
      return frame?.kind === "response" ? [frame.status, frame.comment] : undefined;
    };
    expect(comment("200")).toEqual([200, undefined]);
    expect(comment("200 ")).toEqual([200, ""]);
    expect(comment("200 OK")).toEqual([200, "OK"]);
    expect(comment("099")).toEqual([99, undefined]);
    expect(comment("400 caract\xC3\xA8re  x")).toEqual([400, "caract\u00e8re  x"]);
    for (const start of ["20 OK", "2000 OK", "2x0 OK", "200OK", "200 O\0K", "200 \xFF\xFE"]) {
      expect([start, codeOf(response(start))]).toEqual([start, "bad-start-line"]);
    }
  });

  test("RFC 4975 §10: unknown codes parse [4975-10-xxx]", () => {
    const [frame] = read(response("599 Strange")).frames;
    expect(frame?.kind === "response" ? frame.status : 0).toBe(599);
  });

  test("a stranger's line without end is refused at the limit, and at once when it is no MSRP [4975-9-26]", () => {
    const feed = (text: string, times: number): string | undefined => {
      const decoder = new Decoder({ maxStartLineBytes: 100 });
      try {
        for (let index = 0; index < times; index++) decoder.receive(octets(text), () => undefined);
      } catch (error) {
        return (error as { code: string }).code;
      }
      return undefined;
    };
    expect(feed("G", 1)).toBe("bad-start-line");
    expect(feed("M", 2)).toBe("bad-start-line");
    expect(codeOf(`MSRP ${"x".repeat(93)}`, { maxStartLineBytes: 100 })).toBe(undefined);
    expect(codeOf(`MSRP ${"x".repeat(95)}`, { maxStartLineBytes: 100 })).toBe("start-line-too-long");
    // Comments count: 100 octets with CRLF are taken, 101 are not.
    expect(codeOf(response(`200 ${"x".repeat(80)}`), { maxStartLineBytes: 100 })).toBe(undefined);
    expect(codeOf(response(`200 ${"x".repeat(81)}`), { maxStartLineBytes: 100 })).toBe("start-line-too-long");
  });
});
