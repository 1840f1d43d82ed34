/**
 * An archive of messages in one table, with the statements that SQLite and PostgreSQL share. Fits the option `store` of
 * the plugin `archive()`.
 */
import type { SqlRow, SqlValue } from "./_sqlite.ts";

/** What became of a message. */
export interface StoredFate {
  readonly id: string;
  readonly fate: "pending" | "accepted" | "delivered" | "refused" | "failed";
  readonly status: number;
  readonly comment: string | undefined;
  readonly fateAt: number;
}

/** A message and what became of it. */
export interface StoredMessage extends StoredFate {
  readonly at: number;
  readonly session: string;
  readonly direction: "in" | "out" | "relayed";
  readonly messageId: string;
  readonly from: string;
  readonly to: string;
  readonly contentType: string | undefined;
  readonly size: number;
  readonly truncated: boolean;
  readonly body: Uint8Array;
  readonly text: string | undefined;
}

/** Which messages are looked for: see `ArchiveQuery`. */
export interface StoredQuery {
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly party?: string | undefined;
  readonly type?: string | undefined;
  readonly text?: string | undefined;
  readonly fate?: StoredFate["fate"] | undefined;
  readonly direction?: StoredMessage["direction"] | undefined;
  readonly session?: string | undefined;
  readonly limit?: number | undefined;
  readonly after?: string | undefined;
}

/** Messages that were found. */
export interface StoredPage {
  readonly messages: readonly StoredMessage[];
  readonly next: string | undefined;
}

/** A statement with `?` for each parameter. */
export type Statement = readonly [sql: string, parameters: readonly SqlValue[]];

/** What an archive needs of a database. */
export interface ArchiveDatabase {
  /** Kind and place, without passwords. */
  readonly description: string;
  /** Type of a column with octets. */
  readonly octets: string;
  query(...statement: Statement): Promise<readonly SqlRow[]>;
  /** All or none. */
  transaction(statements: readonly Statement[]): Promise<void>;
  /** Whether trying again is of no use. */
  permanent(error: unknown): boolean;
  close(): Promise<void>;
}

/** A database that failed. */
export class ArchiveError extends Error {
  /** True when the same would fail again: a message that the database cannot hold. */
  readonly permanent: boolean;

  constructor(message: string, options: { cause?: unknown; permanent?: boolean } = {}) {
    super(message, options);
    this.name = "ArchiveError";
    this.permanent = options.permanent ?? false;
  }
}

// A later fate takes the place of an earlier one, in whatever order and how often they come.
const ranks = { pending: 0, accepted: 1, delivered: 2, refused: 2, failed: 2 } as const;

const columns = [
  "id",
  "at",
  "session",
  "direction",
  "message_id",
  "sender",
  "recipient",
  "parties",
  "content_type",
  "type",
  "size",
  "truncated",
  "body",
  "text",
  "words",
  "fate",
  "fate_rank",
  "status",
  "comment",
  "fate_at",
] as const;
const read = columns.filter((name) => !["parties", "type", "words", "fate_rank"].includes(name)).join(", ");
const fateColumns = ["fate", "fate_rank", "status", "comment", "fate_at"];
const insert =
  `INSERT INTO msrp_archive (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")}) ` +
  `ON CONFLICT (id) DO UPDATE SET ${fateColumns.map((name) => `${name} = excluded.${name}`).join(", ")} ` +
  "WHERE excluded.fate_rank > msrp_archive.fate_rank";
const update = `UPDATE msrp_archive SET ${fateColumns.map((name) => `${name} = ?`).join(", ")} WHERE id = ? AND fate_rank < ?`;
const maxRemoved = 1_000;

/** An archive in a database. */
export class SqlArchive {
  /** Kind and place, without passwords. */
  readonly description: string;
  readonly #database: ArchiveDatabase;

  constructor(database: ArchiveDatabase) {
    this.#database = database;
    this.description = database.description;
  }

  /** Makes table and indexes where they are missing. @throws {ArchiveError} it cannot */
  async create(): Promise<void> {
    const { octets } = this.#database;
    const table =
      "CREATE TABLE IF NOT EXISTS msrp_archive (id TEXT PRIMARY KEY, at BIGINT NOT NULL, session TEXT NOT NULL, " +
      "direction TEXT NOT NULL, message_id TEXT NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL, " +
      "parties TEXT NOT NULL, content_type TEXT, type TEXT NOT NULL, size BIGINT NOT NULL, truncated INTEGER NOT NULL, " +
      `body ${octets}, text TEXT, words TEXT, fate TEXT NOT NULL, fate_rank INTEGER NOT NULL, status INTEGER NOT NULL, ` +
      "comment TEXT, fate_at BIGINT NOT NULL)";
    const indexes = ["at, id", "session, at", "type, at", "fate, at"].map(
      (on) => `CREATE INDEX IF NOT EXISTS msrp_archive_${on.split(",", 1)[0]}_idx ON msrp_archive (${on})`,
    );
    for (const sql of [table, ...indexes]) await this.#query(sql, []);
  }

  /** See `ArchiveStore.store`. @throws {ArchiveError} nothing was stored */
  async store(messages: readonly StoredMessage[], fates: readonly StoredFate[]): Promise<void> {
    const statements: Statement[] = [
      ...messages.map((message): Statement => [insert, rowOf(message)]),
      ...fates.map((fate): Statement => [update, [...fateValues(fate), fate.id, ranks[fate.fate]]]),
    ];
    await this.#guarded(() => this.#database.transaction(statements));
  }

