// Printing received messages: texts as they are, the beginning of long ones, one line about anything else.
// The messages are made by hand; the terminal records what it is told.
import { describe, expect, test } from "#test";
import { type HeaderList, Message, type Session } from "../../../../core/mod.ts";
import { decodeText, MAX_PRINTED_BYTES, printMessage } from "../../../../server/cli/print_message.ts";
import type { Terminal } from "../../../../server/cli/terminal.ts";

function recorder(json: boolean): { terminal: Terminal; told: unknown[] } {
  const told: unknown[] = [];
  const terminal: Terminal = {
    json,
    columns: 0,
    result: (event) => told.push(event),
    note: (text) => told.push(text),
    error: () => undefined,
    text: (text) => Promise.resolve(void told.push({ text })),
    progress: () => undefined,
  };
  return { terminal, told };
}

function message(contentType: string, body: Uint8Array): Message {
  const headers = { get: () => undefined, has: () => false, size: 0 } as unknown as HeaderList;
  const session = {} as Session;
  return new Message({ messageId: "m.1", contentType, headers, session, mode: "memory", body });
}

describe("printMessage", () => {
  test("prints a text with a line end of its own", async () => {
    const { terminal, told } = recorder(false);
    await printMessage(message("text/plain", new TextEncoder().encode("añ")), terminal);
    expect(told[0]).toEqual({ text: "añ\n" });
    expect(told.length).toBe(2);
  });

  test("as JSON the text is in the event", async () => {
    const { terminal, told } = recorder(true);
    await printMessage(message("text/plain", new TextEncoder().encode("abc")), terminal);
    expect(told).toEqual([
      {
        event: "received",
        messageId: "m.1",
        contentType: "text/plain",
        bytes: 3,
        sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        text: "abc",
      },
    ]);
  });

  test("shows the beginning of a long text, and counts the rest", async () => {
    const { terminal, told } = recorder(false);
    await printMessage(message("text/plain", new Uint8Array(MAX_PRINTED_BYTES + 10).fill(97)), terminal);
    expect((told[0] as { text: string }).text.length).toBe(MAX_PRINTED_BYTES + 1);
    expect(String(told.at(-1)).includes("the first 65.5 kB shown")).toBe(true);
  });

  test("says one line about everything else", async () => {
    const { terminal, told } = recorder(false);
    await printMessage(message("image/png", new Uint8Array(1_500)), terminal);
    expect(told.at(-1)).toBe("received 1.5 kB of image/png (--out DIRECTORY stores messages)");
  });

  test("decodeText joins characters that were cut", () => {
    const bytes = new TextEncoder().encode("a☃b");
    expect(decodeText([bytes.subarray(0, 2), bytes.subarray(2, 3), bytes.subarray(3)])).toBe("a☃b");
    expect(decodeText([bytes.subarray(0, 2)])).toBe("a\ufffd");
  });
});
