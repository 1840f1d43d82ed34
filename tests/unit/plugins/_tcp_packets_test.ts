// Packets around octets: addresses of both kinds, numbers that follow on, checksums that hold.
// The reader of the tests refuses wrong checksums and lengths.
import { describe, expect, test } from "#test";
import { ipBytes, maxSegmentBytes, TcpPackets } from "../../../plugins/_tcp_packets.ts";
import { readPacket } from "../../support/pcapng.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("TcpPackets", () => {
  test("RFC 9293 §3.5: opens, carries and ends a connection with numbers that follow on", () => {
    const tcp = new TcpPackets(
      { address: "192.0.2.1", port: 2855 },
      { address: "192.0.2.9", port: 40_000 },
      "received",
    );
    const packets = [
      ...tcp.open(),
      tcp.data("received", bytes("abc")),
      tcp.data("transmitted", bytes("defgh")),
      ...tcp.close(false),
    ].map(readPacket);
    expect(packets.map((p) => `${p.from} ${p.flags} ${p.sequence} ${p.acknowledgement} ${p.text}`)).toEqual([
      "192.0.2.9 40000 S 0 0 ",
      "192.0.2.1 2855 SA 0 1 ",
      "192.0.2.9 40000 A 1 1 ",
      "192.0.2.9 40000 PA 1 1 abc",
      "192.0.2.1 2855 PA 1 4 defgh",
      "192.0.2.1 2855 FA 6 4 ",
      "192.0.2.9 40000 FA 4 7 ",
      "192.0.2.1 2855 A 7 5 ",
    ]);
  });

  test("an outbound connection is opened by this side; a failed one is reset", () => {
    const tcp = new TcpPackets(
      { address: "::1", port: 1 },
      { address: "2001:db8::7", port: 2 },
      "transmitted",
    );
    const packets = [...tcp.open(), ...tcp.close(true)].map(readPacket);
    expect(packets.map(({ from, flags }) => `${from} ${flags}`)).toEqual([
      "0:0:0:0:0:0:0:1 1 S",
      "2001:db8:0:0:0:0:0:7 2 SA",
      "0:0:0:0:0:0:0:1 1 A",
      "0:0:0:0:0:0:0:1 1 RA",
    ]);
  });

  test("carries the longest segment over either kind of IP, with octets of any value", () => {
    const payload = new Uint8Array(maxSegmentBytes).fill(0xff);
    for (const address of ["10.0.0.1", "::1"]) {
      const tcp = new TcpPackets({ address, port: 1 }, { address, port: 2 }, "received");
      expect(readPacket(tcp.data("transmitted", payload)).text.length).toBe(maxSegmentBytes);
      expect(readPacket(tcp.data("transmitted", payload.subarray(0, 3))).sequence).toBe(maxSegmentBytes);
    }
  });

  test("reads addresses as the runtimes give them", () => {
    const read = (text: string): string => [...ipBytes(text)].join(".");
    expect(read("127.0.0.1")).toBe("127.0.0.1");
    expect(read("::ffff:10.1.2.3")).toBe("10.1.2.3");
    expect(read("::")).toBe("0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0");
    expect(read("fe80::1:2%eth0")).toBe("254.128.0.0.0.0.0.0.0.0.0.0.0.1.0.2");
    expect(read("1:2:3:4:5:6:7:8")).toBe("0.1.0.2.0.3.0.4.0.5.0.6.0.7.0.8");
    expect(read("bob.example")).toBe("0.0.0.0");
    expect(read("")).toBe("0.0.0.0");
  });

  test("mixes the two kinds as IPv6", () => {
    const tcp = new TcpPackets({ address: "10.0.0.1", port: 1 }, { address: "::1", port: 2 }, "received");
    expect(readPacket(tcp.data("transmitted", bytes("x"))).from).toBe("0:0:0:0:0:ffff:a00:1 1");
  });
});
