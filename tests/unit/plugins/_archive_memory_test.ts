// The archive in memory keeps to what every store must do, and is bounded.
// Its searches are the measure for the SQL stores.
import { describe, expect, test } from "#test";
import { type ArchiveRecord, memoryArchive } from "../../../plugins/archive.ts";
import { archiveRecords, searches } from "../../support/archives.ts";

describe("memoryArchive()", () => {
  test("finds by time, party, type, text, fate, direction and session", async () => {
    const store = memoryArchive();
    await store.store(archiveRecords(), []);
    for (const [query, count] of searches)
      expect([query, (await store.search(query)).messages.length]).toEqual([query, count]);
  });

  test("gives pages, and refuses a place that is none", async () => {
    const store = memoryArchive();
    await store.store(archiveRecords(), []);
    const first = await store.search({ limit: 3 });
    const second = await store.search({ limit: 3, after: first.next });
    expect([first.messages.length, second.messages.length, second.next]).toEqual([3, 2, undefined]);
    await expect(store.search({ after: "1" })).rejects.toThrow(TypeError);
  });

  test("stores twice as once; fates only go on; the oldest messages give way; what is old is removed", async () => {
    const store = memoryArchive({ maxMessages: 3 });
    const records = archiveRecords();
    const last = records[4] as ArchiveRecord;
    await store.store(records, []);
    await store.store([last], [{ id: last.id, fate: "failed", status: 408, comment: undefined, fateAt: 1 }]);
    await store.store([], [{ id: last.id, fate: "accepted", status: 200, comment: undefined, fateAt: 2 }]);
    const { messages } = await store.search({});
    expect(messages.map(({ messageId, fate }) => `${messageId} ${fate}`)).toEqual([
      "message-3 refused",
      "message-4 failed",
      "message-5 failed",
    ]);
    expect(await store.removeBefore(last.at)).toBe(2);
  });
});
