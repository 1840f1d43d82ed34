/**
 * Users in the table `subscriber` that SIP servers share: `username`, `domain` (the realm) and the columns with HA1.
 * The statements are the same for every database; a small adapter each runs them.
 */
import type { SqlRow } from "../../adapters/_sqlite.ts";
import type { DigestAlgorithm, Ha1, MaybePromise, UserCredentials } from "../../core/mod.ts";
import { hashPassword, isHa1 } from "../../core/mod.ts";
import { RealmAlgorithms } from "./realm_algorithms.ts";
import { type ListedUser, type ManagedStore, StoreError } from "./store.ts";

/** What a database must do for a store. */
export interface SqlDatabase {
  /** Kind and place, without passwords. */
  readonly description: string;
  /** Text of the type of an automatic key. */
  readonly keyType: string;
  /** Runs one statement with `?` for each parameter. Embedded databases answer at once. */
  query(sql: string, parameters: readonly string[]): MaybePromise<readonly SqlRow[]>;
  /** Names of a table's columns; none when there is no such table. */
  columns(table: string): MaybePromise<readonly string[]>;
  /** Ends the connection. */
  close(): Promise<void>;
}

/** Columns with HA1 and the hash function of each, as OpenSIPS names them; Kamailio has the first. */
const hashColumns: readonly (readonly [column: string, algorithm: DigestAlgorithm])[] = [
  ["ha1", "MD5"],
  ["ha1_sha256", "SHA-256"],
  ["ha1_sha512t256", "SHA-512-256"],
];

/** The table that is made where there is none; its columns are those of OpenSIPS. */
function createTable(keyType: string): string {
  return (
    `CREATE TABLE IF NOT EXISTS subscriber (id ${keyType}, username VARCHAR(64) NOT NULL, ` +
    "domain VARCHAR(253) NOT NULL, password VARCHAR(64) NOT NULL DEFAULT '', ha1 VARCHAR(64) NOT NULL DEFAULT '', " +
    "ha1_sha256 VARCHAR(64) NOT NULL DEFAULT '', ha1_sha512t256 VARCHAR(64) NOT NULL DEFAULT '', " +
    "CONSTRAINT subscriber_account_idx UNIQUE (username, domain))"
  );
}

/** Users in a database. */
export class SqlStore implements ManagedStore {
  readonly description: string;
  readonly #database: SqlDatabase;
  readonly #columns: ReadonlySet<string>;
  readonly #hashes: typeof hashColumns;
  readonly #lookup: string;
  readonly #algorithms: RealmAlgorithms;

  private constructor(database: SqlDatabase, columns: readonly string[]) {
    this.#database = database;
    this.description = database.description;
    this.#columns = new Set(columns);
    this.#hashes = hashColumns.filter(([column]) => this.#columns.has(column));
    this.#lookup = `SELECT ${this.#hashes.map(([column]) => column)} FROM subscriber WHERE username = ? AND domain = ?`;
    this.#algorithms = new RealmAlgorithms(this.#hashes.map(([, algorithm]) => algorithm));
  }

  /**
   * Opens a store.
   *
   * @param options `create`: make the table when it is missing @default false
   * @throws StoreError when there is no such table, or none of its columns holds HA1
   */
  static async open(database: SqlDatabase, options: { create?: boolean } = {}): Promise<SqlStore> {
    let columns = await database.columns("subscriber");
    if (columns.length === 0 && options.create === true) {
      await database.query(createTable(database.keyType), []);
      columns = await database.columns("subscriber");
    }
    const store = new SqlStore(database, columns);
    if (!columns.includes("username") || !columns.includes("domain") || store.#hashes.length === 0) {
      const what =
        columns.length === 0 ? "no table subscriber" : "no columns username, domain and ha1 in subscriber";
      throw new StoreError(`${database.description} has ${what}; msrpkit user add makes one`);
    }
    await store.reload();
    return store;
  }

