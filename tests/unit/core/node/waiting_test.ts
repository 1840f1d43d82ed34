// Requests of held sessions on one connection: counted, in order, and gone with the connection.
import { describe, expect, test } from "#test";
import { type Holdable, Waiting } from "../../../../core/node/waiting.ts";
import type { RequestFrame } from "../../../../core/wire/frame.ts";

class Host {
  frames = 0;
  bytes = 0;
  hold(bytes: number): void {
    this.frames++;
    this.bytes += bytes;
  }
  release(bytes: number): void {
    this.frames--;
    this.bytes -= bytes;
  }
}

function frame(id: string, bodyLength = 0): RequestFrame {
  const made = { id, bodyLength, retained: false, retain: () => Object.assign(made, { retained: true }) };
  return made as unknown as RequestFrame;
}

const ids = (frames: readonly RequestFrame[]): unknown[] =>
  frames.map((one) => (one as unknown as { id: string }).id);

describe("requests that wait for an answer", () => {
  test("are copied and counted while they wait, and come back in order", () => {
    const host = new Host();
    const waiting = new Waiting<Host>(host);
    const session: Holdable<Host> = { callers: new Set() };
    const other: Holdable<Host> = { callers: new Set() };
    const first = frame("a", 100);
    waiting.take(session, first);
    waiting.take(other, frame("b", 1));
    waiting.take(session, frame("c", 20));
    expect((first as unknown as { retained: boolean }).retained).toBe(true);
    expect([host.frames, host.bytes > 121, session.callers?.has(host)]).toEqual([3, true, true]);
    expect(ids(waiting.leave(session))).toEqual(["a", "c"]);
    expect([host.frames, ids(waiting.leave(session)), ids(waiting.leave(other))]).toEqual([1, [], ["b"]]);
    expect([host.frames, host.bytes]).toEqual([0, 0]);
  });

  test("are lost with their connection, which then waits for nothing", () => {
    const host = new Host();
    const waiting = new Waiting<Host>(host);
    const session: Holdable<Host> = { callers: new Set() };
    waiting.take(session, frame("a"));
    waiting.clear();
    expect([session.callers?.size, waiting.leave(session)]).toEqual([0, []]);
  });
});
