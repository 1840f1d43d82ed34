/**
 * A PostgreSQL database with the users. Lookups share a few connections and the limits of a gate, because every
 * stranger's AUTH can ask for one.
 */
import postgres from "postgres";
import { LookupGate, type LookupGateOptions } from "./lookup_gate.ts";
import type { SqlDatabase, SqlRow } from "./sql_store.ts";
import { StoreError } from "./store.ts";

/** Connections to the database, at most. */
export const MAX_POSTGRES_CONNECTIONS = 4;

/**
 * Opens a database. Nothing is sent before the first question.
 *
 * @param url `postgres://user@host/database`; what is missing, the password above all, comes from the environment
 *   (`PGPASSWORD` and its like); `?sslmode=verify-full` checks the server's certificate
 */
export function openPostgres(url: string, options: LookupGateOptions = {}): SqlDatabase {
  const gate = new LookupGate({ maxConcurrent: 2 * MAX_POSTGRES_CONNECTIONS, ...options });
  const timeoutMs = options.timeoutMs ?? 5000;
  const sql = postgres(url.replace(/^postgresql:/, "postgres:"), {
    max: MAX_POSTGRES_CONNECTIONS,
    connect_timeout: timeoutMs / 1000,
    // Types of columns beyond text are of no interest, and asking for them costs a round trip.
    fetch_types: false,
    onnotice: () => undefined,
    connection: { application_name: "msrpkit", statement_timeout: timeoutMs },
  });
  const description = `PostgreSQL database ${sql.options.database} at ${sql.options.host}`;
  const query = async (text: string, parameters: readonly string[]): Promise<readonly SqlRow[]> => {
    let count = 0;
    const numbered = text.replace(/\?/g, () => `$${++count}`);
    try {
      return await gate.run(async () => await sql.unsafe(numbered, [...parameters], { prepare: count > 0 }));
    } catch (error) {
      if (error instanceof StoreError) throw error;
      const message = error instanceof Error ? error.message : String(error);
      // A code of five characters is the database's own; everything else did not reach it.
      const network = !/^[0-9A-Z]{5}$/.test((error as { code?: string }).code ?? "");
      throw new StoreError(`${description}: ${message}`, { cause: error, network });
    }
  };
  return {
    description,
    keyType: "SERIAL PRIMARY KEY",
    query,
    columns: async (table) => {
      const rows = await query(
        "SELECT column_name AS name FROM information_schema.columns " +
          "WHERE table_name = ? AND table_schema = ANY (current_schemas(false))",
        [table],
      );
      return rows.map((row) => String(row["name"]));
    },
    close: () => sql.end({ timeout: 1 }),
  };
}
