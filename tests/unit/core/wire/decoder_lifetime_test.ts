// Frames stay what they are until `receive` returns, not only while the sink runs: a connection queues them.
// Every cut of the input moves octets through the decoder's own buffers, which must not be used again too early.
import { describe, expect, test } from "#test";
import { Decoder } from "../../../../core/wire/decoder.ts";
import type { Frame } from "../../../../core/wire/frame.ts";
import { joinBytes } from "../../../../core/wire/join_bytes.ts";

const bodies = [5, 3_000, 70_000, 1, 150_000, 40, 2_049].map((length, index) =>
  Uint8Array.from({ length }, (_, at) => (at * 31 + index * 7) % 256),
);

function wire(): Uint8Array {
  const pieces = bodies.flatMap((body, index) => {
    const id = `transact${index}`;
    const head =
      `MSRP ${id} SEND\r\nTo-Path: msrp://b.test:1/s${index};tcp\r\nFrom-Path: msrp://a.test:1/t;tcp\r\n` +
      `Message-ID: message-${index}\r\nByte-Range: 1-${body.length}/${body.length}\r\nContent-Type: text/x-${index}\r\n\r\n`;
    return [new TextEncoder().encode(head), body, new TextEncoder().encode(`\r\n-------${id}$\r\n`)];
  });
  return joinBytes(pieces);
}

describe("frames of one receive call", () => {
  for (const size of [1_000, 4_096, 65_536, 65_537, 100_003, 200_000]) {
    test(`are intact when it returns, input in pieces of ${size}`, () => {
      const input = wire();
      const decoder = new Decoder();
      const got = new Map<string, number[]>();
      for (let at = 0; at < input.length; at += size) {
        const frames: Frame[] = [];
        decoder.receive(input.slice(at, at + size), (frame) => frames.push(frame));
        for (const frame of frames) {
          if (frame.kind !== "request") throw new Error("a response was never sent");
          const index = Number(/message-(\d)/.exec(frame.messageId ?? "")?.[1]);
          expect([frame.contentType, frame.toPath[0]?.sessionId]).toEqual([`text/x-${index}`, `s${index}`]);
          const octets = got.get(`message-${index}`) ?? [];
          got.set(`message-${index}`, octets);
          for (const octet of frame.body ?? []) octets.push(octet);
        }
      }
      for (const [index, body] of bodies.entries()) {
        expect(Buffer.compare(Uint8Array.from(got.get(`message-${index}`) ?? []), body)).toBe(0);
      }
    });
  }
});
