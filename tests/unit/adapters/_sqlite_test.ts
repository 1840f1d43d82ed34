// The SQLite library of each runtime: values of every type come back as they went in.
// Files are made only for those who write.
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "#test";
import { openSqliteEngine } from "../../../adapters/_sqlite.ts";
import { testFolder } from "../../harness/folder.ts";

describe("openSqliteEngine()", () => {
  const folder = testFolder();

  test("keeps texts, numbers, octets and nothing", async () => {
    const path = join(folder, "values.db");
    const engine = await openSqliteEngine(path, { write: true, waitMs: 100 });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    engine?.all("CREATE TABLE t (a TEXT, b BIGINT, c BLOB, d TEXT)", []);
    const octets = Uint8Array.from({ length: 256 }, (_, index) => index);
    engine?.all("INSERT INTO t VALUES (?, ?, ?, ?)", ["Grüße", 1_790_000_000_123, octets, null]);
    const [row = {}] = engine?.all("SELECT * FROM t WHERE b > ?", [1_790_000_000_000]) ?? [];
    expect([row["a"], Number(row["b"]), [...(row["c"] as Uint8Array)], row["d"]]).toEqual([
      "Grüße",
      1_790_000_000_123,
      [...octets],
      null,
    ]);
    for (let number = 0; number < 100; number++) engine?.all(`SELECT ${number}`, []);
    engine?.close();
  });

  test("a file that is missing is not made for a reader", async () => {
    const path = join(folder, "none.db");
    expect(await openSqliteEngine(path, { write: false, waitMs: 100 })).toBe(undefined);
    expect(existsSync(path)).toBe(false);
  });
});
