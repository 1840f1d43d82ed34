/**
 * Opens the place that `--users` names: a file of htdigest lines, a SQLite or PostgreSQL database, or an HTTP service.
 * Each kind is loaded only when it is asked for.
 */
import process from "node:process";
import type { SqlDatabase } from "./sql_store.ts";
import { type CredentialStore, type ManagedStore, StoreError } from "./store.ts";

/** How users are opened. */
export interface OpenCredentialsOptions {
  /** Hears of what does not stop the relay: lines of a file that make no sense, a file that is gone. */
  readonly onProblem?: ((problem: Error) => void) | undefined;
  /** Token for an HTTP service. @default the environment variable MSRPKIT_USERS_TOKEN */
  readonly token?: string | undefined;
}

/**
 * Opens users for lookups. Nothing is written.
 *
 * @param place `FILE`, `sqlite:FILE`, `postgres://…`, or `https://…`
 * @throws StoreError when it cannot be opened
 */
export async function openCredentials(
  place: string,
  options: OpenCredentialsOptions = {},
): Promise<CredentialStore> {
  if (/^https?:/i.test(place)) {
    const { HttpLookup } = await import("./http_lookup.ts");
    return new HttpLookup(place, { token: options.token ?? process.env["MSRPKIT_USERS_TOKEN"] });
  }
  return await openStore(place, false, options);
}

/**
 * Opens users for changes; a file or table that is missing is made.
 *
 * @param place as for `openCredentials`, but not an HTTP service
 * @throws StoreError when it cannot be opened, or can only be read
 */
export async function openManagedStore(
  place: string,
  options: OpenCredentialsOptions = {},
): Promise<ManagedStore> {
  if (/^https?:/i.test(place)) {
    throw new StoreError("Users behind an HTTP service are changed there, not here");
  }
  return await openStore(place, true, options);
}

async function openStore(
  place: string,
  write: boolean,
  { onProblem }: OpenCredentialsOptions,
): Promise<ManagedStore> {
  const [, scheme = "", rest = ""] = /^([a-z]{2,}):(.*)$/is.exec(place) ?? [];
  switch (scheme.toLowerCase()) {
    case "": {
      const { HtdigestFile } = await import("./htdigest_file.ts");
      return write
        ? await HtdigestFile.edit(place, { onProblem })
        : await HtdigestFile.open(place, { onProblem });
    }
    case "sqlite": {
      const { openSqlite } = await import("./sqlite.ts");
      return await openSql(await openSqlite(rest, { write }), write);
    }
    case "postgres":
    case "postgresql": {
      const { openPostgres } = await import("./postgres.ts");
      return await openSql(openPostgres(place), write);
    }
    default:
      throw new StoreError(
        `Cannot keep users in "${scheme}:": name a file, sqlite:FILE, postgres://… or https://…`,
      );
  }
}

/** Opens the table of a database, and closes the database when that fails. */
async function openSql(database: SqlDatabase, write: boolean): Promise<ManagedStore> {
  const { SqlStore } = await import("./sql_store.ts");
  try {
    return await SqlStore.open(database, { create: write });
  } catch (error) {
    await database.close();
    throw error;
  }
}
