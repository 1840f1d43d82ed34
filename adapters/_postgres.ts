/**
 * A PostgreSQL database over the `postgres` library: how it is opened, what its errors mean. Nothing is sent before the
 * first statement.
 */
import postgres from "postgres";
import type { SqlRow, SqlValue } from "./_sqlite.ts";

/** How a database is opened. */
export interface PostgresOptions {
  /** Connections, at most. */
  readonly maxConnections: number;
  /** Longest time for a connection, and for one statement. */
  readonly timeoutMs: number;
}

/** Runs one statement with `?` for each parameter. */
export type RunStatement = (sql: string, parameters: readonly SqlValue[]) => Promise<readonly SqlRow[]>;

/** An open database; errors are the library's own. */
export interface PostgresClient {
  /** Database and host, without passwords. */
  readonly description: string;
  readonly query: RunStatement;
  /** Runs statements as one: all or none. */
  transaction(work: (run: RunStatement) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** Opens a database. */
export function openPostgresClient(
  url: string,
  { maxConnections, timeoutMs }: PostgresOptions,
): PostgresClient {
  const sql = postgres(url.replace(/^postgresql:/, "postgres:"), {
    max: maxConnections,
    connect_timeout: timeoutMs / 1000,
    // Types of columns beyond text are of no interest, and asking for them costs a round trip.
    fetch_types: false,
    onnotice: () => undefined,
    connection: { application_name: "msrpkit", statement_timeout: timeoutMs },
  });
  const runOn =
    (place: Pick<typeof sql, "unsafe">): RunStatement =>
    async (text, parameters) => {
      let count = 0;
      const numbered = text.replace(/\?/g, () => `$${++count}`);
      return await place.unsafe(numbered, [...parameters], { prepare: count > 0 });
    };
  return {
    description: `PostgreSQL database ${sql.options.database} at ${sql.options.host}`,
    query: runOn(sql),
    transaction: async (work) => {
      await sql.begin(async (transaction) => {
        try {
          await work(runOn(transaction));
        } catch (error) {
          // The library would write ROLLBACK to a connection that is gone, and end the process with that; at its end it
          // rejects by itself.
          if (isGone(error)) await new Promise(() => {});
          throw error;
        }
      });
    },
    close: () => sql.end({ timeout: 1 }),
  };
}

/** Whether an error says that the connection is lost, or is about to be: by the server, the library or the system. */
function isGone(error: unknown): boolean {
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  return severity === "FATAL" || severity === "PANIC" || /^(?:CONNECTION_|E[A-Z]+$)/.test(String(code));
}

/** The database's own code for an error, of five characters; undefined when the error did not come from it. */
export function sqlState(error: unknown): string | undefined {
  const { code } = error as { code?: unknown };
  // No class begins with an E, as EPIPE of the system does.
  return typeof code === "string" && /^[0-9A-DF-Z][0-9A-Z]{4}$/.test(code) ? code : undefined;
}
