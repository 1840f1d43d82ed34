/**
 * A PostgreSQL database with the users. Lookups share a few connections and the limits of a gate, because every
 * stranger's AUTH can ask for one.
 */
import { openPostgresClient, sqlState } from "../../adapters/_postgres.ts";
import type { SqlRow } from "../../adapters/_sqlite.ts";
import { LookupGate, type LookupGateOptions } from "./lookup_gate.ts";
import type { SqlDatabase } from "./sql_store.ts";
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
  const client = openPostgresClient(url, { maxConnections: MAX_POSTGRES_CONNECTIONS, timeoutMs });
  const { description } = client;
  const query = async (text: string, parameters: readonly string[]): Promise<readonly SqlRow[]> => {
    try {
      return await gate.run(() => client.query(text, parameters));
    } catch (error) {
      if (error instanceof StoreError) throw error;
      const message = error instanceof Error ? error.message : String(error);
      throw new StoreError(`${description}: ${message}`, {
        cause: error,
        network: sqlState(error) === undefined,
      });
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
    close: () => client.close(),
  };
}
