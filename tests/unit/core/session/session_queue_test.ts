// Messages that wait for a loop: nothing lost, bounds told, and the end with and without an error.
import { describe, expect, test } from "#test";
import type { Message } from "../../../../core/session/message.ts";
import { MessageQueue } from "../../../../core/session/session_queue.ts";

const message = (messageId: string): Message => ({ messageId }) as Message;

describe("a message queue", () => {
  test("keeps order, for readers that came first or later", async () => {
    const queue = new MessageQueue(10);
    expect(queue.hasReader).toBe(false);
    queue.push(message("a"));
    expect((await queue.next()).value?.messageId).toBe("a");
    expect(queue.hasReader).toBe(true);
    const waiting = [queue.next(), queue.next()];
    queue.push(message("b"));
    queue.push(message("c"));
    expect((await Promise.all(waiting)).map(({ value }) => value?.messageId)).toEqual(["b", "c"]);
  });

  test("says when it is full, loses nothing above, and calls once when there is room again", async () => {
    const queue = new MessageQueue(2);
    let rooms = 0;
    queue.onRoom = () => {
      rooms++;
    };
    for (const id of ["a", "b", "c"]) queue.push(message(id));
    expect([queue.full, queue.size]).toEqual([true, 3]);
    const read: unknown[] = [];
    for (let round = 0; round < 3; round++) {
      read.push((await queue.next()).value?.messageId);
      if (round === 0) expect([queue.full, rooms]).toEqual([true, 0]);
      if (round === 1) expect([queue.full, rooms]).toEqual([false, 1]);
    }
    expect([read, rooms]).toEqual([["a", "b", "c"], 1]);
  });

  test("gives all that waits at once, to a handler that came late, and tells of the room", () => {
    const queue = new MessageQueue(2);
    let rooms = 0;
    queue.onRoom = () => {
      rooms++;
    };
    queue.push(message("a"));
    expect([queue.take().map(({ messageId }) => messageId), rooms, queue.size]).toEqual([["a"], 0, 0]);
    for (const id of ["b", "c", "d"]) queue.push(message(id));
    expect([queue.take().map(({ messageId }) => messageId), rooms, queue.size]).toEqual([
      ["b", "c", "d"],
      1,
      0,
    ]);
    expect([queue.take(), rooms, queue.hasReader]).toEqual([[], 1, false]);
  });

  test("gives what is queued before its end, then ends for ever", async () => {
    const queue = new MessageQueue(2);
    queue.push(message("a"));
    queue.close();
    queue.push(message("late"));
    queue.close(new Error("too late to matter"));
    expect((await queue.next()).value?.messageId).toBe("a");
    expect([await queue.next(), await queue.next()]).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
  });

  test("tells an error once, to those who wait or to the next who asks", async () => {
    const waiting = new MessageQueue(2);
    const reader = waiting.next().catch((error: Error) => error.message);
    waiting.close(new Error("broken"));
    expect([await reader, await waiting.next()]).toEqual(["broken", { done: true, value: undefined }]);
    const later = new MessageQueue(2);
    later.close(new Error("broken"));
    expect(await later.next().catch((error: Error) => error.message)).toBe("broken");
    expect((await later.next()).done).toBe(true);
  });
});
