// Header lines, each fault under its code, and what the tolerant reading lets through under which oddity.
import { describe, expect, test } from "#test";
import { codeOf, frame, from, read, send, to } from "./_frames.ts";

const strict = { strict: true };

/** A bodiless SEND with these lines after the paths. */
function bare(...lines: string[]): string {
  return frame("SEND", lines, "-------abcd1234$\r\n");
}

function swapped(...lines: string[]): string {
  return ["MSRP abcd1234 SEND", ...lines, "-------abcd1234$\r\n"].join("\r\n");
}

describe("header lines", () => {
  test("RFC 4975 §9: name, colon, exactly one blank, value; no folding [4975-9-08] [4975-9-10]", () => {
    for (const line of ["9X: y", "X Y: z", ": y", "X", "X :y", " folded", "X(: y", "\u00e9: y"]) {
      expect([line, codeOf(bare("Message-ID: m.1234", line))]).toEqual([line, "bad-header"]);
    }
    for (const line of ["X:y", "X:", "X:\ty"])
      expect([line, codeOf(bare("Message-ID: m.1234", line), strict)]).toEqual([line, "bad-header"]);
    expect(codeOf(bare("Message-ID: m.1234", "X!#$%&'*+.^_`|~-9: y"), strict)).toBe(undefined);
    const tolerant = read(bare("Message-ID: m.1234", "X:y"));
    expect(tolerant.frames[0]?.headers.get("x")).toBe("y");
    expect(tolerant.oddities).toEqual(["blank-in-header"]);
  });

  test("RFC 4975 §9: values are text without control characters [4975-9-05]", () => {
    for (const value of ["a\x07b", "\x7F", "\xE2\x82", "\xFF", "\0"]) {
      expect([value, codeOf(bare("Message-ID: m.1234", `X: ${value}`))]).toEqual([value, "bad-header"]);
    }
    expect(read(bare("Message-ID: m.1234", "X: caf\xC3\xA9\t ")).frames[0]?.headers.get("X")).toBe(
      "caf\u00e9\t ",
    );
  });

  test("RFC 4975 §9: lines end in CRLF; the fault is answered, for the end-line is still found [4975-9-01] [4975-9-25]", () => {
    for (const line of ["X: a\nY: b", "X: a\rY: b"]) {
      const outcome = read(bare("Message-ID: m.1234", line));
      const [request] = outcome.frames;
      expect(request?.kind === "request" ? request.fault?.code : undefined).toBe("bad-line-ending");
      expect(outcome.error).toBe(undefined);
    }
  });

  test("RFC 4975 §9: To-Path, then From-Path, each once [4975-9-06]", () => {
    const To = `To-Path: ${to}`;
    const From = `From-Path: ${from}`;
    const id = "Message-ID: m.1234";
    for (const [lines, code] of [
      [[To, From, id], undefined],
      [[From, To, id], "header-order"],
      [[id, To, From], "header-order"],
      [[To, id, From], "header-order"],
      [[To, To, From, id], "header-order"],
      [[To, From, id, To], "duplicate-header"],
      [[To, From, From, id], "duplicate-header"],
      [[From, id], "missing-to-path"],
      [[To, id], "missing-from-path"],
      [[To, To, id], "missing-from-path"],
      [[], "missing-to-path"],
    ] as const) {
      expect([lines, codeOf(swapped(...lines))]).toEqual([lines, code]);
    }
  });

  test("RFC 4975 §9: paths are URIs with single blanks between them; several blanks are let through", () => {
    const path = (value: string): string =>
      swapped(`To-Path:${value}`, `From-Path: ${from}`, "Message-ID: m.1234");
    for (const value of [" ", ` ${to},${to}`, ` <${to}>`, ` ${to}\t${to}`, " nonsense"]) {
      expect([value, codeOf(path(value))]).toEqual([value, "bad-uri"]);
    }
    for (const [value, code] of [
      [`  ${to}`, "bad-header"],
      [to, "bad-header"],
      [` ${to}  ${to}`, "bad-uri"],
      [` ${to} `, "bad-uri"],
    ] as const) {
      expect([value, codeOf(path(value), strict)]).toEqual([value, code]);
      const outcome = read(path(value));
      expect([value, outcome.frames[0]?.toPath.length, outcome.oddities]).toEqual([
        value,
        value.split(to).length - 1,
        ["blank-in-header"],
      ]);
    }
    expect(codeOf(path(` ${Array(32).fill(to).join(" ")}`))).toBe(undefined);
    expect(codeOf(path(` ${Array(33).fill(to).join(" ")}`))).toBe("path-too-long");
  });

  test("RFC 4975 §6: a path URI that is grammatical but not allowed leaves the path readable [4975-6-04] [4975-6-07]", () => {
    const outcome = read(
      swapped(`To-Path: ${to}`, "From-Path: msrp://192.0.2.1/a;tcp", "Message-ID: m.1234"),
    );
    const [request] = outcome.frames;
    if (request?.kind !== "request") throw new Error("no request");
    expect(request.fault?.code).toBe("uri-ip-without-port");
    expect(request.fromPath.map(String)).toEqual(["msrp://192.0.2.1/a;tcp"]);
    expect(request.answerable).toBe(true);
  });

  test("RFC 4975 §9: Message-ID obeys the id rule; up to 64 characters are let through [4975-9-12]", () => {
    for (const value of ["abc", "<77@a.example>", "-hyphen", "", "a b c d", "x".repeat(65)]) {
      expect([value, codeOf(bare(`Message-ID: ${value}`))]).toEqual([value, "bad-message-id"]);
    }
    const uuid = "6f1d7c0e-9e0b-4a53-8c5e-0b8f2a7d1c44";
    expect(codeOf(bare(`Message-ID: ${uuid}`), strict)).toBe("bad-message-id");
    const outcome = read(bare(`Message-ID: ${uuid}`));
    expect(outcome.frames[0]?.kind === "request" && outcome.frames[0].messageId).toBe(uuid);
    expect(outcome.oddities).toEqual(["long-message-id"]);
  });

  test("RFC 4975 §9: report fields are yes, no, and partial for failures, in any case [4975-9-09] [4975-9-15]", () => {
    const [request] = read(
      bare("Message-ID: m.1234", "success-REPORT: YES", "Failure-Report: Partial"),
    ).frames;
    expect(request?.kind === "request" && [request.successReport, request.failureReport]).toEqual([
      true,
      "partial",
    ]);
    for (const line of [
      "Success-Report: partial",
      "Success-Report: true",
      "Success-Report: ",
      "Failure-Report: ",
      "Failure-Report: never",
    ]) {
      expect([line, codeOf(bare("Message-ID: m.1234", line))]).toEqual([line, "bad-report-value"]);
    }
    expect(codeOf(bare("Message-ID: m.1234", "Failure-Report: no "), strict)).toBe("bad-report-value");
    const spaced = read(bare("Message-ID: m.1234", "Failure-Report: no "));
    expect(spaced.frames[0]?.kind === "request" && spaced.frames[0].failureReport).toBe("no");
    expect(spaced.oddities).toEqual(["blank-in-header"]);
  });

  test("RFC 4975 §7.1.1: defaults are no success reports and all failures [4975-7.1.1-11] [4975-7.1.1-12]", () => {
    const [request] = read(bare("Message-ID: m.1234")).frames;
    expect(request?.kind === "request" && [request.successReport, request.failureReport]).toEqual([
      false,
      "yes",
    ]);
  });

  test("RFC 4975 §9: known fields occur once; unknown ones as often as they like [4975-9-11] [4975-12-01]", () => {
    for (const line of [
      "Message-ID: m.5678",
      "Byte-Range: 1-*/*",
      "Success-Report: no",
      "Failure-Report: no",
    ]) {
      const lines = line.startsWith("Message") ? [line] : ["Message-ID: m.1234", line];
      expect([line, codeOf(bare(...lines, line))]).toEqual([line, "duplicate-header"]);
    }
    const [request] = read(bare("Message-ID: m.1234", "X: 1", "X: 2", "Expires: 600")).frames;
    expect([...(request?.headers ?? [])].length).toBe(4);
  });

  test("RFC 4975 §9: Content-Type is type/subtype with parameters [4975-9-17] [4975-9-18]", () => {
    const typed = (value: string): string =>
      frame("SEND", ["Message-ID: m.1234", `Content-Type: ${value}`], "\r\nhi\r\n-------abcd1234$\r\n");
    for (const value of ["text/plain", "TEXT/PLAIN", "text/plain;flowed", 'a/b;c="d \\" \\\\ e";f=g'])
      expect([value, codeOf(typed(value), strict)]).toEqual([value, undefined]);
    for (const value of [
      "text",
      "text/",
      "/plain",
      "text/plain;",
      'a/b;c="d',
      'a/b;c="\\d"',
      "text plain",
      "",
    ]) {
      expect([value, codeOf(typed(value))]).toEqual([value, "bad-content-type"]);
    }
    expect(codeOf(typed("a/b; c=d"), strict)).toBe("bad-content-type");
    expect(read(typed("a/b; c=d")).oddities).toEqual(["blank-in-content-type"]);
  });

  test("RFC 4975 §7.1.1: content is never encoded for transfer [4975-7.1.1-29]", () => {
    const encoded = (value: string): string =>
      send("hi", ["Message-ID: m.1234", `Content-Transfer-Encoding: ${value}`]);
    expect(codeOf(encoded("base64"))).toBe("transfer-encoding-present");
    expect(codeOf(encoded("binary"), strict)).toBe("transfer-encoding-present");
    expect(read(encoded("Binary")).oddities).toEqual(["transfer-encoding-present"]);
  });

  test("the first fault is the one that counts, and what follows it is still read [4975-7.1.4-03]", () => {
    const [request] = read(bare("Message-ID: m.1234", "Byte-Range: x", "9bad", "Failure-Report: no")).frames;
    if (request?.kind !== "request") throw new Error("no request");
    expect(request.fault?.code).toBe("bad-byte-range");
    expect(request.failureReport).toBe("no");
    expect(request.answerable).toBe(false);
    expect(request.messageId).toBe("m.1234");
  });

  test("RFC 4976 §5.1: requests to a node itself repeat its URI, and a faulty one is faulty each time", () => {
    const auth = (path: string): string =>
      `MSRP abcd1234 AUTH\r\nTo-Path: ${path}\r\nFrom-Path: ${from}\r\n-------abcd1234$\r\n`;
    const good = "msrps://relay.example:2855;tcp";
    for (const [path, code, strictCode] of [
      [good, undefined, undefined],
      ["msrps://192.0.2.1;tcp", "uri-ip-without-port", "uri-ip-without-port"],
      [`${good}  ${good}`, undefined, "bad-uri"],
      ["msrps://relay.example", "bad-uri", "bad-uri"],
    ] as const) {
      for (let round = 0; round < 2; round++) {
        expect([path, codeOf(auth(good))]).toEqual([path, undefined]);
        expect([path, codeOf(auth(path))]).toEqual([path, code]);
        expect([path, codeOf(auth(path))]).toEqual([path, code]);
        expect([path, codeOf(auth(path), strict)]).toEqual([path, strictCode]);
      }
    }
    const [first] = read(auth(good)).frames;
    const [second] = read(auth("msrps://other.example:2855;tcp")).frames;
    const [third] = read(auth(good)).frames;
    const hosts = [first, second, third].map((one) => one?.toPath.map(({ host }) => host));
    expect(hosts).toEqual([["relay.example"], ["other.example"], ["relay.example"]]);
  });
});
