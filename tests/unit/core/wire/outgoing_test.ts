// What may be written: each rule of RFC 4975 that one frame shows, refused before an octet is written.
// The writer is the way in, so that the tests see what a caller sees.
import { describe, expect, test } from "#test";
import { LocalProtocolError } from "../../../../core/errors.ts";
import { encodeRequest, FrameWriter, type OutgoingRequest } from "../../../../core/wire/mod.ts";
import { octets, read, outgoing as send, textOf } from "./_frames.ts";

function codeOf(change: Partial<OutgoingRequest>): string | undefined {
  const writer = new FrameWriter();
  try {
    writer.request({ ...send, ...change });
  } catch (error) {
    expect(error).toBeInstanceOf(LocalProtocolError);
    expect(writer.length).toBe(0);
    return (error as LocalProtocolError).code;
  }
  return undefined;
}

function withFields(...headers: (readonly [string, string])[]): Partial<OutgoingRequest> {
  return { headers: [["Message-ID", "m.1234"], ...headers] };
}

describe("what may be written", () => {
  test("RFC 4975 §9: ids, methods, flags and paths [4975-9-02] [4975-9-03] [4975-7.1-08]", () => {
    expect(codeOf({})).toBe(undefined);
    expect(codeOf({ transactionId: "abc" })).toBe("bad-tid");
    expect(codeOf({ transactionId: "a".repeat(33) })).toBe("bad-tid");
    expect(codeOf({ transactionId: "abcd\r\nX: y" })).toBe("bad-tid");
    expect(codeOf({ method: "send" })).toBe("bad-method");
    expect(codeOf({ method: "AUTH", flag: "+" })).toBe("non-send-not-complete");
    expect(codeOf({ flag: "!" as "$" })).toBe("bad-flag");
    expect(codeOf({ toPath: [] })).toBe("empty-path");
    expect(codeOf({ fromPath: [] })).toBe("empty-path");
  });

  test("nothing can be injected through names and values", () => {
    for (const field of [
      ["X", "a\r\nB: c"],
      ["X", "a\n"],
      ["X", "\0"],
      ["X\r\nY", "z"],
      ["X:", "y"],
      ["", "y"],
      ["9", "y"],
      ["\u00e9", "y"],
    ] as const) {
      expect([field, codeOf(withFields(field))]).toEqual([field, "bad-header"]);
    }
    expect(codeOf({ contentType: "text/plain\r\nX: y" })).toBe("bad-content-type");
    const [frame] = read(
      textOf(encodeRequest({ ...send, ...withFields(["X-Note", "caf\u00e9 \u{1F600}"]) })) ?? "",
    ).frames;
    expect(frame?.headers.get("X-Note")).toBe("caf\u00e9 \u{1F600}");
  });

  test("RFC 4975 §7.1: Content-Type with a body and only then; no encoding [4975-7.1-04] [4975-7.1-09] [4975-7.1.1-29]", () => {
    expect(codeOf({ contentType: undefined })).toBe("content-type-missing");
    expect(codeOf({ body: undefined })).toBe("mime-header-without-body");
    expect(codeOf({ body: undefined, contentType: undefined, ...withFields(["Content-ID", "<a@b>"]) })).toBe(
      "mime-header-without-body",
    );
    expect(codeOf(withFields(["Content-Disposition", "render"]))).toBe(undefined);
    expect(codeOf(withFields(["Content-Transfer-Encoding", "binary"]))).toBe("transfer-encoding-present");
    expect(codeOf({ contentType: "text; x" })).toBe("bad-content-type");
  });

  test("RFC 4975 §7.1: fields that the frame writes itself, or that occur once [4975-9-06]", () => {
    for (const name of ["To-Path", "from-path", "Content-Type"])
      expect(codeOf(withFields([name, "x"]))).toBe("header-order");
    expect(codeOf(withFields(["message-id", "m.5678"]))).toBe("duplicate-header");
    expect(codeOf(withFields(["X", "1"], ["X", "2"]))).toBe(undefined);
    expect(codeOf({ headers: [] })).toBe("missing-message-id");
  });

  test("RFC 4975 §9: values of known fields [4975-7.1.1-03] [4975-9-12] [4975-9-15]", () => {
    expect(codeOf({ headers: [["Message-ID", "abc"]] })).toBe("bad-message-id");
    expect(codeOf(withFields(["Failure-Report", "partial"]))).toBe(undefined);
    expect(codeOf(withFields(["Success-Report", "partial"]))).toBe("bad-report-value");
    expect(codeOf(withFields(["Byte-Range", "1-"]))).toBe("bad-byte-range");
    expect(codeOf(withFields(["Byte-Range", "0-1/2"]))).toBe("range-start-zero");
  });

  test("RFC 4975 §7.1.1: above 2048 octets the range-end is `*`, and an end that is given fits [4975-5.1-02] [4975-7.1.1-16] [4975-7.1.1-20]", () => {
    const body = (length: number): Uint8Array => new Uint8Array(length);
    expect(codeOf({ body: body(2048), ...withFields(["Byte-Range", "1-2048/2048"]) })).toBe(undefined);
    expect(codeOf({ body: body(2049), ...withFields(["Byte-Range", "1-2049/2049"]) })).toBe(
      "range-end-not-interruptible",
    );
    expect(codeOf({ body: body(2049), ...withFields(["Byte-Range", "1-*/2049"]) })).toBe(undefined);
    expect(codeOf(withFields(["Byte-Range", "1-3/3"]))).toBe("range-length-mismatch");
    // What a relay passes on is another's fault.
    expect(codeOf({ forwarded: true, ...withFields(["Byte-Range", "1-3/3"]) })).toBe(undefined);
    expect(
      codeOf({ forwarded: true, headers: [["Message-ID", "6f1d7c0e-9e0b-4a53-8c5e-0b8f2a7d1c44"]] }),
    ).toBe(undefined);
    expect(codeOf({ forwarded: true, headers: [["Message-ID", "a\r\nb"]] })).toBe("bad-message-id");
  });

  test("RFC 4975 §7.1.2: REPORTs [4975-7.1.2-01] [4975-7.1.2-02] [4975-7.1-07]", () => {
    const report = { method: "REPORT", body: undefined, contentType: undefined };
    expect(codeOf({ ...report, ...withFields(["Status", "000 200 OK"]) })).toBe(undefined);
    expect(codeOf({ ...report, ...withFields() })).toBe("missing-status");
    expect(codeOf({ ...report, ...withFields(["Status", "200 OK"]) })).toBe("bad-status");
    expect(codeOf({ ...report, ...withFields(["Status", "000 200"], ["Success-Report", "no"]) })).toBe(
      "report-with-report-request",
    );
    const long = {
      body: new Uint8Array(10_241),
      contentType: "text/plain",
      ...withFields(["Status", "000 200"]),
    };
    expect(codeOf({ ...report, ...long })).toBe("non-send-body-too-large");
    expect(codeOf({ ...report, ...long, body: new Uint8Array(10_240) })).toBe(undefined);
  });

  test("RFC 4975 §7.1: a body never holds its own end-line, in mid-line neither [4975-7.1-17]", () => {
    for (const body of ["x -------abcd1234$ y", "--------abcd1234#"])
      expect(codeOf({ body: octets(body) })).toBe("end-line-in-body");
    expect(codeOf({ body: octets("-------abcd1234") })).toBe(undefined);
  });
});
