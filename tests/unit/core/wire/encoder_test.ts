// Writing: exact octets, and a buffer that is handed over whole.
// What is refused is in outgoing_test.ts.
import { describe, expect, test } from "#test";
import { LocalProtocolError } from "../../../../core/errors.ts";
import { encodeRequest, encodeResponse, FrameWriter } from "../../../../core/wire/mod.ts";
import { from, fromPath, octets, outgoing as send, textOf, to, toPath } from "./_frames.ts";

describe("writing requests", () => {
  test("RFC 4975 §7.1: To-Path, From-Path, fields, Content-Type, body, end-line [4975-7.1-03] [4975-7.1-05] [4975-7.1-06] [4975-7.1-12]", () => {
    const bytes = encodeRequest({
      ...send,
      toPath: [...fromPath, ...toPath],
      headers: [
        ["Message-ID", "m.1234"],
        ["Byte-Range", "1-2/2"],
      ],
      flag: "+",
    });
    expect(textOf(bytes)).toBe(
      `MSRP abcd1234 SEND\r\nTo-Path: ${from} ${to}\r\nFrom-Path: ${from}\r\nMessage-ID: m.1234\r\nByte-Range: 1-2/2\r\nContent-Type: text/plain\r\n\r\nhi\r\n-------abcd1234+\r\n`,
    );
  });

  test("RFC 4975 §7.1: no body, an empty body [4975-7.1-10] [4975-7.1-13]", () => {
    const bare = encodeRequest({ ...send, body: undefined, contentType: undefined });
    expect(textOf(bare)?.endsWith("Message-ID: m.1234\r\n-------abcd1234$\r\n")).toBe(true);
    const empty = encodeRequest({ ...send, body: new Uint8Array(0) });
    expect(textOf(empty)?.endsWith("Content-Type: text/plain\r\n\r\n\r\n-------abcd1234$\r\n")).toBe(true);
  });
});

describe("writing responses", () => {
  test("RFC 4975 §7.2: code, comment, both paths, `$` [4975-7.2-03] [4975-7.2-07]", () => {
    const bytes = encodeResponse({
      transactionId: "abcd1234",
      status: 200,
      toPath: fromPath,
      fromPath: toPath,
      headers: [["Expires", "60"]],
    });
    expect(textOf(bytes)).toBe(
      `MSRP abcd1234 200 OK\r\nTo-Path: ${from}\r\nFrom-Path: ${to}\r\nExpires: 60\r\n-------abcd1234$\r\n`,
    );
  });

  test("a comment is always written, in UTF-8, and never breaks the line", () => {
    const write = (comment: string): string | undefined =>
      textOf(encodeResponse({ transactionId: "abcd1234", status: 415, comment, toPath, fromPath }))?.split(
        "\r\n",
      )[0];
    expect(write("")).toBe("MSRP abcd1234 415 Unsupported Media Type");
    expect(write("N\u00f6")).toBe("MSRP abcd1234 415 N\xC3\xB6");
    expect(() => write("a\r\nb")).toThrow(LocalProtocolError);
    expect(() => encodeResponse({ transactionId: "abcd1234", status: 20, toPath, fromPath })).toThrow(
      LocalProtocolError,
    );
    expect(() => encodeResponse({ transactionId: "abcd1234", status: 200, toPath: [], fromPath })).toThrow(
      LocalProtocolError,
    );
  });
});

describe("FrameWriter", () => {
  test("RFC 4975 §7.1.1: a chunk is opened, filled and closed with the flag known last [4975-7.1.1-24] [4975-7.1-16]", () => {
    const writer = new FrameWriter(16);
    const { body: _, ...open } = send;
    writer.startRequest(open);
    writer.body(octets("he"));
    writer.body(octets("llo"));
    writer.endRequest("abcd1234", "+");
    writer.raw(octets("tail"));
    expect(writer.length).toBe(encodeRequest({ ...send, body: octets("hello"), flag: "+" }).length + 4);
    const taken = writer.take();
    expect(textOf(taken)).toBe(`${textOf(encodeRequest({ ...send, body: octets("hello"), flag: "+" }))}tail`);
    expect(writer.length).toBe(0);
  });

  test("take() hands over octets that later writing leaves alone", () => {
    const writer = new FrameWriter();
    writer.raw(octets("first"));
    const first = writer.take();
    writer.raw(octets("second"));
    expect(textOf(first)).toBe("first");
    expect(textOf(writer.take())).toBe("second");
    expect(writer.take().length).toBe(0);
  });

  test("a chunk cannot be opened or closed with what the grammar forbids", () => {
    const writer = new FrameWriter();
    const { body: _, ...open } = send;
    expect(() => writer.startRequest({ ...open, contentType: undefined })).toThrow(LocalProtocolError);
    expect(() => writer.endRequest("abcd1234", "?" as "$")).toThrow(LocalProtocolError);
    expect(writer.length).toBe(0);
  });
});
