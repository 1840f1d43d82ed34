// Whole frames, read and written: the small reader must agree with the core's decoder wherever that finds no fault.
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "#test";
import { field, findEndLine, readFrame, writeFrame } from "../../../../core/client/frame.ts";
import type { MsrpError } from "../../../../core/errors.ts";
import { MsrpUri } from "../../../../core/wire/uri.ts";
import { thrown } from "../../../support/nodes.ts";
import { decode } from "../../../vectors/frame_fields.ts";
import { bytesOf } from "../../../vectors/helpers.ts";
import { readEntries } from "../../../vectors/vector_files.ts";

const wireVectors = fileURLToPath(new URL("../../../vectors/wire.json", import.meta.url));
const octets = (text: string): Uint8Array => new TextEncoder().encode(text);
const uri = MsrpUri.parse("msrps://a.example:1/x;ws");

describe("readFrame", () => {
  test("RFC 4975 §9: it reads what the decoder reads, in every vector of a whole frame", () => {
    let compared = 0;
    for (const { vector } of readEntries(wireVectors)) {
      const bytes = bytesOf(vector["wire_base64"] as string);
      const { frames, bodies, error } = decode([bytes]);
      const [frame] = frames;
      if (frame === undefined || frames.length > 1 || error !== undefined) continue;
      if (frame.kind === "request" && frame.fault !== undefined) continue;
      // Blank lines between frames, and what else a stream may have around them, is no message.
      const read = attempt(() => readFrame(bytes));
      if (read === undefined) continue;
      expect(read.transactionId).toBe(frame.transactionId);
      expect(read.word).toBe(frame.kind === "request" ? frame.method : String(frame.status).padStart(3, "0"));
      expect(read.toPath.map(String)).toEqual(frame.toPath.map(String));
      expect(read.fromPath.map(String)).toEqual(frame.fromPath.map(String));
      expect(read.flag).toBe(frame.flag);
      if (frame.kind === "request") expect(read.body ?? null).toEqual(bodies[0] ?? null);
      compared++;
    }
    expect(compared).toBeGreaterThan(30);
  });

  test("RFC 7977 §5.1: half a frame, two, none, and a head without an end are not read", () => {
    const whole =
      "MSRP abcd SEND\r\nTo-Path: msrp://a:1/x;tcp\r\nFrom-Path: msrp://b:1/y;tcp\r\n-------abcd$\r\n";
    for (const text of [
      whole.slice(0, -1),
      whole + whole,
      "",
      "MSRP abcd SEND",
      `x${whole}`,
      `${"a".repeat(70_000)}`,
    ]) {
      expect(thrown<MsrpError>(() => readFrame(octets(text))).code).toBe("framing");
    }
    expect(readFrame(octets(whole)).fault).toBe(false);
  });

  test("a header or path that cannot be read is a fault of a frame that can be answered", () => {
    for (const lines of [
      "To-Path: msrp://a:1/x;tcp\r\nFrom-Path: msrp://b:1/y;tcp\r\nno colon here",
      "To-Path: http://a\r\nFrom-Path: msrp://b:1/y;tcp",
      "From-Path: msrp://b:1/y;tcp\r\nTo-Path: msrp://a:1/x;tcp",
    ]) {
      expect(readFrame(octets(`MSRP abcd SEND\r\n${lines}\r\n-------abcd$\r\n`)).fault).toBe(true);
    }
  });
});

describe("writeFrame", () => {
  test("what is written is read again, with and without a body", () => {
    for (const body of [undefined, octets(""), octets("hi\r\n-------other$")]) {
      const headers = [["Message-ID", "m0001"]] as const;
      const frame = {
        transactionId: "abcd1234",
        word: "SEND",
        toPath: [uri],
        fromPath: [uri],
        headers,
        body,
      };
      const read = readFrame(writeFrame({ ...frame, flag: "+" }));
      expect([read.word, read.flag, read.body]).toEqual(["SEND", "+", body]);
      expect(field(read.headers, "message-id")).toBe("m0001");
      expect(read.toPath[0]?.equals(uri)).toBe(true);
    }
  });

  test("RFC 4975 §9: a value cannot bring lines of its own", () => {
    const headers = [["X-Name", "a\r\nTo-Path: b"]] as const;
    const frame = { transactionId: "abcd1234", word: "SEND", toPath: [uri], fromPath: [uri], headers };
    expect(thrown<MsrpError>(() => writeFrame(frame)).code).toBe("bad-header");
  });

  test("RFC 4975 §7.1: the id is looked for wherever it may stand in a body", () => {
    expect(findEndLine(octets("-----------abcd1"), "abcd1")).toBe(4);
    expect(findEndLine(octets("------abcd1 -------abcd"), "abcd1")).toBe(-1);
  });
});

function attempt<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}