  /** See `ArchiveStore.search`. @throws {ArchiveError} the database failed @throws {TypeError} `after` is not of a page before */
  async search(query: StoredQuery): Promise<StoredPage> {
    const limit = Math.max(1, Math.min(Math.trunc(query.limit ?? 100), 1_000));
    const [where, parameters] = conditions(query);
    const sql = `SELECT ${read} FROM msrp_archive${where} ORDER BY at, id LIMIT ${limit + 1}`;
    const rows = await this.#query(sql, parameters);
    const messages = rows.slice(0, limit).map(messageOf);
    const last = rows.length > limit ? messages.at(-1) : undefined;
    return { messages, next: last === undefined ? undefined : `${last.at}-${last.id}` };
  }

  /** See `ArchiveStore.removeBefore`. @throws {ArchiveError} the database failed */
  async removeBefore(time: number): Promise<number> {
    const sql =
      "DELETE FROM msrp_archive WHERE id IN " +
      `(SELECT id FROM msrp_archive WHERE at < ? ORDER BY at LIMIT ${maxRemoved}) RETURNING id`;
    let removed = 0;
    // In portions, so that nobody else waits long.
    for (;;) {
      const { length } = await this.#query(sql, [Math.floor(time)]);
      removed += length;
      if (length < maxRemoved) return removed;
    }
  }

  /** See `ArchiveStore.close`. */
  async close(): Promise<void> {
    await this.#database.close();
  }

  #query(...statement: Statement): Promise<readonly SqlRow[]> {
    return this.#guarded(() => this.#database.query(...statement));
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      const message = cause instanceof Error ? cause.message || cause.name : String(cause);
      throw new ArchiveError(`${this.description}: ${message}`, {
        cause,
        permanent: this.#database.permanent(cause),
      });
    }
  }
}

function rowOf(message: StoredMessage): SqlValue[] {
  const { id, at, session, direction, messageId, from, to, contentType, size, truncated, body, text } =
    message;
  const words = text?.toLowerCase();
  return [
    id,
    Math.floor(at),
    session,
    direction,
    clean(messageId),
    clean(from),
    clean(to),
    clean(partiesOf(from, to)),
    contentType === undefined ? null : clean(contentType),
    clean(typeOf(contentType)),
    size,
    truncated ? 1 : 0,
    body,
    text === undefined ? null : clean(text),
    words === undefined || words === text ? null : clean(words),
    ...fateValues(message),
  ];
}

function fateValues({ fate, status, comment, fateAt }: StoredFate): SqlValue[] {
  return [fate, ranks[fate], status, comment === undefined ? null : clean(comment), Math.floor(fateAt)];
}

// PostgreSQL has no place for it in a text.
function clean(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "\ufffd") : text;
}

// What a search for somebody may name, each on a line of its own.
function partiesOf(...names: readonly string[]): string {
  const all = names.flatMap((name) => {
    const at = name.lastIndexOf("@");
    return at < 0 ? [name] : [name, name.slice(0, at), name.slice(at + 1)];
  });
  return `\n${all.join("\n").toLowerCase()}\n`;
}

function typeOf(contentType: string | undefined): string {
  return contentType?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

function conditions(query: StoredQuery): [where: string, parameters: SqlValue[]] {
  const parts: string[] = [];
  const parameters: SqlValue[] = [];
  const add = (sql: string, ...values: SqlValue[]): void => {
    parts.push(sql);
    parameters.push(...values);
  };
  const { since, until, party, type, text, after } = query;
  if (since !== undefined) add("at >= ?", Math.ceil(since));
  if (until !== undefined) add("at < ?", Math.ceil(until));
  if (party !== undefined) add("parties LIKE ? ESCAPE '\\'", `%\n${literal(party.toLowerCase())}\n%`);
  if (type?.endsWith("/*")) add("type LIKE ? ESCAPE '\\'", `${literal(type.slice(0, -1).toLowerCase())}%`);
  else if (type !== undefined) add("type = ?", type.toLowerCase());
  if (text !== undefined) add("COALESCE(words, text) LIKE ? ESCAPE '\\'", `%${literal(text.toLowerCase())}%`);
  for (const name of ["fate", "direction", "session"] as const) {
    const value = query[name];
    if (value !== undefined) add(`${name} = ?`, value);
  }
  if (after !== undefined) {
    const [, at, id] = /^(\d{1,15})-([0-9a-f]{32})$/.exec(after) ?? [];
    if (at === undefined || id === undefined)
      throw new TypeError("Cannot go on: after is not of a page before");
    add("(at > ? OR (at = ? AND id > ?))", Number(at), Number(at), id);
  }
  return [parts.length === 0 ? "" : ` WHERE ${parts.join(" AND ")}`, parameters];
}

function literal(text: string): string {
  return clean(text).replace(/[\\%_]/g, "\\$&");
}

function messageOf(row: SqlRow): StoredMessage {
  const optional = (name: string): string | undefined => (row[name] === null ? undefined : String(row[name]));
  const octets = row["body"] as Uint8Array | null;
  return {
    id: String(row["id"]),
    at: Number(row["at"]),
    session: String(row["session"]),
    direction: String(row["direction"]) as StoredMessage["direction"],
    messageId: String(row["message_id"]),
    from: String(row["sender"]),
    to: String(row["recipient"]),
    contentType: optional("content_type"),
    size: Number(row["size"]),
    truncated: Number(row["truncated"]) !== 0,
    body: new Uint8Array(octets ?? []),
    text: optional("text"),
    fate: String(row["fate"]) as StoredFate["fate"],
    status: Number(row["status"]),
    comment: optional("comment"),
    fateAt: Number(row["fate_at"]),
  };
}