  /** See `Credentials.lookup`; no promise where the database is embedded. */
  lookup(user: string, realm: string): MaybePromise<UserCredentials | undefined> {
    const rows = this.#database.query(this.#lookup, [user, realm]);
    return rows instanceof Promise
      ? rows.then(([row]) => this.#credentialsOf(row, realm))
      : this.#credentialsOf(rows[0], realm);
  }

  /** See `Credentials.algorithms`: what the table has columns for, less what some user was found to lack. */
  algorithms(realm: string): readonly DigestAlgorithm[] {
    return this.#algorithms.of(realm);
  }

  /** Asks for each hash function which realms have users without it. */
  async reload(): Promise<void> {
    const found: (readonly [realm: string, algorithm: DigestAlgorithm])[] = [];
    for (const [column, algorithm] of this.#hashes) {
      const sql = `SELECT DISTINCT domain FROM subscriber WHERE ${column} IS NULL OR ${column} = ''`;
      for (const row of await this.#database.query(sql, [])) found.push([String(row["domain"]), algorithm]);
    }
    this.#algorithms.clear();
    for (const [realm, algorithm] of found) this.#algorithms.lack(realm, algorithm);
  }

  /** See `CredentialStore.close`. */
  async close(): Promise<void> {
    await this.#database.close();
  }

  /** See `ManagedStore.set`. Every column that depends on the password is written, so that none stays behind. */
  async set(user: string, realm: string, password: string, mode: "add" | "change"): Promise<boolean> {
    const values = this.#valuesOf(user, realm, password);
    const there = await this.#database.query(
      "SELECT username FROM subscriber WHERE username = ? AND domain = ?",
      [user, realm],
    );
    if (there.length > 0 !== (mode === "change")) return false;
    const names = [...values.keys()];
    if (mode === "add") {
      const marks = ["?", "?", ...names.map(() => "?")].join(", ");
      const sql = `INSERT INTO subscriber (${["username", "domain", ...names].join(", ")}) VALUES (${marks})`;
      await this.#database.query(sql, [user, realm, ...values.values()]);
      return true;
    }
    const changes = names.map((name) => `${name} = ?`).join(", ");
    const sql = `UPDATE subscriber SET ${changes} WHERE username = ? AND domain = ? RETURNING username`;
    return (await this.#database.query(sql, [...values.values(), user, realm])).length > 0;
  }

  /** See `ManagedStore.remove`. */
  async remove(user: string, realm: string): Promise<boolean> {
    const sql = "DELETE FROM subscriber WHERE username = ? AND domain = ? RETURNING username";
    return (await this.#database.query(sql, [user, realm])).length > 0;
  }

  /** See `ManagedStore.list`. */
  async list(realm?: string): Promise<ListedUser[]> {
    const columns = ["username", "domain", ...this.#hashes.map(([column]) => column)].join(", ");
    const [where, parameters] = realm === undefined ? ["", []] : [" WHERE domain = ?", [realm]];
    const sql = `SELECT ${columns} FROM subscriber${where} ORDER BY domain, username`;
    const rows = await this.#database.query(sql, parameters);
    return rows.map((row) => ({
      user: String(row["username"]),
      realm: String(row["domain"]),
      algorithms: Object.keys(this.#ha1Of(row)),
    }));
  }

  #credentialsOf(row: SqlRow | undefined, realm: string): UserCredentials | undefined {
    if (row === undefined) return undefined;
    const ha1 = this.#ha1Of(row);
    this.#algorithms.learn(realm, ha1);
    return { ha1 };
  }

  #ha1Of(row: SqlRow): Ha1 {
    const ha1: Partial<Record<DigestAlgorithm, string>> = {};
    for (const [column, algorithm] of this.#hashes) {
      const text = String(row[column] ?? "").toLowerCase();
      if (isHa1(algorithm, text)) ha1[algorithm] = text;
    }
    return ha1;
  }

  #valuesOf(user: string, realm: string, password: string): Map<string, string> {
    const values = new Map<string, string>();
    for (const [column, algorithm] of this.#hashes) {
      values.set(column, hashPassword(user, realm, password, [algorithm])[algorithm] ?? "");
    }
    // Kamailio's hash for clients that put the domain into the name.
    if (this.#columns.has("ha1b")) {
      values.set("ha1b", hashPassword(`${user}@${realm}`, realm, password, ["MD5"]).MD5 ?? "");
    }
    // A server that is set up for clear text would take an empty one as the password; this one nobody knows or can guess.
    if (this.#columns.has("password")) values.set("password", `!${randomHex()}`);
    return values;
  }
}

function randomHex(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
