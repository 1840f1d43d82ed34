// openArchive() with SQLite files under each runtime, as the store of archive(): the same searches as the archive in memory,
// nothing stored twice, and a file that others hold locked. PostgreSQL is in tests/interop/archive_postgres_test.ts.
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "#test";
import { openSqliteEngine } from "../../../adapters/_sqlite.ts";
import { ArchiveError, openArchive } from "../../../adapters/archive.ts";
import { type ArchiveStore, archive, memoryArchive } from "../../../plugins/archive.ts";
import { NodePair } from "../../../testing/pair.ts";
import { testFolder } from "../../harness/folder.ts";
import { archiveRecords, searches } from "../../support/archives.ts";

const folder = testFolder();

describe("openArchive() with SQLite", () => {
  test("makes a file for its owner only, which is there when it is opened again", async () => {
    const path = join(folder, "new.db");
    const first: ArchiveStore = await openArchive(`sqlite:${path}`);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const records = archiveRecords();
    await first.store(records, []);
    await first.close();
    const second = await openArchive(`sqlite:${path}`, { create: false });
    const { messages } = await second.search({});
    expect(messages.map((record) => ({ ...record, body: [...record.body] }))).toEqual(
      records.map((record) => ({ ...record, body: [...record.body] })),
    );
    await second.close();
  });

  test("finds what the archive in memory finds", async () => {
    const [sqlite, memory] = [await openArchive(`sqlite:${join(folder, "search.db")}`), memoryArchive()];
    for (const store of [sqlite, memory]) await store.store(archiveRecords(), []);
    for (const [query, count] of searches) {
      const [found, wanted] = [await sqlite.search(query), await memory.search(query)];
      expect([query, found.messages.length]).toEqual([query, count]);
      expect(found.messages.map(({ id }) => id)).toEqual(wanted.messages.map(({ id }) => id));
    }
    await expect(sqlite.search({ after: "1' OR 1=1" })).rejects.toThrow(TypeError);
    await sqlite.close();
  });

  test("pages go on where the one before ended", async () => {
    const store = await openArchive(`sqlite:${join(folder, "pages.db")}`);
    const records = archiveRecords();
    await store.store(records, []);
    const ids: string[] = [];
    let after: string | undefined;
    do {
      const page = await store.search({ limit: 2, after });
      expect(page.messages.length <= 2).toBe(true);
      ids.push(...page.messages.map(({ id }) => id));
      after = page.next;
    } while (after !== undefined);
    expect(ids).toEqual(records.map(({ id }) => id));
    await store.close();
  });

  test("stores all or nothing, twice as once, and a later fate in place of an earlier one only", async () => {
    const store = await openArchive(`sqlite:${join(folder, "fates.db")}`);
    const [one, two] = archiveRecords() as [
      ReturnType<typeof archiveRecords>[0],
      ReturnType<typeof archiveRecords>[0],
    ];
    const broken = { ...two, session: null as unknown as string };
    await expect(store.store([one, broken], [])).rejects.toThrow(ArchiveError);
    expect((await store.search({})).messages.length).toBe(0);
    const fate = (name: "accepted" | "delivered") =>
      ({ id: one.id, fate: name, status: 200, comment: undefined, fateAt: 5 }) as const;
    await store.store([{ ...one, fate: "pending" }, two], []);
    await store.store([{ ...one, fate: "accepted" }, two], [fate("delivered")]);
    await store.store([], [fate("accepted")]);
    const { messages } = await store.search({});
    expect(messages.map((message) => message.fate)).toEqual(["delivered", two.fate]);
    await store.close();
  });

  test("removes what is older, in portions", async () => {
    const store = await openArchive(`sqlite:${join(folder, "old.db")}`);
    const [record] = archiveRecords();
    const many = Array.from({ length: 2_500 }, (_, index) => ({
      ...(record as NonNullable<typeof record>),
      id: String(index).padStart(32, "0"),
      at: index,
    }));
    await store.store(many, []);
    expect(await store.removeBefore(2_400)).toBe(2_400);
    expect((await store.search({ limit: 1_000 })).messages.length).toBe(100);
    await store.close();
  });

  test("a file that is locked, missing or none fails; the plugin asks again and loses nothing", async () => {
    const path = join(folder, "locked.db");
    const store = await openArchive(`sqlite:${path}`, { lockWaitMs: 1 });
    const other = await openSqliteEngine(path, { write: true, waitMs: 1 });
    other?.all("BEGIN EXCLUSIVE", []);
    await expect(store.store(archiveRecords(), [])).rejects.toThrow(`SQLite file ${path}: `);
    const plugin = archive({ store, batchMs: 1, retryMs: 50, onProblem: () => undefined });
    const pair = new NodePair({ serverPlugins: [plugin] });
    const [session, server] = await pair.sessions();
    server.onMessage(() => undefined);
    await session.send("kept").accepted;
    await pair.clock.advance(500);
    expect(plugin.spooled).toBe(1);
    other?.all("ROLLBACK", []);
    other?.close();
    await pair.close();
    expect(await plugin.flush()).toBe(true);
    expect((await store.search({ text: "kept" })).messages.length).toBe(1);
    await store.close();

    await expect(openArchive(`sqlite:${join(folder, "none.db")}`, { create: false })).rejects.toThrow(
      "does not exist",
    );
    await writeFile(join(folder, "text"), "no database at all, but long enough for a header\n".repeat(40));
    await expect(openArchive(`sqlite:${join(folder, "text")}`)).rejects.toThrow(ArchiveError);
    await expect(openArchive("mysql://host/database")).rejects.toThrow(TypeError);
  });
});
