/**
 * A SQLite file with the users: the runtime's own library where it brings one (Bun, Deno, Node 22 and later), else the
 * same compiled to WebAssembly (Node 20). A lookup is answered at once, without a promise.
 */
import { openSqliteEngine, type SqliteEngine, type SqlRow } from "../../adapters/_sqlite.ts";
import type { SqlDatabase } from "./sql_store.ts";
import { StoreError } from "./store.ts";

/** What a lookup waits for another process's write, in milliseconds. It blocks the relay, so it is short. */
export const READ_WAIT_MS = 100;

/** What a change waits for another process's write, in milliseconds. */
export const WRITE_WAIT_MS = 5000;

/**
 * Opens a database file.
 *
 * @param options `write`: for changes; a missing file is made, readable for its owner only @default false
 * @throws StoreError when it cannot be opened
 */
export async function openSqlite(path: string, options: { write?: boolean } = {}): Promise<SqlDatabase> {
  const write = options.write ?? false;
  const description = `SQLite file ${path}`;
  const fault = (error: unknown): StoreError =>
    new StoreError(`${description}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  let opened: SqliteEngine | undefined;
  try {
    opened = await openSqliteEngine(path, { write, waitMs: write ? WRITE_WAIT_MS : READ_WAIT_MS });
  } catch (error) {
    throw fault(error);
  }
  if (opened === undefined) throw new StoreError(`${description} does not exist; msrpkit user add makes it`);
  const engine = opened;
  const query = (sql: string, parameters: readonly string[]): readonly SqlRow[] => {
    try {
      return engine.all(sql, parameters);
    } catch (error) {
      throw fault(error);
    }
  };
  return {
    description,
    keyType: "INTEGER PRIMARY KEY",
    query,
    columns: (table) =>
      query(`SELECT name FROM pragma_table_info('${table}')`, []).map((row) => String(row["name"])),
    close: async () => engine.close(),
  };
}
