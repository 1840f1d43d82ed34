// The transport over a standard WebSocket: frames as messages, back-pressure by polling, limits, and the ends of it.
import { describe, expect, test } from "#test";
import { type WebSocketFacts, webSocketTransport } from "../../../adapters/_web_socket_transport.ts";
import { FakeClock, settle } from "../../../adapters/memory.ts";
import { thrown } from "../../support/nodes.ts";
import { MemorySocket } from "../../support/web_sockets.ts";

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);

class Scene {
  readonly clock = new FakeClock();
  readonly socket = new MemorySocket();
  readonly received: string[] = [];
  readonly ends: (Error | undefined)[] = [];
  drained = 0;

  open(facts: Partial<WebSocketFacts> = {}, protocol = "msrp") {
    this.socket.readyState = 1;
    this.socket.protocol = protocol;
    return webSocketTransport(
      this.socket,
      () => ({
        received: (bytes) => void this.received.push(new TextDecoder().decode(bytes)),
        drained: () => this.drained++,
        ended: (error) => void this.ends.push(error),
      }),
      { secure: true, clock: this.clock, ...facts },
    );
  }

  message(data: unknown): void {
    this.socket.fire("message", { data });
  }
}

describe("webSocketTransport", () => {
  test("RFC 7977 §4.2: text, buffers, views and Blobs are taken, in order", async () => {
    const scene = new Scene();
    const transport = scene.open();
    expect([transport.framing, transport.secure, scene.socket.binaryType]).toEqual([
      "message",
      true,
      "arraybuffer",
    ]);
    scene.message("é");
    scene.message(octets("buffer").buffer);
    scene.message(new Blob(["blob"]));
    scene.message(octets("view"));
    scene.socket.fire("close", { code: 1000 });
    for (let round = 0; scene.ends.length === 0 && round < 1000; round++)
      await new Promise((turn) => setTimeout(turn, 0));
    expect(scene.received).toEqual(["é", "buffer", "blob", "view"]);
    expect(scene.ends).toEqual([undefined]);
  });

  test("each write is one binary message; a full socket says so and drains below half", async () => {
    const scene = new Scene();
    const transport = scene.open({ highWaterBytes: 10 });
    expect(transport.write(octets("one"))).toBe(true);
    scene.socket.slow = true;
    expect(transport.write(octets("0123456789"))).toBe(false);
    await scene.clock.advance(100);
    expect(scene.drained).toBe(0);
    scene.socket.flush();
    await scene.clock.advance(10);
    expect(scene.drained).toBe(1);
    expect(scene.socket.sent.map((bytes) => bytes.length)).toEqual([3, 10]);
  });

  test("what comes in is a sign to look for room, because timers may be slow", async () => {
    const scene = new Scene();
    const transport = scene.open({ highWaterBytes: 10 });
    scene.socket.slow = true;
    transport.write(octets("0123456789"));
    scene.message("still full");
    expect(scene.drained).toBe(0);
    scene.socket.flush();
    scene.message("room");
    expect(scene.drained).toBe(1);
    await scene.clock.advance(100);
    expect([scene.drained, scene.received, scene.clock.pending]).toEqual([1, ["still full", "room"], 0]);
  });

  test("more than maxPendingBytes drops the connection", async () => {
    const scene = new Scene();
    const transport = scene.open({ highWaterBytes: 4, maxPendingBytes: 8 });
    scene.socket.slow = true;
    transport.write(octets("01234567"));
    await settle();
    expect(scene.ends).toEqual([]);
    transport.write(octets("8"));
    await settle();
    expect((scene.ends[0] as { code?: string }).code).toBe("write-overflow");
  });

  test("a message over the limit closes with 1009, where the runtime lets programs", async () => {
    const scene = new Scene();
    scene.open({ maxMessageBytes: 4 });
    scene.message(octets("1234").buffer);
    expect(scene.received).toEqual(["1234"]);
    scene.message(octets("12345").buffer);
    await settle();
    expect((scene.ends[0] as { code?: string }).code).toBe("message-too-long");
    expect(scene.socket.closedWith).toBe(4009);
  });

  test("a socket that cannot be paused is held back in memory, up to a limit", async () => {
    const scene = new Scene();
    const transport = scene.open({ maxPausedBytes: 4 });
    transport.pause();
    scene.message(octets("ab").buffer);
    scene.message(octets("cd").buffer);
    expect(scene.received).toEqual([]);
    transport.resume();
    expect(scene.received).toEqual(["ab", "cd"]);
    transport.pause();
    scene.message(octets("abcde").buffer);
    await settle();
    expect((scene.ends[0] as { code?: string }).code).toBe("read-overflow");
  });

  test("another sub-protocol than msrp is closed at once, unless the handshake was checked", async () => {
    const scene = new Scene();
    scene.open({}, "sip");
    await settle();
    expect((scene.ends[0] as { code?: string }).code).toBe("no-subprotocol");
    expect(scene.socket.closedWith).toBe(4002);
    const server = new Scene();
    server.open({ checkProtocol: false }, "");
    await settle();
    expect(server.ends).toEqual([]);
  });

  test("close is an end, a peer that never closes is dropped, and a broken connection is a failure", async () => {
    const clean = new Scene();
    clean.open().close();
    await settle();
    expect([clean.ends, clean.socket.closedWith]).toEqual([[undefined], 1000]);
    const stuck = new Scene();
    stuck.socket.close = () => undefined;
    stuck.open({ lingerMs: 50 }).close();
    await stuck.clock.advance(50);
    expect(stuck.ends.length).toBe(1);
    const broken = new Scene();
    broken.open();
    broken.socket.break();
    await settle();
    expect((broken.ends[0] as { code?: string }).code).toBe("connection-failed");
  });

  test("after the end nothing is written, and the sink hears nothing", async () => {
    const scene = new Scene();
    let over = 0;
    const transport = scene.open({ onEnd: () => over++ });
    transport.abort();
    transport.abort();
    expect(transport.write(octets("late"))).toBe(false);
    scene.message("late");
    await settle();
    expect([scene.received, scene.ends.length, over]).toEqual([[], 1, 1]);
  });

  test("a sink that throws costs this connection", async () => {
    const scene = new Scene();
    scene.socket.readyState = 1;
    scene.socket.protocol = "msrp";
    const facts = { secure: true, clock: scene.clock };
    const refuse = (): never => {
      throw new Error("no room");
    };
    expect(thrown(() => webSocketTransport(scene.socket, refuse, facts)).message).toBe("no room");
    await settle();
    expect(scene.socket.readyState).toBe(3);
  });
});
