/**
 * An embedded SQLite database: the runtime's own where it brings one (Bun, Deno, Node 22 and later), else the same
 * library compiled to WebAssembly (Node 20). Both write the same files.
 */
import { closeSync, existsSync, openSync } from "node:fs";
import process from "node:process";
import type { SqlDatabase, SqlRow } from "./sql_store.ts";
import { StoreError } from "./store.ts";

/** What a lookup waits for another process's write, in milliseconds. It blocks the relay, so it is short. */
export const READ_WAIT_MS = 100;

/** What a change waits for another process's write, in milliseconds. */
export const WRITE_WAIT_MS = 5000;

/** The part of either library that is used. */
interface Engine {
  all(sql: string, parameters: readonly string[]): readonly SqlRow[];
  close(): void;
}

/** The module `node:sqlite`, as far as it is used; Node 20 has no types for it, and no module either. */
interface NodeSqlite {
  readonly DatabaseSync: new (
    path: string,
    options: { readOnly: boolean },
  ) => {
    prepare(sql: string): { all(...parameters: string[]): SqlRow[] };
    close(): void;
  };
}

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
  if (!existsSync(path)) {
    if (!write) throw new StoreError(`${description} does not exist; msrpkit user add makes it`);
    // The library would make it readable for all; HA1 is as secret as a password.
    closeSync(openSync(path, "a", 0o600));
  }
  let engine: Engine;
  try {
    engine = (nativeEngine(path, write) ?? (await portableEngine(path, write))) as Engine;
    engine.all(`PRAGMA busy_timeout = ${write ? WRITE_WAIT_MS : READ_WAIT_MS}`, []);
  } catch (error) {
    throw fault(error);
  }
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

/** Bound on compiled statements that are kept; a store has a handful. */
const maxStatements = 16;

function nativeEngine(path: string, write: boolean): Engine | undefined {
  const module = process.getBuiltinModule?.("node:sqlite") as NodeSqlite | undefined;
  if (module === undefined) return undefined;
  const database = new module.DatabaseSync(path, { readOnly: !write });
  const statements = new Map<string, { all(...parameters: string[]): SqlRow[] }>();
  return {
    all(sql, parameters) {
      let statement = statements.get(sql);
      if (statement === undefined) {
        statement = database.prepare(sql);
        if (statements.size < maxStatements) statements.set(sql, statement);
      }
      return statement.all(...parameters);
    },
    close: () => database.close(),
  };
}

async function portableEngine(path: string, write: boolean): Promise<Engine> {
  const { default: sqlite } = await import("node-sqlite3-wasm");
  const database = new sqlite.Database(path, { fileMustExist: true, readOnly: !write });
  return {
    all: (sql, parameters) => database.all(sql, [...parameters]) as readonly SqlRow[],
    close: () => database.close(),
  };
}
