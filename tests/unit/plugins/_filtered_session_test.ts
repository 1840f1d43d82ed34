// The table of messages that a filter has seen a part of: bounded, and idle ones make room.
// What falls out of it is aborted.
import { describe, expect, test } from "#test";
import { type FilteredMessage, FilteredSession } from "../../../plugins/_filtered_session.ts";

describe("the messages of a filtered session", () => {
  const aborted: string[] = [];
  const message = (name: string, at: number): FilteredMessage =>
    ({ scan: { abort: () => void aborted.push(name) }, position: 0, at }) as unknown as FilteredMessage;

  test("are so many and no more, but idle ones make room", () => {
    const own = new FilteredSession(2, 100);
    expect([
      own.keep("a", message("a", 0)),
      own.keep("b", message("b", 50)),
      own.keep("c", message("c", 99)),
    ]).toEqual([true, true, false]);
    expect(own.keep("c", message("c", 100))).toBe(true);
    expect([aborted, [...own.messages.keys()]]).toEqual([["a"], ["b", "c"]]);
    own.drop("none");
    own.end();
    expect([aborted, own.messages.size]).toEqual([["a", "b", "c"], 0]);
  });

  test("ids are noted up to the same bound", () => {
    const own = new FilteredSession(1, 100);
    expect([
      own.note(own.unordered, "a"),
      own.note(own.unordered, "b"),
      own.note(own.unordered, "a"),
    ]).toEqual([true, false, true]);
  });
});
