// Sockets of other people's servers: Bun's kind in the shape of the standard one, and pings for `ws`.
// The real ones are tested by the suites of the Hono adapter.
import { describe, expect, test } from "#test";
import { webSocketLimits } from "../../../adapters/_ws_limits.ts";
import { BunSocketEvents, isBunSocket, keepAlive } from "../../../adapters/_ws_mounted.ts";
import { FakeClock } from "../../../adapters/memory.ts";

class FakeBunSocket {
  readyState = 1;
  takes = 10;
  calls: unknown[] = [];
  send(data: Uint8Array): number {
    this.calls.push(["send", data.length]);
    return this.takes;
  }
  close(code?: number, reason?: string): void {
    this.calls.push(["close", code, reason]);
  }
  terminate(): void {
    this.calls.push(["terminate"]);
  }
  getBufferedAmount(): number {
    return 42;
  }
}

describe("Bun's socket as a standard one", () => {
  test("passes calls and events on", () => {
    const raw = new FakeBunSocket();
    const socket = new BunSocketEvents(raw);
    const events: unknown[] = [];
    socket.addEventListener("message", (event) => events.push(event));
    socket.emit("message", { data: "x" });
    socket.emit("close", { code: 1000 });
    socket.send(new Uint8Array(3));
    socket.close(1008, "no");
    socket.terminate();
    expect(events).toEqual([{ data: "x" }]);
    expect(raw.calls).toEqual([["send", 3], ["close", 1008, "no"], ["terminate"]]);
    expect([socket.readyState, socket.bufferedAmount, socket.protocol]).toEqual([1, 42, "msrp"]);
    expect([isBunSocket(raw), isBunSocket({ addEventListener() {}, getBufferedAmount() {} })]).toEqual([
      true,
      false,
    ]);
  });

  test("a message that Bun drops ends the connection, because a lost frame is a lost stream", () => {
    const raw = new FakeBunSocket();
    raw.takes = 0;
    new BunSocketEvents(raw).send(new Uint8Array(3));
    expect(raw.calls).toEqual([["send", 3], ["terminate"]]);
  });
});

class FakeWs {
  readonly listeners = new Map<string, () => void>();
  pings = 0;
  terminated = false;
  ping(): void {
    this.pings++;
  }
  terminate(): void {
    this.terminated = true;
  }
  on(event: string, listener: () => void): void {
    this.listeners.set(event, listener);
  }
}

describe("keepAlive", () => {
  test("RFC 7977 §6: pings who is quiet, and gives up who does not answer [7977-6-01] [7977-6-05]", async () => {
    const clock = new FakeClock();
    const socket = new FakeWs();
    keepAlive(socket, webSocketLimits({ pingIntervalMs: 1000, pongTimeoutMs: 500 }), clock);
    await clock.advance(900);
    socket.listeners.get("message")?.();
    await clock.advance(900);
    expect(socket.pings).toBe(0);
    await clock.advance(100);
    expect(socket.pings).toBe(1);
    socket.listeners.get("pong")?.();
    await clock.advance(1400);
    expect([socket.pings, socket.terminated]).toEqual([2, false]);
    await clock.advance(200);
    expect(socket.terminated).toBe(true);
  });

  test("does nothing for sockets that ping by themselves, when it is off, and after the end", async () => {
    const clock = new FakeClock();
    keepAlive({}, webSocketLimits({}), clock);
    keepAlive(new FakeWs(), webSocketLimits({ pingIntervalMs: 0 }), clock);
    expect(clock.pending).toBe(0);
    const socket = new FakeWs();
    keepAlive(socket, webSocketLimits({}), clock);
    socket.listeners.get("close")?.();
    expect(clock.pending).toBe(0);
  });
});
