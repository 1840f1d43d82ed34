// The octets of a message that comes in chunks: any order, twice, in many pieces, and more than memory should hold.
import { describe, expect, test } from "#test";
import { Incoming } from "../../../../core/client/incoming.ts";
import { rejection } from "../../../support/nodes.ts";

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);
const incoming = (): Incoming => new Incoming("m0001", "image/png", []);

describe("Incoming", () => {
  test("RFC 4975 §7.3.1: chunks in any order make the message", async () => {
    const message = incoming();
    message.add(4, octets("def"), 9, false);
    message.add(7, octets("ghi"), undefined, true);
    expect([message.whole, message.receivedBytes, message.contiguous, message.total]).toEqual([
      false,
      6,
      0,
      9,
    ]);
    message.add(1, octets("abc"), 9, false);
    await message.completed;
    expect([message.whole, message.contiguous, await message.text()]).toEqual([true, 9, "abcdefghi"]);
  });

  test("RFC 4975 §7.3.1: octets that come again replace those before", async () => {
    const message = incoming();
    message.add(1, octets("aaaa"), 8, false);
    message.add(5, octets("bbbb"), 8, false);
    const again = incoming();
    again.add(1, octets("aaaa"), 9, false);
    again.add(5, octets("bbbb"), 9, false);
    again.add(3, octets("cccc"), 9, false);
    again.add(9, octets("d"), 9, false);
    expect(await again.text()).toBe("aaccccbbd");
    expect(await message.text()).toBe("aaaabbbb");
  });

  test("a chunk flagged $ tells the size, and an empty message is whole", async () => {
    const message = incoming();
    message.add(1, octets("abc"), undefined, false);
    expect(message.total).toBe(undefined);
    message.add(4, octets("d"), undefined, true);
    expect([message.total, message.whole]).toEqual([4, true]);
    const empty = incoming();
    empty.add(1, octets(""), 0, true);
    expect([empty.whole, await empty.text()]).toEqual([true, ""]);
  });

  test("long messages become Blobs, short pieces are joined, and the octets stay the same", async () => {
    const message = incoming();
    const body = new Uint8Array(2_500_000).map((_, index) => index % 253);
    for (let at = 0; at < body.length; at += 1000) {
      message.add(at + 1, body.subarray(at, at + 1000), body.length, false);
    }
    expect(message.whole).toBe(true);
    // Not toEqual, which takes seconds for so many.
    expect((await message.bytes()).every((octet, index) => octet === body[index])).toBe(true);
    const blob = message.blob();
    expect([blob.size, blob.type]).toEqual([body.length, "image/png"]);
  });

  test("overlaps reach into Blobs too", async () => {
    const message = incoming();
    message.add(1, new Uint8Array(1_100_000).fill(1), 1_100_010, false);
    message.add(1_000_001, new Uint8Array(100_010).fill(2), 1_100_010, true);
    const bytes = await message.bytes();
    expect([bytes.length, bytes[999_999], bytes[1_000_000], bytes.at(-1)]).toEqual([1_100_010, 1, 2, 2]);
  });

  test("a sender that makes more than 1024 holes is refused", async () => {
    const message = incoming();
    for (let at = 1; at <= 2047; at += 2) message.add(at, octets("x"), undefined, false);
    expect(message.refusal).toBe(0);
    message.add(2049, octets("x"), undefined, false);
    expect(message.refusal).toBe(413);
    expect((await rejection<Error & { code: string }>(message.completed)).code).toBe("refused");
  });

  test("progress tells what has come; refusing it gives it up once", async () => {
    const message = incoming();
    const seen: (number | undefined)[][] = [];
    message.onProgress = (...given) => void seen.push(given);
    message.add(1, octets("ab"), 4, false);
    message.refuse();
    message.refuse(400);
    expect(seen).toEqual([[2, 4]]);
    expect(message.refusal).toBe(413);
    expect((await rejection<Error & { status: number }>(message.completed)).status).toBe(413);
  });
});
