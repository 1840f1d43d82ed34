// When a connection counts as shared. What follows from it for sessions is in flow_queue_test.ts.
import { describe, expect, test } from "#test";
import { Sharing } from "../../../../core/relay/sharing.ts";

describe("ways that share a connection", () => {
  test("one each way is nobody to share with; two in one direction are, and one that waits for answers", () => {
    const of = (incoming: number, outgoing: number, awaiting: number): boolean =>
      Object.assign(new Sharing(), { incoming, outgoing, awaiting }).many;
    expect([of(0, 0, 0), of(1, 1, 0)]).toEqual([false, false]);
    expect([of(2, 0, 0), of(0, 2, 0), of(0, 1, 1)]).toEqual([true, true, true]);
  });
});
