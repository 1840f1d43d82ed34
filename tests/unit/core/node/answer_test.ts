// The decision table: which carrier a verdict takes, for every method, Failure-Report and moment.
import { describe, expect, test } from "#test";
import { carrierOf, responseTo } from "../../../../core/node/answer.ts";
import { ACCEPTED, Verdict } from "../../../../core/node/verdict.ts";
import { Decoder } from "../../../../core/wire/decoder.ts";
import type { RequestFrame } from "../../../../core/wire/frame.ts";
import { MsrpUri } from "../../../../core/wire/uri.ts";

const refusal = new Verdict(415);

function frame(
  method: string,
  failureReport: string | undefined,
  from = "msrp://a.example:1/a;tcp",
): RequestFrame {
  const field = failureReport === undefined ? "" : `Failure-Report: ${failureReport}\r\n`;
  const status = method === "REPORT" ? "Status: 000 200 OK\r\n" : "";
  const text = `MSRP abcd1234 ${method}\r\nTo-Path: msrp://b.example:2/b;tcp\r\nFrom-Path: ${from}\r\nMessage-ID: m.1234\r\n${status}${field}-------abcd1234$\r\n`;
  let found: RequestFrame | undefined;
  new Decoder().receive(new TextEncoder().encode(text), (read) => {
    if (read.kind === "request") found = read.retain();
  });
  return found as RequestFrame;
}

describe("RFC 4975 §7.1.4: what goes back for a request", () => {
  // method, Failure-Report: success now, success after the early 200, error now, error after it
  for (const [method, failureReport, ...expected] of [
    ["SEND", undefined, "response", "nothing", "response", "report"],
    ["SEND", "yes", "response", "nothing", "response", "report"],
    ["SEND", "partial", "nothing", "nothing", "response", "report"],
    ["SEND", "no", "nothing", "nothing", "nothing", "nothing"],
    ["REPORT", undefined, "nothing", "nothing", "nothing", "nothing"],
    ["PING", undefined, "response", "nothing", "response", "nothing"],
    ["PING", "no", "nothing", "nothing", "nothing", "nothing"],
  ] as const) {
    test(`${method} with Failure-Report ${failureReport ?? "absent"} [4975-7.1.1-12, 4975-7.1.2-07, 4975-7.1.4-03, 4975-7.1.4-04]`, () => {
      const request = frame(method, failureReport);
      const got = [ACCEPTED, refusal].flatMap((verdict) => [
        carrierOf(request, verdict, false),
        carrierOf(request, verdict, true),
      ]);
      expect(got).toEqual([...expected]);
    });
  }

  test("a response to a SEND goes one hop back, to anything else the whole way [4975-7.2-04, 4975-7.2-05]", () => {
    const path = "msrp://r.example:3/r;tcp msrp://a.example:1/a;tcp";
    const own = [MsrpUri.parse("msrp://b.example:2/b;tcp")];
    const to = (method: string): string[] =>
      responseTo(frame(method, undefined, path), refusal, own).toPath.map((uri) => uri.text);
    expect(to("SEND")).toEqual(["msrp://r.example:3/r;tcp"]);
    expect(to("PING")).toEqual(path.split(" "));
  });
});
