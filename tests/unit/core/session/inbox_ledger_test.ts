// The books of an inbox: deadlines, pauses, and every way in which a message can end.
// Bodies here are dummies that only remember how they ended.
import { describe, expect, test } from "#test";
import type { InboxBody } from "../../../../core/session/inbox_body.ts";
import { InboxBudget } from "../../../../core/session/inbox_budget.ts";
import { InboxLedger } from "../../../../core/session/inbox_ledger.ts";
import { InboxState } from "../../../../core/session/inbox_state.ts";
import { withFrames } from "./_chunks.ts";

class DummyBody implements InboxBody {
  ended: Error | undefined;
  active = false;
  done = false;
  write(): void {}
  finish(): undefined {}
  abort(error: Error): void {
    this.ended = error;
  }
  takeActivity(): boolean {
    return this.active;
  }
}

const ledgerOf = (): InboxLedger =>
  new InboxLedger({ idleTimeoutMs: 100, maxRememberedIds: 10, rememberMs: 1000 }, new InboxBudget());

function open(ledger: InboxLedger, id: string): DummyBody {
  const body = new DummyBody();
  withFrames({ id, flag: "+" }, (frame) => {
    const state = new InboxState(frame, id, ledger.now, { maxBytes: 10, totalTimeoutMs: 250 });
    state.body = body;
    ledger.open(state);
  });
  return body;
}

describe("InboxLedger", () => {
  test("a message that is whole leaves the books and is remembered", () => {
    const ledger = ledgerOf();
    open(ledger, "msg.1");
    expect([ledger.size, ledger.deadline]).toEqual([1, 100]);
    ledger.complete("msg.1", 7);
    expect([ledger.size, ledger.deadline]).toEqual([0, Number.POSITIVE_INFINITY]);
    expect(ledger.finished("msg.1")).toEqual({
      fate: "complete",
      size: 7,
      status: 200,
      comment: undefined,
      at: 0,
    });
  });

  test("refusing and aborting end the body, once, and are remembered", () => {
    const ledger = ledgerOf();
    const one = open(ledger, "msg.1");
    const two = open(ledger, "msg.2");
    expect(ledger.refuse("msg.1", 415, "No").status).toBe(415);
    ledger.abort("msg.2");
    expect(one.ended?.message).toContain("415");
    expect(two.ended?.message).toContain("aborted");
    expect(ledger.finished("msg.1")?.status).toBe(415);
    expect(ledger.finished("msg.2")?.fate).toBe("aborted");
    expect(ledger.get("msg.1")).toBe(undefined);
  });

  test("wakes each message at its own time; a consumer that reads keeps its message", () => {
    const ledger = ledgerOf();
    const slow = open(ledger, "msg.1");
    ledger.now = 50;
    const read = open(ledger, "msg.2");
    read.active = true;
    ledger.now = 99;
    expect(ledger.wake()).toEqual([]);
    ledger.now = 100;
    expect(ledger.wake().map(({ messageId }) => messageId)).toEqual(["msg.1"]);
    expect(slow.ended).toMatchObject({ code: "timeout", status: 408 });
    expect(ledger.deadline).toBe(200);
    ledger.now = 299;
    expect(ledger.wake()).toEqual([]);
    ledger.now = 300;
    expect(ledger.wake()[0]?.error.message).toContain("250 ms");
  });

  test("a whole message that nobody takes is taken back in time", () => {
    const ledger = ledgerOf();
    const body = open(ledger, "msg.1");
    const state = ledger.get("msg.1") as InboxState;
    ledger.complete("msg.1", 7);
    ledger.drain(state);
    expect([ledger.size, ledger.deadline]).toEqual([0, 100]);
    body.active = true;
    ledger.now = 100;
    expect(ledger.wake()).toEqual([]);
    expect(ledger.deadline).toBe(200);
    body.active = false;
    ledger.now = 200;
    expect(ledger.wake()).toEqual([]);
    expect(body.ended).toMatchObject({ code: "not-taken" });
    expect(ledger.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  test("a whole message that was taken needs no timer", () => {
    const ledger = ledgerOf();
    const body = open(ledger, "msg.1");
    const state = ledger.get("msg.1") as InboxState;
    body.done = true;
    ledger.complete("msg.1", 7);
    ledger.drain(state);
    expect(ledger.deadline).toBe(Number.POSITIVE_INFINITY);
    body.done = false;
    ledger.drain(state);
    body.done = true;
    ledger.now = 100;
    ledger.wake();
    expect([body.ended, ledger.deadline]).toEqual([undefined, Number.POSITIVE_INFINITY]);
  });

  test("is paused while one body is, and tells when none is", () => {
    const ledger = ledgerOf();
    let resumed = 0;
    ledger.onResume = () => void resumed++;
    ledger.flow(true);
    ledger.flow(true);
    ledger.flow(false);
    expect([ledger.paused, resumed]).toEqual([true, 0]);
    ledger.flow(false);
    expect([ledger.paused, resumed]).toEqual([false, 1]);
  });

  test("closing ends everything and forgets it", () => {
    const ledger = ledgerOf();
    const body = open(ledger, "msg.1");
    ledger.complete("msg.2", 1);
    const cause = new Error("network");
    ledger.close(cause);
    expect(body.ended).toMatchObject({ code: "session-ended", cause });
    expect([ledger.size, ledger.finished("msg.2")]).toEqual([0, undefined]);
    expect([...ledger.states()]).toEqual([]);
  });
});
