/**
 * `msrpkit/archive`: messages in a SQLite file or a PostgreSQL database, as the store of the plugin `archive()`. It runs on
 * Bun, Deno and Node; the library for a database is loaded when one is opened.
 */
import { type ArchiveDatabase, ArchiveError, SqlArchive, type Statement } from "./_archive_sql.ts";
import type { SqliteEngine, SqlRow } from "./_sqlite.ts";

export {
  ArchiveError,
  SqlArchive,
  type StoredFate,
  type StoredMessage,
  type StoredPage,
  type StoredQuery,
} from "./_archive_sql.ts";

/** How an archive is opened. */
export interface OpenArchiveOptions {
  /** Make file, table and indexes where they are missing. Without it a SQLite file is only read. @default true */
  readonly create?: boolean;
  /** Time for PostgreSQL to answer; then the connections are given up for new ones. @default 10000 */
  readonly timeoutMs?: number;
  /** Connections to PostgreSQL: one writes, the others search. @default 2 */
  readonly maxConnections?: number;
  /** How long a statement waits for another process that uses the SQLite file. This process waits with it. @default 1000 */
  readonly lockWaitMs?: number;
}

/**
 * Opens an archive.
 *
 * ```ts
 * const store = await openArchive("sqlite:messages.db"); // or "postgres://user@host/database"
 * app.use(archive({ store }));
 * ```
 *
 * @param place `sqlite:FILE`, or `postgres://…`, whose password is better in the environment (`PGPASSWORD`)
 * @throws {ArchiveError} it cannot be opened
 * @throws {TypeError} the place is of no kind that is known
 */
export async function openArchive(place: string, options: OpenArchiveOptions = {}): Promise<SqlArchive> {
  const [, scheme = "", rest = ""] = /^([a-z]+):(.+)$/is.exec(place) ?? [];
  let archive: SqlArchive;
  if (scheme.toLowerCase() === "sqlite") archive = new SqlArchive(await openSqlite(rest, options));
  else if (/^postgres(ql)?$/i.test(scheme)) archive = new SqlArchive(await openPostgres(place, options));
  else throw new TypeError("Cannot open the archive: name sqlite:FILE or postgres://…");
  try {
    if (options.create ?? true) await archive.create();
    return archive;
  } catch (error) {
    await archive.close().catch(() => undefined);
    throw error;
  }
}

async function openSqlite(path: string, options: OpenArchiveOptions): Promise<ArchiveDatabase> {
  const { create: write = true, lockWaitMs: waitMs = 1_000 } = options;
  const description = `SQLite file ${path}`;
  const { openSqliteEngine } = await import("./_sqlite.ts");
  const engine = await openSqliteEngine(path, { write, waitMs }).catch((cause: unknown) => {
    throw new ArchiveError(`${description}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  });
  if (engine === undefined) throw new ArchiveError(`${description} does not exist`);
  return {
    description,
    octets: "BLOB",
    query: async (sql, parameters) => engine.all(sql, parameters),
    transaction: async (statements) => {
      engine.all("BEGIN IMMEDIATE", []);
      try {
        for (const [sql, parameters] of statements) engine.all(sql, parameters);
        engine.all("COMMIT", []);
      } catch (error) {
        rollBack(engine);
        throw error;
      }
    },
    permanent: (error) => /too big|constraint/i.test(String((error as Error | undefined)?.message)),
    close: async () => engine.close(),
  };
}

// Some errors have rolled back already, and then it is one to do it again.
function rollBack(engine: SqliteEngine): void {
  try {
    engine.all("ROLLBACK", []);
  } catch {}
}

async function openPostgres(url: string, options: OpenArchiveOptions): Promise<ArchiveDatabase> {
  const { timeoutMs = 10_000, maxConnections = 2 } = options;
  const { openPostgresClient, sqlState } = await import("./_postgres.ts");
  const open = () => openPostgresClient(url, { maxConnections, timeoutMs });
  let client = open();
  // A connection that hangs would keep what it was given, and everything behind it.
  const inTime = <T>(work: (using: typeof client) => Promise<T>): Promise<T> => {
    const using = client;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`no answer within ${timeoutMs} ms`));
        if (client !== using) return;
        client = open();
        using.close().catch(() => undefined);
      }, timeoutMs);
      work(using)
        .then(resolve, reject)
        .finally(() => clearTimeout(timer));
    });
  };
  return {
    description: client.description,
    octets: "BYTEA",
    query: (sql, parameters): Promise<readonly SqlRow[]> => inTime((using) => using.query(sql, parameters)),
    transaction: (statements: readonly Statement[]) =>
      inTime((using) =>
        using.transaction(async (run) => {
          await Promise.all(statements.map(([sql, parameters]) => run(sql, parameters)));
        }),
      ),
    // Data, integrity, limits of the program: what is wrong with the message and not with the database.
    permanent: (error) => /^(22|23|54)/.test(sqlState(error) ?? ""),
    close: () => client.close(),
  };
}
