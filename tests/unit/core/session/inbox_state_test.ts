// One incomplete message: where it ends, when it is overdue, what is reported of it.
// The states are made from decoded chunks, whose octets are gone by the time they are asked.
import { describe, expect, test } from "#test";
import { DeliveryError } from "../../../../core/errors.ts";
import { InboxState } from "../../../../core/session/inbox_state.ts";
import { type Chunk, withFrames } from "./_chunks.ts";

function stateOf(chunk: Chunk, now = 0): InboxState {
  let state: InboxState | undefined;
  withFrames(chunk, (frame) => {
    state = new InboxState(frame, frame.messageId as string, now, { maxBytes: 100, totalTimeoutMs: 5000 });
  });
  return state as InboxState;
}

describe("InboxState", () => {
  test("keeps fields, type and path of its first chunk", () => {
    const state = stateOf({
      range: "1-*/12",
      fields: ["X-A: b", "Failure-Report: partial"],
      type: "image/png",
      flag: "+",
    });
    expect([...state.headers]).toEqual([
      ["Message-ID", "msg.1"],
      ["Byte-Range", "1-*/12"],
      ["X-A", "b"],
      ["Failure-Report", "partial"],
      ["Content-Type", "image/png"],
    ]);
    expect(state.fromPath.length).toBe(2);
    expect([state.contentType, state.announced, state.failureReport]).toEqual(["image/png", 12, "partial"]);
  });

  test("RFC 4975 §7.3.1: is whole when $ was seen and nothing up to it is missing [4975-7.3.1-04]", () => {
    const state = stateOf({ range: "1-*/12", flag: "+" });
    state.ranges.add(1, 12);
    expect(state.whole).toBe(false);
    state.total = 13;
    expect(state.whole).toBe(false);
    state.total = 12;
    expect(state.whole).toBe(true);
  });

  test("RFC 4975 §7.1.1: an empty $ chunk ends behind what arrived or was announced (T17)", () => {
    const state = stateOf({ flag: "+" });
    expect(state.totalAt(7, 6, 500)).toBe(12);
    expect(state.totalAt(1, 0, undefined)).toBe(0);
    expect(state.totalAt(1, 0, 12)).toBe(12);
    expect(state.totalAt(13, 0, 20)).toBe(12);
    state.ranges.add(1, 15);
    expect(state.totalAt(13, 0, 12)).toBe(15);
    expect(state.totalAt(1, 0, 0)).toBe(15);
  });

  test("is overdue by idleness or by age, whichever comes first", () => {
    const state = stateOf({ flag: "+" }, 1000);
    expect(state.deadline(2000)).toBe(3000);
    state.activeAt = 5500;
    expect(state.deadline(2000)).toBe(6000);
  });

  test("RFC 4975 §7.1.4: a failure tells the exact range and the announced total [4975-7.1.4-06]", () => {
    const error = new DeliveryError("timeout", "late", { status: 408, messageId: "msg.1" });
    const state = stateOf({ range: "1-*/9000", flag: "+" });
    state.ranges.add(1, 2048);
    expect(state.failure(413, "Late", error).byteRange).toEqual({ start: 1, end: 2048, total: 9000 });
    expect(stateOf({ flag: "+" }).failure(413, "Late", error).byteRange).toEqual({ start: 1, end: 0 });
  });
});
