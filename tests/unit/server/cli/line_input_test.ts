// Lines and pasted descriptions out of a byte stream that is cut anywhere.
// What people paste has any line ends, blanks around it, and perhaps no empty line behind.
import { describe, expect, test } from "#test";
import { LineInput, MAX_LINE_LENGTH } from "../../../../server/cli/line_input.ts";

async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function lines(input: LineInput): Promise<string[]> {
  const all: string[] = [];
  for (let line = await input.next(); line !== undefined; line = await input.next()) all.push(line);
  return all;
}

describe("LineInput", () => {
  test("gives lines whatever the cuts, the last one with or without its end", async () => {
    for (const size of [1, 2, 3, 7, 100]) {
      expect(await lines(new LineInput(pieces("añ\r\n\nb☃\nlast", size)))).toEqual(["añ", "", "b☃", "last"]);
    }
    expect(await lines(new LineInput(pieces("", 1)))).toEqual([]);
  });

  test("RFC 8866 §5: a description begins at v=0 and ends at an empty line, with CRLF after each line", async () => {
    const text = "some words\n\n  v=0  \no=- 1 1 IN IP4 h\n s=- \r\n\nnext line\n";
    for (const size of [1, 5, 1000]) {
      const input = new LineInput(pieces(text, size));
      expect(await input.description()).toBe("v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\n");
      expect(await input.next()).toBe("next line");
      expect(await input.description()).toBe(undefined);
    }
    expect(await new LineInput(pieces("v=0\ns=-", 3)).description()).toBe("v=0\r\ns=-\r\n");
  });

  test("a terminal that makes two line ends of CRLF spoils nothing: two empty lines are the end", async () => {
    const text = "v=0\n\no=- 1 1 IN IP4 h\n\ns=-\n\n\n\nnext line\n";
    const input = new LineInput(pieces(text, 5));
    expect(await input.description()).toBe("v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\n");
    expect(await lines(input)).toEqual(["", "next line"]);
  });

  test("what stands before a description is told, for people who pasted something else", async () => {
    const skipped: string[] = [];
    const input = new LineInput(pieces("INVITE sip:x\n\n \nv=0\ns=-\n", 3));
    expect(await input.description((line) => skipped.push(line))).toBe("v=0\r\ns=-\r\n");
    expect(skipped).toEqual(["INVITE sip:x"]);
  });

  test("a line without end does not grow for ever", async () => {
    const endless = pieces("x".repeat(MAX_LINE_LENGTH * 3), 10_000);
    const error = await new LineInput(endless).next().then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    );
    expect(error?.message.includes(String(MAX_LINE_LENGTH))).toBe(true);
  });
});
