// A message of 4 GiB: byte positions beyond 2^32 in ranges, reports and sinks, and memory that does not grow with it.
// Every octet is made from its position and checked against it; nothing is ever held whole.
import process from "node:process";
import { describe, expect, test } from "#test";
import type { MsrpOptions } from "../../core/node/options.ts";
import { nothing, SocketNodes } from "../support/socket_nodes.ts";

const GIBIBYTE = 1_073_741_824;
// A little more than 4 GiB, and no multiple of anything.
const totalBytes = 4 * GIBIBYTE + 12_345;
const pieceBytes = 262_144;
const mayGrowBytes = 128 * 1_048_576;
// Each piece is the same but for its number in the first eight octets, so that a lost, doubled or swapped one shows.
const pattern = crypto.getRandomValues(new Uint8Array(65_536));
const template = new Uint8Array(pieceBytes);
for (let at = 0; at < pieceBytes; at += pattern.length) template.set(pattern, at);

/** The number of a piece, in its first eight octets. */
function stamp(piece: Uint8Array, number: number): void {
  new DataView(piece.buffer, piece.byteOffset).setFloat64(0, number);
}

async function* pieces(): AsyncGenerator<Uint8Array> {
  // Used again in turn: what is read ahead is 256 KiB, far less than a round of these.
  const ring = Array.from({ length: 16 }, () => template.slice());
  for (let number = 0, at = 0; at < totalBytes; number++, at += pieceBytes) {
    const piece = ring[number % ring.length]!;
    stamp(piece, number);
    yield totalBytes - at < pieceBytes ? piece.subarray(0, totalBytes - at) : piece;
  }
}

/** Checks octets against their position; compares in place, four to a turn. */
class Checker {
  readonly #expected = template.slice();
  #number = -1;
  wrong = 0;
  octets = 0;

  write(position: number, bytes: Uint8Array): void {
    this.octets += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      const number = Math.floor((position + at) / pieceBytes);
      if (number !== this.#number) stamp(this.#expected, (this.#number = number));
      const from = position + at - number * pieceBytes;
      const length = Math.min(bytes.length - at, pieceBytes - from);
      if (!same(bytes, at, this.#expected, from, length)) this.wrong++;
      at += length;
    }
  }

  close(): void {}
  abort(): void {}
}

function same(a: Uint8Array, aFrom: number, b: Uint8Array, bFrom: number, length: number): boolean {
  let index = 0;
  let differs = 0;
  for (; index + 4 <= length; index += 4) {
    differs |= a[aFrom + index]! ^ b[bFrom + index]!;
    differs |= a[aFrom + index + 1]! ^ b[bFrom + index + 1]!;
    differs |= a[aFrom + index + 2]! ^ b[bFrom + index + 2]!;
    differs |= a[aFrom + index + 3]! ^ b[bFrom + index + 3]!;
  }
  for (; index < length; index++) differs |= a[aFrom + index]! ^ b[bFrom + index]!;
  return differs === 0;
}

describe("a message beyond 2^32 octets", () => {
  test("RFC 4975 §7.1.1: 4 GiB arrive octet by octet, are reported whole, and memory stays flat", async () => {
    const checker = new Checker();
    const server: MsrpOptions = { inbox: { onMessageStart: () => ({ sink: checker }) } };
    const held = await SocketNodes.run({ server }, async (nodes) => {
      const sizes: (number | undefined)[] = [];
      nodes.server.onMessage((message) => {
        sizes.push(message.size);
      });
      const ranges: unknown[] = [];
      nodes.client.tap("report", ({ byteRange }) => ranges.push(byteRange));
      const session = await nodes.connect();
      let before = 0;
      let most = 0;
      const sent = session.send(pieces(), {
        total: totalBytes,
        onProgress: (octets) => {
          // The first quarter fills the heaps, the pools and the caches; after that nothing may come.
          const { rss } = process.memoryUsage();
          if (octets < GIBIBYTE) before = Math.max(before, rss);
          else most = Math.max(most, rss);
        },
      });
      await sent.delivered;
      console.log(
        `memory: ${(before / 1_048_576).toFixed(0)} MiB in the first GiB, ${(most / 1_048_576).toFixed(0)} MiB after`,
      );
      expect(checker.wrong).toBe(0);
      expect(checker.octets).toBe(totalBytes);
      expect(sizes).toEqual([totalBytes]);
      expect(ranges).toEqual([{ start: 1, end: totalBytes, total: totalBytes }]);
      expect(most - before < mayGrowBytes).toBe(true);
      expect(nodes.errors).toEqual([]);
    });
    expect(held).toEqual(nothing);
  }, 240_000);
});
