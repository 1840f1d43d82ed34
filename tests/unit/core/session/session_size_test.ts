// The peer's max-size: known sizes before, streams while they are read.
import { describe, expect, test } from "#test";
import type { MsrpError } from "../../../../core/errors.ts";
import type { BodyContent } from "../../../../core/session/sent.ts";
import { limitBody } from "../../../../core/session/session_size.ts";
import { rejection, thrown } from "../../../support/nodes.ts";

const stream = (...sizes: number[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const size of sizes) controller.enqueue(new Uint8Array(size));
      controller.close();
    },
  });
const iterable = async function* (...sizes: number[]): AsyncGenerator<Uint8Array> {
  for (const size of sizes) yield new Uint8Array(size);
};

async function read(body: BodyContent): Promise<number> {
  let size = 0;
  for await (const piece of body as AsyncIterable<Uint8Array>) size += piece.length;
  return size;
}

describe("RFC 4975 §8.6: max-size [4975-8.6-12]", () => {
  test("refuses what is known to be longer, in octets and not in characters", () => {
    for (const body of ["ä".repeat(6), new Uint8Array(11), new Blob(["eleven byte"])]) {
      expect(thrown<MsrpError>(() => limitBody(body, undefined, undefined, 10)).code).toBe(
        "message-too-large",
      );
    }
    expect(thrown<MsrpError>(() => limitBody(stream(1), undefined, 11, 10)).code).toBe("message-too-large");
    expect(limitBody("ä".repeat(5), undefined, undefined, 10).contentType).toBe("text/plain;charset=utf-8");
    expect(limitBody(new Blob(["x"], { type: "a/b" }), undefined, undefined, 10).contentType).toBe("a/b");
    expect(limitBody(new Uint8Array(10), "c/d", undefined, 10).contentType).toBe("c/d");
  });

  test("counts streams of unknown size while they are read", async () => {
    for (const make of [stream, iterable]) {
      expect(await read(limitBody(make(5, 5), undefined, undefined, 10).body)).toBe(10);
      const long = read(limitBody(make(5, 5, 1), undefined, undefined, 10).body);
      expect((await rejection<MsrpError>(long)).code).toBe("message-too-large");
    }
  });

  test("leaves everything as it is when there is no limit", () => {
    const body = stream(1);
    expect(limitBody(body, undefined, undefined, Number.POSITIVE_INFINITY)).toEqual({
      body,
      contentType: "application/octet-stream",
      total: undefined,
    });
  });
});
