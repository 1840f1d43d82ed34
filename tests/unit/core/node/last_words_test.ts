// What is written after the peer has broken the framing, and how long the pipe stays for it.
import { describe, expect, test } from "#test";
import { FakeClock } from "../../../../adapters/memory.ts";
import { lastWords } from "../../../../core/node/last_words.ts";
import { Timers } from "../../../../core/node/timers.ts";

function pipe(): { log: string[]; transport: { write(bytes: Uint8Array): boolean; abort(): void } } {
  const log: string[] = [];
  return {
    log,
    transport: { write: (bytes) => log.push(`write ${bytes.length}`) < 0, abort: () => log.push("abort") },
  };
}

function writes(...lengths: number[]): () => Uint8Array | undefined {
  return () => {
    const length = lengths.shift();
    return length === undefined ? undefined : new Uint8Array(length);
  };
}

describe("the last words of a connection", () => {
  test("all of them are written, also into a full pipe, and a peer that stays is dropped in time", async () => {
    const clock = new FakeClock();
    const { log, transport } = pipe();
    const timer = lastWords(writes(3, 5), transport, new Timers(clock), 100);
    expect([log, timer?.at]).toEqual([["write 3", "write 5"], 100]);
    await clock.advance(99);
    expect(log.length).toBe(2);
    await clock.advance(1);
    expect(log).toEqual(["write 3", "write 5", "abort"]);
  });

  test("a peer that goes cancels the timer; without words there is none", async () => {
    const clock = new FakeClock();
    const timers = new Timers(clock);
    const { log, transport } = pipe();
    const timer = lastWords(writes(3), transport, timers, 100);
    if (timer !== undefined) timers.cancel(timer);
    await clock.advance(1000);
    expect(log).toEqual(["write 3"]);
    expect(lastWords(writes(), transport, timers, 100)).toBeUndefined();
  });
});
