// The WebSocket suite's tests of an open connection: one MSRP frame a message, in both types, and the faults of RFC 6455.
// What only own servers promise is not asked of a runtime's.
import { expect, test } from "#test";
import { maxMessageBytes } from "../support/web_socket_echo.ts";
import { sendText, WebSocketPeer } from "../support/web_socket_peer.ts";
import type { Running } from "./web_socket_suite.ts";

/** Declares them. */
export function framingTests(running: Running): void {
  const own = running.subject.framing === "own";

  /** An open connection for the length of a test. */
  const withPeer = async (use: (peer: WebSocketPeer) => Promise<void>): Promise<void> => {
    const peer = await WebSocketPeer.open(running.url, {}, running.ca);
    try {
      await use(peer);
    } finally {
      peer.destroy();
    }
  };

  /** Sends, and gives the body of what is echoed; every message that comes is one frame, whole and binary. */
  const echoed = async (peer: WebSocketPeer, send: () => void): Promise<string> => {
    send();
    expect(await peer.message()).toMatch(/^MSRP \S+ 200 OK\r\n[\s\S]*-------\S+\$\r\n$/);
    const message = await peer.message();
    const [, id, body] =
      /^MSRP (\S+) SEND\r\n[\s\S]*?\r\n\r\n([\s\S]*)\r\n-------(\S+)\$\r\n$/.exec(message) ?? [];
    peer.send(
      Buffer.from(
        `MSRP ${id} 200 OK\r\nTo-Path: msrp://echo.example:2855/ws0echo00000001;ws\r\nFrom-Path: msrp://client.invalid:2855/ws0client0000001;ws\r\n-------${id}$\r\n`,
      ),
    );
    return body ?? "";
  };

  test("RFC 7977 §4.2: text and binary messages are taken, and answered in binary [7977-4.2-01] [7977-4.2-03] [7977-5.1-08]", async () => {
    await withPeer(async (peer) => {
      expect(await echoed(peer, () => peer.send(sendText("as text")))).toBe("as text");
      expect(await echoed(peer, () => peer.send(Buffer.from(sendText("as octets"))))).toBe("as octets");
    });
  });

  test("RFC 7977 §4.2: a text counts as octets, not as characters [7977-4.2-02] [4976-T24]", async () => {
    await withPeer(async (peer) => {
      const text = "h\u00e9\u2764!";
      const latin1 = Buffer.from(text).toString("latin1");
      expect(await echoed(peer, () => peer.send(sendText(text)))).toBe(latin1);
    });
  });

  test("RFC 7977 §5.1: a message may come in several WebSocket frames, with control frames between them [7977-5.1-07] [6455-5.4-01] [6455-5.5-01]", async () => {
    await withPeer(async (peer) => {
      const octets = Buffer.from(sendText("in three pieces"));
      const body = await echoed(peer, () => {
        peer.frame(2, octets.subarray(0, 10), { final: false });
        peer.frame(9, Buffer.from("between"));
        peer.frame(0, octets.subarray(10, 80), { final: false });
        peer.frame(0, Buffer.alloc(0), { final: false });
        peer.frame(0, octets.subarray(80), { final: false });
        peer.frame(0, Buffer.alloc(0));
      });
      expect(body).toBe("in three pieces");
      await peer.ping("after");
    });
  });

  test("RFC 6455 §5.5.2: a ping is answered with the same octets [6455-5.5-01]", async () => {
    await withPeer(async (peer) => {
      for (const payload of ["\u0001\u0002\u0003\u0004", "", "x".repeat(125)]) {
        expect(await peer.ping(payload)).toBe(payload);
      }
    });
  });

  test("RFC 7977 §6: a SEND without a body is answered [7977-6-03]", async () => {
    await withPeer(async (peer) => {
      const bodiless = sendText("").replace(/Content-Type[^\r]*\r\n\r\n\r\n/, "");
      peer.send(Buffer.from(bodiless));
      expect(await peer.message()).toMatch(/^MSRP \S+ 200 /);
    });
  });

  test("RFC 7977 §5.1: long messages go out as chunks of their own, each one WebSocket message [7977-5.1-04] [7977-5.1-06] [4976-T25]", async () => {
    await withPeer(async (peer) => {
      // Longer than one chunk, in two chunks that each fit a message.
      const half = "0123456789abcdef".repeat(6000);
      const total = 2 * half.length;
      const id = "long000000001";
      peer.send(Buffer.from(sendText(half, { id, range: `1-${half.length}/${total}`, flag: "+" })));
      const second = sendText(half, { id: "long000000002", range: `${half.length + 1}-${total}/${total}` });
      peer.send(Buffer.from(second.replace("m.long000000002", "m.long000000001")));
      let whole = "";
      for (let answered = 0; whole.length < total || answered < 2; ) {
        const message = await peer.message();
        const [, kind] = /^MSRP \S+ (\S+)/.exec(message) ?? [];
        if (kind === "200") answered++;
        else {
          const [, start, body = "", flag] =
            /Byte-Range: (\d+)-[\s\S]*?\r\n\r\n([\s\S]*)\r\n-------\S+([$+#])\r\n$/.exec(message) ?? [];
          expect(Number(start)).toBe(whole.length + 1);
          expect(message.length).toBeLessThanOrEqual(66_000);
          whole += body;
          expect(flag).toBe(whole.length === total ? "$" : "+");
        }
      }
      expect(whole === half + half).toBe(true);
    });
  });

  test("RFC 7977 §5.1: half a chunk, two, or none, are no message: 1002 [7977-4.1-05] [7977-5.1-05] [6455-7.4-01]", async () => {
    const whole = sendText("one");
    for (const bad of [
      whole.slice(0, 60),
      whole.slice(0, -3),
      whole + sendText("two"),
      "GET / HTTP/1.1\r\n\r\n",
      "",
      "\r\n",
    ]) {
      const peer = await WebSocketPeer.open(running.url, {}, running.ca);
      peer.send(Buffer.from(bad));
      if (bad.startsWith(whole)) await peer.message();
      const code = await peer.closed();
      if (own) expect(code).toBe(1002);
      // Deno's sockets let programs say only 1000 and 3000 to 4999.
      else expect([1002, 4002]).toContain(code);
      peer.destroy();
    }
  });

  test("RFC 6455 §10.4: a message over the limit closes with 1009; one at the limit passes [6455-10.4-01] [SEC-25]", async () => {
    const frame = sendText("");
    const padded = (bytes: number): string => sendText("x".repeat(bytes - frame.length - 40));
    await withPeer(async (peer) => {
      peer.send(Buffer.from(padded(maxMessageBytes)));
      expect(await peer.message()).toMatch(/^MSRP \S+ 200/);
    });
    await withPeer(async (peer) => {
      peer.send(Buffer.from(padded(maxMessageBytes + 200)));
      const code = await peer.closed();
      if (own) expect(code).toBe(1009);
      else expect([1009, 4009]).toContain(code);
    });
  });

  test("RFC 6455 §7.1: a client's close is answered, and the server ends the connection", async () => {
    await withPeer(async (peer) => {
      await peer.ping("open");
      peer.frame(8, Buffer.from([0x03, 0xe8]));
      expect(await peer.closed()).toBe(1000);
      await peer.ended();
    });
  });

  test("RFC 6455 §8.1: a text that is no UTF-8 fails the connection, with 1007 where the server says why [6455-8.1-01]", async () => {
    await withPeer(async (peer) => {
      peer.frame(1, Buffer.concat([Buffer.from("MSRP \u00e9"), Buffer.from([0xff, 0xfe])]));
      const code = await peer.closed();
      if (own) expect(code).toBe(1007);
      else expect([1002, 1006, 1007, 4002, undefined]).toContain(code);
    });
  });

  if (!own) return;

  test("RFC 6455 §5: frames that break the protocol close with 1002 [6455-5.1-01] [6455-5.5-02] [6455-7.4-01]", async () => {
    const cases: [string, (peer: WebSocketPeer) => void][] = [
      ["not masked", (peer) => peer.frame(2, Buffer.from("x"), { masked: false })],
      ["a reserved bit", (peer) => peer.frame(2, Buffer.from("x"), { bits: 0x40 })],
      ["an unknown opcode", (peer) => peer.frame(3, Buffer.from("x"))],
      ["an unknown control opcode", (peer) => peer.frame(11, Buffer.alloc(0))],
      ["a long ping", (peer) => peer.frame(9, Buffer.alloc(126))],
      ["a ping in pieces", (peer) => peer.frame(9, Buffer.from("x"), { final: false })],
      ["a continuation of nothing", (peer) => peer.frame(0, Buffer.from("x"))],
      [
        "a message within another",
        (peer) => {
          peer.frame(2, Buffer.from("x"), { final: false });
          peer.frame(2, Buffer.from("y"));
        },
      ],
      ["a close of one octet", (peer) => peer.frame(8, Buffer.from([3]))],
      ["a close with a code of nobody's", (peer) => peer.frame(8, Buffer.from([0x03, 0xed]))],
    ];
    for (const [name, misbehave] of cases) {
      const peer = await WebSocketPeer.open(running.url, {}, running.ca);
      misbehave(peer);
      expect([name, await peer.closed()]).toEqual([name, 1002]);
      await peer.ended();
    }
  });

  test("RFC 6455 §10.4: an announced length is refused before its octets come, in one frame or in pieces [6455-10.4-01]", async () => {
    for (const length of [2n ** 40n, 2n ** 63n, BigInt(maxMessageBytes) + 1n]) {
      const peer = await WebSocketPeer.open(running.url, {}, running.ca);
      peer.frame(2, Buffer.from("x"), { length });
      expect(await peer.closed()).toBe(1009);
      peer.destroy();
    }
    const peer = await WebSocketPeer.open(running.url, {}, running.ca);
    for (let sent = 0; sent <= maxMessageBytes; sent += 16_384) {
      peer.frame(sent === 0 ? 2 : 0, Buffer.alloc(16_384, "x"), { final: false });
    }
    expect(await peer.closed()).toBe(1009);
    peer.destroy();
  });
}
