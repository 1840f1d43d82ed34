// RFC 6455 §5 octet by octet: what a server reads and writes, against frames of the RFC's own examples and a reference
// that masks one octet at a time.
import fc from "fast-check";
import { describe, expect, test } from "#test";
import {
  closeFrame,
  controlFrame,
  FrameReader,
  type FrameSink,
  headBytes,
  maxControlBytes,
  opcodes,
  unmask,
  WebSocketFault,
  writeHead,
} from "../../../adapters/_ws_frame.ts";
import { clientFrame } from "../../flows/web_socket.ts";

/** Reads octets cut into pieces; what came, in order, and the code of the fault that ended it. */
function read(octets: Uint8Array, cuts: readonly number[] = [], limit = 1_048_576): string[] {
  const seen: string[] = [];
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
  const sink: FrameSink = {
    message: (bytes) => void seen.push(`message ${text(bytes)}`),
    ping: (bytes) => void seen.push(`ping ${text(bytes)}`),
    pong: () => void seen.push("pong"),
    closed: (code) => void seen.push(`closed ${code}`),
  };
  const reader = new FrameReader(limit, sink);
  let at = 0;
  try {
    for (const cut of [...cuts, octets.length]) {
      // Each piece in memory of its own that is spoilt afterwards, as a transport's buffer is.
      const piece = octets.slice(at, Math.max(at, cut));
      reader.receive(piece);
      piece.fill(0x21);
      at = Math.max(at, cut);
    }
  } catch (error) {
    if (!(error instanceof WebSocketFault)) throw error;
    seen.push(`fault ${error.closeCode}`);
  }
  reader.end();
  return seen;
}

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));

describe("WebSocket frames", () => {
  test("RFC 6455 §5.7: the examples of the RFC", () => {
    expect(read(hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"))).toEqual(["message Hello"]);
    expect(read(hex("89 85 37 fa 21 3d 7f 9f 4d 51 58"))).toEqual(["ping Hello"]);
    expect([...controlFrame(opcodes.ping, Buffer.from("Hello"))]).toEqual([...hex("89 05 48 65 6c 6c 6f")]);
    const head = new Uint8Array(10);
    writeHead(head, 0, opcodes.binary, 256);
    expect([...head.subarray(0, 4)]).toEqual([...hex("82 7e 01 00")]);
    writeHead(head, 0, opcodes.binary, 65_536);
    expect([...head]).toEqual([...hex("82 7f 00 00 00 00 00 01 00 00")]);
  });

  test("RFC 6455 §5.3: unmasking in words is unmasking octet by octet", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.nat(40),
        fc.integer({ min: 0, max: 0xffff_ffff }),
        fc.nat(7),
        (bytes, start, mask, phase) => {
          const from = Math.min(start, bytes.length);
          const octet = (index: number): number => (mask >>> (24 - 8 * (index & 3))) & 0xff;
          const wanted = bytes.map((value, index) =>
            index < from ? value : value ^ octet(index - from + phase),
          );
          unmask(bytes, from, bytes.length, mask, phase);
          expect([...bytes]).toEqual([...wanted]);
        },
      ),
    );
  });

  test("messages come whole however the stream is cut, with control frames between their pieces [6455-5.4-01] [7977-5.1-07]", () => {
    const message = fc.record({
      text: fc.string({ unit: fc.constantFrom("a", "b", "-", "\n"), maxLength: 200 }),
      pieces: fc.integer({ min: 1, max: 4 }),
      type: fc.constantFrom(1, 2),
      ping: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 5 }),
        fc.array(fc.nat(900), { maxLength: 9 }),
        (messages, cuts) => {
          const frames: Buffer[] = [];
          const wanted: string[] = [];
          for (const { text, pieces, type, ping } of messages) {
            const octets = Buffer.from(text);
            const size = Math.ceil(octets.length / pieces);
            for (let index = 0; index < pieces; index++) {
              const piece = octets.subarray(index * size, (index + 1) * size);
              frames.push(clientFrame(index === 0 ? type : 0, piece, { final: index === pieces - 1 }));
              if (!ping || index === pieces - 1) continue;
              frames.push(clientFrame(9, Buffer.from("p")));
              wanted.push("ping p");
            }
            wanted.push(`message ${text}`);
          }
          const whole = Buffer.concat(frames);
          expect(
            read(
              new Uint8Array(whole),
              [...cuts].sort((a, b) => a - b).map((cut) => Math.min(cut, whole.length)),
            ),
          ).toEqual(wanted);
        },
      ),
    );
  });

  test("any octets end in messages or in a fault with a code, never in another error", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.array(fc.nat(200), { maxLength: 4 }),
        (octets, cuts) => {
          for (const line of read(
            octets,
            [...cuts].sort((a, b) => a - b),
            100,
          ))
            expect(line).toMatch(/^(message |ping |pong|closed \d{4}|fault (1002|1007|1009))/);
        },
      ),
    );
  });

  test("RFC 6455 §10.4: memory follows what has come, and a length over the limit is refused at once [6455-10.4-01]", () => {
    const announced = clientFrame(2, Buffer.alloc(0), { length: 1_000_000n });
    const before = process.memoryUsage().arrayBuffers;
    const readers = Array.from({ length: 200 }, () => {
      const reader = new FrameReader(1_048_576, {
        message() {},
        ping() {},
        pong() {},
        closed() {},
      });
      reader.receive(new Uint8Array(announced));
      reader.receive(new Uint8Array([1]));
      return reader;
    });
    expect(readers.length).toBe(200);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
    expect(read(new Uint8Array(clientFrame(2, Buffer.from("x"), { length: 101n })), [], 100)).toEqual([
      "fault 1009",
    ]);
    const half = Buffer.alloc(60, "x");
    const two = Buffer.concat([clientFrame(2, half, { final: false }), clientFrame(0, half)]);
    expect(read(new Uint8Array(two), [], 100)).toEqual(["fault 1009"]);
    expect(read(new Uint8Array(two), [], 120)).toEqual([`message ${"x".repeat(120)}`]);
  });

  test("RFC 6455 §7.4: closing frames, with and without code; codes that may not be sent [6455-7.4-01]", () => {
    const close = (...octets: number[]): Uint8Array => new Uint8Array(clientFrame(8, Buffer.from(octets)));
    expect(read(close())).toEqual(["closed 1005"]);
    for (const code of [1000, 1001, 1003, 1007, 1011, 3000, 4999])
      expect(read(close(code >> 8, code & 255))).toEqual([`closed ${code}`]);
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000])
      expect(read(close(code >> 8, code & 255))).toEqual(["fault 1002"]);
    expect(read(close(3))).toEqual(["fault 1002"]);
    expect(read(close(3, 232, 0xff))).toEqual(["fault 1007"]);
    // What comes behind it is not looked at.
    expect(read(new Uint8Array([...close(), 0xff, 0xff]))).toEqual(["closed 1005"]);
  });

  test("heads are as short as can be, and a reason fits its frame", () => {
    expect([0, 125, 126, 65_535, 65_536].map(headBytes)).toEqual([2, 2, 4, 4, 10]);
    expect(closeFrame(1008, "x".repeat(500)).length).toBe(2 + maxControlBytes);
    expect([...closeFrame(1000)]).toEqual([0x88, 2, 3, 232]);
  });
});
