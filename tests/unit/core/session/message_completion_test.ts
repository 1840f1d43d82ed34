// When a message is whole: known from the start, later, or never.
// A rejection that nobody observes must not disturb the process.
import { describe, expect, test } from "#test";
import { Completion } from "../../../../core/session/message_completion.ts";

describe("Completion", () => {
  test("knows its size from the start", async () => {
    const completion = new Completion(5);
    expect(completion.size).toBe(5);
    expect(await completion.promise).toBe(5);
    completion.complete(6);
    completion.fail(new Error("late"));
    expect(completion.size).toBe(5);
    expect(completion.error).toBe(undefined);
  });

  test("resolves what was asked before and after", async () => {
    const completion = new Completion();
    const before = completion.promise;
    expect(completion.size).toBe(undefined);
    completion.complete(0);
    expect(await before).toBe(0);
    expect(await completion.promise).toBe(0);
    expect(completion.promise).toBe(before);
  });

  test("rejects, and leaves no unhandled rejection behind", async () => {
    const asked = new Completion();
    const promise = asked.promise;
    asked.fail(new Error("aborted"));
    await expect(promise).rejects.toThrow("aborted");
    const unasked = new Completion();
    unasked.fail(new Error("gone"));
    unasked.complete(1);
    expect(unasked.size).toBe(undefined);
    await expect(unasked.promise).rejects.toThrow("gone");
  });
});
