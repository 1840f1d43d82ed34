// SQLite files under each runtime: the runtime's own library, or the portable one on Node 20.
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "#test";
import { openSqlite } from "../../../../server/credentials/sqlite.ts";
import { StoreError } from "../../../../server/credentials/store.ts";
import { testFolder } from "../../../harness/folder.ts";

describe("openSqlite()", () => {
  const folder = testFolder();

  test("makes a file for its owner only, and keeps what is written", async () => {
    const path = join(folder, "new.db");
    const writer = await openSqlite(path, { write: true });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await writer.columns("t")).toEqual([]);
    await writer.query("CREATE TABLE t (a TEXT, b TEXT)", []);
    await writer.query("INSERT INTO t (a, b) VALUES (?, ?)", ["é'; DROP TABLE t; --", ""]);
    const reader = await openSqlite(path);
    expect(await reader.columns("t")).toEqual(["a", "b"]);
    const rows = reader.query("SELECT b FROM t WHERE a = ?", ["é'; DROP TABLE t; --"]);
    expect(rows instanceof Promise).toBe(false);
    expect((await rows).map(({ b }) => b)).toEqual([""]);
    // A reader sees what others write after it was opened.
    await writer.query("INSERT INTO t (a, b) VALUES (?, ?)", ["x", "y"]);
    expect((await reader.query("SELECT a FROM t", [])).length).toBe(2);
    expect(() => reader.query("INSERT INTO t (a) VALUES (?)", ["z"])).toThrow(StoreError);
    await writer.close();
    await reader.close();
  });

  test("a relay does not make files, and what is no database is refused", async () => {
    await expect(openSqlite(join(folder, "missing.db"))).rejects.toThrow("does not exist");
    const path = join(folder, "text");
    await writeFile(path, "alice:r:0000 and so on, long enough to be no header of a database\n".repeat(40));
    const text = openSqlite(path).then(async (database) => await database.columns("subscriber"));
    await expect(text).rejects.toThrow(StoreError);
  });
});
