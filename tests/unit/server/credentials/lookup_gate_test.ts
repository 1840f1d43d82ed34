// The gate: so many at once, so many in line, so long; and a place is given back only when its question has ended.
import { describe, expect, test } from "#test";
import { LookupGate } from "../../../../server/credentials/lookup_gate.ts";
import { StoreError } from "../../../../server/credentials/store.ts";

/** A question that is answered by hand. */
function question() {
  let answer = (_: string): void => undefined;
  let fail = (_: Error): void => undefined;
  const state = { asked: false, aborted: false };
  const promise = new Promise<string>((resolve, reject) => {
    answer = resolve;
    fail = reject;
  });
  const ask = (signal: AbortSignal): Promise<string> => {
    state.asked = true;
    signal.addEventListener("abort", () => {
      state.aborted = true;
    });
    return promise;
  };
  return { state, ask, answer, fail };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

describe("LookupGate", () => {
  test("limit: maxConcurrent are asked, maxWaiting wait, one more is refused at once", async () => {
    const gate = new LookupGate({ maxConcurrent: 2, maxWaiting: 1 });
    const questions = [question(), question(), question(), question()];
    const answers = questions.map(({ ask }) => gate.run(ask));
    await expect(answers[3]).rejects.toThrow("More than 1 lookups wait");
    await turns();
    expect(questions.map(({ state }) => state.asked)).toEqual([true, true, false, false]);
    expect([gate.running, gate.waiting]).toEqual([2, 1]);
    questions[1]?.answer("b");
    expect(await answers[1]).toBe("b");
    await turns();
    expect(questions[2]?.state.asked).toBe(true);
    questions[0]?.fail(new Error("broken"));
    questions[2]?.answer("c");
    await expect(answers[0]).rejects.toThrow("broken");
    expect(await answers[2]).toBe("c");
    await turns();
    expect([gate.running, gate.waiting]).toEqual([0, 0]);
  });

  test("limit: after timeoutMs the question fails and is told to stop; its place is held until it has", async () => {
    const gate = new LookupGate({ maxConcurrent: 1, timeoutMs: 20 });
    const [slow, next] = [question(), question()];
    const ends = await Promise.allSettled([gate.run(slow.ask), gate.run(next.ask)]);
    for (const end of ends) {
      const reason: unknown = end.status === "rejected" ? end.reason : undefined;
      expect([reason instanceof StoreError, String(reason).includes("within 20 ms")]).toEqual([true, true]);
    }
    expect([slow.state.aborted, next.state.asked, gate.running, gate.waiting]).toEqual([true, false, 1, 0]);
    slow.answer("late");
    await turns();
    expect(gate.running).toBe(0);
    const third = question();
    const answer = gate.run(third.ask);
    third.answer("fine");
    expect(await answer).toBe("fine");
  });

  test("a question that throws gives its place back", async () => {
    const gate = new LookupGate({ maxConcurrent: 1 });
    const broken = gate.run(() => {
      throw new Error("at once");
    });
    await expect(broken).rejects.toThrow("at once");
    await turns();
    expect(gate.running).toBe(0);
  });
});
