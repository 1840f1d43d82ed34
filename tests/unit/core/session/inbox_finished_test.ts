// The memory of finished messages: bounded in number and in time.
// Both sides of each limit are tested.
import { describe, expect, test } from "#test";
import { type Finished, FinishedMessages } from "../../../../core/session/inbox_finished.ts";

const complete = (at: number): Finished => ({
  fate: "complete",
  size: 1,
  status: 200,
  comment: undefined,
  at,
});

describe("FinishedMessages", () => {
  test("forgets the oldest when there are too many", () => {
    const finished = new FinishedMessages(2, 1000);
    finished.add("a", complete(0));
    finished.add("b", complete(0));
    expect(finished.get("a", 0)?.fate).toBe("complete");
    finished.add("c", complete(0));
    expect(finished.get("a", 0)).toBe(undefined);
    expect(finished.get("b", 0)?.size).toBe(1);
    expect(finished.size).toBe(2);
  });

  test("forgets after its time", () => {
    const finished = new FinishedMessages(10, 1000);
    finished.add("a", complete(0));
    finished.add("b", complete(500));
    expect(finished.get("a", 999)?.fate).toBe("complete");
    expect(finished.get("a", 1000)).toBe(undefined);
    expect(finished.get("b", 1000)?.fate).toBe("complete");
    finished.add("a", complete(1500));
    expect(finished.get("a", 2499)?.fate).toBe("complete");
    finished.clear();
    expect(finished.size).toBe(0);
  });

  test("an id that ends again keeps its place and its last end", () => {
    const finished = new FinishedMessages(2, 1000);
    finished.add("a", complete(0));
    finished.add("b", complete(1));
    finished.add("a", { ...complete(2), fate: "aborted" });
    expect(finished.get("a", 2)?.fate).toBe("aborted");
    finished.add("c", complete(3));
    expect(finished.get("a", 3)).toBe(undefined);
    expect(finished.get("b", 3)?.fate).toBe("complete");
    finished.add("d", complete(4));
    finished.add("e", complete(4));
    expect([finished.size, finished.get("e", 4)?.at]).toEqual([2, 4]);
  });

  test("with room for none it remembers none", () => {
    const finished = new FinishedMessages(0, 1000);
    finished.add("a", complete(0));
    expect(finished.get("a", 0)).toBe(undefined);
  });
});
