// When batches go, with a queue of numbers in the owner's place: together, one after the other, again after a failure.
// Time stands still until a test moves it; only a flush has the runtime's clock.
import { describe, expect, test } from "#test";
import { FakeClock, settle } from "../../../adapters/memory.ts";
import { Delivery } from "../../../plugins/_delivery.ts";

function scene(failing = 0, atLeastMs = 0) {
  const clock = new FakeClock();
  const queue: number[] = [];
  const delivered: number[] = [];
  const tries: number[] = [];
  const state = { failing, done: 0, open: (): Promise<void> | undefined => undefined };
  const delivery: Delivery = new Delivery(
    { batchMs: 10, retryMs: 100, maxRetryMs: 100 },
    {
      empty: () => queue.length === 0,
      deliver: async () => {
        tries.push(clock.now());
        await state.open();
        if (state.failing-- > 0) {
          delivery.failed(atLeastMs);
          return false;
        }
        delivered.push(...queue.splice(0, 2));
        delivery.succeeded();
        return true;
      },
      done: () => state.done++,
    },
    clock,
  );
  return { clock, queue, delivered, tries, state, delivery };
}

describe("Delivery", () => {
  test("waits for others, then delivers batch after batch until nothing is left", async () => {
    const { clock, queue, delivered, state, delivery } = scene();
    queue.push(1, 2, 3);
    delivery.kick();
    await clock.advance(9);
    expect([delivered, state.done]).toEqual([[], 0]);
    await clock.advance(1);
    expect([delivered, state.done]).toEqual([[1, 2, 3], 1]);
  });

  test("goes at once when somebody waits, and takes along what comes in the same turn", async () => {
    const { queue, delivered, tries, delivery } = scene();
    queue.push(1);
    delivery.kick(true);
    queue.push(2);
    await settle();
    expect([delivered, tries.length]).toEqual([[1, 2], 1]);
  });

  test("tries again after the wait of the failure, however much is asked for", async () => {
    const { clock, queue, delivered, tries, delivery } = scene(1);
    queue.push(1);
    delivery.kick(true);
    await settle();
    delivery.kick(true);
    await clock.advance(49);
    expect([delivered, tries.length]).toEqual([[], 1]);
    await clock.advance(51);
    expect(delivered).toEqual([1]);
  });

  test("waits as long as the other side wants", async () => {
    const { clock, queue, delivered, delivery } = scene(1, 5_000);
    queue.push(1);
    delivery.kick(true);
    await settle();
    await clock.advance(4_999);
    expect(delivered).toEqual([]);
    await clock.advance(1);
    expect(delivered).toEqual([1]);
  });

  test("flush() needs no clock of the node, also after a failure", async () => {
    const { queue, delivered, state, delivery } = scene(2);
    queue.push(1, 2, 3);
    const pauses: number[] = [];
    const pauseMs = (failures: number): number => pauses.push(failures);
    expect(await delivery.flush(5_000, { pauseMs })).toBe(true);
    expect([delivered, state.done, pauses, delivery.flushing]).toEqual([[1, 2, 3], 1, [0, 1], false]);
  });

  test("flush() ends when its time is over; what is left is tried on the node's clock", async () => {
    const { clock, queue, delivered, delivery } = scene(1);
    queue.push(1);
    expect(await delivery.flush(20, { pauseMs: () => 5_000, laterMs: 300 })).toBe(false);
    await clock.advance(299);
    expect(delivered).toEqual([]);
    await clock.advance(1);
    expect(delivered).toEqual([1]);
  });

  test("flush() does not wait for a delivery that hangs", async () => {
    const { queue, state, delivery } = scene();
    state.open = () => new Promise(() => undefined);
    queue.push(1);
    const flushed = delivery.flush(20);
    expect(delivery.flushing).toBe(true);
    expect([await flushed, delivery.flushing]).toEqual([false, false]);
  });
});
