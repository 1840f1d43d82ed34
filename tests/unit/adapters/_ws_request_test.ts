// HTTP requests of handshakes, read strictly: what two servers could read differently is refused, and nothing that a
// verdict brings can add a line to an answer.
import { describe, expect, test } from "#test";
import { handshakeFault, type RequestHead, upgradeFields } from "../../../adapters/_ws_handshake.ts";
import {
  endOfHead,
  isRefusal,
  readHead,
  refusal,
  switchingProtocols,
} from "../../../adapters/_ws_request.ts";
import { handshakeText } from "../../support/memory_web_socket.ts";

const octets = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));
const read = (text: string, maxFields = 100): ReturnType<typeof readHead> =>
  readHead(octets(text), maxFields);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe("the request of a handshake", () => {
  test("is read with names in lower case and values without blanks around them", () => {
    const head = read(
      "GET /chat?a=b HTTP/1.1\r\nHost:  x.test \t\r\nX-One: 1\r\nx-one: 2\r\nCookie: a=1\r\ncookie: b=2\r\n\r\n",
    );
    expect(isRefusal(head)).toBe(false);
    const { method, url, headers } = head as RequestHead;
    expect([method, url, [...headers]]).toEqual([
      "GET",
      "/chat?a=b",
      [
        ["host", "x.test"],
        ["x-one", "1, 2"],
        ["cookie", "a=1; b=2"],
      ],
    ]);
  });

  test("RFC 6455 §4.2.1: the request may have the absolute form [6455-4.2-01]", () => {
    for (const start of ["http://x.test:80", "https://[::1]:443", ""])
      expect(read(`GET ${start}/chat?a=b HTTP/1.1\r\nHost: x\r\n\r\n`)).toMatchObject({ url: "/chat?a=b" });
  });

  test("RFC 9112: what can be read in two ways is refused [6455-4.2-01]", () => {
    const line = (field: string): string => `GET / HTTP/1.1\r\nHost: x\r\n${field}\r\n\r\n`;
    const bad = [
      "GET http:///chat HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET http://a@x.test/chat HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET x.test:80 HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET / HTTP/2.0\r\nHost: x\r\n\r\n",
      "GET / HTTP/1.0\r\nHost: x\r\n\r\n",
      "GET /\u00e9 HTTP/1.1\r\nHost: x\r\n\r\n",
      line(" folded: x"),
      line("no colon"),
      line(": x"),
      line("Name : x"),
      line("X: a\nY: b"),
      line("X: a\rY: b"),
      line("X: a\u0000b"),
      line("Host: y"),
      line("Origin: a\r\nOrigin: b"),
      line("Authorization: a\r\nAuthorization: b"),
    ];
    for (const one of bad) expect([one, (read(one) as { status?: number }).status]).toEqual([one, 400]);
    expect((read(line("A: 1\r\nB: 2"), 2) as { status?: number }).status).toBe(431);
  });

  test("its end is found however it was cut", () => {
    const request = octets("GET / HTTP/1.1\r\nHost: x\r\n\r\nmore");
    expect(endOfHead(request, 0)).toBe(request.length - 4);
    for (let seen = 0; seen < request.length - 4; seen++)
      expect(endOfHead(request, seen)).toBe(request.length - 4);
    expect(endOfHead(request.subarray(0, -5), 0)).toBe(-1);
  });

  const faultOf = (headers: Record<string, string>, method = "GET"): number | undefined => {
    const head = read(handshakeText(headers)) as RequestHead;
    return handshakeFault({ ...head, method })?.status;
  };

  test("RFC 6455 §4.2.1: is GET, with Host, the version 13, and a key of 16 octets [6455-4.2-01] [6455-4.2-02]", () => {
    expect(faultOf({})).toBe(undefined);
    expect(faultOf({ Connection: "keep-alive, UPGRADE", Upgrade: "WebSocket" })).toBe(undefined);
    expect(faultOf({}, "POST")).toBe(400);
    expect(faultOf({ Host: "" })).toBe(400);
    expect(faultOf({ "Content-Length": "1" })).toBe(400);
    expect(faultOf({ "Transfer-Encoding": "chunked" })).toBe(400);
    expect(faultOf({ "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZR==" })).toBe(400);
    expect(faultOf({ "Sec-WebSocket-Version": "8" })).toBe(426);
    expect(faultOf({ "Sec-WebSocket-Version": "13, 8" })).toBe(426);
    expect(faultOf({ Upgrade: "h2c" })).toBe(426);
    expect(faultOf({ Connection: "close" })).toBe(426);
  });

  test("RFC 6455 §11.3.4, RFC 7977 §7: the answer names msrp once, and the origin [6455-4.2-04] [7977-7-03]", () => {
    const fields = upgradeFields(new Map([["origin", "https://ok.test"]]), [
      ["Sec-WebSocket-Protocol", "sip"],
      ["sec-websocket-extensions", "x"],
      ["Connection", "close"],
      ["Set-Cookie", "a=b"],
      ["X-Bad", "a\r\nb"],
    ]);
    expect(fields).toEqual([
      ["Sec-WebSocket-Protocol", "msrp"],
      ["Access-Control-Allow-Origin", "https://ok.test"],
      ["Set-Cookie", "a=b"],
    ]);
    expect(upgradeFields(new Map([["origin", "x"]]), [["access-control-allow-origin", "*"]])).toEqual([
      ["Sec-WebSocket-Protocol", "msrp"],
      ["access-control-allow-origin", "*"],
    ]);
    expect(text(switchingProtocols("dGhlIHNhbXBsZSBub25jZQ==", fields))).toBe(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: msrp\r\nAccess-Control-Allow-Origin: https://ok.test\r\nSet-Cookie: a=b\r\n\r\n",
    );
  });

  test("a refusal says why, closes, and has the length of its body", () => {
    const answer = text(refusal({ status: 403, reason: "Nein, \u00e9" }));
    expect(answer).toMatch(
      /^HTTP\/1\.1 403 Forbidden\r\nConnection: close\r\n[\s\S]*Content-Length: 9\r\n\r\nNein, \u00e9\n$/,
    );
    expect(text(refusal({ status: 799, reason: "x" }))).toMatch(/^HTTP\/1\.1 403 /);
  });
});
