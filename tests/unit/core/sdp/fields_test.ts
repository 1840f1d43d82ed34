// The o=, c=, t= and m= lines, and the guard against values that would make lines of their own.
import { describe, expect, test } from "#test";
import {
  connectionOf,
  formatAttribute,
  formatConnection,
  formatLine,
  formatOrigin,
  readConnection,
  readMediaLine,
  readOrigin,
  readTiming,
} from "../../../../core/sdp/fields.ts";
import { codeOf } from "./texts.ts";

describe("o=", () => {
  test("RFC 3264 §5: its numbers go up to 2^63-1 and lose no digit [3264-5-02]", () => {
    const value = "- 9223372036854775807 4611686018427387902 IN IP4 192.0.2.10";
    expect(readOrigin(value)).toEqual({
      username: "-",
      sessionId: "9223372036854775807",
      sessionVersion: "4611686018427387902",
      addressType: "IP4",
      address: "192.0.2.10",
    });
    expect(formatOrigin(readOrigin(value))).toBe(value);
    expect(formatOrigin(readOrigin("a 007 1 IN IP6 ::1"))).toBe("a 007 1 IN IP6 ::1");
    expect(codeOf(() => readOrigin("- 9223372036854775808 1 IN IP4 x.y"))).toBe("bad-origin");
    expect(codeOf(() => readOrigin("- 1 99999999999999999999 IN IP4 x.y"))).toBe("bad-origin");
  });

  test("RFC 8866 §5.2: six words, no more and no fewer", () => {
    for (const value of [
      "",
      "- 1 1 IN IP4",
      "- 1 1 IN IP4 x y",
      "- x 1 IN IP4 x",
      "-  1 1 IN IP4 x",
      "- 1 -1 IN IP4 x",
      " 1 1 IN IP4 x",
      "- 1 1 ATM IP4 x",
    ]) {
      expect([value, codeOf(() => readOrigin(value))]).toEqual([value, "bad-origin"]);
    }
  });
});

describe("c=", () => {
  test("RFC 8866 §5.7: an address of its family, or a name [8866-5.7-03]", () => {
    expect(readConnection("IN IP4 192.0.2.1")).toEqual({ addressType: "IP4", address: "192.0.2.1" });
    expect(readConnection("IN IP6 2001:db8::1")).toEqual({ addressType: "IP6", address: "2001:db8::1" });
    expect(readConnection("IN IP6 alice.example").address).toBe("alice.example");
    expect(readConnection("IN IP4 0.0.0.0").address).toBe("0.0.0.0");
    for (const value of [
      "IN IP4 2001:db8::1",
      "IN IP6 [::1]",
      "IN IP6 192.0.2.1",
      "IN IP5 x.y",
      "IN IP4",
      "IN IP4 x y",
      "ATM NSAP x",
      "IN IP4 b\u00fccher.example",
    ]) {
      expect([value, codeOf(() => readConnection(value))]).toEqual([value, "bad-connection"]);
    }
  });

  test("RFC 8866 §5.7: no slash for unicast [8866-5.7-02]", () => {
    expect(codeOf(() => readConnection("IN IP4 192.0.2.1/127"))).toBe("bad-connection");
  });

  test("RFC 8866 §5: own names are written in ACE form, IPv6 by RFC 5952 [8866-5-06]", () => {
    expect(formatConnection(connectionOf("[2001:DB8:0::1]"))).toBe("IN IP6 2001:db8::1");
    expect(formatConnection(connectionOf("Alice.Example."))).toBe("IN IP4 alice.example");
    expect(formatConnection(connectionOf("alice.example", "IP6"))).toBe("IN IP6 alice.example");
    expect(formatConnection(connectionOf("192.0.2.1"))).toBe("IN IP4 192.0.2.1");
    expect(codeOf(() => connectionOf("b\u00fccher.example"))).toBe("bad-host");
    expect(codeOf(() => connectionOf("x\r\na=y"))).toBe("bad-host");
  });
});

describe("t= and m=", () => {
  test("RFC 8866 §5.9: two numbers", () => {
    expect(readTiming("0 0")).toBe("0 0");
    expect(readTiming("3724394400 3724398000")).toBe("3724394400 3724398000");
    for (const value of ["", "0", "0 0 0", "x 0", " 0", "0 ", "+0 0"])
      expect(codeOf(() => readTiming(value))).toBe("bad-time");
  });

  test("RFC 8866 §5.14: media, port, protocol and at least one format [8866-5.14-01]", () => {
    expect(readMediaLine("message 7313 TCP/MSRP *")).toEqual({
      media: "message",
      port: 7313,
      portCount: undefined,
      proto: "TCP/MSRP",
      fmt: ["*"],
    });
    expect(readMediaLine("video 49170/2 RTP/AVP 31 32").portCount).toBe(2);
    const faults = {
      "message x TCP/MSRP *": "bad-port",
      "message 65536 TCP/MSRP *": "bad-port",
      "message -1 TCP/MSRP *": "bad-port",
      "message 1 TCP/MSRP": "bad-fmt",
      "message 1": "bad-media-line",
      "message 1 TCP/MSRP  *": "bad-media-line",
      "": "bad-media-line",
    };
    for (const [value, code] of Object.entries(faults))
      expect([value, codeOf(() => readMediaLine(value))]).toEqual([value, code]);
  });
});

describe("writing", () => {
  test("RFC 8866 §5: no NUL, CR or LF gets into a value [8866-5-07]", () => {
    for (const value of ["x\r\na=evil", "x\n", "x\0", "\r"]) {
      expect(codeOf(() => formatLine("s", value))).toBe("sdp-injection");
      expect(codeOf(() => formatAttribute("x", value))).toBe("sdp-injection");
    }
    expect(codeOf(() => formatLine("s", ""))).toBe("sdp-injection");
    for (const name of ["", "a b", "a:b", "a\r\nb"])
      expect(codeOf(() => formatAttribute(name))).toBe("sdp-injection");
    expect(formatAttribute("chatroom")).toBe("a=chatroom\r\n");
    expect(formatAttribute("chatroom", "nickname")).toBe("a=chatroom:nickname\r\n");
  });
});
