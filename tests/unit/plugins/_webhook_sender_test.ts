// The queue of events by itself: one request at a time and in order, and which answers are worth another try.
// Time stands still until a test moves it.
import { describe, expect, test } from "#test";
import { FakeClock, settle } from "../../../adapters/memory.ts";
import { WebhookSender } from "../../../plugins/_webhook_sender.ts";

function scene(statuses: number[], maxBatch = 2) {
  const clock = new FakeClock();
  const bodies: string[] = [];
  const problems: string[] = [];
  const sender = new WebhookSender(
    {
      url: "https://x/",
      secret: undefined,
      headers: {},
      fetch: async (_url, { body }) => {
        bodies.push(body);
        return new Response(null, { status: statuses.shift() ?? 204 });
      },
      wallClock: () => 0,
      maxQueued: 100,
      maxBatch,
      batchMs: 10,
      timeoutMs: 1_000,
      maxAttempts: 3,
      retryMs: 100,
      maxRetryMs: 100,
      maxRetryAfterMs: 1_000,
      problem: ({ kind, count }) => void problems.push(`${kind} ${count}`),
      busy: () => undefined,
    },
    clock,
  );
  return { clock, bodies, problems, sender };
}

describe("WebhookSender", () => {
  test("sends batches one after the other, in order", async () => {
    const { clock, bodies, sender } = scene([]);
    for (const number of [1, 2, 3]) sender.push({ number });
    expect(sender.queued).toBe(3);
    await settle();
    await clock.advance(10);
    expect(bodies).toEqual(['{"events":[{"number":1},{"number":2}]}', '{"events":[{"number":3}]}']);
    expect(sender.queued).toBe(0);
  });

  test("tries again after 408, 425, 429 and 5xx, and after nothing else", async () => {
    for (const status of [408, 425, 429, 500, 503]) {
      const { clock, bodies, problems, sender } = scene([status]);
      sender.push({});
      await clock.advance(500);
      expect([status, bodies.length, problems]).toEqual([status, 2, ["retry 1"]]);
    }
    for (const status of [400, 401, 404, 410, 413]) {
      const { clock, bodies, problems, sender } = scene([status]);
      sender.push({});
      await clock.advance(500);
      expect([status, bodies.length, problems]).toEqual([status, 1, ["dropped 1"]]);
    }
  });

  test("gives a batch up after so many tries, and goes on with the next", async () => {
    const { clock, bodies, problems, sender } = scene([500, 500, 500], 1);
    sender.push({ number: 1 });
    sender.push({ number: 2 });
    await clock.advance(1_000);
    expect(problems).toEqual(["retry 1", "retry 1", "dropped 1"]);
    expect([bodies.length, bodies.at(-1)]).toEqual([4, '{"events":[{"number":2}]}']);
  });
});
