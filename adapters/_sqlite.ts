/**
 * An embedded SQLite database: the runtime's own where it brings one (Bun, Deno, Node 22 and later), else the same
 * library compiled to WebAssembly (Node 20). Both write the same files.
 */
import { closeSync, existsSync, openSync } from "node:fs";
import process from "node:process";

/** What a column holds. */
export type SqlValue = string | number | null | Uint8Array;

/** A row as databases give it. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** The part of either library that is used. Everything answers at once, and throws the library's own errors. */
export interface SqliteEngine {
  /** Runs one statement with `?` for each parameter. */
  all(sql: string, parameters: readonly SqlValue[]): readonly SqlRow[];
  close(): void;
}

/** How a file is opened. */
export interface SqliteOptions {
  /** For changes; a missing file is made, readable for its owner only. */
  readonly write: boolean;
  /** What a statement waits for another process, in milliseconds. It blocks this one. */
  readonly waitMs: number;
}

/** The module `node:sqlite`, as far as it is used; Node 20 has no types for it, and no module either. */
interface NodeSqlite {
  readonly DatabaseSync: new (
    path: string,
    options: { readOnly: boolean },
  ) => {
    prepare(sql: string): { all(...parameters: SqlValue[]): SqlRow[] };
    close(): void;
  };
}

/** Bound on compiled statements that are kept; a store has a handful. */
const maxStatements = 16;

/** Opens a file; undefined when there is none, and it is not for changes. */
export async function openSqliteEngine(
  path: string,
  { write, waitMs }: SqliteOptions,
): Promise<SqliteEngine | undefined> {
  if (!existsSync(path)) {
    if (!write) return undefined;
    // The library would make it readable for all.
    closeSync(openSync(path, "a", 0o600));
  }
  const engine = nativeEngine(path, write) ?? (await portableEngine(path, write));
  engine.all(`PRAGMA busy_timeout = ${waitMs}`, []);
  return engine;
}

function nativeEngine(path: string, write: boolean): SqliteEngine | undefined {
  const module = process.getBuiltinModule?.("node:sqlite") as NodeSqlite | undefined;
  if (module === undefined) return undefined;
  const database = new module.DatabaseSync(path, { readOnly: !write });
  const statements = new Map<string, { all(...parameters: SqlValue[]): SqlRow[] }>();
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

async function portableEngine(path: string, write: boolean): Promise<SqliteEngine> {
  const { default: sqlite } = await import("node-sqlite3-wasm");
  const database = new sqlite.Database(path, { fileMustExist: true, readOnly: !write });
  return {
    all: (sql, parameters) => database.all(sql, [...parameters]) as readonly SqlRow[],
    close: () => database.close(),
  };
}
