// The capture format, octet by octet as its draft has it, and read back by a reader that knows nothing of the writer.
// tshark reads whole traces in tests/interop/trace_tshark_test.ts.
import { describe, expect, test } from "#test";
import { pcapng } from "../../../plugins/_pcapng.ts";
import { TcpPackets } from "../../../plugins/_tcp_packets.ts";
import { readCapture } from "../../support/pcapng.ts";

const hex = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

describe("pcapng", () => {
  test("begins with a section header and an Ethernet interface", () => {
    expect(hex(pcapng.begin("hi"))).toBe(
      `${"0a0d0d0a340000004d3c2b1a01000000ffffffffffffffff"}${"0100020068690000"}${"040007006d7372706b697400"}${"0000000034000000"}` +
        `${"0100000020000000"}${"0100000000000000"}${"020004006d737270"}${"00000000"}${"20000000"}`,
    );
  });

  test("gives each packet its time in microseconds, its length, and padding", () => {
    expect(hex(pcapng.packet(4_294_967.297, new Uint8Array([1, 2, 3, 4, 5])))).toBe(
      `${"0600000028000000"}00000000${"0100000001000000"}${"0500000005000000"}${"0102030405000000"}${"28000000"}`,
    );
  });

  test("is read back, comments too", () => {
    const tcp = new TcpPackets({ address: "1.2.3.4", port: 5 }, { address: "6.7.8.9", port: 10 }, "received");
    const blocks = [
      pcapng.begin("Zürich"),
      pcapng.packet(1_790_000_000_123.456, tcp.data("received", new Uint8Array([72, 105, 33])), "three"),
    ];
    const { comment, packets } = readCapture(new Uint8Array(blocks.flatMap((block) => [...block])));
    expect(comment).toBe("Zürich");
    expect(packets.map(({ at, text, comment }) => [at, text, comment])).toEqual([
      [1_790_000_000_123.456, "Hi!", "three"],
    ]);
  });
});
