// The spool by itself: order, batches, bounds, and fates that come while a message is being written.
// Time stands still until a test moves it.
import { describe, expect, test } from "#test";
import { FakeClock, settle } from "../../../adapters/memory.ts";
import { ArchiveSpool, type SpoolOptions } from "../../../plugins/_archive_spool.ts";
import type { ArchiveFate, ArchiveRecord } from "../../../plugins/archive.ts";
import { archiveRecords } from "../../support/archives.ts";

function scene(options: Partial<SpoolOptions> = {}) {
  const clock = new FakeClock();
  const stored: string[][] = [];
  const fates: ArchiveFate[] = [];
  const problems: string[] = [];
  const busy: boolean[] = [];
  const state = { before: (): Promise<void> | void => undefined };
  const spool = new ArchiveSpool(
    {
      store: {
        store: async (records, decided) => {
          await state.before();
          stored.push(records.map(({ id, fate }) => `${Number(id)} ${fate}`));
          fates.push(...decided);
        },
      },
      maxMessages: 100,
      maxBytes: 1e6,
      batchMs: 10,
      maxBatch: 2,
      storeTimeoutMs: 1_000,
      retryMs: 100,
      maxRetryMs: 1_000,
      problem: ({ kind }) => void problems.push(kind),
      busy: (_spool, now) => void busy.push(now),
      ...options,
    },
    {
      now: () => clock.now(),
      setTimer: (callback, delay) => clock.setTimer(callback, delay),
      error: () => undefined,
    },
  );
  const record = (number: number): ArchiveRecord => ({
    ...(archiveRecords()[0] as ArchiveRecord),
    id: String(number).padStart(32, "0"),
    fate: "pending",
  });
  return { clock, stored, fates, problems, busy, state, spool, record };
}

const accepted = { fate: "accepted", status: 200, comment: undefined, fateAt: 1 } as const;

describe("ArchiveSpool", () => {
  test("waits for others, then writes batches in order", async () => {
    const { clock, stored, spool, record, busy } = scene();
    for (const number of [1, 2, 3]) spool.add(record(number));
    await settle();
    expect([stored, spool.messages]).toEqual([[], 3]);
    await clock.advance(10);
    expect([stored, spool.messages, spool.bytes]).toEqual([
      [["1 pending", "2 pending"], ["3 pending"]],
      0,
      0,
    ]);
    expect(busy).toEqual([true, false]);
  });

  test("a fate that is known in time goes with its message; a later one follows it, also after a failure", async () => {
    const { clock, stored, fates, spool, record, state } = scene();
    const first = spool.add(record(1));
    spool.decide(first, accepted);
    let fail = (_error: Error): void => undefined;
    state.before = () => new Promise((_resolve, reject) => (fail = reject));
    const second = spool.add(record(2));
    await clock.advance(10);
    spool.decide(second, accepted);
    fail(new Error("gone"));
    state.before = () => undefined;
    await settle();
    await clock.advance(200);
    expect([stored, fates]).toEqual([[["1 accepted", "2 accepted"]], []]);
    spool.decide(second, { ...accepted, fate: "delivered" });
    await clock.advance(20);
    expect(fates.map(({ id, fate }) => [Number(id), fate])).toEqual([[2, "delivered"]]);
  });

  test("is full at its limit of messages or octets; who waits comes in when there is room", async () => {
    const { clock, stored, spool, record, state } = scene({ maxMessages: 1 });
    let go = (): void => undefined;
    state.before = () => new Promise((resolve) => (go = resolve));
    spool.add(record(1), true);
    expect(spool.full).toBe(true);
    const second = spool.admit(record(2), 1_000);
    const third = spool.admit(record(3), 500);
    await settle();
    await clock.advance(600);
    expect(await third).toBe(undefined);
    go();
    expect((await second)?.record.id).toBe(record(2).id);
    await settle();
    go();
    await settle();
    expect(stored.flat()).toEqual(["1 pending", "2 pending"]);
    expect(scene({ maxBytes: 1 }).spool.full).toBe(false);
    const small = scene({ maxBytes: 1 });
    small.spool.add(small.record(1));
    expect(small.spool.full).toBe(true);
  });

  test("stored() resolves when the store has a message, or when the time is over", async () => {
    const { clock, spool, record, state } = scene({ storeTimeoutMs: 10_000 });
    const first = spool.add(record(1), true);
    expect(first.record.body.length > 0).toBe(true);
    expect(await spool.stored(first, 100)).toBe(true);
    expect([first.record.body.length, first.record.text]).toEqual([0, undefined]);
    state.before = () => new Promise(() => undefined);
    const late = spool.stored(spool.add(record(2), true), 100);
    await settle();
    await clock.advance(101);
    expect(await late).toBe(false);
  });

  test("what the store never takes goes alone, so that the others are stored", async () => {
    const { clock, stored, spool, record, problems, state } = scene({ maxBatch: 10 });
    const poison = Object.assign(new Error("no"), { permanent: true });
    let calls = 0;
    state.before = () => {
      // The batch of three, then the second one alone.
      if (++calls === 1 || calls === 3) throw poison;
    };
    for (const number of [1, 2, 3]) spool.add(record(number));
    await clock.advance(10);
    expect([stored.flat(), problems, spool.messages]).toEqual([["1 pending", "3 pending"], ["lost"], 0]);
  });
});
