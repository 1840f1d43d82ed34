// Places in a lane: who starts when, in what order, and what happens to those that give up or fail.
// Messages are plain objects here; a start is a line in a log.
import { describe, expect, test } from "#test";
import { OutboxLane } from "../../../../core/session/outbox_lane.ts";

interface Item {
  name: string;
  aborted: boolean;
}

const item = (name: string): Item => ({ name, aborted: false });

describe("OutboxLane", () => {
  test("starts up to its limit, the next in order as places become free", () => {
    const log: string[] = [];
    const lane = new OutboxLane<Item>(2, (message) => log.push(message.name));
    const [a, b, c, d] = ["a", "b", "c", "d"].map(item);
    for (const message of [a, b, c, d]) lane.add(message!);
    expect(log).toEqual(["a", "b"]);
    lane.done(d!);
    expect(log).toEqual(["a", "b"]);
    lane.done(b!);
    lane.done(b!);
    expect(log).toEqual(["a", "b", "c"]);
  });

  test("passes over those that were given up, and forgets all at clear", () => {
    const log: string[] = [];
    const lane = new OutboxLane<Item>(1, (message) => log.push(message.name));
    const [a, b, c, d] = ["a", "b", "c", "d"].map(item);
    for (const message of [a, b, c, d]) lane.add(message!);
    b!.aborted = true;
    lane.done(a!);
    expect(log).toEqual(["a", "c"]);
    lane.clear();
    lane.done(c!);
    expect(log).toEqual(["a", "c"]);
  });

  test("a start that fails at once gives its place to the next, without nesting", () => {
    let depth = 0;
    let deepest = 0;
    const lane: OutboxLane<Item> = new OutboxLane<Item>(1, (message) => {
      deepest = Math.max(deepest, ++depth);
      if (message.name === "bad") lane.done(message);
      depth--;
    });
    const hold = item("hold");
    lane.add(hold);
    for (let n = 0; n < 1000; n++) lane.add(item("bad"));
    const last = item("last");
    lane.add(last);
    lane.done(hold);
    expect(deepest).toBe(1);
  });
});
