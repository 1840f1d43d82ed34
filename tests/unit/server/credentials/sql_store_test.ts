// The subscriber table: our own, OpenSIPS's and Kamailio's, in a real SQLite file.
import { join } from "node:path";
import { afterAll, describe, expect, test } from "#test";
import { createHa1 } from "../../../../core/relay/digest.ts";
import { type SqlDatabase, SqlStore } from "../../../../server/credentials/sql_store.ts";
import { openSqlite } from "../../../../server/credentials/sqlite.ts";
import { testFolder } from "../../../harness/folder.ts";

const realm = "example.com";

describe("SqlStore", () => {
  const folder = testFolder();
  let count = 0;
  const opened: SqlDatabase[] = [];
  afterAll(async () => {
    for (const database of opened) await database.close();
  });

  async function database(...statements: string[]): Promise<SqlDatabase> {
    const made = await openSqlite(join(folder, `${++count}.db`), { write: true });
    opened.push(made);
    for (const statement of statements) await made.query(statement, []);
    return made;
  }

  const kamailio =
    "CREATE TABLE subscriber (id INTEGER PRIMARY KEY, username VARCHAR(64) NOT NULL DEFAULT '', " +
    "domain VARCHAR(64) NOT NULL DEFAULT '', password VARCHAR(64) NOT NULL DEFAULT '', " +
    "ha1 VARCHAR(128) NOT NULL DEFAULT '', ha1b VARCHAR(128) NOT NULL DEFAULT '')";

  test("makes the table, and keeps a hash of each function", async () => {
    const store = await SqlStore.open(await database(), { create: true });
    expect(await store.set("alice", realm, "p", "change")).toBe(false);
    expect(await store.set("alice", realm, "p", "add")).toBe(true);
    expect(await store.set("alice", realm, "p", "add")).toBe(false);
    const of = (password: string) => ({
      ha1: {
        MD5: createHa1("MD5", "alice", realm, password),
        "SHA-256": createHa1("SHA-256", "alice", realm, password),
        "SHA-512-256": createHa1("SHA-512-256", "alice", realm, password),
      },
    });
    expect(store.lookup("alice", realm)).toEqual(of("p"));
    expect(await store.set("alice", realm, "q", "change")).toBe(true);
    expect(store.lookup("alice", realm)).toEqual(of("q"));
    expect([store.lookup("alice", "example.org"), store.lookup("Alice", realm)]).toEqual([
      undefined,
      undefined,
    ]);
    expect(store.algorithms(realm)).toEqual(["SHA-512-256", "SHA-256", "MD5"]);
  });

  test("stores no password that a server set up for clear text would take [2617-4.13-01]", async () => {
    const data = await database();
    const store = await SqlStore.open(data, { create: true });
    await store.set("alice", realm, "open sesame", "add");
    const [row] = await data.query("SELECT * FROM subscriber", []);
    expect(JSON.stringify(row)).not.toContain("open sesame");
    expect(String(row?.["password"])).toMatch(/^![0-9a-f]{32}$/);
  });

  test("Kamailio's table: MD5 and the hash for names with a domain", async () => {
    const data = await database(kamailio);
    const store = await SqlStore.open(data);
    await store.set("alice", realm, "p", "add");
    expect(store.lookup("alice", realm)).toEqual({ ha1: { MD5: createHa1("MD5", "alice", realm, "p") } });
    expect(store.algorithms(realm)).toEqual(["MD5"]);
    const [row] = await data.query("SELECT ha1b FROM subscriber", []);
    expect(row?.["ha1b"]).toBe(createHa1("MD5", "alice@example.com", realm, "p"));
  });

  test("a user without one of the hashes: that function is not offered in the realm any more", async () => {
    const data = await database();
    const store = await SqlStore.open(data, { create: true });
    await store.set("alice", realm, "p", "add");
    const md5 = createHa1("MD5", "old", realm, "p").toUpperCase();
    await data.query("INSERT INTO subscriber (username, domain, ha1) VALUES (?, ?, ?)", ["old", realm, md5]);
    expect(store.algorithms(realm)).toEqual(["SHA-512-256", "SHA-256", "MD5"]);
    expect(store.lookup("old", realm)).toEqual({ ha1: { MD5: md5.toLowerCase() } });
    expect([store.algorithms(realm), store.algorithms("other")]).toEqual([
      ["MD5"],
      ["SHA-512-256", "SHA-256", "MD5"],
    ]);
    const again = await SqlStore.open(data);
    expect(again.algorithms(realm)).toEqual(["MD5"]);
    await store.remove("old", realm);
    await store.reload();
    expect(store.algorithms(realm)).toEqual(["SHA-512-256", "SHA-256", "MD5"]);
  });

  test("list and remove", async () => {
    const store = await SqlStore.open(await database(kamailio));
    await store.set("bob", realm, "p", "add");
    await store.set("alice", realm, "p", "add");
    await store.set("alice", "a.example", "p", "add");
    const listed = (await store.list()).map(({ user, realm: of }) => `${user}@${of}`);
    expect(listed).toEqual(["alice@a.example", "alice@example.com", "bob@example.com"]);
    expect(await store.list("a.example")).toEqual([
      { user: "alice", realm: "a.example", algorithms: ["MD5"] },
    ]);
    expect(await store.remove("alice", realm)).toBe(true);
    expect(await store.remove("alice", realm)).toBe(false);
    expect((await store.list()).length).toBe(2);
  });

  test("names are data, never SQL", async () => {
    const data = await database();
    const store = await SqlStore.open(data, { create: true });
    for (const user of ["' OR '1'='1", "x'; DROP TABLE subscriber; --", "?", "$1", "zoë"]) {
      expect(store.lookup(user, realm)).toBe(undefined);
      expect(await store.set(user, realm, "p", "add")).toBe(true);
      expect(await store.set(user, realm, "q", "change")).toBe(true);
      expect(await store.remove(user, realm)).toBe(true);
    }
    expect(await store.list()).toEqual([]);
  });

  test("without a table, or with another one of that name: refused with a hint", async () => {
    await expect(SqlStore.open(await database())).rejects.toThrow(
      "no table subscriber; msrpkit user add makes one",
    );
    const other = await database("CREATE TABLE subscriber (username TEXT, password TEXT)");
    await expect(SqlStore.open(other, { create: true })).rejects.toThrow(
      "no columns username, domain and ha1",
    );
  });
});
