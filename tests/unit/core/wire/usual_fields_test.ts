// The short way: what it takes it takes exactly, and everything else it leaves alone.
// 0 means that the general way decides, which is never wrong.
import { describe, expect, test } from "#test";
import { FrameHead } from "../../../../core/wire/frame_head.ts";
import {
  readEndLine,
  readUsualByteRange,
  readUsualMessageId,
  readUsualReport,
  usualLineBytes,
} from "../../../../core/wire/usual_fields.ts";
import { octets } from "./_frames.ts";

function line(text: string): { head: FrameHead; bytes: Uint8Array; view: DataView } {
  const bytes = octets(text + ".".repeat(usualLineBytes));
  return { head: new FrameHead(bytes, 0), bytes, view: new DataView(bytes.buffer) };
}

describe("the short way through a head", () => {
  test("RFC 4975 §9: a Message-ID of legal characters [4975-9-12]", () => {
    const id = (value: string): number => {
      const { head, bytes, view } = line(`Message-ID: ${value}\r\n`);
      const next = readUsualMessageId(head, bytes, view, 0);
      expect(head.messageId).toBe(next === 0 ? undefined : value);
      return next;
    };
    for (const value of ["abcd", "m.-+%=9", "x".repeat(31)]) expect(id(value)).toBe(value.length + 14);
    for (const value of ["abc", "-bcd", "a bcd", "a_bcd", "x".repeat(33), ""]) expect(id(value)).toBe(0);
    const { head, bytes, view } = line("Message-Id: abcd\r\n");
    expect(readUsualMessageId(head, bytes, view, 0)).toBe(0);
  });

  test("RFC 4975 §9: a Byte-Range that makes sense, in numbers of up to 15 digits [4975-9-13]", () => {
    const range = (value: string): unknown => {
      const { head, bytes, view } = line(`Byte-Range: ${value}\r\n`);
      return readUsualByteRange(head, bytes, view, 0) === 0 ? 0 : head.byteRange;
    };
    expect(range("1-17/17")).toEqual({ start: 1, end: 17, total: 17 });
    expect(range("1-*/*")).toEqual({ start: 1 });
    expect(range("1-0/0")).toEqual({ start: 1, end: 0, total: 0 });
    expect(range("007-*/900")).toEqual({ start: 7, total: 900 });
    expect(range("999999999999999-999999999999999/999999999999999")).toEqual({
      start: 999999999999999,
      end: 999999999999999,
      total: 999999999999999,
    });
    for (const value of [
      "",
      "1",
      "1-",
      "1-5",
      "1-5/",
      "-5/5",
      "*-5/5",
      "1 -5/5",
      "0-1/2",
      "9-3/20",
      "1-9/4",
      "9-*/4",
      "1-5/5 ",
      "1-5/5x",
      "1000000000000000-*/*",
      "1-1000000000000000/*",
      "1-*/1000000000000000",
    ]) {
      expect([value, range(value)]).toEqual([value, 0]);
    }
  });

  test("RFC 4975 §9: report fields in their usual spelling [4975-9-15]", () => {
    const report = (text: string): unknown => {
      const { head, bytes } = line(`${text}\r\n`);
      return readUsualReport(head, bytes, 0) === 0 ? 0 : [head.successReport, head.failureReport];
    };
    expect(report("Success-Report: yes")).toEqual([true, 0]);
    expect(report("Success-Report: no")).toEqual([false, 0]);
    expect(report("Failure-Report: no")).toEqual([false, 1]);
    expect(report("Failure-Report: yes")).toEqual([false, 0]);
    for (const text of [
      "Failure-Report: partial",
      "Success-Report: YES",
      "success-report: yes",
      "Success-Report: yes ",
      "Success-Reports: no",
      "Failure-Report: nope",
    ]) {
      expect([text, report(text)]).toEqual([text, 0]);
    }
  });

  test("RFC 4975 §9: the end-line of this frame and no other [4975-9-21]", () => {
    const flag = (text: string): number => {
      const { head, bytes } = line(`MSRP abcd SEND\r\n${text}`);
      head.idLength = 4;
      return readEndLine(head, bytes, 16);
    };
    for (const character of "$+#") expect(flag(`-------abcd${character}\r\n`)).toBe(character.charCodeAt(0));
    for (const text of [
      "------abcd$\r\n",
      "--------abcd$\r\n",
      "-------abce$\r\n",
      "-------abcd!\r\n",
      "-------abcd$\n",
      "-------abcd$ \r\n",
      "-------ABCD$\r\n",
    ]) {
      expect([text, flag(text)]).toEqual([text, 0]);
    }
  });
});
