// The answers of clamd, word for word as its manual and its sources have them.
// Whatever is not a verdict is an error.
import { describe, expect, test } from "#test";
import { readReply } from "../../../adapters/_clamd_reply.ts";

describe("an answer of clamd", () => {
  test("is a verdict", () => {
    expect(readReply("stream: OK")).toEqual({ infected: false });
    expect(readReply("stream: Win.Test.EICAR_HDB-1 FOUND")).toEqual({
      infected: true,
      name: "Win.Test.EICAR_HDB-1",
    });
  });

  test("or an error", () => {
    for (const reply of [
      "",
      "OK",
      "stream: ok",
      "INSTREAM size limit exceeded. ERROR",
      "stream: Can't open file ERROR",
    ])
      expect(() => readReply(reply)).toThrow("clamd did not scan");
  });

  test("of which no more than a line goes into the error", () => {
    let message = "";
    try {
      readReply("x".repeat(4096));
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toBe(`clamd did not scan: ${"x".repeat(200)}`);
  });
});
